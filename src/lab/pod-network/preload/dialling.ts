// Outgoing connections: routed like kube-proxy, sent from the pod's own address, and lost where a fault, a policy or a dead peer would lose
// the SYN. Node keeps the requested address, so errors look as they do in a cluster.
import { clusterPort, isLoopback, machineAddress, machinePort, unmapped } from '../../topology/addresses.ts'
import { drawDelayMs } from '../flow-effect.ts'
import { policiesAllow } from '../policy.ts'
import { endsOf, type Flow, flowOf } from './flow.ts'
import {
  type ConnectRequest,
  ECONNREFUSED,
  EHOSTUNREACH,
  ETIMEDOUT,
  native,
  type SocketName,
  type Status,
  type TcpHandle,
  tcp,
} from './internals.ts'
import { catchUp, effectOf, self, table } from './pod.ts'
import { isAlive, routeTo } from './route.ts'

type Peer = { ip: string; port: number }

// Linux resends a SYN after 1, 2, 4 … 64 s and gives up after 127 s (tcp_syn_retries = 6).
const FIRST_RETRY_MS = 1_000
const GIVE_UP_MS = 127_000

export function playDialling(): void {
  tcp.connect = function (request, address, port) {
    return connect(this, request, address, port)
  }
  tcp.connect6 = function (request, address, port) {
    return connect(this, request, unmapped(address), port)
  }
}

function connect(handle: TcpHandle, request: ConnectRequest, address: string, port: number): Status {
  catchUp()
  const flow = flowOf(handle)
  const route = routeTo(address, port)
  switch (route.kind) {
    case 'bypass':
      flow.bypass = true
      return native.connect.call(handle, request, route.ip, route.port)
    case 'refused':
      return answerLater(flow, request, ECONNREFUSED)
    case 'unreachable':
      return answerLater(flow, request, EHOSTUNREACH)
    case 'silent':
    case 'peer':
      flow.dialled = { ip: isLoopback(address) ? '127.0.0.1' : address, port }
      return route.kind === 'peer' ? dial(flow, request, route) : sendSyn(flow, request, route, () => false)
  }
}

function dial(flow: Flow, request: ConnectRequest, peer: Peer): Status {
  // Inside a pod there is no network device, no policy and no fault.
  flow.bypass = peer.ip === self.ip
  const status = bindToSelf(flow)
  if (status !== 0) return status
  if (flow.bypass) return establish(flow, request, peer)
  return sendSyn(flow, request, peer, () => passes(flow, peer))
}

/** Connects at once if nothing blocks the flow; otherwise loses SYNs until it is free. */
function sendSyn(flow: Flow, request: ConnectRequest, peer: Peer, isFree: () => boolean): Status {
  if (isFree()) return handshake(flow, request, peer)
  const retry = (waitMs: number, spentMs: number): void => {
    later(flow, waitMs, () => {
      if (isFree()) return finish(flow, request, handshake(flow, request, peer))
      if (spentMs + waitMs >= GIVE_UP_MS) return finish(flow, request, ETIMEDOUT)
      retry(waitMs * 2, spentMs + waitMs)
    })
  }
  retry(FIRST_RETRY_MS, 0)
  return 0
}

function passes(flow: Flow, peer: Peer): boolean {
  if (!isAlive(peer.ip)) return false
  if (!policiesAllow(table, { from: self.ip, to: peer.ip, port: peer.port, protocol: 'TCP' })) return false
  const effect = effectOf(endsOf(flow, peer))
  return !effect?.in.blocked && !effect?.out.blocked
}

// A handshake takes one round trip, so it has the delays of both ends.
function handshake(flow: Flow, request: ConnectRequest, peer: Peer): Status {
  const effect = effectOf(endsOf(flow, peer))
  const delayMs = drawDelayMs(effect?.out) + drawDelayMs(effect?.in)
  if (delayMs <= 0) return establish(flow, request, peer)
  later(flow, delayMs, () => finish(flow, request, establish(flow, request, peer)))
  return 0
}

function establish(flow: Flow, request: ConnectRequest, peer: Peer): Status {
  flow.peer = { ip: peer.ip, port: peer.port }
  return native.connect.call(flow.handle, request, machineAddress(peer.ip), machinePort(peer.port))
}

function bindToSelf(flow: Flow): Status {
  if (flow.bound) return 0
  flow.bound = true
  const status = native.bind.call(flow.handle, machineAddress(self.ip), 0)
  const own: SocketName = {}
  if (status === 0 && native.getsockname.call(flow.handle, own) === 0) flow.ownPort = clusterPort(own.port ?? 0)
  return status
}

function answerLater(flow: Flow, request: ConnectRequest, status: Status): Status {
  later(flow, 0, () => finish(flow, request, status))
  return 0
}

function finish(flow: Flow, request: ConnectRequest, status: Status): void {
  // Zero: the native connect has started and will call back by itself.
  if (status !== 0) request.oncomplete?.(status, flow.handle, request, true, true)
}

// Created inside connect, so that the callback runs in the application's AsyncLocalStorage context.
function later(flow: Flow, waitMs: number, then: () => void): void {
  flow.pending = setTimeout(() => {
    delete flow.pending
    if (!flow.closed) then()
  }, waitMs)
  if (!flow.handle.hasRef()) flow.pending.unref()
}
