/** An action comes to its end in time: drained, rolled out, scaled, promoted. */
import { causeWhenLate } from '../../domain/action.ts'
import type { Cause } from '../../domain/causes.ts'
import type { Reaction } from '../../domain/rehearsal.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'

type Completes = Extract<Reaction, { kind: 'completes' }>

export function judgeCompletion(seen: Seen, harm: Harm, { withinMs }: Completes): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'completes', 'completion', withinMs)
  const life = harm.by.kind === 'action' ? seen.actions.of(harm.name) : undefined
  if (!life) return answer.unknown(`${harm.name} is no action, so that it cannot complete.`, harm.lines)
  const refusals = [...life.refused.values()]
  const lines = [life.done?.line, ...refusals.map((each) => each.line)]
  const refused = refusals.length === 0 ? '' : `; evictions of ${count(refusals.length, 'pod')} were refused`
  if (life.done) {
    const tookMs = life.done.at - harm.createdAt
    const sentence = `${harm.name} was done after ${duration(tookMs)}; ${duration(withinMs)} were allowed${refused}.`
    return tookMs <= withinMs
      ? answer.held({ sentence, tookMs, lines })
      : answer.broken(causeOf(seen, harm), { sentence, tookMs, lines })
  }
  const triedMs = Math.min(seen.run.seenUntil, life.healRequested?.at ?? Number.POSITIVE_INFINITY) - harm.createdAt
  if (triedMs < withinMs && life.problem === undefined) {
    return answer.unknown(
      `${harm.name} had ${duration(Math.max(0, triedMs))} to be done, less than ${duration(withinMs)}.`,
      lines,
    )
  }
  const why = life.problem ? `: ${life.problem.text}` : ''
  const sentence = `${harm.name} was not done within ${duration(withinMs)}${why}${refused}.`
  return answer.broken(causeOf(seen, harm), { sentence, lines })
}

/** Refused evictions explain an action that does not complete. Otherwise the kind of the action names the cause. */
function causeOf(seen: Seen, { by, name }: Harm): Cause {
  if (by.kind !== 'action') return 'action-late'
  return (seen.actions.of(name)?.refused.size ?? 0) > 0 ? 'budget-blocks' : causeWhenLate(by.spec.act)
}
