/** What a harm cost each objective: attempts that failed or were too slow, how fast it was felt, and for how long. */
import { partsOfIndicator } from '../../domain/indicators.ts'
import type { Slo } from '../../domain/rehearsal.ts'
import { millis } from '../../domain/units.ts'
import type { HarmCost } from '../../domain/verdict.ts'
import { answersUntil, type Harm } from '../harm/harm.ts'
import { arrivalsDue } from '../load/arrivals-due.ts'
import { rowsWithin, totalOf } from '../load/rows.ts'
import type { Seen } from '../seen/seen.ts'
import { GOOD_IN_A_ROW } from './recovery.ts'
import { type HurtRow, hurtIn, hurtRows } from './slow.ts'

/** The burn rate is read over this long, so that one bad second among few attempts does not dominate it. */
const BURN_MS = 5000

export function harmCosts(seen: Seen, harm: Harm): readonly HarmCost[] {
  return seen.run.head.rehearsal.slos.map((slo) => costOf(seen, harm, slo))
}

/** A slow response burns the budget of the latency objective only; both objectives feel it. */
function costOf(seen: Seen, harm: Harm, slo: Slo): HarmCost {
  const { kind, sli } = slo
  const isLatency = kind === 'latency'
  const all = isLatency ? hurtRows(seen, sli, slo) : hurtRows(seen, sli)
  const felt = feltRows(rowsWithin(all, harm.createdAt, answersUntil(seen, harm)), harm.endAt)
  const { good, bad, dropped } = totalOf(felt)
  const tooSlow = felt.reduce((sum, row) => sum + row.tooSlow, 0)
  const allowed = 1 - (isLatency ? slo.quantile : slo.objective)
  const spent = bad + dropped + (isLatency ? tooSlow : 0)
  const hurt = felt.filter((row) => hurtIn(row) > 0)
  const [first, last] = [hurt[0], hurt.at(-1)]
  return {
    sli,
    kind,
    ...(slo.kind === 'latency' ? { targetMs: slo.targetMs } : {}),
    attempts: good + bad + dropped,
    bad: bad + dropped,
    tooSlow,
    budgetBurnt: overBudget(spent, allowed * attemptsOfRun(seen, sli)),
    peakBurn: peakBurn(felt, allowed, isLatency ? hurtIn : (row) => row.bad + row.dropped),
    ...(first ? { detectMs: millis(Math.max(0, first.at - harm.createdAt)) } : {}),
    ...(last ? { recoverMs: millis(Math.max(0, last.at - harm.createdAt)) } : {}),
  }
}

/** From the beginning of the harm until, after its end, a hundred attempts in a row were good and not too slow. */
function feltRows(rows: readonly HurtRow[], endAt: number): readonly HurtRow[] {
  let good = 0
  const last = rows.findIndex((row) => {
    if (row.at <= endAt || hurtIn(row) > 0) good = 0
    else good += row.good
    return good >= GOOD_IN_A_ROW
  })
  return last < 0 ? rows : rows.slice(0, last + 1)
}

/** All attempts that the whole run has, or had by plan: the budget is the run's. */
function attemptsOfRun(seen: Seen, sli: string): number {
  const { good, bad, dropped } = totalOf(seen.load.rows(sli))
  const due = arrivalsDue(seen)
  const planned = partsOfIndicator(seen.run.head.rehearsal.slis, sli).reduce((sum, part) => {
    const each = due.get(part)
    return sum + (each ? each.due + each.remaining : 0)
  }, 0)
  return Math.max(planned, good + bad + dropped)
}

/** An objective of 100 % has no budget; each bad attempt then counts as one whole. */
const overBudget = (bad: number, budget: number): number => (budget < 1e-9 ? bad : bad / budget)

/** Over whole stretches of BURN_MS only, unless there is no more than a part of one. */
function peakBurn(rows: readonly HurtRow[], allowed: number, lostIn: (row: HurtRow) => number): number {
  const startedAt = rows[0]?.fromAt ?? 0
  let [from, attempts, lost, peak] = [0, 0, 0, 0]
  for (const [index, row] of rows.entries()) {
    attempts += row.good + row.bad + row.dropped
    lost += lostIn(row)
    for (let oldest = rows[from]; oldest && oldest.fromAt < row.at - BURN_MS; oldest = rows[++from]) {
      attempts -= oldest.good + oldest.bad + oldest.dropped
      lost -= lostIn(oldest)
    }
    const isWhole = row.at - startedAt >= BURN_MS || index === rows.length - 1
    if (isWhole) peak = Math.max(peak, overBudget(lost, allowed * attempts))
  }
  return peak
}
