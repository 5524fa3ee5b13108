// How cluster addresses map to this machine. EndpointSlices refuse loopback addresses, and an unprivileged process can listen only on
// loopback. So 10.x.y.z of the cluster is 127.x.y.z here, and ports below 1024 are shifted above the ephemeral range. In a lab whose pods
// have network namespaces, addresses and ports are what they are in the cluster, and nothing is mapped.
import { REAL_ADDRESSES } from './real-addresses.ts'

/** A cluster address and port. The address is 10.x.y.z, or plain loopback for the API server. */
export type Endpoint = readonly [ip: string, port: number]

/** Pods: 10.244.n.x, n = index of the node. */
export const POD_RANGE = '10.244.0.0/16'
export const SERVICE_RANGE = '10.96.0.0/16'
/** Nodes: 10.99.0.10 and above. */
export const NODE_RANGE = '10.99.0.0/24'

/** The ingress and cluster DNS have no sandbox. Policies and faults use these addresses for them. */
export const INGRESS_IP = '10.244.0.2'
export const DNS_IP = '10.244.0.10'

/** With network namespaces: from where the node itself calls pods (probes, the API server), and where pods find the API server. */
export const GATEWAY_IP = '10.244.0.1'
export const API_IP = '10.99.0.1'
/** The Service address of cluster DNS, which the kubelet writes into resolv.conf. */
export const DNS_SERVICE_IP = '10.96.0.10'

const FIRST_OPEN_PORT = 1024
// Linux assigns ephemeral ports from 32768 to 60999, so 61001 to 62023 is never taken by chance. A Service is unlikely to use that range.
const PORT_SHIFT = 61_000

const CLUSTER_PREFIX = '10.'
const MACHINE_PREFIX = '127.'

/** 10.244.1.9 → 127.244.1.9; other addresses are returned unchanged. */
export function machineAddress(ip: string): string {
  return !REAL_ADDRESSES && isPodOrNode(ip, CLUSTER_PREFIX) ? MACHINE_PREFIX + ip.slice(CLUSTER_PREFIX.length) : ip
}

/** 127.244.1.9 → 10.244.1.9; other addresses are returned unchanged. */
export function clusterAddress(ip: string): string {
  return !REAL_ADDRESSES && isPodOrNode(ip, MACHINE_PREFIX) ? CLUSTER_PREFIX + ip.slice(MACHINE_PREFIX.length) : ip
}

function isPodOrNode(ip: string, prefix: string): boolean {
  return ip.startsWith(`${prefix}244.`) || ip.startsWith(`${prefix}99.`)
}

/** The port on the machine for a pod's port. An ordinary user may not bind below 1024. */
export function machinePort(port: number): number {
  return !REAL_ADDRESSES && port > 0 && port < FIRST_OPEN_PORT ? port + PORT_SHIFT : port
}

export function clusterPort(port: number): number {
  return !REAL_ADDRESSES && port > PORT_SHIFT && port < PORT_SHIFT + FIRST_OPEN_PORT ? port - PORT_SHIFT : port
}

export function podAddress(nodeIndex: number, host: number): string {
  return `10.244.${nodeIndex}.${host}`
}

/** Where a container that does not run Node listens. No rules apply here: only the pod's relay connects to it. */
export function nativeAddress(podIp: string): string {
  return podIp.replace(/^10\.244\./, '127.245.')
}

/** The loopback address from which a relay calls its container on behalf of a client, so that the container can tell clients apart. */
export function clientStandIn(ip: string): string {
  return isPodOrNode(ip, CLUSTER_PREFIX) ? MACHINE_PREFIX + ip.slice(CLUSTER_PREFIX.length) : ip
}

// Each peer that a pod has looked up gets a second octet; the last two octets are the pod's own. So no two pods share a stand-in address.
const FIRST_STAND_IN = 128
export const STAND_INS_MAX = 64

/**
 * The address on this machine that stands for a peer of a container that does not run Node. The pod's relay listens there and connects to
 * the peer on behalf of the pod.
 */
export function standInAddress(podIp: string, index: number): string {
  return podIp.replace(/^10\.244\./, `127.${FIRST_STAND_IN + index}.`)
}

/** Whether an address is only used between a container that does not run Node and its relay. No rules apply there. */
export function isNative(ip: string): boolean {
  const octet = ip.startsWith('127.') ? Number(ip.split('.')[1]) : 0
  return octet === 245 || (octet >= FIRST_STAND_IN && octet < FIRST_STAND_IN + STAND_INS_MAX)
}

/** The DNS port of a container that does not run Node: its relay listens there, at the shifted port 53. */
export const nameServerPort = (): number => machinePort(53)

/** The kubelet sends probes from plain loopback. Rules treat that as the address of the pod's node. */
export function nodeAddress(nodeIndex: number): string {
  return `10.99.0.${10 + nodeIndex}`
}

export function isLoopback(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.0.0.')
}

/** `::ffff:10.244.1.9` → `10.244.1.9`. */
export function unmapped(ip: string): string {
  return ip.startsWith('::ffff:') ? ip.slice(7) : ip
}
