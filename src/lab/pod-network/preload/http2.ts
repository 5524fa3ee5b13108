// HTTP/2 sessions read and write their socket below JavaScript, where no rule can act. If the handle does not look like a stream of Node's
// own, the session uses a JavaScript stream on top of the socket, where rules act. The price: at a client, the session's 'connect' event
// comes before TCP is connected.
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import { isTcp } from './internals.ts'

export function playHttp2(): void {
  const { connect } = http2
  const played = (authority: string | URL, options?: unknown, listener?: unknown) => {
    const given = typeof options === 'object' && options !== null ? options : {}
    const then = typeof options === 'function' ? options : listener
    const own =
      'createConnection' in given && typeof given.createConnection === 'function' ? given.createConnection : undefined
    const createConnection = (url: URL, all: object) => aboveGates(own ? own(url, all) : dialPlain(url, all))
    return Reflect.apply(connect, http2, [authority, { ...given, createConnection }, then])
  }
  Reflect.set(http2, 'connect', played)
  playServers()
}

// As http2.connect does by itself.
function dialPlain(url: URL, options: object): net.Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost'
  if (url.protocol === 'http:') return net.connect({ port: Number(url.port || 80), host })
  const servername = net.isIP(host) ? {} : { servername: host }
  return tls.connect({ ALPNProtocols: ['h2'], ...servername, ...options, host, port: Number(url.port || 443) })
}

function playServers(): void {
  const { emit } = net.Server.prototype
  net.Server.prototype.emit = function (this: net.Server, event: string | symbol, ...args: unknown[]) {
    if (isSessionStart(this, event)) aboveGates(args[0])
    return Reflect.apply(emit, this, [event, ...args])
  }
}

// The classes are not exported. An ALPN server may also speak HTTP/1.1 on a connection, which works on such a socket as well.
function isSessionStart(server: net.Server, event: string | symbol): boolean {
  const kind = server.constructor.name
  return (
    (event === 'connection' && kind === 'Http2Server') || (event === 'secureConnection' && kind === 'Http2SecureServer')
  )
}

function aboveGates<T>(socket: T): T {
  const handle: unknown = Reflect.get(Object(socket), '_handle')
  const below = isTcp(handle) ? handle : Reflect.get(Object(handle), '_parent')
  if (isTcp(below) && typeof handle === 'object' && handle !== null) {
    Object.defineProperty(handle, 'isStreamBase', { value: false, configurable: true })
  }
  return socket
}
