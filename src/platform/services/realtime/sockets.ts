/** The sockets of one realtime pod: who they belong to, what goes to all and to one, and how they are told to leave. */

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'

export type Sockets = {
  count(): number
  /** Completes the handshake for a player whose token was verified. */
  accept(player: string, request: IncomingMessage, socket: Duplex, head: Buffer): void
  toAll(message: string): void
  toPlayer(player: string, message: string): void
  /** Closes all sockets with 1001, evenly over a time, so that their reconnects don't arrive as one wave. */
  leave(overMs: number): Promise<void>
  /** Drops sockets that have not answered since the last beat, and beats again. */
  beat(): void
}

const GOING_AWAY = 1001
/** A ping of the application is some 40 bytes. */
const MAX_MESSAGE_BYTES = 1_024
/** A client that does not read is cut off before its unsent messages fill the pod's memory. */
const MAX_BUFFERED_BYTES = 262_144
const CLOSE_GRACE_MS = 1_000

export function createSockets(): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  })
  // Who this process is, so that a client can tell whether it came back to where it was.
  const welcome = JSON.stringify({ type: 'welcome', server: randomUUID() })
  const byPlayer = new Map<string, Set<WebSocket>>()
  const alive = new Map<WebSocket, boolean>()

  function joined(player: string, socket: WebSocket): void {
    const own = byPlayer.get(player) ?? new Set()
    byPlayer.set(player, own.add(socket))
    alive.set(socket, true)
    push(socket, welcome)
    socket.on('message', (data, binary) => answer(socket, data, binary))
    socket.on('pong', () => alive.set(socket, true))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      alive.delete(socket)
      own.delete(socket)
      if (own.size === 0) byPlayer.delete(player)
    })
  }

  return {
    count: () => alive.size,
    accept: (player, request, socket, head) =>
      server.handleUpgrade(request, socket, head, (accepted) => joined(player, accepted)),
    toAll: (message) => {
      const frame = Buffer.from(message)
      for (const socket of alive.keys()) push(socket, frame)
    },
    toPlayer: (player, message) => {
      for (const socket of byPlayer.get(player) ?? []) push(socket, message)
    },
    leave: async (overMs) => {
      const leaving = [...alive.keys()]
      for (const socket of leaving) {
        socket.close(GOING_AWAY, 'going away')
        await new Promise((resolve) => setTimeout(resolve, overMs / leaving.length))
      }
      if (alive.size > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_GRACE_MS))
      for (const socket of alive.keys()) socket.terminate()
    },
    beat: () => {
      for (const [socket, answered] of alive) {
        if (!answered) socket.terminate()
        alive.set(socket, false)
        if (socket.readyState === WebSocket.OPEN) socket.ping()
      }
    },
  }
}

function push(socket: WebSocket, message: string | Buffer): void {
  if (socket.readyState !== WebSocket.OPEN) return
  if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.terminate()
  else socket.send(message, { binary: false })
}

/** A ping of the application is answered at once, in the same turn of the event loop; anything else is not our protocol. */
function answer(socket: WebSocket, data: RawData, binary: boolean): void {
  const id = binary ? undefined : pingIdOf(String(data))
  if (id === undefined) socket.close(1003, 'only {"type":"ping","id":…} is understood')
  else push(socket, JSON.stringify({ type: 'pong', id }))
}

function pingIdOf(text: string): string | number | undefined {
  try {
    const message: unknown = JSON.parse(text)
    if (
      typeof message !== 'object' ||
      message === null ||
      !('type' in message) ||
      message.type !== 'ping' ||
      !('id' in message)
    )
      return undefined
    return typeof message.id === 'string' || typeof message.id === 'number' ? message.id : undefined
  } catch {
    return undefined
  }
}
