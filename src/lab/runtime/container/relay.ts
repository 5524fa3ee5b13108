import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../../domain/unknown.ts'
import { LAB_PROCESS_VARIABLE } from '../../machine/marks.ts'
import { isAlive, type ProcessId, signalProcess } from '../../machine/processes.ts'
import type { Relay } from '../../pod-network/network-plugin.ts'
import type { Identity } from '../records.ts'
import { type ContainerNamespaces, ownEnvironment, startedIn, writeNamespaces } from './namespaces.ts'
import { asIdentity, idOf, ownerOptions, spawned } from './wrapper.ts'

/** The network's relay process beside a native container. It is restarted while the container lives, and ends with it. */
export type RunningRelay = { stop(): void }

const RESTART_MS_MIN = 100
const RESTART_MS_MAX = 5000
// A relay that this process did not start sends no event when it dies.
const WATCH_MS = 500

export type RelayParts = {
  folder: string
  relay: Relay
  labRoot: string
  identity: Identity | undefined
  /** the namespaces that it shares with its container, in a lab that has them */
  network: { labnet: string; namespace: string } | undefined
  /** the relay that a killed runtime left, if any */
  found: ProcessId | undefined
  log: (line: string) => void
  /** stores the new process in the container's record */
  remember: (process: ProcessId) => void
}

export function keepRelay(parts: RelayParts): RunningRelay {
  let stopped = false
  let current = parts.found
  let timer: NodeJS.Timeout | undefined
  let waitMs = RESTART_MS_MIN

  const later = (task: () => void, afterMs: number) => {
    timer = stopped ? undefined : setTimeout(task, afterMs)
  }
  const again = (why: string) => {
    if (stopped) return
    parts.log(`relay ${why}; restarting it in ${waitMs} ms`)
    later(start, waitMs)
    waitMs = Math.min(waitMs * 2, RESTART_MS_MAX)
  }
  const watch = (process: ProcessId) => {
    if (isAlive(process)) later(() => watch(process), WATCH_MS)
    else again('is gone')
  }
  const start = () => {
    launch(parts, (code) => again(`ended with ${code}`)).then(
      (process) => {
        current = process
        parts.remember(process)
        if (stopped) signalProcess(process, 'SIGKILL')
      },
      (error) => again(`cannot be started: ${messageOf(error)}`),
    )
  }
  if (current && isAlive(current)) watch(current)
  else start()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      if (current) signalProcess(current, 'SIGKILL')
    },
  }
}

async function launch(parts: RelayParts, ended: (code: number | string) => void): Promise<ProcessId> {
  if (parts.relay.argv.length === 0) throw new Error('the network plugin gave no command for its relay')
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...parts.relay.env, [LAB_PROCESS_VARIABLE]: parts.labRoot }
  const namespaces = namespacesOf(parts, env)
  const [program = '', ...args] = namespaces
    ? startedIn(namespaces, parts.relay.argv)
    : [...asIdentity(parts.identity), ...parts.relay.argv]
  const logFd = openSync(join(parts.folder, 'relay.log'), 'a', 0o640)
  try {
    const child = spawn(program, args, {
      cwd: '/',
      env: namespaces ? ownEnvironment(env) : env,
      detached: true,
      stdio: ['ignore', logFd, logFd],
      ...(namespaces ? {} : ownerOptions(parts.identity)),
    })
    child.once('exit', (code, signal) => ended(signal ?? code ?? 'nothing'))
    await spawned(child)
    child.unref()
    return idOf(child)
  } finally {
    closeSync(logFd)
  }
}

function namespacesOf(
  { network, folder, identity }: RelayParts,
  env: Readonly<Record<string, string>>,
): ContainerNamespaces | undefined {
  if (!network) return undefined
  const user = identity ? { user: identity } : {}
  const plan = { network: network.namespace, hostName: '', folder: '/', env, ...user }
  return writeNamespaces(network.labnet, folder, 'relay-namespaces', plan)
}
