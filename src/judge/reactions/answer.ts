/** What a judged reaction says: held, broken under a cause, or not to be known. */

import type { Cause } from '../../domain/causes.ts'
import { millis } from '../../domain/units.ts'
import type { Finding, ReactionResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import type { Ruled } from '../findings/ruled.ts'
import type { Harm } from '../harm/harm.ts'

export type Told = {
  readonly sentence: string
  readonly tookMs?: number | undefined
  readonly lines: readonly (number | undefined)[]
}

export type ReactionAnswer = {
  held(told: Told): Ruled<ReactionResult>
  broken(cause: Cause, told: Told): Ruled<ReactionResult>
  /** It cannot be known, for a reason with a name of its own. */
  missing(cause: Cause, told: Told): Ruled<ReactionResult>
  /** `why` it cannot be known. */
  unknown(why: string, lines: readonly (number | undefined)[]): Ruled<ReactionResult>
}

/** `of`: what the finding is about, if not the harm. */
export function createReactionAnswer(
  harm: Harm,
  kind: ReactionResult['kind'],
  subject: string,
  withinMs?: number,
  of = harm.name,
): ReactionAnswer {
  const said = (held: boolean, { sentence, tookMs }: Told, findings: readonly Finding[]): Ruled<ReactionResult> => ({
    result: {
      kind,
      subject,
      sentence,
      held,
      ...(withinMs === undefined ? {} : { withinMs: millis(withinMs) }),
      ...(tookMs === undefined ? {} : { tookMs: millis(Math.max(0, tookMs)) }),
    },
    findings,
  })
  const say = (weight: Finding['weight'], cause: Cause, { sentence, lines }: Told) =>
    finding(weight, cause, `${of}: ${subject}`, sentence, [...harm.lines.slice(0, 8), ...lines])
  return {
    held: (told) => said(true, told, []),
    broken: (cause, told) => said(false, told, [say('breach', cause, told)]),
    missing: (cause, told) => said(false, told, [say('gap', cause, told)]),
    unknown: (sentence, lines) => said(false, { sentence, lines }, [say('gap', 'no-evidence', { sentence, lines })]),
  }
}
