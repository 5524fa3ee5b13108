import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { messageOf } from '../../domain/unknown.ts'
import type { SandboxIdentity } from '../pod-network/network-plugin.ts'
import type { SandboxConfig } from './cri/messages.ts'
import { RuntimeFault } from './fault.ts'
import { createHostPorts } from './host-ports.ts'
import type { NodeContext, PodName } from './node-context.ts'
import type { SandboxRecord } from './records.ts'

/** The sandboxes of one node: a pod's name, its log folder and its address. A sandbox has no process. */
export type Sandboxes = {
  run(config: SandboxConfig): Promise<SandboxRecord>
  /** Releases the address. The containers must have ended. */
  stop(id: string): Promise<void>
  remove(id: string): Promise<void>
  find(id: string): SandboxRecord | undefined
  /** @throws RuntimeFault `not-found` */
  get(id: string): SandboxRecord
  list(): readonly SandboxRecord[]
  /** Adds every pod to the network again that existed before this process. */
  adopt(records: readonly SandboxRecord[]): Promise<void>
}

export const newId = (): string => randomBytes(32).toString('hex')

export function createSandboxes(context: NodeContext): Sandboxes {
  const { store, network, node, log } = context
  const records = new Map<string, SandboxRecord>()
  const hostPorts = createHostPorts(node, log)
  const keep = (record: SandboxRecord) => {
    store.saveSandbox(record)
    records.set(record.id, record)
    return record
  }
  const get = (id: string) => {
    const found = records.get(id)
    if (!found) throw new RuntimeFault('not-found', `sandbox ${id} not found`)
    return found
  }
  const forget = (id: string) => {
    records.delete(id)
    store.forgetSandbox(id)
  }
  return {
    find: (id) => records.get(id),
    get,
    list: () => [...records.values()],
    async run(config) {
      const id = newId()
      if (config.logDirectory) mkdirSync(config.logDirectory, { recursive: true })
      const record: SandboxRecord = { id, createdAtMs: Date.now(), config }
      if (isHostNetwork(config)) return keep(record)
      // Stored as stopped first. If this process dies in between, the kubelet removes the sandbox, and the address is released.
      keep({ ...record, stopped: true })
      try {
        const running = keep({ ...record, network: await network.add(networkIdentity(id, config, node)) })
        hostPorts.open(running)
        return running
      } catch (error) {
        forget(id)
        throw error
      }
    },
    async stop(id) {
      const record = records.get(id)
      if (!record || record.stopped) return
      hostPorts.close(id)
      if (record.network) await network.del({ id })
      keep({ ...record, stopped: true })
    },
    async remove(id) {
      const record = records.get(id)
      hostPorts.close(id)
      if (record && !isHostNetwork(record.config)) await network.del({ id })
      forget(id)
    },
    async adopt(found) {
      for (const record of found) {
        records.set(record.id, record)
        if (record.network && !record.stopped) {
          await announce(record)
          hostPorts.open(record)
        }
      }
    },
  }

  async function announce(record: SandboxRecord): Promise<void> {
    try {
      const address = await network.add(networkIdentity(record.id, record.config, node))
      if (address.ip === record.network?.ip) return
      log(`pod ${record.config.metadata.name} keeps ${record.network?.ip}, although the network now says ${address.ip}`)
    } catch (error) {
      log(`the network no longer knows pod ${record.config.metadata.name}: ${messageOf(error)}`)
    }
  }
}

export const isHostNetwork = (config: SandboxConfig): boolean =>
  config.linux?.securityContext?.namespaceOptions?.network === 'NODE'

export function networkIdentity(
  id: string,
  config: SandboxConfig,
  node: { name: string; index: number },
): SandboxIdentity {
  const { namespace, name, uid } = config.metadata
  const ports = config.portMappings.map(({ containerPort, protocol }) => ({ containerPort, protocol }))
  return { id, node: node.name, nodeIndex: node.index, namespace, name, uid, labels: config.labels, ports }
}

export function podName(config: SandboxConfig, node: string): PodName {
  const { namespace, name, uid } = config.metadata
  return { namespace, name, uid, node, labels: config.labels }
}
