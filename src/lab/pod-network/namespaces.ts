// The pods' network namespaces, made by labnet (src/toolchain/go/labnet). Each call is a short process; nothing is kept in memory.
import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LabNetwork } from '../machine/state.ts'
import { GATEWAY_IP } from '../topology/addresses.ts'
import { createPacketFilter, type PacketFilter } from './packet-filter.ts'
import type { PacketChain } from './packet-rule.ts'

export type Namespaces = {
  /** Makes the network of a pod, if it is not there, and returns the file that stands for it. */
  add(id: string, ip: string): Promise<string>
  remove(id: string, ip: string): Promise<void>
  /** Keeps the kernel's rules for packets between pods. */
  filter(chains: () => readonly PacketChain[]): PacketFilter
}

/** Unmounts the files of the pods' networks, and volumes in memory, below the folder. A mount point cannot be deleted. */
export function unmountBelow(network: LabNetwork, folder: string): void {
  if (network.kind === 'namespaces') execFileSync(network.labnet, ['end', folder])
}

/** Files that stand for the namespaces of pods, while the lab lives. */
const namespacesFolder = (netFolder: string): string => join(netFolder, 'ns')

export function createNamespaces(labnet: string, netFolder: string, log: (line: string) => void): Namespaces {
  const planOf = (id: string, ip: string) => ({
    namespace: join(namespacesFolder(netFolder), id),
    address: ip,
    link: linkOf(ip),
    node: GATEWAY_IP,
  })
  const call = async (command: string, plan: object) => {
    await promisify(execFile)(labnet, [command, JSON.stringify(plan)])
  }
  return {
    async add(id, ip) {
      const plan = planOf(id, ip)
      await call('pod', plan)
      return plan.namespace
    },
    remove: (id, ip) => call('forget', planOf(id, ip)),
    filter: (chains) => createPacketFilter(labnet, chains, log),
  }
}

/** 10.244.12.34 → pod12.34: Linux allows 15 characters. */
const linkOf = (ip: string): string => `pod${ip.split('.').slice(2).join('.')}`
