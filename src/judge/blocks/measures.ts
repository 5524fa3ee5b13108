/** The statistics that a comparison looks at: one that gates for each objective, and others that are only shown. */
import type { WindowSums } from '../../domain/blocks.ts'
import type { CompareRules, Measure, PairValue } from '../../domain/comparison.ts'
import type { Gate } from '../../domain/gate.ts'
import { countOf, quantileMs } from '../../domain/histogram.ts'
import { partsOfIndicator, type Slis } from '../../domain/indicators.ts'
import type { Slo } from '../../domain/rehearsal.ts'

export type BlockSums = Readonly<Record<string, WindowSums>>
/** Both sides of one pair. */
export type ComparedPair = {
  readonly pair: number
  readonly a: BlockSums
  readonly b: BlockSums
  /** The machine of a load generator was full for most of the time. */
  readonly machineFull: boolean
}

/** What is measured of one side; undefined where it cannot be. */
export type Statistic = {
  readonly sli: string
  readonly kind: Measure['kind']
  readonly name: string
  readonly gates: boolean
  readonly worse: number
  readonly margin: number
  readonly of: (sums: WindowSums) => number | undefined
  /** For a rate: events and attempts, whose spread is at least that of counting. */
  readonly counts?: (sums: WindowSums) => { readonly events: number; readonly attempts: number }
}

export function gatingStatistics(slos: readonly Slo[], rules: CompareRules): readonly Statistic[] {
  return slos.map((slo) =>
    slo.kind === 'latency'
      ? { ...latency(slo.sli, slo.quantile, rules), gates: true }
      : { ...badShare(slo.sli, rules, 1 - slo.objective), gates: true },
  )
}

/** p99 and shares of slow responses of each latency objective, and what indicators without an objective show. */
export function otherStatistics(
  slos: readonly Slo[],
  slis: readonly string[],
  rules: CompareRules,
): readonly Statistic[] {
  const wanted = slis.flatMap((sli): readonly Statistic[] => {
    const own = slos.filter((slo) => slo.sli === sli)
    const limit = own.find((slo) => slo.kind === 'latency')
    return [
      ...(own.some((slo) => slo.kind === 'latency' && slo.quantile === 0.95) ? [] : [latency(sli, 0.95, rules)]),
      ...(own.some((slo) => slo.kind === 'latency' && slo.quantile === 0.99) ? [] : [latency(sli, 0.99, rules)]),
      ...(limit?.kind === 'latency' ? [slowShare(sli, limit.ceilingMs, rules)] : []),
      ...(own.some((slo) => slo.kind === 'availability') ? [] : [badShare(sli, rules, BUDGET_UNKNOWN)]),
    ]
  })
  return wanted
}

/** Without an objective: one attempt of a thousand. */
const BUDGET_UNKNOWN = 0.001

/** A quantile of few values is hardly more than their maximum. */
const VALUES_LEAST = 20

function latency(sli: string, quantile: number, rules: CompareRules): Statistic {
  return {
    sli,
    kind: 'latency',
    name: `p${Number((quantile * 100).toFixed(3))}`,
    gates: false,
    worse: Math.log1p(rules.worse.latency),
    margin: rules.margins[sli]?.latency ?? rules.margin.latency,
    of: ({ histogram }) => (countOf(histogram) < VALUES_LEAST ? undefined : quantileMs(histogram, quantile)),
  }
}

const rate = (
  sli: string,
  name: string,
  rules: CompareRules,
  budget: number,
  counts: NonNullable<Statistic['counts']>,
): Statistic => ({
  sli,
  kind: 'rate',
  name,
  gates: false,
  worse: rules.worse.rate,
  margin: rules.margins[sli]?.rate ?? rules.margin.rate ?? budget,
  counts,
  of: (sums) => {
    const { events, attempts } = counts(sums)
    return attempts === 0 ? undefined : events / attempts
  },
})

const badShare = (sli: string, rules: CompareRules, budget: number): Statistic =>
  rate(sli, 'bad share', rules, budget, ({ good, bad }) => ({ events: bad, attempts: good + bad }))

/** Margin of a share that has no budget of its own: that of an objective on p95. */
const SLOW_BUDGET = 0.05

const slowShare = (sli: string, ceilingMs: number, rules: CompareRules): Statistic =>
  rate(sli, `share over ${ceilingMs} ms`, rules, SLOW_BUDGET, ({ good, overCeiling }) => ({
    events: Math.min(good, overCeiling),
    attempts: good,
  }))

/** The pairs in which both sides could be measured. */
export const valuesOf = (statistic: Statistic, pairs: readonly ComparedPair[]): readonly PairValue[] =>
  pairs.flatMap(({ pair, a, b }) => {
    const [x, y] = [valueIn(statistic, a), valueIn(statistic, b)]
    return x === undefined || y === undefined ? [] : [{ pair, a: x, b: y }]
  })

const valueIn = ({ sli, of }: Statistic, sums: BlockSums): number | undefined => {
  const own = sums[sli]
  return own === undefined ? undefined : of(own)
}

export function gateOf(statistic: Statistic, pairs: readonly ComparedPair[]): Gate {
  const values = valuesOf(statistic, pairs)
  const isRatio = statistic.kind === 'latency'
  return {
    differences: values.map(({ a, b }) => (isRatio ? Math.log(b / a) : b - a)),
    worse: statistic.worse,
    margin: isRatio ? Math.log1p(statistic.margin) : statistic.margin,
    leastSd: leastSd(statistic, pairs),
  }
}

/**
 * Pairs without any event would have no spread at all, and prove everything. A count of events spreads at least binomially: with one event more on
 * each side (Laplace's rule), so that none in n attempts is not taken for none ever.
 */
function leastSd({ sli, counts }: Statistic, pairs: readonly ComparedPair[]): number {
  if (counts === undefined) return 0
  const variance = (side: (pair: ComparedPair) => BlockSums): number => {
    const all = pairs.flatMap((pair) => {
      const sums = side(pair)[sli]
      return sums === undefined ? [] : [counts(sums)]
    })
    const events = all.reduce((sum, each) => sum + each.events, 0)
    const attempts = all.reduce((sum, each) => sum + each.attempts, 0)
    if (attempts === 0) return 0
    const share = Math.min(0.5, (events + 1) / (attempts + 2))
    return (share * (1 - share) * all.length) / attempts
  }
  return Math.sqrt(variance((pair) => pair.a) + variance((pair) => pair.b))
}

/** Whether some availability objective counts the bad attempts of an SLI, itself or as part of a union. */
export const countsBad = (slos: readonly Slo[], indicators: Slis, sli: string): boolean =>
  slos.some(
    (slo) =>
      slo.kind === 'availability' &&
      (partsOfIndicator(indicators, slo.sli).includes(sli) || partsOfIndicator(indicators, sli).includes(slo.sli)),
  )
