/**
 * What is left of each objective's error budget over the run, and how fast it burns. The whole budget is that of all attempts of the run, so
 * that the line ends where the verdict's "budget used" does, less the arrivals of which not even a drop was reported.
 */
import type { RunStarted } from '../../domain/evidence.ts'
import type { Slo } from '../../domain/rehearsal.ts'
import type { SliDelta } from '../../judge/seen/frame-deltas.ts'
import { type Chart, type ChartLine, type Colour, type Limit, line, lowest, type Point, peak } from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { ofLoad, recentOf } from './recent.ts'

type Spending = {
  readonly slo: Slo
  readonly name: string
  attempts: number
  bad: number
  readonly bads: Point[]
  readonly burn: Point[]
}

export const errorBudgetLane: LaneOf = (started) => {
  // An objective of 100 % has no budget.
  const all = ofLoad(started.rehearsal)
    .filter((slo) => allowedBad(slo) > 1e-9)
    .map(spendingOf)
  const window = recentOf([...new Set(all.map((each) => each.slo.sli))], (sli, recent, at) => {
    for (const each of all.filter((one) => one.slo.sli === sli)) {
      const attempts = recent.sum(attemptsIn)
      const bad = recent.sum((delta) => badIn(delta, each.slo))
      if (attempts > 0) each.burn.push([at, bad / attempts / allowedBad(each.slo)])
    }
  })
  return {
    takeDelta(delta, at, instance) {
      window(delta, at, instance)
      for (const each of all) spend(each, delta.slis.get(each.slo.sli), at)
    },
    charts: (drawing) => (all.length === 0 ? [] : [leftChart(all), burnChart(all, started, drawing)]),
  }
}

export const allowedBad = (slo: Slo): number => 1 - (slo.kind === 'availability' ? slo.objective : slo.quantile)
export const attemptsIn = (delta: SliDelta): number => delta.good + delta.bad + delta.dropped
/** As the judge counts: what was dropped never ran and is bad, and for a latency objective what is slow is too. */
export const badIn = (delta: SliDelta, slo: Slo): number =>
  delta.bad + delta.dropped + (slo.kind === 'latency' ? Math.max(delta.slow, delta.overCeiling) : 0)

const spendingOf = (slo: Slo): Spending => ({
  slo,
  name: slo.kind === 'availability' ? slo.sli : `${slo.sli} ≤ ${slo.targetMs} ms`,
  attempts: 0,
  bad: 0,
  bads: [[0, 0]],
  burn: [],
})

function spend(spending: Spending, delta: SliDelta | undefined, at: number): void {
  if (delta === undefined) return
  spending.attempts += attemptsIn(delta)
  spending.bad += badIn(delta, spending.slo)
  if (spending.bads.at(-1)?.[1] !== spending.bad) spending.bads.push([at, spending.bad])
}

const looks: readonly (readonly [colour: Colour, dash: boolean])[] = [
  [1, false],
  [3, true],
  [2, false],
  [5, true],
  [4, false],
  [6, true],
]
const styled = (name: string, points: readonly Point[], index: number, shape: ChartLine['shape']): ChartLine => {
  const [colour, dash] = looks[index % looks.length] ?? [6, true]
  return line(name, points, colour, shape, dash)
}

function leftChart(all: readonly Spending[]): Chart {
  const lines = all.map(({ slo, name, attempts, bads }, index) => {
    const budget = allowedBad(slo) * attempts
    const left = attempts === 0 ? [] : bads.map(([at, bad]): Point => [at, 100 * (1 - bad / budget)])
    return styled(name, left, index, 'step')
  })
  const low = Math.min(0, ...lines.map((each) => lowest(each.points)))
  return {
    id: 'error-budget',
    title: 'Error budget left',
    unit: '% of the whole run’s',
    caption: `At the end ${lines.map((each) => `${each.name} ${leftWords(each.points)}`).join(', ')}.`,
    lines,
    limits: [{ value: 0, name: 'spent', kind: 'ceiling' }],
    // A budget overspent many times would flatten all other lines.
    range: { min: Math.max(-100, Math.floor(low / 10) * 10), max: 104 },
  }
}

/** More than the whole budget may be spent, so the rest may be negative. */
function leftWords(points: readonly Point[]): string {
  const left = points.at(-1)?.[1] ?? 100
  return left < 0 ? `spent ${(1 - left / 100).toFixed(1)} times over` : `${left.toFixed(0)} %`
}

function burnChart(all: readonly Spending[], { rehearsal }: RunStarted, { judgment }: Drawing): Chart {
  const guards: Limit[] = rehearsal.guardrails.flatMap((each): readonly Limit[] =>
    each.kind === 'burn' ? [{ value: each.factor, name: `guardrail ${each.id} ${each.factor}×`, kind: 'ceiling' }] : [],
  )
  const lines = all.map(({ name, burn }, index) => styled(name, burn, index, 'line'))
  const highest = Math.max(1, ...lines.map((each) => peak(each.points)), ...guards.map((each) => each.value))
  const costs = [...judgment.faults, ...judgment.actions].flatMap((each) => each.costs)
  const peakBurn = Math.max(0, ...costs.map((each) => each.peakBurn))
  const paid = peakBurn > 0 ? ` What was done to the platform burnt up to ${peakBurn.toFixed(1)}×.` : ''
  return {
    id: 'burn-rate',
    title: 'Burn rate of the error budget',
    unit: '× over 5 s, logarithmic',
    caption: `Up to ${lines.map((each) => `${each.name} ${peak(each.points).toFixed(1)}×`).join(', ')}; at 1× the budget lasts exactly for the run.${paid}`,
    lines,
    limits: [{ value: 1, name: '1×: lasts for the run', kind: 'target' }, ...guards],
    scale: 'log',
    range: { min: 0.1, max: Math.max(10, highest * 1.2) },
  }
}
