import { messageOf } from '../../domain/unknown.ts'
import { type ContainerLife, watchLife } from './container/life.ts'
import { openLogSink } from './container/log-sink.ts'
import { prepare } from './container/prepare.ts'
import { requireProgram } from './container/program.ts'
import { keepRelay, type RunningRelay } from './container/relay.ts'
import { exitTimeIn, type Started, startWrapper, wasStartedIn } from './container/wrapper.ts'
import type { ContainerConfig, LinuxResources } from './cri/messages.ts'
import { RuntimeFault } from './fault.ts'
import type { NodeContext } from './node-context.ts'
import type { ContainerExit, ContainerRecord, SandboxRecord } from './records.ts'
import { networkIdentity, newId } from './sandboxes.ts'

/** The containers of one node: records on disk, and a `ContainerLife` for each running one. */
export type Containers = {
  create(sandbox: SandboxRecord, config: ContainerConfig): Promise<ContainerRecord>
  start(id: string): Promise<void>
  /** Sends the stop signal, waits, then kills. Returns when the container has ended. */
  stop(id: string, graceSeconds: number): Promise<void>
  remove(id: string): Promise<void>
  find(id: string): ContainerRecord | undefined
  /** @throws RuntimeFault `not-found` */
  get(id: string): ContainerRecord
  life(id: string): ContainerLife | undefined
  list(): readonly ContainerRecord[]
  /** From now on no container starts until `allowStarts`, and all running ones are killed. Resolves when they have ended. */
  killAll(): Promise<void>
  allowStarts(): void
  setResources(id: string, resources: LinuxResources): void
  adopt(records: readonly ContainerRecord[], sandboxes: (id: string) => SandboxRecord | undefined): void
}

type Entry = {
  record: ContainerRecord
  life?: ContainerLife
  relay?: RunningRelay
  ended?: Promise<void>
  starting?: true
}

export function createContainers(context: NodeContext): Containers {
  const { store, log, table } = context
  const entries = new Map<string, Entry>()
  const sandboxOf = new Map<string, SandboxRecord>()
  let closed = false

  const entryOf = (id: string): Entry => {
    const entry = entries.get(id)
    if (!entry) throw new RuntimeFault('not-found', `container ${id} not found`)
    return entry
  }
  const keep = (entry: Entry, change: Partial<ContainerRecord>) => {
    entry.record = { ...entry.record, ...change }
    if (entries.has(entry.record.id)) store.saveContainer(entry.record)
  }
  const finish = (entry: Entry, exit: ContainerExit) => {
    entry.relay?.stop()
    delete entry.life
    delete entry.relay
    keep(entry, { exit })
  }
  const follow = (entry: Entry, { wrapper, input: fd }: Started) => {
    const { id, logPath, config } = entry.record
    const folder = store.containerFolder(id)
    const input = fd === undefined ? undefined : { fd, once: config.stdinOnce }
    const life = watchLife({ id, folder, wrapper, logs: openLogSink(logPath), table, input })
    entry.life = life
    entry.ended = life.exited.then((code) => finish(entry, exitOf(code, endedAtMs(entry, folder))))
    startRelay(entry)
  }
  const startRelay = (entry: Entry) => {
    const { record } = entry
    const sandbox = sandboxOf.get(record.sandboxId)
    if (record.image.kind !== 'native' || !sandbox?.network || !context.network.relayFor) return
    if (entriesOf(record.sandboxId).some((other) => other.relay)) return // one relay listens on all ports of the pod
    const pod = networkIdentity(sandbox.id, sandbox.config, context.node)
    entry.relay = keepRelay({
      folder: store.containerFolder(record.id),
      relay: context.network.relayFor(pod, sandbox.network),
      labRoot: context.labRoot,
      identity: record.identity,
      network: networkOf(sandbox.network.namespace),
      found: record.relay,
      log: (line) => log(`${sandbox.config.metadata.name}: ${line}`),
      remember: (relay) => keep(entry, { relay }),
    })
  }
  const networkOf = (namespace: string | undefined) =>
    context.labnet === undefined || namespace === undefined ? undefined : { labnet: context.labnet, namespace }
  const entriesOf = (sandboxId: string) => [...entries.values()].filter(({ record }) => record.sandboxId === sandboxId)

  return {
    find: (id) => entries.get(id)?.record,
    get: (id) => entryOf(id).record,
    life: (id) => entries.get(id)?.life,
    list: () => [...entries.values()].map(({ record }) => record),
    async create(sandbox, config) {
      const id = newId()
      try {
        const record = await prepare(context, sandbox, config, id)
        store.saveContainer(record)
        sandboxOf.set(sandbox.id, sandbox)
        entries.set(id, { record })
        return record
      } catch (error) {
        store.forgetContainer(id)
        throw error
      }
    },
    async start(id) {
      const entry = entryOf(id)
      if (entry.record.started || entry.record.exit || entry.starting)
        throw new RuntimeFault('wrong-state', `container ${id} was already started`)
      if (closed) throw new RuntimeFault('wrong-state', 'the node has no power')
      entry.starting = true
      try {
        requireProgram(entry.record.argv, entry.record.env.PATH, entry.record.workingDir)
        const atMs = Date.now()
        const started = await startWrapper(store.containerFolder(id), entry.record)
        keep(entry, { started: { wrapper: started.wrapper, atMs } })
        follow(entry, started)
        if (closed) entry.life?.kill()
      } catch (error) {
        table.kill(id) // whatever was started before the failure
        delete entry.life
        // containerd reports 128 for a process that never ran.
        keep(entry, { exit: { code: 128, reason: 'StartError', message: messageOf(error), atMs: Date.now() } })
        throw error
      }
    },
    async stop(id, graceSeconds) {
      const entry = entries.get(id)
      if (!entry) return
      if (!entry.life && !entry.record.exit) finish(entry, exitOf(0, Date.now()))
      await end(entry, graceSeconds * 1000)
    },
    async remove(id) {
      const entry = entries.get(id)
      if (!entry) return
      await end(entry, 0)
      entries.delete(id)
      if (entriesOf(entry.record.sandboxId).length === 0) sandboxOf.delete(entry.record.sandboxId)
      store.forgetContainer(id)
    },
    async killAll() {
      closed = true
      await Promise.all([...entries.values()].map((entry) => end(entry, 0)))
    },
    allowStarts() {
      closed = false
    },
    setResources(id, resources) {
      const entry = entryOf(id)
      const { config } = entry.record
      const linux = { securityContext: config.linux?.securityContext ?? null, resources }
      keep(entry, { config: { ...config, linux } })
    },
    adopt(records, sandboxes) {
      for (const record of records) {
        const sandbox = sandboxes(record.sandboxId)
        if (sandbox) sandboxOf.set(sandbox.id, sandbox)
        const entry: Entry = { record }
        entries.set(record.id, entry)
        if (record.exit) continue
        if (record.started) adoptOne(entry, record.started.wrapper)
        else if (wasStartedIn(store.containerFolder(record.id))) endLost(entry)
      }
    },
  }

  function adoptOne(entry: Entry, wrapper: ContainerLife['wrapper']): void {
    try {
      follow(entry, { wrapper })
    } catch (error) {
      log(`container ${entry.record.id} can no longer be followed: ${messageOf(error)}`)
      endLost(entry)
    }
  }

  /** A runtime was killed during a start. The kubelet got no answer and will create another container. */
  function endLost(entry: Entry): void {
    table.kill(entry.record.id)
    finish(entry, { code: 137, reason: 'ContainerStatusUnknown', message: 'lost by the runtime', atMs: Date.now() })
  }
}

/** A file's time comes from a coarser clock, which may be earlier than the start of a short container. */
const endedAtMs = (entry: Entry, folder: string): number =>
  Math.max(exitTimeIn(folder) ?? Date.now(), entry.record.started?.atMs ?? 0)

async function end(entry: Entry, graceMs: number): Promise<void> {
  const { life } = entry
  if (!life) return
  const asked = graceMs > 0 && life.signal(entry.record.image.stopSignal)
  const timer = setTimeout(() => life.kill(), asked ? graceMs : 0)
  await entry.ended
  clearTimeout(timer)
}

const exitOf = (code: number, atMs: number): ContainerExit => ({
  code,
  reason: code === 0 ? 'Completed' : 'Error',
  message: '',
  atMs,
})
