/**
 * A database moves to another member. Three things are asked of it: users feel it no longer than the recovery time objective, no
 * operation that was acknowledged is lost (recovery point objective 0), and never did two members take writes at the same time.
 */
import type { Reaction } from '../../domain/rehearsal.ts'
import { money } from '../../domain/show.ts'
import type { Finding, ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import { answersUntil, type Harm } from '../harm/harm.ts'
import { rowsWithin } from '../load/rows.ts'
import { lostOperations } from '../money/lost-operations.ts'
import type { HolderSpan } from '../seen/gauges.ts'
import type { Seen } from '../seen/seen.ts'
import { writableId } from '../seen/wanted-counters.ts'
import { createReactionAnswer } from './answer.ts'
import { GOOD_IN_A_ROW } from './recovery.ts'

type Promotes = Extract<Reaction, { kind: 'promotes' }>
type Part = Ruled<ReactionResult>

export function judgePromotion(seen: Seen, harm: Harm, expected: Promotes): Ruled<ReactionResult> {
  const parts = [recoveryTime(seen, harm, expected), lostWrites(seen, harm, expected), writers(seen, harm, expected)]
  const findings: readonly Finding[] = parts.flatMap((each) => each.findings)
  const [time] = parts
  return {
    result: {
      ...(time?.result ??
        createReactionAnswer(harm, 'promotes', expected.database).held({ sentence: '', lines: [] }).result),
      held: parts.every((each) => each.result.held),
      sentence: parts.map((each) => each.result.sentence).join(' '),
    },
    findings,
  }
}

/** From the client's view: from the first bad attempt to the first moment from which a hundred in a row were good. */
function recoveryTime(seen: Seen, harm: Harm, { database, sli, rtoMs }: Promotes): Part {
  const answer = createReactionAnswer(harm, 'promotes', database, rtoMs)
  const rows = rowsWithin(seen.load.rows(sli), harm.createdAt, answersUntil(seen, harm))
  let [first, last, good]: [number | undefined, number, number] = [undefined, harm.createdAt, 0]
  const lines: number[] = []
  for (const row of rows) {
    if (row.bad > 0) {
      first ??= row.fromAt
      last = row.at
      good = 0
      lines.push(row.line)
    } else good += row.good
    if (first !== undefined && good >= GOOD_IN_A_ROW) break
  }
  if (rows.length === 0) return answer.unknown(`${sli}: no attempt was reported after ${harm.name}.`, harm.lines)
  const tookMs = first === undefined ? 0 : last - first
  if (first !== undefined && good < GOOD_IN_A_ROW && tookMs <= rtoMs) {
    return answer.unknown(
      `${sli}: only ${good} attempts in a row were good before the load ended or the next harm began; ${GOOD_IN_A_ROW} show a recovery.`,
      lines,
    )
  }
  const sentence = `${sli} ${timeOfReturn(first !== undefined, good >= GOOD_IN_A_ROW, tookMs)} (RTO ${duration(rtoMs)}).`
  const told = { sentence, tookMs, lines: lines.slice(-8) }
  return tookMs <= rtoMs ? answer.held(told) : answer.broken('promotion-slow', told)
}

function timeOfReturn(wasBad: boolean, isGoodAgain: boolean, tookMs: number): string {
  if (!wasBad) return 'had no bad attempt'
  return `was ${isGoodAgain ? 'good again' : 'still bad'} ${duration(tookMs)} after its first bad attempt`
}

function lostWrites(seen: Seen, harm: Harm, { database }: Promotes): Part {
  const answer = createReactionAnswer(harm, 'promotes', database)
  const lost = lostOperations(seen)
  if (lost === undefined)
    return answer.unknown('No ledger was read after the load, so that the RPO is not known.', seen.run.loadLines)
  if (lost.length === 0) return answer.held({ sentence: 'No acknowledged operation is lost (RPO 0).', lines: [] })
  const what = listed(lost.map((each) => `${count(each.count, each.operation)} (${money(each.amountCents)})`))
  const sentence = `Acknowledged and lost since ${database} moved: ${what}.`
  return answer.broken('promotion-lost-writes', { sentence, lines: lost.flatMap((each) => each.lines) })
}

/** Two members that take writes at the same time: each seen as writable before and after the other was. */
function writers(seen: Seen, harm: Harm, { database }: Promotes): Part {
  const answer = createReactionAnswer(harm, 'promotes', database)
  const { spans, scrapes } = seen.gauges.spans(writableId(database))
  if (scrapes === 0) {
    return answer.unknown(
      `No reading shows which member of ${database} takes writes, so a split brain cannot be ruled out.`,
      harm.lines,
    )
  }
  for (const one of spans) {
    const other = spans.find(
      (each) =>
        each.holder > one.holder && areComparable(one, each) && each.fromAt <= one.toAt && each.toAt >= one.fromAt,
    )
    if (!other) continue
    const forMs = Math.min(one.toAt, other.toAt) - Math.max(one.fromAt, other.fromAt)
    const sentence = `${one.holder} and ${other.holder} of ${database} both took writes for at least ${duration(forMs)}.`
    return answer.broken('split-brain', { sentence, lines: [one.line, other.line, one.lastLine, other.lastLine] })
  }
  const holders = [...new Set(spans.map((each) => each.holder))]
  return answer.held({
    sentence: `One member at a time took writes (${listed(holders) || 'none was seen'}).`,
    lines: [],
  })
}

/** What each says of itself is the truth of its moment; what one says of others may be a moment old, but of all alike. */
const areComparable = (one: HolderSpan, other: HolderSpan): boolean =>
  one.teller === other.teller || (one.teller === one.holder && other.teller === other.holder)
