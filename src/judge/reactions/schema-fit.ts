/**
 * Whether the previous release works with the new schema. The rollback of a release leaves its schema change in place, so users are served by the
 * previous release with the new schema from then on. Their attempts are compared with those before the change, which had the same release and the
 * previous schema.
 */
import { chanceOfAtMost } from '../../domain/statistics.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count } from '../findings/words.ts'
import { type Harm, harmsOf } from '../harm/harm.ts'
import { rowsWithin, type Total, totalOf } from '../load/rows.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer, type ReactionAnswer } from './answer.ts'

/** What was under way when the last pod was replaced belongs to the rollback. */
const SETTLED_MS = 2_000
/** After another fault or action the platform may need a while. */
const RECOVERING_MS = 5_000
/** 30 good attempts in a row exclude a failure rate of 10 % (95 %): a release that cannot work with the schema fails far more. */
const ATTEMPTS_LEAST = 30
/** Three bad attempts are no accident if they prove more failures than before at this level. */
const BAD_LEAST = 3
const LEVEL = 0.01

type Span = { readonly fromAt: number; readonly toAt: number }

/** Nothing to say where the change was not made: other rules tell of that. */
export function judgeSchemaFit(
  seen: Seen,
  harm: Harm,
  run: string,
  life: ActionLife,
): readonly Ruled<ReactionResult>[] {
  const { begun, done } = life.migration
  const { healed } = life
  if (begun === undefined || done === undefined) return []
  const { run: facts } = seen
  const answerTo = (sli: string) => createReactionAnswer(harm, 'works-with-schema', sli)
  if (healed === undefined) {
    const why = `The rollback was not seen to be complete, so nothing shows whether the previous release works with the schema of ${run}.`
    return slisOf(seen, harm).map((sli) => answerTo(sli).unknown(why, [begun.line, done.line]))
  }
  const before = { fromAt: facts.zeroAt ?? begun.at, toAt: begun.at }
  const after = { fromAt: healed.at + SETTLED_MS, toAt: facts.loadEndedAt ?? facts.seenUntil }
  const lines = [begun.line, done.line, healed.line]
  return slisOf(seen, harm).map((sli) => {
    const sides = { was: attemptsIn(seen, harm, sli, before), is: attemptsIn(seen, harm, sli, after) }
    return compared(answerTo(sli), { sli, run, ...sides, lines })
  })
}

type Compared = {
  readonly sli: string
  readonly run: string
  readonly was: Total
  readonly is: Total
  readonly lines: readonly number[]
}

function compared(answer: ReactionAnswer, { sli, run, was, is, lines }: Compared): Ruled<ReactionResult> {
  const [earlier, later] = [attempts(was), attempts(is)]
  if (Math.min(earlier, later) < ATTEMPTS_LEAST) {
    const why = `${sli}: ${count(later, 'attempt')} after the rollback and ${earlier} before the migration ${run} do not show whether the previous release works with the new schema; each side needs ${ATTEMPTS_LEAST}.`
    return answer.unknown(why, lines)
  }
  const sentence = `${sli}: ${is.bad} of ${count(later, 'attempt')} were bad after the rollback, with the schema of ${run}; before it ${was.bad} of ${earlier}.`
  return failsMore(was, is)
    ? answer.broken('schema-incompatible', { sentence, lines })
    : answer.held({ sentence, lines })
}

const attempts = ({ good, bad }: Total): number => good + bad

/** What the rehearsal asks of this release; otherwise all availability objectives. */
function slisOf({ run }: Seen, { by }: Harm): readonly string[] {
  const expected = by.spec.expect.flatMap((each) => (each.kind === 'undisturbed' ? [each.sli] : []))
  const objectives = run.head.rehearsal.slos.flatMap(({ kind, sli }) => (kind === 'availability' ? [sli] : []))
  return [...new Set(expected.length > 0 ? expected : objectives)]
}

/** Without those that another harm may have spoilt. */
function attemptsIn(seen: Seen, harm: Harm, sli: string, { fromAt, toAt }: Span): Total {
  const others = harmsOf(seen).filter(({ name }) => name !== harm.name)
  const isSpoilt = (row: Span) =>
    others.some((other) => row.fromAt < (other.healedAt ?? other.endAt) + RECOVERING_MS && row.toAt > other.createdAt)
  const rows = rowsWithin(seen.load.rows(sli), fromAt, toAt).filter(
    (row) => row.fromAt >= fromAt && !isSpoilt({ fromAt: row.fromAt, toAt: row.at }),
  )
  return totalOf(rows)
}

/** If both are equally good, the number of bad attempts after the rollback is binomial. */
function failsMore(was: Total, is: Total): boolean {
  if (is.bad < BAD_LEAST) return false
  const share = attempts(is) / (attempts(is) + attempts(was))
  return 1 - chanceOfAtMost(is.bad - 1, is.bad + was.bad, share) <= LEVEL
}
