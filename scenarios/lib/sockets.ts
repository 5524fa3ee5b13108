/**
 * A population of WebSockets, owned by few VUs. Each VU has seats; the plan says how many of all seats are taken at a moment. A
 * taken seat holds one socket at a time, pings it once a `PING_MS`, replaces it when its life is over, and comes back after a
 * drop. The round trip counts from the moment the ping was due to the moment its pong was read from the network, so that a slow
 * event loop here makes it longer and never shorter. A seat that should be connected and is not counts as bad at each ping due.
 */
import exec from 'k6/execution'
import { type MessageEvent, WebSocket } from 'k6/websockets'
import { levelAt, totalMs } from './intended-start.ts'
import { bad, good, type Reason, recorder } from './measure.ts'
import { PING_MS, plan } from './plan.ts'
import { type Sessions, sessionOf } from './players.ts'
import { expectSeries, loopLag, socketEvents, socketsOpen } from './series.ts'
import { CLIENT_TIMEOUT_MS, socketVus } from './sizing.ts'

const SLI = 'ws-rtt'
/** Pings are due on a grid of so many ms, so that a timer's own coarseness is not taken for latency. */
const TICK_MS = 20
const TICKS_PER_PING = Math.max(1, Math.round(PING_MS / TICK_MS))
const TICKS_PER_GAUGE = 1000 / TICK_MS
/** After the n-th failure in a row a seat sits out 2^n - 1 pings, at most 7. */
const SIT_OUT_MAX = 7
/** The event loop's lateness is sampled on every so many seats. */
const LAG_SAMPLED = 8

type Line = {
  readonly socket: WebSocket
  readonly since: number
  readonly expiresAt: number
  open: boolean
  /** Given up while connecting, or closed by us: what happens to it no longer counts. */
  abandoned: boolean
  /** When the pings without a pong were due. */
  readonly awaiting: Set<number>
}

/** `number` is unique among all VUs' seats. */
type Seat = { readonly number: number; line: Line | undefined; failures: number; sitOut: number; lives: number }

/** Steps of the golden ratio spread any number of seats evenly over 0..1. */
const spread = (n: number): number => (n * 0.618034) % 1

/** Makes the function of the profile `sockets`. `urlOf` gives the address for the seat's session token. */
export function keepSockets(urlOf: (token: string) => string): (sessions: Sessions) => void {
  const record = recorder(SLI)
  expectSeries(() =>
    ['connected', 'failed', 'dropped'].map((outcome) => [socketEvents, { scenario: 'sockets', outcome }] as const),
  )
  const missed = (reason: Reason, count = 1): void => {
    for (let each = 0; each < count; each++) record(bad(reason), 0)
  }

  return (sessions) => {
    const { stages, lifetimeMs } = plan.sockets ?? { stages: [], lifetimeMs: 0 }
    const part = exec.scenario.iterationInTest
    const parts = socketVus(stages)
    const start = exec.scenario.startTime
    const end = start + totalMs(stages)
    const seats: Seat[] = []
    const slots: Seat[][] = Array.from({ length: TICKS_PER_PING }, () => [])
    let open = 0

    const takenAt = (at: number): number =>
      Math.floor((Math.round(levelAt(stages, at - start)) + parts - 1 - part) / parts)

    const connect = (seat: Seat, now: number): void => {
      const socket = new WebSocket(urlOf(sessionOf(sessions, seat.number).token), null, { tags: { name: 'sockets' } })
      // First lives are cut to different lengths, so that later not all sockets are replaced at once.
      const share = seat.lives === 0 ? spread(seat.number) * 0.9 + 0.1 : 1
      const line: Line = {
        socket,
        since: now,
        expiresAt: now + lifetimeMs * share,
        open: false,
        abandoned: false,
        awaiting: new Set(),
      }
      seat.line = line
      seat.lives++
      socket.onopen = () => opened(seat, line)
      socket.onmessage = (event) => guarded(() => event && heard(seat, line, event))
      socket.onclose = () => guarded(() => closed(seat, line))
      socket.onerror = () => undefined
    }

    const opened = (seat: Seat, line: Line): void => {
      if (line.abandoned) return line.socket.close()
      line.open = true
      open++
      seat.failures = 0
      socketEvents.add(1, { outcome: 'connected' })
    }

    const heard = (seat: Seat, line: Line, event: MessageEvent): void => {
      const { data, timestamp } = event
      if (typeof data !== 'string' || !data.includes('"pong"')) return
      if (seat.number % LAG_SAMPLED === 0) loopLag.add(Math.max(0, Date.now() - timestamp))
      const dueAt = Number(JSON.parse(data).id)
      if (!line.awaiting.delete(dueAt)) return
      if (timestamp - dueAt > CLIENT_TIMEOUT_MS) missed('timeout')
      else record(good, dueAt, timestamp)
    }

    const closed = (seat: Seat, line: Line): void => {
      if (line.open) open--
      if (!line.abandoned) lost(seat, line, line.open ? 'dropped' : 'failed')
      line.open = false
      line.abandoned = true
      if (seat.line === line) seat.line = undefined
    }

    const lost = (seat: Seat, line: Line, outcome: 'dropped' | 'failed'): void => {
      socketEvents.add(1, { outcome })
      missed('dropped', line.awaiting.size)
      line.awaiting.clear()
      seat.sitOut = Math.min(SIT_OUT_MAX, 2 ** seat.failures - 1)
      seat.failures++
    }

    const release = (seat: Seat, line: Line): void => {
      line.abandoned = true
      // Closing while connecting would block the event loop until the handshake ends (k6 hands the frame to a pump that is not there yet).
      if (line.open) line.socket.close()
      seat.line = undefined
    }

    const attend = (seat: Seat, dueAt: number, taken: number): void => {
      const { line } = seat
      if (line) expirePings(line, dueAt)
      if (Math.floor(seat.number / parts) >= taken)
        return line && line.awaiting.size === 0 ? release(seat, line) : undefined
      if (line === undefined) return comeBack(seat, dueAt)
      if (!line.open) return connecting(seat, line, dueAt)
      if (dueAt < line.expiresAt) return ping(line, dueAt)
      if (line.awaiting.size > 0) return
      release(seat, line)
      connect(seat, dueAt)
    }

    const comeBack = (seat: Seat, dueAt: number): void => {
      if (seat.failures > 0) missed('disconnected')
      if (seat.sitOut-- > 0) return
      connect(seat, dueAt)
    }

    const connecting = (seat: Seat, line: Line, dueAt: number): void => {
      if (dueAt - line.since < CLIENT_TIMEOUT_MS) return
      missed('disconnected')
      lost(seat, line, 'failed')
      release(seat, line)
    }

    const ping = (line: Line, dueAt: number): void => {
      line.awaiting.add(dueAt)
      line.socket.send(`{"type":"ping","id":${dueAt}}`)
    }

    const expirePings = (line: Line, now: number): void => {
      for (const dueAt of line.awaiting) {
        if (now - dueAt <= CLIENT_TIMEOUT_MS) return
        line.awaiting.delete(dueAt)
        missed('timeout')
      }
    }

    const addSeat = (): void => {
      const number = seats.length * parts + part
      const seat: Seat = { number, line: undefined, failures: 0, sitOut: 0, lives: 0 }
      seats.push(seat)
      slots[Math.floor(spread(number) * TICKS_PER_PING)]?.push(seat)
    }

    let tick = 0
    const run = (): void => {
      const now = Date.now()
      for (; start + tick * TICK_MS <= now; tick++) guarded(() => onTick(tick, start + tick * TICK_MS))
      if (now > end && seats.every((seat) => seat.line === undefined)) return socketsOpen.add(0, { part: String(part) })
      setTimeout(run, Math.max(1, start + tick * TICK_MS - Date.now()))
    }

    const onTick = (index: number, dueAt: number): void => {
      const taken = takenAt(dueAt)
      while (seats.length < taken) addSeat()
      for (const seat of slots[index % TICKS_PER_PING] ?? []) attend(seat, dueAt, taken)
      if (index % TICKS_PER_GAUGE === 0) socketsOpen.add(open, { part: String(part) })
    }

    run()
  }

  /** An exception in a handler would end the iteration, and with it every socket of this VU. */
  function guarded(handle: () => unknown): void {
    try {
      handle()
    } catch (error) {
      missed('exception')
      console.error(`${SLI}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
