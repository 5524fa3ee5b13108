/** Judges the answers of both releases to the same requests. A field that also differs between two answers of the old release accuses nobody. */
import type { ReactionResult } from '../../domain/verdict.ts'
import { PREVIEW_COUNTED } from '../../domain/visit.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, listed } from '../findings/words.ts'
import type { AnswersSeen } from '../seen/action-lives.ts'
import { createReactionAnswer } from './answer.ts'
import type { ShadowFacts } from './shadow.ts'

/** Fields that a finding names. */
const SHOWN = 5

export function judgeAnswers(facts: ShadowFacts): readonly Ruled<ReactionResult>[] {
  const { harm, life, shadow } = facts
  if (shadow.answers === undefined) return []
  if (life.answers.length === 0) {
    const answer = createReactionAnswer(harm, 'answers-alike', 'answers')
    return life.begun === undefined ? [] : [answer.unknown('No answers were compared.', life.lines)]
  }
  return [...life.answers.map((each) => ofRequest(facts, each)), ...answeredByNew(facts)]
}

function ofRequest({ harm }: ShadowFacts, seen: AnswersSeen): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'answers-alike', seen.request)
  const { asked, compared, different, problem } = seen
  const lines = [seen.line]
  const accused = different.filter(({ noise }) => noise === 0)
  if (accused.length > 0) {
    const fields = accused
      .slice(0, SHOWN)
      .map(({ field, times, stable, canary }) => `${field} (${times} times, ${stable} and ${canary})`)
    const more = accused.length > SHOWN ? ` and ${accused.length - SHOWN} more` : ''
    const sentence = `${count(accused.length, 'field')} differed in ${count(compared, 'pair')} of answers: ${listed(fields)}${more}.`
    return answer.broken('answers-differ', { sentence, lines })
  }
  if (compared < asked)
    return answer.unknown(
      `${asked - compared} of ${asked} pairs could not be compared: ${problem ?? 'unknown'}.`,
      lines,
    )
  const noisy = different.map(({ field }) => field)
  const left =
    noisy.length === 0
      ? ''
      : ` ${listed(noisy)} also differed between answers of the old release, and are not compared.`
  return answer.held({ sentence: `${count(compared, 'pair')} of answers had the same fields.${left}`, lines })
}

/** The pods of the new release must have counted what it was asked: otherwise the old release was compared with itself. */
function answeredByNew({ harm, life, shadow, counts, seen }: ShadowFacts): readonly Ruled<ReactionResult>[] {
  const asked = life.answers.reduce((sum, { compared }) => sum + compared, 0)
  const untilAt = life.steps[0]?.at ?? life.healRequested?.at ?? seen.run.seenUntil
  const { requests } = counts('canary', harm.createdAt, untilAt)
  if (shadow.answers === undefined || requests >= asked * PREVIEW_COUNTED) return []
  const answer = createReactionAnswer(harm, 'answers-alike', 'new release')
  const sentence = `${asked} answers were compared, and the pods of the new release counted ${requests} requests: another release answered.`
  return [
    answer.unknown(
      sentence,
      life.answers.map(({ line }) => line),
    ),
  ]
}
