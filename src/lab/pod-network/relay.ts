// Runs beside a native container, that is, one that does not run Node. It listens on the pod's ports, where policies and faults act through
// the preload that the relay runs with, and forwards to the container's own address, where no rules apply. The container sees the addresses
// of the real clients. For outgoing connections the relay is the container's name server and stands for the peers that the container looks
// up. For a container whose name server cannot be set, it listens locally and connects to where the pod's annotation says.
import { readFileSync, watchFile } from 'node:fs'
import net from 'node:net'
import { dirname, join as joinPath } from 'node:path'
import { clientStandIn, nameServerPort } from '../topology/addresses.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import type { PodFile } from './messages.ts'
import { serveNames } from './name-server.ts'
import { servedDirectly } from './served-directly.ts'
import { openStandIns } from './stand-ins.ts'

type Plan = { nativeAddress: string; ports: readonly number[] }
type Dial = () => net.Socket

// How often it looks for a container that does not listen.
const LOOK_MS = 200
// How often it checks that a container still listens on the pod's address itself.
const SERVED_MS = 2_000
const ANNOTATION_MS = 500
const OUTBOUND = /^(\d{1,5})=([a-z0-9.-]+):(\d{1,5})$/

const plan = JSON.parse(process.env.MATCHDAY_RELAY ?? '{"ports":[]}') as Plan
const podFile = process.env.MATCHDAY_POD_NETWORK ?? ''
const self = JSON.parse(readFileSync(podFile, 'utf8')) as PodFile
const open = new Set<net.Socket>()
const servers = new Set<net.Server>()
let stopping = false

// The pod's own address: its container may listen on the same port of another one. In a pod without a network of its own, the preload of each
// Node process leads localhost to that address too. In a network namespace localhost is the kernel's, and needs a listener.
const hosts = REAL_ADDRESSES ? [self.ip, '127.0.0.1'] : [self.ip]

/** A pod's port is open only while its container's port is. Otherwise the relay would make probes succeed too early. */
function listenWhileServed(port: number, host: string): void {
  if (stopping) return
  const lookAgain = () => setTimeout(listenWhileServed, LOOK_MS, port, host)
  const probe = net.connect({ host: plan.nativeAddress, port })
  probe.once('error', lookAgain)
  probe.once('connect', () => {
    probe.destroy()
    const server = net.createServer({ allowHalfOpen: true }, (client) => {
      const container = net.connect({
        host: plan.nativeAddress,
        port,
        localAddress: clientStandIn(client.remoteAddress ?? ''),
        allowHalfOpen: true,
      })
      container.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' && servers.has(server)) closeAndLookAgain()
      })
      join(client, container)
    })
    const closeAndLookAgain = () => {
      close(server)
      listenWhileServed(port, host)
    }
    server.once('listening', () => servedDirectly().delete(port))
    listen(server, port, host, (error) => {
      if (!servesItself(error)) return lookAgain()
      servedDirectly().add(port)
      setTimeout(listenWhileServed, SERVED_MS, port, host)
    })
  })
}

/** In a network namespace, a container that listens on all addresses listens on the pod's too, and needs no relay there. */
const servesItself = (error: NodeJS.ErrnoException): boolean => REAL_ADDRESSES && error.code === 'EADDRINUSE'

function listen(
  server: net.Server,
  port: number,
  host: string,
  onFailure: (error: NodeJS.ErrnoException) => void,
): void {
  servers.add(server)
  server.on('error', (error: NodeJS.ErrnoException) => {
    close(server)
    if (!servesItself(error)) console.error(`relay: port ${port}: ${error.message}`)
    onFailure(error)
  })
  server.listen(port, host)
}

function close(server: net.Server): void {
  servers.delete(server)
  server.close()
}

/** Passes on bytes, half-close, back-pressure and resets, in both directions. */
function join(one: net.Socket, other: net.Socket): void {
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    open.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => peer.resetAndDestroy())
    socket.on('close', () => {
      open.delete(socket)
      if (!peer.destroyed && !socket.readableEnded) peer.resetAndDestroy()
      exitWhenIdle()
    })
    socket.pipe(peer)
  }
}

const outbound = new Map<string, net.Server>()

function followAnnotation(): void {
  const wanted = new Set(readAnnotation())
  for (const [mapping, server] of outbound) {
    if (wanted.has(mapping)) continue
    close(server)
    outbound.delete(mapping)
  }
  for (const mapping of wanted) if (!outbound.has(mapping)) openOutbound(mapping)
}

function readAnnotation(): string[] {
  try {
    const { outbound: text = '' } = JSON.parse(readFileSync(podFile, 'utf8')) as { outbound?: string }
    return text.split(',').flatMap((part) => part.trim() || [])
  } catch {
    return []
  }
}

function openOutbound(mapping: string): void {
  const [, port, host, peerPort] = OUTBOUND.exec(mapping) ?? []
  if (!host) {
    console.error(`relay: matchday.dev/outbound: "${mapping}" is not <port>=<host>:<port>`)
    return
  }
  const dial: Dial = () => net.connect({ host, port: Number(peerPort), allowHalfOpen: true })
  const server = net.createServer({ allowHalfOpen: true }, (client) => join(client, dial()))
  outbound.set(mapping, server)
  listen(server, Number(port), plan.nativeAddress, () => outbound.delete(mapping))
}

function answerNames(): void {
  const standIns = openStandIns({
    podIp: self.ip,
    clusterFile: joinPath(dirname(dirname(podFile)), 'cluster.json'),
    join,
    onOpen: (server) => servers.add(server),
  })
  servers.add(serveNames(plan.nativeAddress, nameServerPort(), standIns.for))
}

function exitWhenIdle(): void {
  if (stopping && open.size === 0) process.exit(0)
}

function stop(): void {
  stopping = true
  for (const server of servers) close(server)
  exitWhenIdle()
}

for (const port of plan.ports) for (const host of hosts) listenWhileServed(port, host)
answerNames()
followAnnotation()
watchFile(podFile, { interval: ANNOTATION_MS }, followAnnotation)
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
