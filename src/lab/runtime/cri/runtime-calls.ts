import { execToEnd } from '../container/exec.ts'
import type { Containers } from '../containers.ts'
import { RuntimeFault } from '../fault.ts'
import type { ProcessTable } from '../processes/table.ts'
import type { ContainerRecord, SandboxRecord } from '../records.ts'
import type { Sandboxes } from '../sandboxes.ts'
import type { StreamingServer } from '../streaming/server.ts'
import { matchesContainer, matchesContainerStats, matchesSandbox, matchesSandboxStats } from './filters.ts'
import type { RuntimeCalls } from './messages.ts'
import {
  containerItem,
  containerStats,
  containerStatus,
  sandboxItem,
  sandboxStats,
  sandboxStatus,
  sumUsage,
} from './views.ts'

export const RUNTIME_NAME = 'matchday'
const RUNTIME_VERSION = '0.1.0'

export type NodeParts = {
  sandboxes: Sandboxes
  containers: Containers
  table: ProcessTable
  streaming: StreamingServer
}

/** The RuntimeService of one node, call by call. What a real runtime does and this one doesn't is answered UNIMPLEMENTED. */
export function runtimeCalls(parts: NodeParts): RuntimeCalls {
  return {
    ...generalCalls(),
    ...sandboxCalls(parts),
    ...containerCalls(parts),
    ...commandCalls(parts),
    ...statsCalls(parts),
  }
}

type Some<Names extends keyof RuntimeCalls> = Pick<RuntimeCalls, Names>

function generalCalls(): Some<
  'Version' | 'Status' | 'RuntimeConfig' | 'UpdateRuntimeConfig' | 'ListMetricDescriptors' | 'ListPodSandboxMetrics'
> {
  const conditions = [
    { type: 'RuntimeReady', status: true },
    { type: 'NetworkReady', status: true }, // the socket is opened only when the pod network is there
  ]
  return {
    Version: () => ({
      version: '0.1.0',
      runtimeName: RUNTIME_NAME,
      runtimeVersion: RUNTIME_VERSION,
      runtimeApiVersion: 'v1',
    }),
    Status: () => ({
      status: { conditions },
      info: {},
      runtimeHandlers: [{ name: '', features: {} }],
      features: { supplementalGroupsPolicy: false },
    }),
    RuntimeConfig: () => ({ linux: { cgroupDriver: 'CGROUPFS' } }),
    UpdateRuntimeConfig: () => ({}), // pod CIDRs are fixed by the node table
    ListMetricDescriptors: () => ({ descriptors: [] }),
    ListPodSandboxMetrics: () => ({ podMetrics: [] }),
  }
}

type SandboxCallNames =
  | 'RunPodSandbox'
  | 'StopPodSandbox'
  | 'RemovePodSandbox'
  | 'PodSandboxStatus'
  | 'ListPodSandbox'
  | 'UpdatePodSandboxResources'

function sandboxCalls({ sandboxes, containers }: NodeParts): Some<SandboxCallNames> {
  const containersOf = (id: string) => containers.list().filter(({ sandboxId }) => sandboxId === id)
  const stop = async (id: string) => {
    await Promise.all(containersOf(id).map((container) => containers.stop(container.id, 0)))
    await sandboxes.stop(id)
  }
  return {
    async RunPodSandbox({ config, runtimeHandler }) {
      if (!config?.metadata) throw new RuntimeFault('invalid', 'a sandbox needs a configuration with metadata')
      if (runtimeHandler) throw new RuntimeFault('invalid', `the lab has no runtime handler ${runtimeHandler}`)
      return { podSandboxId: (await sandboxes.run(config)).id }
    },
    async StopPodSandbox({ podSandboxId }) {
      await stop(podSandboxId)
      return {}
    },
    async RemovePodSandbox({ podSandboxId }) {
      await stop(podSandboxId)
      await Promise.all(containersOf(podSandboxId).map(({ id }) => containers.remove(id)))
      await sandboxes.remove(podSandboxId)
      return {}
    },
    PodSandboxStatus({ podSandboxId }) {
      const record = sandboxes.get(podSandboxId)
      return {
        status: sandboxStatus(record),
        info: {},
        containersStatuses: containersOf(record.id).map(containerStatus),
        timestamp: Date.now() * 1_000_000,
      }
    },
    ListPodSandbox: ({ filter }) => ({
      items: sandboxes
        .list()
        .filter((record) => matchesSandbox(record, filter))
        .map(sandboxItem),
    }),
    UpdatePodSandboxResources: () => ({}),
  }
}

type ContainerCallNames =
  | 'CreateContainer'
  | 'StartContainer'
  | 'StopContainer'
  | 'RemoveContainer'
  | 'ListContainers'
  | 'ContainerStatus'
  | 'UpdateContainerResources'
  | 'ReopenContainerLog'

function containerCalls({ sandboxes, containers }: NodeParts): Some<ContainerCallNames> {
  return {
    async CreateContainer({ podSandboxId, config }) {
      const sandbox = sandboxes.get(podSandboxId)
      if (!config?.metadata || !config.image)
        throw new RuntimeFault('invalid', 'a container needs a configuration with metadata and image')
      if (sandbox.stopped) throw new RuntimeFault('wrong-state', `sandbox ${podSandboxId} is stopped`)
      return { containerId: (await containers.create(sandbox, config)).id }
    },
    async StartContainer({ containerId }) {
      await containers.start(containerId)
      return {}
    },
    async StopContainer({ containerId, timeout }) {
      await containers.stop(containerId, timeout)
      return {}
    },
    async RemoveContainer({ containerId }) {
      await containers.remove(containerId)
      return {}
    },
    ListContainers: ({ filter }) => ({
      containers: containers
        .list()
        .filter((record) => matchesContainer(record, filter))
        .map(containerItem),
    }),
    ContainerStatus: ({ containerId }) => ({ status: containerStatus(containers.get(containerId)), info: {} }),
    UpdateContainerResources({ containerId, linux }) {
      if (linux) containers.setResources(containerId, linux)
      return {}
    },
    ReopenContainerLog({ containerId }) {
      running(containers, containerId).logs.reopen()
      return {}
    },
  }
}

function commandCalls({
  sandboxes,
  containers,
  streaming,
}: NodeParts): Some<'ExecSync' | 'Exec' | 'Attach' | 'PortForward'> {
  return {
    async ExecSync({ containerId, cmd, timeout }) {
      running(containers, containerId)
      return execToEnd(containers.get(containerId), cmd, timeout)
    },
    Exec({ containerId, cmd, tty, stdin }) {
      running(containers, containerId)
      return { url: streaming.offerExec({ record: containers.get(containerId), command: cmd, stdin, tty }) }
    },
    Attach({ containerId, tty }) {
      return { url: streaming.offerAttach({ life: running(containers, containerId), tty }) }
    },
    PortForward({ podSandboxId }) {
      const { name } = sandboxes.get(podSandboxId).config.metadata
      throw new RuntimeFault(
        'not-offered',
        `the lab has no port-forward; reach pod ${name} through a Service and the ingress, or with kubectl exec`,
      )
    },
  }
}

function running(containers: Containers, id: string) {
  containers.get(id)
  const life = containers.life(id)
  if (!life) throw new RuntimeFault('wrong-state', `container ${id} is not running`)
  return life
}

function statsCalls(
  parts: NodeParts,
): Some<'ContainerStats' | 'ListContainerStats' | 'PodSandboxStats' | 'ListPodSandboxStats'> {
  const { sandboxes, containers, table } = parts
  const live = () => containers.list().filter(({ started, exit }) => started && !exit)
  const ofContainer = (record: ContainerRecord) => {
    const used = table.usage(record.id)
    return containerStats(record, used, table.sampledAtMs())
  }
  const ofSandbox = (record: SandboxRecord) => {
    const own = live().filter(({ sandboxId }) => sandboxId === record.id)
    const used = sumUsage(own.map(({ id }) => table.usage(id)))
    return sandboxStats(record, own.map(ofContainer), used, table.sampledAtMs())
  }
  return {
    ContainerStats: ({ containerId }) => ({ stats: ofContainer(containers.get(containerId)) }),
    ListContainerStats: ({ filter }) => ({
      stats: live()
        .filter((record) => matchesContainerStats(record, filter))
        .map(ofContainer),
    }),
    PodSandboxStats: ({ podSandboxId }) => ({ stats: ofSandbox(sandboxes.get(podSandboxId)) }),
    ListPodSandboxStats: ({ filter }) => ({
      stats: sandboxes
        .list()
        .filter((record) => !record.stopped && matchesSandboxStats(record, filter))
        .map(ofSandbox),
    }),
  }
}
