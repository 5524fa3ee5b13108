/**
 * A population of WebSockets, owned by few VUs. Each VU has seats, and the plan says how many of all seats are taken at a moment. The
 * round trip counts from the moment a ping was due to the moment its pong was read from the network, so that a slow event loop here
 * makes it longer and never shorter. A seat that should be connected and is not counts as bad at each ping due.
 */
import exec from 'k6/execution'
import { levelAt, totalMs } from './intended-start.ts'
import { bad, recorder } from './measure.ts'
import { PING_MS, plan } from './plan.ts'
import { type Sessions, sessionOf } from './players.ts'
import { createWatch, type ReceiptOf, WATCHED_SEATS, type Watch } from './receipts.ts'
import { createSeat, type Seat, type Seating, spread } from './seat.ts'
import { expectSeries, socketEvents, socketsOpen } from './series.ts'
import { socketVus } from './sizing.ts'

const SLI = plan.sockets?.sli ?? 'sockets'
/** Pings are due on a grid of so many ms, so that a timer's own coarseness is not taken for latency. */
const TICK_MS = 20
const TICKS_PER_PING = Math.max(1, Math.round(PING_MS / TICK_MS))
const TICKS_PER_GAUGE = 1000 / TICK_MS

/** A stream that the platform pushes over sockets: its name in the target file, and how its messages are parsed. */
export type Pushed = { readonly stream: string; readonly receiptOf: ReceiptOf }

/** Makes the function of the profile `sockets`. `urlOf` gives the address for a session's token. */
export function keepSockets(urlOf: (token: string) => string, pushed?: Pushed): (sessions: Sessions) => void {
  const record = recorder(SLI)
  expectSeries(() =>
    ['connected', 'failed', 'dropped', 'sent-away', 'kept', 'moved'].map(
      (outcome) => [socketEvents, { scenario: 'sockets', outcome }] as const,
    ),
  )
  const guarded = (handle: () => void): void => {
    try {
      handle()
    } catch (error) {
      record(bad('exception'), 0)
      console.error(`${SLI}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return (sessions) => {
    const { stages, lifetimeMs } = plan.sockets ?? { stages: [], lifetimeMs: 0 }
    let open = 0
    const watches: Watch[] = []
    const watch = (seat: number): Watch | undefined => {
      if (pushed === undefined || seat >= WATCHED_SEATS) return undefined
      const own = createWatch(sessionOf(sessions, seat).player, pushed.receiptOf)
      watches.push(own)
      return own
    }
    const seats = population({
      urlOf: (seat) => urlOf(sessionOf(sessions, seat).token),
      lifetimeMs,
      record,
      guarded,
      watch,
      onOpen: (change) => {
        open += change
      },
    })
    const { startTime: start, iterationInTest: part } = exec.scenario
    const tellOpen = () => socketsOpen.add(open, { part: String(part) })

    const onTick = (tick: number): void => {
      const dueAt = start + tick * TICK_MS
      seats.attend(tick, dueAt, share(levelAt(stages, dueAt - start), part, socketVus(stages, plan.runners)))
      if (tick % TICKS_PER_GAUGE === 0) tellOpen()
    }
    const isOver = () => Date.now() > start + totalMs(stages) && seats.areEmpty() && open === 0
    const onOver = () => {
      tellOpen()
      const place = { part, parts: socketVus(stages, plan.runners), watched: watches.length }
      if (pushed !== undefined) for (const each of watches) each.tell(pushed.stream, place)
    }
    everyTick(start, onTick, isOver, onOver)
  }
}

/** How many of `level` sockets are those of one VU (`part` of `parts`). */
const share = (level: number, part: number, parts: number): number =>
  Math.floor((Math.round(level) + parts - 1 - part) / parts)

/** The seats of this VU, spread over the ticks between two pings. */
function population(seating: Seating) {
  const { iterationInTest: part } = exec.scenario
  const parts = socketVus(plan.sockets?.stages ?? [], plan.runners)
  const seats: Seat[] = []
  const slots: (readonly [index: number, seat: Seat])[][] = Array.from({ length: TICKS_PER_PING }, () => [])
  const add = (): void => {
    // Numbers are unique among the seats of all VUs.
    const number = seats.length * parts + part
    const seat = createSeat(number, seating)
    slots[Math.floor(spread(number) * TICKS_PER_PING)]?.push([seats.length, seat])
    seats.push(seat)
  }
  return {
    /** Attends the seats whose turn it is; the first `taken` ones are wanted by the plan. */
    attend: (tick: number, dueAt: number, taken: number): void => {
      while (seats.length < taken) add()
      for (const [index, seat] of slots[tick % TICKS_PER_PING] ?? [])
        seating.guarded(() => seat.attend(dueAt, index < taken))
    },
    areEmpty: (): boolean => seats.every((seat) => seat.isEmpty()),
  }
}

/** Calls `onTick` for each tick since `start`, late ones too; k6 ends the iteration when no timer and no socket is left. */
function everyTick(start: number, onTick: (tick: number) => void, isOver: () => boolean, onOver: () => void): void {
  let tick = 0
  const run = (): void => {
    for (const now = Date.now(); start + tick * TICK_MS <= now; tick++) onTick(tick)
    if (isOver()) return onOver()
    setTimeout(run, Math.max(1, start + tick * TICK_MS - Date.now()))
  }
  run()
}
