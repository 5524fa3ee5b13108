// One record per TCP handle: its peer, the address that the application dialled, whether it wants to read, and what the rules do to it.
import { clusterAddress, clusterPort, GATEWAY_IP, isLoopback, isNative, unmapped } from '../../topology/addresses.ts'
import { REAL_ADDRESSES } from '../../topology/real-addresses.ts'
import type { FlowEffect } from '../flow-effect.ts'
import { native, type SocketName, type TcpHandle, type TlsHandle, type WriteDone } from './internals.ts'
import { effectOf, rulesEpoch, self } from './pod.ts'

/** Bytes that the application has written and that the rules hold back. */
export type EgressQueue = {
  pump(): void
  abandon(): void
  push(data: Buffer, done: WriteDone): void
  end(done: WriteDone): void
}

export type Flow = {
  readonly handle: TcpHandle
  /** No rules apply: loopback inside the pod, native containers, the ingress's own sockets. */
  bypass: boolean
  peer?: { ip: string; port: number }
  ownPort: number
  dialled?: { ip: string; port: number }
  /** The address that the application bound, if it differs from the real one. */
  boundAs?: string
  bound: boolean
  wantsRead: boolean
  reader?: TlsHandle
  queue?: EgressQueue
  /** A SYN that is not sent yet. */
  pending?: NodeJS.Timeout
  closed: boolean
  effect: FlowEffect | undefined
  effectEpoch: number
}

const kFlow = Symbol('flow')
type Carrier = TcpHandle & { [kFlow]?: Flow }

/** Open flows, to which a change of rules must be applied. */
export const liveFlows = new Set<Flow>()

export function flowOf(handle: TcpHandle): Flow {
  const carrier: Carrier = handle
  const known = carrier[kFlow]
  if (known) return known
  const flow: Flow = {
    handle,
    bypass: false,
    ownPort: 0,
    bound: false,
    wantsRead: false,
    closed: false,
    effect: undefined,
    effectEpoch: 0,
  }
  carrier[kFlow] = flow
  return flow
}

export function knownFlow(handle: TcpHandle | undefined): Flow | undefined {
  return handle && (handle as Carrier)[kFlow]
}

/** What the rules do to the flow now; undefined for most flows. */
export function currentEffect(flow: Flow): FlowEffect | undefined {
  if (flow.bypass) return undefined
  const epoch = rulesEpoch()
  if (flow.effectEpoch === epoch) return flow.effect
  if (!identify(flow)) return undefined
  flow.effectEpoch = epoch
  flow.effect = flow.bypass || !flow.peer ? undefined : effectOf(endsOf(flow, flow.peer))
  return flow.effect
}

export function endsOf(flow: Flow, peer: { ip: string; port: number }) {
  return {
    peerIp: peer.ip,
    peerPort: peer.port,
    ownPort: flow.ownPort,
    ...(flow.dialled ? { dialled: flow.dialled } : {}),
  }
}

/** Both ends of an accepted connection; undefined when no network device is between them. */
export function acceptedEnds(handle: TcpHandle): { peerIp: string; ownPort: number } | undefined {
  const flow = flowOf(handle)
  if (flow.bypass || !identify(flow) || flow.bypass || !flow.peer) return undefined
  return { peerIp: flow.peer.ip, ownPort: flow.ownPort }
}

/** The peer of an accepted connection is read when it is needed. False while the handle is not connected. */
function identify(flow: Flow): boolean {
  if (flow.peer) return true
  const peer: SocketName = {}
  const own: SocketName = {}
  if (native.getpeername.call(flow.handle, peer) !== 0 || native.getsockname.call(flow.handle, own) !== 0) return false
  flow.ownPort = clusterPort(own.port ?? 0)
  flow.peer = { ip: peerIp(unmapped(peer.address ?? '')), port: clusterPort(peer.port ?? 0) }
  // Inside a pod, and between a native container and its relay, there is no network device that a fault could act on.
  flow.bypass = flow.peer.ip === self.ip || isNative(unmapped(own.address ?? '')) || isNative(flow.peer.ip)
  if (self.hostNetwork && clusterAddress(unmapped(own.address ?? '')) !== self.ip) flow.bypass = true
  if (REAL_ADDRESSES && isLoopback(flow.peer.ip)) flow.bypass = true
  return true
}

/** A connection from plain loopback, or from the pod's gateway, comes from the node: the kubelet's probes, the API server's proxy. */
export function peerIp(machineIp: string): string {
  if (REAL_ADDRESSES) return machineIp === GATEWAY_IP ? self.nodeIp : machineIp
  return isLoopback(machineIp) && !self.hostNetwork ? self.nodeIp : clusterAddress(machineIp)
}
