// The internals of Node that the preload uses, in one place and checked when it loads. If a Node version changes them, the pod fails at
// once with a message instead of bypassing its network. The contract suite runs per version.
import http from 'node:http'
import net from 'node:net'
import tls from 'node:tls'

/** libuv's status in oncomplete and from bind: zero or a negated errno. */
export type Status = number
export const EADDRNOTAVAIL: Status = -99
export const ETIMEDOUT: Status = -110
export const ECONNREFUSED: Status = -111
export const EHOSTUNREACH: Status = -113

export type SocketName = { address?: string; port?: number; family?: string }
export type ConnectRequest = {
  oncomplete?: (
    status: Status,
    handle: TcpHandle,
    request: ConnectRequest,
    readable: boolean,
    writable: boolean,
  ) => void
}

/** TCPWrap: the handle below every net.Socket and net.Server. */
export type TcpHandle = {
  bind(address: string, port: number): Status
  bind6(address: string, port: number, flags: number): Status
  listen(backlog: number): Status
  connect(request: ConnectRequest, address: string, port: number): Status
  connect6(request: ConnectRequest, address: string, port: number): Status
  getsockname(out: SocketName): Status
  getpeername(out: SocketName): Status
  readStart(): Status
  readStop(): Status
  close(done?: () => void): void
  reset(done?: () => void): Status
  hasRef(): boolean
  onconnection?: (status: Status, client: TcpHandle | undefined) => void
}

/** TLSWrap reads from its parent below JavaScript. */
export type TlsHandle = { _parent?: unknown; readStart(): Status; readStop(): Status }

export type WriteDone = (error?: Error | null) => void
export type Chunk = { chunk: string | Uint8Array; encoding: BufferEncoding }

/** The private part of net.Socket that carries bytes; TLSSocket inherits it. */
export type SocketInternals = {
  _handle: object | null
  _writeGeneric(many: boolean, data: unknown, encoding: string, done: WriteDone): void
  _final(done: WriteDone): void
  _unrefTimer(): void
  connecting: boolean
  destroyed: boolean
  destroy(error?: Error): void
}

/** The private part of http.IncomingMessage that takes header lines. */
export type MessageInternals = { _addHeaderLines(rawHeaders: readonly string[], count: number): void }

export type RawWrite = (data: unknown, encoding?: string, done?: WriteDone | null, size?: number) => boolean
/** The private part of http.ServerResponse: what it sends, and which part of it goes to the socket. */
export type ResponseInternals = { _hasBody: boolean; _send: RawWrite; _writeRaw: RawWrite }

const METHODS = [
  'bind',
  'bind6',
  'listen',
  'connect',
  'connect6',
  'getsockname',
  'getpeername',
  'readStart',
  'readStop',
  'close',
  'reset',
  'hasRef',
] as const

function requireMethods<T>(what: string, candidate: unknown, methods: readonly string[]): T {
  const missing = methods.filter((name) => typeof Reflect.get(Object(candidate), name) !== 'function')
  if (missing.length === 0) return candidate as T
  throw new Error(
    `the lab's pod network does not support this Node (${process.version}): ${what} lacks ${missing.join(', ')}. Next: run the pod with a Node that test/lab/pod-network covers.`,
  )
}

// A socket gets its handle before its name is looked up, so a lookup that never ends is enough to read the prototype.
function tcpPrototype(): TcpHandle {
  const socket = new net.Socket()
  socket.connect({ host: 'never.invalid', port: 1, lookup() {} })
  const handle: unknown = Reflect.get(socket, '_handle')
  socket.destroy()
  return requireMethods('TCPWrap', Object.getPrototypeOf(handle), METHODS)
}

function tlsPrototype(): TlsHandle {
  // Without its own list of authorities, the context would parse all authorities of the machine in every process.
  const socket = new tls.TLSSocket(new net.Socket(), { secureContext: tls.createSecureContext({ ca: [] }) })
  const handle: unknown = Reflect.get(socket, '_handle')
  socket.destroy()
  return requireMethods('TLSWrap', Object.getPrototypeOf(handle), ['readStart', 'readStop'])
}

export const tcp: TcpHandle = tcpPrototype()
export const tlsWrap: TlsHandle = tlsPrototype()
export const socketInternals: SocketInternals = requireMethods('net.Socket', net.Socket.prototype, [
  '_writeGeneric',
  '_final',
  '_unrefTimer',
])

requireMethods('http.IncomingMessage', http.IncomingMessage.prototype, ['_addHeaderLines'])
requireMethods('http.ServerResponse', http.ServerResponse.prototype, ['_send', '_writeRaw'])

/** Node's original methods; call them with `.call(handle, …)`. */
export const native = Object.fromEntries(METHODS.map((name) => [name, tcp[name]])) as Pick<
  TcpHandle,
  (typeof METHODS)[number]
>

export function isTcp(handle: unknown): handle is TcpHandle {
  return typeof handle === 'object' && handle !== null && Object.prototype.isPrototypeOf.call(tcp, handle)
}

/** The TCP handle below a socket, also through TLS. */
export function tcpOf(socket: SocketInternals): TcpHandle | undefined {
  const handle = socket._handle
  if (isTcp(handle)) return handle
  const parent: unknown = handle === null ? undefined : Reflect.get(handle, '_parent')
  return isTcp(parent) ? parent : undefined
}
