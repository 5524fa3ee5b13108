// How cluster addresses live on one machine. EndpointSlices refuse loopback addresses, and an unprivileged process can listen only
// on loopback ones: so 10.x.y.z of the cluster is 127.x.y.z here, and ports below 1024 are shifted above the ephemeral range.

/** A cluster address and port. The address is 10.x.y.z, or plain loopback for the API server. */
export type Endpoint = readonly [ip: string, port: number]

/** Pods: 10.244.n.x, n = index of the node. */
export const POD_RANGE = '10.244.0.0/16'
export const SERVICE_RANGE = '10.96.0.0/16'

/** The ingress and cluster DNS have no sandbox; these are the addresses that policies and faults know them by. */
export const INGRESS_IP = '10.244.0.2'
export const DNS_IP = '10.244.0.10'

const FIRST_OPEN_PORT = 1024
// Linux hands out 32768..60999 by itself, so 61001..62023 is free of accidents; no service of a cluster is likely to listen there.
const PORT_SHIFT = 61_000

const CLUSTER_PREFIX = '10.'
const MACHINE_PREFIX = '127.'

/** 10.244.1.9 → 127.244.1.9; other addresses are returned unchanged. */
export function machineAddress(ip: string): string {
  return isPodOrNode(ip, CLUSTER_PREFIX) ? MACHINE_PREFIX + ip.slice(CLUSTER_PREFIX.length) : ip
}

/** 127.244.1.9 → 10.244.1.9; other addresses are returned unchanged. */
export function clusterAddress(ip: string): string {
  return isPodOrNode(ip, MACHINE_PREFIX) ? CLUSTER_PREFIX + ip.slice(MACHINE_PREFIX.length) : ip
}

function isPodOrNode(ip: string, prefix: string): boolean {
  return ip.startsWith(`${prefix}244.`) || ip.startsWith(`${prefix}99.`)
}

/** The port on the machine for a pod's port: an ordinary user may not bind below 1024. */
export function machinePort(port: number): number {
  return port > 0 && port < FIRST_OPEN_PORT ? port + PORT_SHIFT : port
}

export function clusterPort(port: number): number {
  return port > PORT_SHIFT && port < PORT_SHIFT + FIRST_OPEN_PORT ? port - PORT_SHIFT : port
}

export function podAddress(nodeIndex: number, host: number): string {
  return `10.244.${nodeIndex}.${host}`
}

/** Where a container that is not Node listens: outside all rules, only its pod's relay dials it. */
export function nativeAddress(podIp: string): string {
  return podIp.replace(/^10\.244\./, '127.245.')
}

// One second octet for each peer that the pod has looked up, the pod's own last two: no other pod's stand-in is ever in the way.
const FIRST_STAND_IN = 128
export const STAND_INS_MAX = 64

/** What stands on the machine for a peer of a container that is not Node: its relay listens there and dials the peer in the pod's name. */
export function standInAddress(podIp: string, index: number): string {
  return podIp.replace(/^10\.244\./, `127.${FIRST_STAND_IN + index}.`)
}

/** Outside all rules: between a native container and its relay. */
export function isNative(ip: string): boolean {
  const octet = ip.startsWith('127.') ? Number(ip.split('.')[1]) : 0
  return octet === 245 || (octet >= FIRST_STAND_IN && octet < FIRST_STAND_IN + STAND_INS_MAX)
}

/** The name server of a native container: its relay, at the shifted port of DNS. */
export const nameServerPort = (): number => machinePort(53)

/** The kubelet dials probes from plain loopback; to rules it is the pod's node. */
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
