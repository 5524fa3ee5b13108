/**
 * Responses over the ceiling that are too many. A latency objective allows some (5 % for a p95), so that a single one shows nothing:
 * they count where at least a hundred attempts in a row held more of them than the objective allows.
 */
import { partsOfIndicator } from '../../domain/indicators.ts'
import type { LatencySlo } from '../../domain/rehearsal.ts'
import { harmsOf } from '../harm/harm.ts'
import type { Row } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'

/** A row, and how many responses over the ceiling count in it. */
export type HurtRow = Row & { readonly tooSlow: number }

/** What went wrong in a row: attempts that failed or never ran, and responses that were too slow. */
export const hurtIn = ({ bad, dropped, tooSlow }: HurtRow): number => bad + dropped + tooSlow

/** As many as show a recovery: fewer cannot tell 5 % from a chance. */
const ATTEMPTS = 100
/** In floating point 1 − 0.9 is less than 0.1, so exactly 10 of 100 would be more than a p90 allows. Counts are whole numbers, so no other result changes. */
const ROUNDING = 1e-6

/** Rows of an SLI with what counts as too slow; nothing where no latency objective covers the SLI. */
export function hurtRows(seen: Seen, sli: string, latency = latencyOver(seen, sli)): readonly HurtRow[] {
  const rows = seen.load.rows(sli)
  if (!latency) return rows.map((row) => ({ ...row, tooSlow: 0 }))
  const over = rows.map((row) => overCeiling(row, latency))
  const marked = markedRows(rows, over, allowedShare(seen, latency, rows, over))
  return rows.map((row, index) => ({ ...row, tooSlow: marked.has(index) ? (over[index] ?? 0) : 0 }))
}

/** The SLI's own latency objective, else that of a union to which it belongs or of one of its parts. */
function latencyOver(seen: Seen, sli: string): LatencySlo | undefined {
  const { slis, slos } = seen.run.head.rehearsal
  const all = slos.filter((slo) => slo.kind === 'latency')
  const covers = ({ sli: other }: LatencySlo) =>
    partsOfIndicator(slis, other).includes(sli) || partsOfIndicator(slis, sli).includes(other)
  return all.find((slo) => slo.sli === sli) ?? all.find(covers)
}

/** Where target and ceiling are the same, only one of them is counted. */
const overCeiling = ({ slow, overCeiling: over }: Row, { targetMs, ceilingMs }: LatencySlo): number =>
  ceilingMs > targetMs ? over : Math.max(slow, over)

/** As many as the objective allows. What was as frequent before the first harm does not belong to a harm: twice that is allowed too. */
function allowedShare(seen: Seen, { quantile }: LatencySlo, rows: readonly Row[], over: readonly number[]): number {
  const firstAt = harmsOf(seen)[0]?.createdAt ?? Number.POSITIVE_INFINITY
  let [attempts, before] = [0, 0]
  for (const [index, { at, good, bad }] of rows.entries()) {
    if (at > firstAt) break
    attempts += good + bad
    before += over[index] ?? 0
  }
  return Math.max(1 - quantile, attempts === 0 ? 0 : (2 * before) / attempts)
}

/** Indices of rows inside a stretch of a hundred attempts that held too many. Fewer attempts, at the end, are taken as a hundred. */
function markedRows(rows: readonly Row[], over: readonly number[], allowed: number): ReadonlySet<number> {
  const marked = new Set<number>()
  for (const from of rows.keys()) {
    if (!over[from]) continue
    let [attempts, slow, to] = [0, 0, from]
    for (; to < rows.length && attempts < ATTEMPTS; to++) {
      const row = rows[to]
      attempts += row ? row.good + row.bad : 0
      slow += over[to] ?? 0
    }
    if (slow > allowed * Math.max(attempts, ATTEMPTS) + ROUNDING)
      for (let index = from; index < to; index++) marked.add(index)
  }
  return marked
}
