/** Nobody noticed: no more than so many bad attempts from the beginning to the end of the harm. */

import type { Reaction } from '../../domain/rehearsal.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import { rowsWithin, totalOf } from '../load/rows.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'

type Undisturbed = Extract<Reaction, { kind: 'undisturbed' }>

export function judgeUndisturbed(seen: Seen, harm: Harm, { sli, badMax }: Undisturbed): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'undisturbed', sli)
  const rows = rowsWithin(seen.load.rows(sli), harm.createdAt, harm.endAt)
  const { good, bad } = totalOf(rows)
  if (good + bad === 0) return answer.unknown(`${sli}: no attempt was reported during ${harm.name}.`, harm.lines)
  const lines = rows.filter((row) => row.bad > 0).map((row) => row.line)
  const sentence = `${sli}: ${bad} of ${count(good + bad, 'attempt')} were bad during ${harm.name}; ${badMax} are allowed.`
  return bad <= badMax ? answer.held({ sentence, lines }) : answer.broken('disturbed', { sentence, lines })
}
