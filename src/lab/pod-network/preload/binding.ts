// The pod's own address: a process that binds any address binds this one, and a process that reads its own address sees what it would see
// in a pod.
import {
  clusterAddress,
  clusterPort,
  isLoopback,
  isNative,
  machineAddress,
  machinePort,
  unmapped,
} from '../../topology/addresses.ts'
import { REAL_ADDRESSES } from '../../topology/real-addresses.ts'
import { flowOf, knownFlow, peerIp } from './flow.ts'
import { EADDRNOTAVAIL, native, type SocketName, type Status, type TcpHandle, tcp } from './internals.ts'
import { self } from './pod.ts'

export function playBinding(): void {
  tcp.bind = function (address, port) {
    return bind(this, address, port)
  }
  tcp.bind6 = function (address, port, flags) {
    if (REAL_ADDRESSES) return bindReally(this, port, () => native.bind6.call(this, address, port, flags))
    if (self.hostNetwork) return native.bind6.call(this, address, port, flags)
    return bind(this, address, port)
  }
  tcp.listen = function (backlog) {
    const bound = knownFlow(this)?.boundAs
    if (bound !== undefined && isLoopback(bound)) acceptOnlyFromSelf(this)
    return native.listen.call(this, backlog)
  }
  tcp.getsockname = function (out) {
    return ownName(this, out)
  }
  tcp.getpeername = function (out) {
    return peerName(this, out)
  }
}

/** In a network of its own, a pod binds what it likes. */
function bindReally(handle: TcpHandle, port: number, bound: () => Status): Status {
  const flow = flowOf(handle)
  flow.bound = true
  flow.ownPort = port
  return bound()
}

function bind(handle: TcpHandle, asked: string, port: number): Status {
  if (REAL_ADDRESSES) return bindReally(handle, port, () => native.bind.call(handle, asked, port))
  const flow = flowOf(handle)
  const address = unmapped(asked)
  flow.bound = true
  // A relay binds native addresses, and connects to its container with the client's address.
  if (isNative(address) || clusterAddress(address) !== address) return native.bind.call(handle, address, port)
  if (self.hostNetwork && address !== self.ip) return native.bind.call(handle, address, port)
  if (!isAny(address) && !isLoopback(address) && address !== self.ip) return EADDRNOTAVAIL
  flow.boundAs = asked
  flow.ownPort = port
  return native.bind.call(handle, machineAddress(self.ip), machinePort(port))
}

function isAny(address: string): boolean {
  return address === '' || address === '::' || address === '0.0.0.0'
}

// In a cluster nobody else can reach a server that listens on localhost: a classic reason for failing probes.
function acceptOnlyFromSelf(server: TcpHandle): void {
  const accept = server.onconnection
  if (!accept) return
  server.onconnection = function (status, client) {
    const peer: SocketName = {}
    if (client && native.getpeername.call(client, peer) === 0 && clusterAddress(peer.address ?? '') !== self.ip) {
      native.reset.call(client)
      return
    }
    accept.call(this, status, client)
  }
}

function ownName(handle: TcpHandle, out: SocketName): Status {
  const status = native.getsockname.call(handle, out)
  if (status !== 0 || out.address === undefined) return status
  const flow = knownFlow(handle)
  const address = unmapped(out.address)
  if (self.hostNetwork && clusterAddress(address) !== self.ip) return status
  if (!REAL_ADDRESSES && flow?.dialled && isLoopback(flow.dialled.ip)) return name(out, flow.dialled.ip, out.port)
  if (flow?.boundAs !== undefined && !flow.peer && !flow.dialled) return name(out, flow.boundAs, out.port)
  return clusterAddress(address) === address ? status : name(out, clusterAddress(address), out.port)
}

function peerName(handle: TcpHandle, out: SocketName): Status {
  const status = native.getpeername.call(handle, out)
  if (status !== 0 || out.address === undefined) return status
  const dialled = knownFlow(handle)?.dialled
  if (dialled) {
    out.port = dialled.port
    return name(out, dialled.ip, dialled.port)
  }
  if (self.hostNetwork) return status
  return name(out, peerIp(unmapped(out.address)), out.port)
}

function name(out: SocketName, address: string, port: number | undefined): Status {
  out.address = address
  out.family = address.includes(':') ? 'IPv6' : 'IPv4'
  if (port !== undefined) out.port = clusterPort(port)
  return 0
}
