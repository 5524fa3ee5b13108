/**
 * Two cohorts are kept apart if every visit was answered by the release of its cohort, without exception. The pods of the new release must have counted the
 * visits that it is said to have answered, because the header that says so may come from the router.
 */
import { cohortsOf } from '../../domain/action.ts'
import { SETTLE } from '../../domain/canary.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import { type Cohort, type CohortRound, cohortNames, PREVIEW_COUNTED } from '../../domain/visit.ts'
import type { Ruled } from '../findings/ruled.ts'
import type { Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import { countsBetween, type NamedCanary, whyUncounted } from '../seen/canary-counters.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'
import { unreadOptions } from './unread-options.ts'

/** Highest share of visits without a response that names its release. With more, nothing is proven. */
const OPEN_AT_MOST = 0.1

export function judgeCohorts(
  seen: Seen,
  harm: Harm,
  named: NamedCanary,
  life: ActionLife,
): readonly Ruled<ReactionResult>[] {
  if (cohortsOf(named.release) === undefined) return []
  const [step] = life.steps
  const untilAt = life.healRequested?.at ?? seen.run.seenUntil
  const rounds = life.cohortRounds.filter(({ at }) => step !== undefined && at >= step.at + SETTLE && at <= untilAt)
  if (rounds.length === 0) {
    const answer = createReactionAnswer(harm, 'kept-apart', 'cohort')
    return [answer.unknown('No cohort was visited.', life.lines)]
  }
  // The last responses before the rollback are scraped after it.
  const counted = countsBetween(seen.counters, named)('canary', harm.createdAt, seen.run.seenUntil).requests
  const span = { fromAt: Math.min(...rounds.map(({ at }) => at)), toAt: untilAt }
  const options = unreadOptions(seen, named.release.canary.gate.canary)
  const uncounted = whyUncounted(seen.counters, named, 'canary', span, options)
  return cohortNames.map((cohort) => judgeCohort(harm, cohort, life, rounds, { requests: counted, uncounted }))
}

function judgeCohort(
  harm: Harm,
  cohort: Cohort,
  life: ActionLife,
  rounds: ActionLife['cohortRounds'],
  counted: { readonly requests: number; readonly uncounted: string | undefined },
): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'kept-apart', cohort === 'canary' ? 'cohort' : 'other cohort')
  const all = sumOf(rounds.map((each) => each[cohort]))
  const wrong = cohort === 'canary' ? all.stable : all.canary
  const visits = all.canary + all.stable + all.unnamed + all.failed
  const bad = rounds.find((each) => (cohort === 'canary' ? each.canary.stable : each.stable.canary) > 0)
  const lines = [bad?.line ?? rounds[0]?.line, rounds.at(-1)?.line, ...life.lines.slice(0, 1)]
  const shown = `${wrong} of ${visits} visits were answered by the release of the other cohort`
  if (wrong > 0 && (all.moved > 0 || (all.canary > 0 && all.stable > 0))) {
    const sentence = `${shown}, so users change their release between two requests.`
    return answer.broken('session-moved', { sentence, lines })
  }
  if (wrong > 0) return answer.broken('cohort-crossed', { sentence: `${shown}.`, lines })
  if (all.unnamed + all.failed > visits * OPEN_AT_MOST) {
    const sentence = `${all.failed} of ${visits} visits failed, and ${all.unnamed} responses named no release.`
    return answer.unknown(sentence, lines)
  }
  if (cohort === 'canary' && counted.requests < all.canary * PREVIEW_COUNTED) {
    const sentence = `${all.canary} responses named the new release, and its pods counted ${counted.requests} requests`
    return counted.uncounted === undefined
      ? answer.broken('cohort-crossed', { sentence: `${sentence}: another release answered.`, lines })
      : answer.unknown(`${sentence}, but ${counted.uncounted}.`, lines)
  }
  return answer.held({ sentence: `${shown}; ${all[cohort]} were answered by its own.`, lines })
}

const sumOf = (rounds: readonly CohortRound[]): CohortRound =>
  rounds.reduce((sum, each) => ({
    canary: sum.canary + each.canary,
    stable: sum.stable + each.stable,
    unnamed: sum.unnamed + each.unnamed,
    failed: sum.failed + each.failed,
    moved: sum.moved + each.moved,
  }))
