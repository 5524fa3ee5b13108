import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Endpoint } from '../topology/addresses.ts'
import type { ClusterFile } from './messages.ts'

/** For programs outside the pods: a ready endpoint of a Service, from the shared table on disk. */
export function serviceEndpoint(netFolder: string, ip: string, port: number): Endpoint | undefined {
  const endpoints = readTable(netFolder)?.services[ip]?.ports[port] ?? []
  return endpoints[Math.floor(Math.random() * endpoints.length)]
}

/** Undefined while the lab boots. */
function readTable(netFolder: string): ClusterFile['table'] | undefined {
  try {
    return (JSON.parse(readFileSync(join(netFolder, 'cluster.json'), 'utf8')) as ClusterFile).table
  } catch {
    return undefined
  }
}
