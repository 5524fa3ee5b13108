/**
 * What becomes of one step of a canary: the next step, a rollback, or more time. Errors are decided at every look; response times only when a step
 * could be promoted. All looks of a canary share a false positive rate of 5 % (Bonferroni), so that a good release is seldom rolled back by chance.
 * Conditions that must hold at every step, such as a proof that it is not slower, need no correction.
 */
import { type CanaryGate, canarySides, releaseWords, type StepDecision } from '../../domain/canary.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import { chanceOfAtMost } from '../../domain/statistics.ts'
import type { CountsBetween, ReleaseCounts } from '../seen/canary-counters.ts'
import { type CountedSpan, PAIR_LEAST, pairsOf, type Slower, slower } from './latency.ts'
import { type ShareServed, shareServed } from './share.ts'

/** Attempts of an indicator in the step, and its objective. */
export type SliInStep = {
  readonly sli: string
  readonly good: number
  readonly bad: number
  readonly objective: number
}

export type StepView = {
  readonly canary: { readonly gate: Pick<CanaryGate, 'errors' | 'latency'> }
  /** Undefined where the share is not that of all requests, as for one cohort. */
  readonly asked: number | undefined
  /** This step, without the time in which routers settle. */
  readonly step: CountedSpan
  /** The steps before it. */
  readonly earlier: readonly CountedSpan[]
  readonly counts: CountsBetween
  /** Why the share that each release got in this step is not known; left out if it is. */
  readonly uncounted?: string | undefined
  readonly slis: readonly SliInStep[]
  /** An indicator of the gate without samples in this step. */
  readonly unmeasured?: string | undefined
  /** The highest number of looks over all steps of this canary. */
  readonly looks: number
  /** The highest number of times at which a step could be promoted. */
  readonly decisions: number
  /** The hold is over: the step may be promoted. */
  readonly isOver: boolean
  /** There is time left for a longer hold. */
  readonly mayHold: boolean
}

const ALPHA = 0.05

export function decideStep(view: StepView): StepDecision {
  const facts = factsOf(view)
  const worse = whyWorse(view, facts)
  if (worse !== undefined) return { outcome: 'roll-back', reason: 'worse', note: worse }
  if (!view.isOver) return { outcome: 'hold', reason: 'undecided', note: seenWords(facts) }
  const open = whatIsOpen(view, facts)
  if (open === undefined) return { outcome: 'promote', note: seenWords(facts) }
  return { outcome: view.mayHold ? 'hold' : 'roll-back', ...open }
}

/** Copies reach no user, so only errors are a reason to take a shadow back at once. */
export function decideWindow(view: StepView): StepDecision {
  const facts = factsOf(view)
  const worse = whyWorse(view, facts)
  if (worse !== undefined) return { outcome: 'roll-back', reason: 'worse', note: worse }
  return view.isOver
    ? { outcome: 'promote', note: seenWords(facts) }
    : { outcome: 'hold', reason: 'undecided', note: seenWords(facts) }
}

type Facts = {
  readonly stable: ReleaseCounts
  readonly fresh: ReleaseCounts
  readonly served: ShareServed | undefined
  /** Undefined if the gate does not ask for it, or there are too few requests yet. */
  readonly latency: Slower | undefined
}

function factsOf({ canary, asked, step, earlier, counts, decisions, isOver }: StepView): Facts {
  const [stable, fresh] = [counts('stable', step.fromAt, step.toAt), counts('canary', step.fromAt, step.toAt)]
  const { latency } = canary.gate
  const all = [...earlier, step]
  const requests = all.reduce((sum, each) => sum + counts('canary', each.fromAt, each.toAt).requests, 0)
  const isAsked = latency !== undefined && isOver && requests >= latency.from
  return {
    stable,
    fresh,
    served: asked === undefined ? undefined : shareServed(stable, fresh, asked),
    latency: isAsked
      ? slower(pairsOf(all, counts), latency.atMost, { worse: ALPHA / decisions, fine: ALPHA })
      : undefined,
  }
}

function whyWorse({ canary, slis, looks }: StepView, { stable, fresh, latency }: Facts): string | undefined {
  const level = ALPHA / looks
  const { atMost } = canary.gate.errors
  const shown = `${fresh.bad} of ${fresh.requests} answers of the new release were server errors`
  if (fresh.bad > 0 && chanceOfAtLeast(fresh.bad, fresh.requests, atMost) <= level)
    return `${shown}, more than ${showMeasuredPercent(atMost)}`
  if (isWorseThan(stable, fresh, level)) return `${shown}, and ${stable.bad} of ${stable.requests} of the old one`
  if (latency?.is === 'worse')
    return `the new release was ${showMeasuredPercent(latency.rise, 0)} slower than the old one in ${latency.test.pairs} pairs`
  const missed = slis.find(({ good, bad, objective }) => chanceOfAtLeast(bad, good + bad, 1 - objective) <= level)
  if (missed === undefined) return undefined
  return `${missed.sli} missed its objective of ${showMeasuredPercent(missed.objective)}: ${missed.bad} of ${missed.good + missed.bad} attempts were bad`
}

/**
 * If both releases are equally good, the new one's number of all errors is binomial. The probability is its share of the requests. Without errors of its own, or
 * with all of the requests, that chance is 1.
 */
function isWorseThan(stable: ReleaseCounts, fresh: ReleaseCounts, level: number): boolean {
  const all = stable.bad + fresh.bad
  return chanceOfAtLeast(fresh.bad, all, fresh.requests / (stable.requests + fresh.requests)) <= level
}

const chanceOfAtLeast = (count: number, trials: number, chance: number): number =>
  count <= 0 ? 1 : 1 - chanceOfAtMost(count - 1, trials, chance)

function whatIsOpen(view: StepView, facts: Facts): Omit<StepDecision, 'outcome'> | undefined {
  const { canary, asked, mayHold, uncounted } = view
  const { fresh, served, latency } = facts
  const { errors, latency: limit } = canary.gate
  const undecided = (note: string) => ({ reason: 'undecided', note }) as const
  if (served?.isOff && asked !== undefined)
    return uncounted === undefined
      ? {
          reason: 'weight-not-served',
          note: `${shareWords(served)}, and ${showMeasuredPercent(asked, 1)} were asked for`,
        }
      : undecided(`the share of each release is not known: ${uncounted}`)
  if (fresh.requests < errors.from)
    return undecided(`the new release got ${fresh.requests} requests, and ${errors.from} are needed`)
  if (fresh.bad > fresh.requests * errors.atMost)
    return undecided(
      `${fresh.bad} of ${fresh.requests} answers were server errors, too few to say more than ${showMeasuredPercent(errors.atMost)}`,
    )
  if (view.unmeasured !== undefined) return undecided(`${view.unmeasured} was not measured in this step`)
  if (latency?.is === 'unmeasured') {
    const untimed = whyUntimed(view)
    return untimed === undefined ? undefined : undecided(untimed)
  }
  if (latency?.is !== 'open' || limit === undefined) return undefined
  // When no time is left, the estimate decides, because neither outcome is proven.
  if (!mayHold && latency.rise <= limit.atMost) return undefined
  return undecided(
    `the new release seems ${riseWords(latency.rise)}, and ${latency.test.pairs} pairs do not prove it within ${showMeasuredPercent(limit.atMost, 0)}`,
  )
}

/** Requests are counted and response times are not: the histogram has another name, or pods do not expose it. Too few requests are not compared anyway. */
function whyUntimed({ canary, step, earlier, counts }: StepView): string | undefined {
  for (const side of canarySides) {
    const all = [...earlier, step].map(({ fromAt, toAt }) => counts(side, fromAt, toAt))
    const requests = all.reduce((sum, each) => sum + each.requests, 0)
    const timed = all.reduce((sum, each) => sum + each.timed, 0)
    if (requests < PAIR_LEAST || timed >= requests / 2) continue
    return `response times of the ${releaseWords[side]} release were not measured: ${canary.gate.latency?.histogram} has ${Math.round(timed)} of its ${requests} requests`
  }
  return undefined
}

const riseWords = (rise: number): string =>
  rise >= 0 ? `${showMeasuredPercent(rise, 1)} slower` : `${showMeasuredPercent(-rise, 1)} faster`

export const shareWords = ({ canary, all, share, interval: [low, high] }: ShareServed): string =>
  `${canary} of ${all} requests (${showMeasuredPercent(share, 1)}, between ${showMeasuredPercent(low, 1)} and ${showMeasuredPercent(high, 1)}) went to the new release`

const countedWords = ({ requests }: ReleaseCounts): string =>
  requests === 0 ? 'no request was counted' : `${requests} requests to the new release`

function seenWords({ stable, fresh, served, latency }: Facts): string {
  const parts = [
    served === undefined ? countedWords(fresh) : shareWords(served),
    `server errors ${fresh.bad} and ${stable.bad}`,
    ...(latency === undefined || latency.is === 'unmeasured'
      ? []
      : [`${riseWords(latency.rise)} in ${latency.test.pairs} pairs`]),
  ]
  return parts.join('; ')
}
