/**
 * Does a queue grow? In − out = d(queue)/dt: while more arrives than is answered, the load is above the limit even if the answers so far were in
 * time. By Little's law (L = λW; J. D. C. Little, Operations Research 9, 1961) a steady platform has as many requests in flight as its rate times its
 * mean latency. Many more than that in flight are requests that wait and whose answers are not there to be counted as slow.
 */

/** One moment: requests that were due and not answered, and the answers so far with the sum of their latencies. */
export type FlightRow = {
  readonly atMs: number
  readonly inFlight: number
  readonly answers: number
  /** Undefined where latencies of some answers are unknown, as of those that failed. */
  readonly latencySumMs?: number
}

/** `growing` is the reason, undefined when no queue grew. */
export type Backlog = { readonly growing?: string }

/** Little's law holds for means over a stretch; this much is left for its ends. */
const LITTLE_TOLERANCE = 0.1
/** Counts of the generator arrive up to this much later than its plan says. */
const COUNTING_MS = 500
/** Fewer moments than this show no trend. */
const ROWS_LEAST = 9
/** A count varies by its square root (Poisson); three of them, and never less than some requests. */
const NOISE = 3
const GROWTH_LEAST = 3

/**
 * `usualMs` is the time that an arrival takes beside its answer even at a low load, such as a pause in the script; by default there is none.
 */
export function backlogOf(rows: readonly FlightRow[], usualMs = 0): Backlog {
  if (rows.length < ROWS_LEAST) return {}
  const growth = growthOf(rows)
  const little = littleOf(rows, usualMs)
  if (growth === undefined && little === undefined) return {}
  return { growing: [growth, little].filter((each) => each !== undefined).join('; ') }
}

const level = (rows: readonly FlightRow[]): number =>
  rows.reduce((sum, { inFlight }) => sum + inFlight, 0) / Math.max(1, rows.length)

/** Grew from the first third over the second to the last, by more than counts vary. */
function growthOf(rows: readonly FlightRow[]): string | undefined {
  const third = Math.floor(rows.length / 3)
  const early = level(rows.slice(0, third))
  const middle = level(rows.slice(third, -third))
  const late = level(rows.slice(-third))
  const least = Math.max(GROWTH_LEAST, NOISE * Math.sqrt(Math.max(0, early)), LITTLE_TOLERANCE * early)
  if (late - early <= least || middle <= early || late <= middle) return undefined
  return `requests in flight grew from ${early.toFixed(1)} to ${late.toFixed(1)}`
}

/** More in flight than λW; undefined when the law holds, or without latencies. */
function littleOf(rows: readonly FlightRow[], usualMs: number): string | undefined {
  const flow = flowOf(rows)
  if (flow === undefined) return undefined
  const { seen, expected, perMs } = flow
  if (seen <= expected * (1 + LITTLE_TOLERANCE) + perMs * (COUNTING_MS + usualMs) + GROWTH_LEAST) return undefined
  return `${seen.toFixed(1)} requests were in flight, and by Little's law the answers account for ${expected.toFixed(1)}`
}

/** Mean time in flight that the latencies do not account for; undefined without latencies. */
export function unexplainedMs(rows: readonly FlightRow[]): number | undefined {
  const flow = flowOf(rows)
  return flow && Math.max(0, (flow.seen - flow.expected) / flow.perMs)
}

function flowOf(rows: readonly FlightRow[]) {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first?.latencySumMs === undefined || last?.latencySumMs === undefined || last.atMs <= first.atMs) return undefined
  const answers = last.answers - first.answers
  if (answers <= 0) return undefined
  const spanMs = last.atMs - first.atMs
  return { seen: level(rows), expected: (last.latencySumMs - first.latencySumMs) / spanMs, perMs: answers / spanMs }
}
