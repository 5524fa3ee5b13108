/** What a harm cost each availability objective: attempts lost, how fast, for how long. */
import { partsOfIndicator } from '../../domain/indicators.ts'
import type { Slo } from '../../domain/rehearsal.ts'
import { millis } from '../../domain/units.ts'
import type { HarmCost } from '../../domain/verdict.ts'
import { answersUntil, type Harm } from '../harm/harm.ts'
import { arrivalsDue } from '../load/arrivals-due.ts'
import { rowsWithin, totalOf } from '../load/rows.ts'
import type { Row } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'
import { GOOD_IN_A_ROW } from './recovery.ts'

type Availability = Extract<Slo, { kind: 'availability' }>

/** Burn is read over this long, so that one poor second among few attempts is not a fire. */
const BURN_MS = 5000

export function harmCosts(seen: Seen, harm: Harm): readonly HarmCost[] {
  return seen.run.head.rehearsal.slos.flatMap((slo) => (slo.kind === 'availability' ? [costOf(seen, harm, slo)] : []))
}

function costOf(seen: Seen, harm: Harm, { sli, objective }: Availability): HarmCost {
  const rows = rowsWithin(seen.load.rows(sli), harm.createdAt, answersUntil(seen, harm))
  const felt = feltRows(rows, harm.endAt)
  const { good, bad, dropped } = totalOf(felt)
  const lost = felt.filter((row) => row.bad + row.dropped > 0)
  const [first, last] = [lost[0], lost.at(-1)]
  return {
    sli,
    attempts: good + bad + dropped,
    bad: bad + dropped,
    budgetBurnt: overBudget(bad + dropped, (1 - objective) * attemptsOfRun(seen, sli)),
    peakBurn: peakBurn(felt, objective),
    ...(first ? { detectMs: millis(Math.max(0, first.at - harm.createdAt)) } : {}),
    ...(last ? { recoverMs: millis(Math.max(0, last.at - harm.createdAt)) } : {}),
  }
}

/** From the beginning of the harm until a hundred attempts in a row were good after its end. */
function feltRows(rows: readonly Row[], endAt: number): readonly Row[] {
  let good = 0
  const last = rows.findIndex((row) => {
    if (row.at <= endAt || row.bad + row.dropped > 0) good = 0
    else good += row.good
    return good >= GOOD_IN_A_ROW
  })
  return last < 0 ? rows : rows.slice(0, last + 1)
}

/** All attempts that the whole run has, or had by plan: the budget is the run's. */
function attemptsOfRun(seen: Seen, sli: string): number {
  const { good, bad, dropped } = totalOf(seen.load.rows(sli))
  const due = arrivalsDue(seen)
  const planned = partsOfIndicator(sli).reduce((sum, part) => {
    const each = due.get(part)
    return sum + (each ? each.due + each.remaining : 0)
  }, 0)
  return Math.max(planned, good + bad + dropped)
}

/** An objective of 100 % has no budget; each bad attempt then counts as one whole. */
const overBudget = (bad: number, budget: number): number => (bad === 0 ? 0 : budget < 1e-9 ? bad : bad / budget)

/** Over whole stretches only: the first second alone is none, unless there is no more. */
function peakBurn(rows: readonly Row[], objective: number): number {
  const startedAt = rows[0]?.fromAt ?? 0
  let [from, good, lost, peak] = [0, 0, 0, 0]
  for (const [index, row] of rows.entries()) {
    good += row.good
    lost += row.bad + row.dropped
    for (let oldest = rows[from]; oldest && oldest.fromAt < row.at - BURN_MS; oldest = rows[++from]) {
      good -= oldest.good
      lost -= oldest.bad + oldest.dropped
    }
    const isWhole = row.at - startedAt >= BURN_MS || index === rows.length - 1
    if (isWhole && good + lost > 0) peak = Math.max(peak, overBudget(lost, (1 - objective) * (good + lost)))
  }
  return peak
}
