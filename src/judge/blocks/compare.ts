/** Is release B worse than release A? Pairs of measurements become a comparison with one of three outcomes. */
import type {
  CompareRules,
  Comparison,
  ComparisonOutcome,
  Measure,
  PairValue,
  ReactionPair,
  Release,
} from '../../domain/comparison.ts'
import { decide, type GateState, type Looking, type Outlook, outcomeOf, outlookOf } from '../../domain/gate.ts'
import type { Slis } from '../../domain/indicators.ts'
import { interval } from '../../domain/paired.ts'
import type { Slo } from '../../domain/rehearsal.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { limitsOf } from './limits.ts'
import {
  type ComparedPair,
  countsBad,
  gateOf,
  gatingStatistics,
  otherStatistics,
  type Statistic,
  valuesOf,
} from './measures.ts'
import { summaryOf } from './summary.ts'

export type ComparedReleases = {
  readonly rehearsal: string
  readonly run?: string
  readonly a: Release & { readonly runs?: readonly string[] }
  readonly b: Release & { readonly runs?: readonly string[] }
  readonly unit: Comparison['unit']
  readonly aa: boolean
  readonly slos: readonly Slo[]
  readonly indicators: Slis
  readonly rules: CompareRules
  readonly pairs: readonly ComparedPair[]
  readonly voidPairs: Comparison['voidPairs']
  /** Numbers of pairs at which the comparison may end. Stored runs are looked at once: at all of them. */
  readonly looks?: readonly number[]
  /** No more pairs will come: what is there is looked at, also between two planned looks. */
  readonly ended: boolean
  readonly stopped?: string
  readonly reactions?: readonly ReactionPair[]
  readonly gaps?: readonly string[]
}

export function compare(all: ComparedReleases): Comparison {
  const { slos, rules, pairs } = all
  const gating = gatingStatistics(slos, rules)
  const most = all.looks?.at(-1) ?? Math.max(1, pairs.length)
  const { looking, used, states } = looked(all, gating, most)
  const objectives = gating.map((each, index) =>
    measureOf(each, used, states[index] ?? NOTHING, looking, gating.length),
  )
  const slis = [...new Set(pairs.flatMap(({ a, b }) => [...Object.keys(a), ...Object.keys(b)]))].sort()
  const others = shown(otherStatistics(slos, slis, rules), used, looking)
  const decided = outcomeOf(objectives.map(({ state }) => state))
  const gaps = [...(all.gaps ?? []), ...gapsOf(all, used, objectives, decided)]
  // On a full machine both sides are slow for the same reason, which hides a difference: it may show one, and never rules one out.
  const outcome = decided === 'not-worse' && gaps.length > 0 ? 'undecided' : decided
  const pairsMore = outcome === 'undecided' ? moreOf(objectives) : undefined
  const made: Omit<Comparison, 'summary' | 'limits'> = {
    format: 1,
    rehearsal: all.rehearsal,
    ...(all.run === undefined ? {} : { run: all.run }),
    a: all.a,
    b: all.b,
    unit: all.unit,
    aa: all.aa,
    outcome,
    exitCode: exitOf(outcome, all.stopped !== undefined),
    pairs: used.length,
    pairsMost: most,
    voidPairs: all.voidPairs,
    rules,
    objectives,
    others,
    reactions: all.reactions ?? [],
    ...(pairsMore === undefined ? {} : { pairsMore }),
    gaps,
  }
  return {
    ...made,
    summary: summaryOf(made),
    limits: limitsOf(
      made,
      slis.filter((sli) => !countsBad(slos, all.indicators, sli)),
    ),
  }
}

const NOTHING: GateState = { state: 'undecided' }

type Looked = {
  readonly looking: Looking
  readonly used: readonly ComparedPair[]
  readonly states: readonly GateState[]
}

/** Looks at the pairs as they came, and stops at the first look that decides. */
function looked(
  { pairs, looks = [pairs.length], ended, rules }: ComparedReleases,
  gating: readonly Statistic[],
  most: number,
): Looked {
  // Without a pair there is nothing to look at: of stored runs, each may be unfit.
  const reached = looks.filter((look) => look > 0 && look <= pairs.length)
  const last = ended && pairs.length > 0 && !reached.includes(pairs.length) ? [pairs.length] : []
  const planned = [...reached, ...last]
  let found: Looked = {
    looking: { alpha: rules.alpha, looks: [Math.max(1, pairs.length)], most },
    used: pairs,
    states: [],
  }
  for (const [index, look] of planned.entries()) {
    const used = pairs.slice(0, look)
    const looking = { alpha: rules.alpha, looks: planned.slice(0, index + 1), most: Math.max(most, look) }
    const states = decide(
      gating.map((each) => gateOf(each, used)),
      looking,
    )
    found = { looking, used, states }
    if (outcomeOf(states.map(({ state }) => state)) !== 'undecided') break
  }
  return found
}

/** What does not gate is corrected among itself, so that one of many is not called worse by chance. */
function shown(statistics: readonly Statistic[], used: readonly ComparedPair[], looking: Looking): readonly Measure[] {
  const states = decide(
    statistics.map((each) => gateOf(each, used)),
    looking,
  )
  return statistics
    .map((each, index) => measureOf(each, used, states[index] ?? NOTHING, looking, statistics.length))
    .filter(({ values }) => values.length > 0)
}

function measureOf(
  statistic: Statistic,
  used: readonly ComparedPair[],
  state: GateState,
  looking: Looking,
  among: number,
): Measure {
  const { sli, kind, name, gates, margin } = statistic
  const values = valuesOf(statistic, used)
  const outlook = outlookOf(gateOf(statistic, used), state, looking, among)
  return {
    sli,
    kind,
    statistic: name,
    gates,
    state: state.state,
    ...typical(statistic, used, values),
    pairs: values.length,
    margin,
    ...single(kind, values),
    ...tested(kind, state, outlook),
    values,
  }
}

/** One pair has a difference, and no interval. */
function single(kind: Measure['kind'], [only, ...more]: readonly PairValue[]): Pick<Measure, 'estimate'> {
  if (only === undefined || more.length > 0) return {}
  return { estimate: kind === 'latency' ? only.b / only.a : only.b - only.a }
}

function tested(kind: Measure['kind'], { test, pWorse, pNotWorse }: GateState, outlook: Outlook | undefined) {
  if (test === undefined || pWorse === undefined || pNotWorse === undefined || outlook === undefined) return {}
  const onScale = (difference: number): number => (kind === 'latency' ? Math.exp(difference) : difference)
  const [low, high] = interval(test)
  const pairsMore = outlook.needs === undefined ? undefined : outlook.needs - test.pairs
  return {
    estimate: onScale(test.mean),
    interval: [onScale(low), onScale(high)] as const,
    sd: test.sd,
    pWorse,
    pNotWorse,
    smallest: kind === 'latency' ? Math.expm1(outlook.smallest) : outlook.smallest,
    ...(pairsMore === undefined ? {} : { pairsMore }),
  }
}

/** Of a latency the geometric mean of its blocks, of a rate the share over all blocks. */
function typical(
  statistic: Statistic,
  used: readonly ComparedPair[],
  values: readonly PairValue[],
): Pick<Measure, 'a' | 'b'> {
  if (values.length === 0) return {}
  const mean = (side: 'a' | 'b'): number =>
    statistic.kind === 'latency'
      ? Math.exp(values.reduce((sum, each) => sum + Math.log(each[side]), 0) / values.length)
      : overall(statistic, used, side)
  return { a: mean('a'), b: mean('b') }
}

function overall({ sli, counts }: Statistic, used: readonly ComparedPair[], side: 'a' | 'b'): number {
  const all = used.flatMap((pair) => {
    const sums = pair[side][sli]
    return sums === undefined || counts === undefined ? [] : [counts(sums)]
  })
  const attempts = all.reduce((sum, each) => sum + each.attempts, 0)
  return attempts === 0 ? 0 : all.reduce((sum, each) => sum + each.events, 0) / attempts
}

function gapsOf(
  { stopped, ended }: ComparedReleases,
  used: readonly ComparedPair[],
  objectives: readonly Measure[],
  decided: ComparisonOutcome,
): readonly string[] {
  const gaps: string[] = []
  if (stopped !== undefined) gaps.push(`It was stopped: ${stopped}.`)
  if (!ended) return gaps
  const full = used.filter(({ machineFull }) => machineFull).length
  if (full > used.length / 2)
    gaps.push(
      `The machine was full in ${full} of ${used.length} pairs: both releases were slow for that reason, which makes a difference look smaller than it is.`,
    )
  if (decided === 'regressed') return gaps
  for (const { sli, statistic, pairs } of objectives)
    if (pairs < 2 && used.length >= 2)
      gaps.push(`${sli} ${statistic} could be measured in only ${pairs} of ${used.length} pairs.`)
  return gaps
}

/** As many as the objective that needs most; undefined where one of them cannot be decided by more. */
function moreOf(objectives: readonly Measure[]): number | undefined {
  const open = objectives.filter(({ state }) => state === 'undecided')
  if (open.length === 0 || open.some(({ pairsMore }) => pairsMore === undefined)) return undefined
  return Math.max(...open.map(({ pairsMore = 0 }) => pairsMore))
}

function exitOf(outcome: ComparisonOutcome, stopped: boolean): number {
  switch (outcome) {
    case 'regressed':
      return exitCodes.fail
    case 'not-worse':
      return exitCodes.pass
    case 'undecided':
      return stopped ? exitCodes.aborted : exitCodes.inconclusive
  }
}
