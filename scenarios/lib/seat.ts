/**
 * One place in the population of sockets. A seat holds one socket at a time, pings it whenever it is attended, replaces it when its
 * life is over or it has gone silent, and comes back after a drop. What happens to a socket that the seat has given up no longer counts. A seat is one player
 * with one browser: it keeps its cookies, and notices when a socket that replaces a healthy one lands at another server.
 */
import http from 'k6/http'
import { Blob, type MessageEvent, WebSocket } from 'k6/websockets'
import { bad, good, type Outcome, type Reason } from './measure.ts'
import type { Watch } from './receipts.ts'
import { loopLag, socketEvents } from './series.ts'
import { CLIENT_TIMEOUT_MS } from './sizing.ts'

/** After the n-th failure in a row a seat sits out 2^(n-1) - 1 pings, at most 7. */
const SIT_OUT_MAX = 7
/**
 * So many pings in a row without a pong, and the seat gives its socket up: with pings a second apart and 2 s for a pong,
 * 4 to 5 s after the silence began. A connection that a lost zone left open never closes by itself, and no player waits for that.
 */
const SILENT_PINGS = 3
/** RFC 6455, 7.1.5: the connection ended without a close frame. */
const NO_CLOSE_FRAME = 1006
/** Start of the first message of a server that names itself. Other protocols have none, and then nothing is counted. */
const WELCOME = '{"type":"welcome"'
/** The event loop's lateness is sampled on every so many seats. */
const LAG_SAMPLED = 8

export type Seat = {
  /** Called when a ping is due, in epoch ms; `taken` says whether the plan wants the seat now. */
  attend(dueAt: number, taken: boolean): void
  isEmpty(): boolean
}

export type Seating = {
  readonly urlOf: (seat: number) => string
  readonly lifetimeMs: number
  readonly record: (outcome: Outcome, intendedAt: number, endedAt?: number) => void
  /** Runs an event handler; an exception must not end the iteration, and with it every socket of this VU. */
  readonly guarded: (handle: () => void) => void
  /** A socket opened (1) or an open one closed (-1). */
  readonly onOpen: (change: 1 | -1) => void
  /** Counts what is pushed to this seat; undefined if the seat is not watched. */
  readonly watch?: (seat: number) => Watch | undefined
}

type Line = {
  readonly socket: WebSocket
  readonly since: number
  readonly expiresAt: number
  open: boolean
  /** Given up while connecting, or closed by us. */
  abandoned: boolean
  /** When the pings without a pong were due. */
  readonly awaiting: Set<number>
  /** Pings lost since the last pong. */
  silent: number
  /** When it opened, and when the last message from the platform arrived. */
  openedAt?: number
  heardAt: number
  /** Keys that were pushed over it. */
  readonly pushed: Set<string>
}

/**
 * Closes a socket without waiting for the server. k6's own `close` waits for the server's close frame without a limit, also at the end of the test
 * (2.2), and the server may have gone silent, even a moment ago. But a frame after our close frame cannot be written (RFC 6455, 5.5.1), and then k6 closes the
 * connection itself. `send` refuses a socket that is closing, so it is closed while `send` reads what to send. Where k6 runs the TypeScript without a
 * bundle, it takes no Blob, and closing waits.
 */
function hangUp(socket: WebSocket): void {
  const frame = new Blob([''])
  frame.arrayBuffer = () => {
    socket.close()
    return Promise.resolve(new ArrayBuffer(0))
  }
  try {
    socket.send(frame)
  } catch {
    socket.close()
  }
}

/** Steps of the golden ratio spread any number of seats evenly over 0..1. */
export const spread = (n: number): number => (n * 0.618034) % 1

export function createSeat(number: number, { urlOf, lifetimeMs, record, guarded, onOpen, watch }: Seating): Seat {
  const watched = watch?.(number)
  // One jar for all seats of a VU would tie them all to the pod of the first.
  const jar = new http.CookieJar()
  let line: Line | undefined
  let home: string | undefined
  let lives = 0
  let failures = 0
  let sitOut = 0

  const missed = (reason: Reason): void => record(bad(reason), 0)

  const connect = (now: number): void => {
    const socket = new WebSocket(urlOf(number), null, { jar })
    // First lives are cut to different lengths, so that later not all sockets are replaced at once.
    const share = lives++ === 0 ? spread(number) * 0.9 + 0.1 : 1
    const expiresAt = now + lifetimeMs * share
    const fresh: Line = {
      ...{ socket, since: now, expiresAt, open: false, abandoned: false, awaiting: new Set(), silent: 0 },
      ...{ heardAt: now, pushed: new Set() },
    }
    line = fresh
    socket.onopen = () => guarded(() => opened(fresh))
    socket.onmessage = (event) => guarded(() => event && heard(fresh, event))
    // k6 hands over an event that its types do not know of.
    socket.onclose = (event?: { readonly code?: number }) => guarded(() => closed(fresh, event?.code))
  }

  const opened = (its: Line): void => {
    if (its.abandoned) return hangUp(its.socket)
    its.open = true
    its.openedAt = Date.now()
    failures = 0
    onOpen(1)
    socketEvents.add(1, { outcome: 'connected' })
  }

  const heard = (its: Line, { data, timestamp }: MessageEvent): void => {
    if (typeof data !== 'string' || its.abandoned) return
    its.heardAt = timestamp
    if (data.startsWith(WELCOME)) return welcomed(String(JSON.parse(data).server))
    if (!data.includes('"pong"')) return watched?.heard(data, timestamp, its.pushed)
    // A late pong counts too: a slow server is not silent.
    its.silent = 0
    if (number % LAG_SAMPLED === 0) loopLag.add(Math.max(0, Date.now() - timestamp))
    const dueAt = Number(JSON.parse(data).id)
    if (!its.awaiting.delete(dueAt)) return
    if (timestamp - dueAt > CLIENT_TIMEOUT_MS) missed('timeout')
    else record(good, dueAt, timestamp)
  }

  /** After a drop another server is welcome, so only planned replacements count. */
  const welcomed = (server: string): void => {
    if (home !== undefined) socketEvents.add(1, { outcome: home === server ? 'kept' : 'moved' })
    home = server
  }

  /** A connection may be dead for a while before it ends, so it counts as connected only until the last message from the platform. */
  const covered = ({ openedAt, heardAt }: Line): void => {
    if (openedAt !== undefined) watched?.covered(openedAt, heardAt)
  }

  const closed = (its: Line, code = NO_CLOSE_FRAME): void => {
    if (!its.abandoned) covered(its)
    if (its.open) onOpen(-1)
    if (!its.abandoned) lost(its, its.open ? 'dropped' : 'failed')
    if (!its.abandoned && its.open && code !== NO_CLOSE_FRAME) socketEvents.add(1, { outcome: 'sent-away' })
    its.open = false
    its.abandoned = true
    if (line === its) line = undefined
  }

  const lost = ({ awaiting }: Line, outcome: 'dropped' | 'failed'): void => {
    socketEvents.add(1, { outcome })
    home = undefined
    for (const _ of awaiting) missed('dropped')
    awaiting.clear()
    sitOut = Math.min(SIT_OUT_MAX, 2 ** failures - 1)
    failures++
  }

  const release = (its: Line): void => {
    covered(its)
    its.abandoned = true
    // k6 hands a close frame to a pump that is not there before the handshake ends: closing then would block the event loop.
    if (its.open) hangUp(its.socket)
    line = undefined
  }

  const comeBack = (dueAt: number): void => {
    if (failures > 0) missed('disconnected')
    if (sitOut > 0) sitOut--
    else connect(dueAt)
  }

  const connecting = (its: Line, dueAt: number): void => {
    if (dueAt - its.since < CLIENT_TIMEOUT_MS) return
    missed('disconnected')
    lost(its, 'failed')
    release(its)
  }

  const ping = ({ awaiting, socket }: Line, dueAt: number): void => {
    awaiting.add(dueAt)
    socket.send(`{"type":"ping","id":${dueAt}}`)
  }

  const expirePings = (its: Line, now: number): void => {
    for (const dueAt of its.awaiting) {
      if (now - dueAt <= CLIENT_TIMEOUT_MS) return
      its.awaiting.delete(dueAt)
      its.silent++
      missed('timeout')
    }
  }

  /** It counts as closed at once: what it still has to send may keep it from closing. */
  const giveUp = (its: Line): void => {
    lost(its, 'dropped')
    release(its)
    its.open = false
    onOpen(-1)
  }

  /** A seat gives its socket up only after every ping was answered or counted as lost. */
  const attendLine = (its: Line, dueAt: number, taken: boolean): void => {
    expirePings(its, dueAt)
    if (its.open && its.silent >= SILENT_PINGS) return giveUp(its)
    if (taken && !its.open) return connecting(its, dueAt)
    if (taken && dueAt < its.expiresAt) return ping(its, dueAt)
    if (its.awaiting.size > 0) return
    release(its)
    if (taken) connect(dueAt)
  }

  return {
    attend: (dueAt, taken) => {
      if (line) attendLine(line, dueAt, taken)
      else if (taken) comeBack(dueAt)
    },
    isEmpty: () => line === undefined,
  }
}
