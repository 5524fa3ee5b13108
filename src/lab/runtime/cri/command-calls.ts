import { execToEnd } from '../container/exec.ts'
import type { ContainerLife } from '../container/life.ts'
import type { Containers } from '../containers.ts'
import { RuntimeFault } from '../fault.ts'
import { connectToPod } from '../pod-ports.ts'
import type { NodeParts, SomeCalls } from './node-parts.ts'

type CommandCallNames = 'ExecSync' | 'Exec' | 'Attach' | 'PortForward'

export function commandCalls({ node, sandboxes, containers, streaming }: NodeParts): SomeCalls<CommandCallNames> {
  return {
    async ExecSync({ containerId, cmd, timeout }) {
      const { awaitMainPid } = running(containers, containerId)
      return execToEnd(containers.get(containerId), cmd, timeout, await awaitMainPid())
    },
    Exec({ containerId, cmd, tty, stdin }) {
      const life = running(containers, containerId)
      return { url: streaming.offerExec({ record: containers.get(containerId), life, command: cmd, stdin, tty }) }
    },
    Attach({ containerId, stdin, tty }) {
      return { url: streaming.offerAttach({ life: running(containers, containerId), stdin, tty }) }
    },
    PortForward({ podSandboxId, port: ports }) {
      const sandbox = sandboxes.get(podSandboxId)
      if (sandbox.stopped) throw new RuntimeFault('wrong-state', `sandbox ${podSandboxId} is stopped`)
      const connect = (port: number) => connectToPod(sandbox, node, port)
      return { url: streaming.offerPortForward({ pod: sandbox.config.metadata.name, ports, connect }) }
    },
  }
}

/** @throws RuntimeFault `not-found` or `wrong-state` */
export function running(containers: Containers, id: string): ContainerLife {
  containers.get(id)
  const life = containers.life(id)
  if (!life) throw new RuntimeFault('wrong-state', `container ${id} is not running`)
  return life
}
