/**
 * Resolves external targets to addresses: once, when a fault is applied, IPv4 only, as in Chaos Mesh's controller. Cluster names are looked
 * up in the API, because this machine's resolver does not know them. A Service gives its cluster IP, a headless Service its ready pods.
 */

import { lookup } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import { messageOf } from '../../domain/unknown.ts'
import { type ClusterClient, isNotFound } from '../cluster-access/cluster.ts'
import { fieldsOf, listOf, textOf } from '../machine/json.ts'
import type { ExternalPeer } from './network-rules.ts'

/** @throws when a name is unknown or a port is invalid */
export async function resolveExternal(cluster: ClusterClient, targets: readonly string[]): Promise<ExternalPeer[]> {
  const resolved = await Promise.all(targets.map((target) => resolveOne(cluster, target)))
  return resolved.flat()
}

async function resolveOne(cluster: ClusterClient, target: string): Promise<ExternalPeer[]> {
  const { host, port } = split(target)
  const cidrs = isCidr(host) ? [host] : isIPv4(host) ? [`${host}/32`] : await addressesOf(cluster, host, ALIASES_MAX)
  // Upstream would continue and, if no other target is left, cut the pods off from everybody.
  if (cidrs.length === 0) throw new Error(`lookup ${host}: no IPv4 address`)
  return cidrs.map((cidr) => (port === undefined ? { cidr } : { cidr, port }))
}

function split(target: string): { readonly host: string; readonly port?: number } {
  const [, host, digits] = /^([^:]*):(\d+)$/.exec(target) ?? []
  if (host === undefined || digits === undefined) return { host: target }
  const port = Number(digits)
  if (port > 65_535) throw new Error(`${target}: ${digits} is not a port`)
  return port === 0 ? { host } : { host, port }
}

function isCidr(text: string): boolean {
  const [address = '', bits = ''] = text.split('/')
  return isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32
}

// ExternalName Services may form a loop.
const ALIASES_MAX = 8

async function addressesOf(cluster: ClusterClient, name: string, aliasesLeft: number): Promise<string[]> {
  if (aliasesLeft === 0) throw new Error(`lookup ${name}: too many aliases`)
  const inCluster = await serviceAddresses(cluster, name, aliasesLeft)
  if (inCluster !== undefined) return inCluster
  try {
    const found = await lookup(name, { all: true, family: 4 })
    return found.map(({ address }) => `${address}/32`)
  } catch (error) {
    throw new Error(`lookup ${name}: ${messageOf(error)}`)
  }
}

const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const SERVICE_NAME = new RegExp(`^(${LABEL})\\.(${LABEL})(?:\\.svc(?:\\.cluster\\.local\\.?)?)?$`)

/** Undefined when the name is not a cluster name. */
async function serviceAddresses(
  cluster: ClusterClient,
  name: string,
  aliasesLeft: number,
): Promise<string[] | undefined> {
  const [, service, namespace] = SERVICE_NAME.exec(name) ?? []
  if (service === undefined || namespace === undefined) return undefined
  try {
    const spec = fieldsOf((await cluster.get(`/api/v1/namespaces/${namespace}/services/${service}`)).spec)
    const clusterIp = textOf(spec.clusterIP)
    if (isIPv4(clusterIp)) return [`${clusterIp}/32`]
    if (clusterIp === 'None') return await readyAddresses(cluster, namespace, service)
    return await addressesOf(cluster, textOf(spec.externalName), aliasesLeft - 1)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

async function readyAddresses(cluster: ClusterClient, namespace: string, service: string): Promise<string[]> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`)
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`
  const slices = listOf((await cluster.get(path)).items).map(fieldsOf)
  const endpoints = slices.flatMap(({ endpoints: all }) => listOf(all).map(fieldsOf))
  return endpoints
    .filter(({ conditions }) => fieldsOf(conditions).ready !== false)
    .flatMap(({ addresses }) => listOf(addresses).map((address) => `${textOf(address)}/32`))
}
