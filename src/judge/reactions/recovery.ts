/**
 * Recovered: the first moment after healing from which 100 attempts in a row are good, and of which no more are over the ceiling than
 * the latency objective allows; at the resolution of the frames.
 */

import type { Cause } from '../../domain/causes.ts'
import type { Reaction } from '../../domain/rehearsal.ts'
import { millis } from '../../domain/units.ts'
import type { FaultResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import { foreignReasons, ownBad } from '../load/refused.ts'
import type { Seen } from '../seen/seen.ts'
import { type HurtRow, hurtRows } from './slow.ts'

type Recovers = Extract<Reaction, { kind: 'recovers' }>

export const GOOD_IN_A_ROW = 100

export function judgeRecovery(
  seen: Seen,
  harm: Harm,
  { sli, withinMs }: Recovers,
): Ruled<FaultResult['recoveries'][number]> {
  const { healedAt } = harm
  const none = { sli, withinMs, held: false }
  const say = (weight: Finding['weight'], cause: Cause, sentence: string, lines: readonly number[]) => [
    finding(weight, cause, harm.name, sentence, [harm.lines.at(-1), ...lines]),
  ]
  if (healedAt === undefined) {
    return {
      result: none,
      findings: say(
        'gap',
        'no-evidence',
        `${sli}: the recovery is not known, because ${harm.name} was not healed.`,
        [],
      ),
    }
  }
  const later = hurtRows(seen, sli).filter((row) => row.at > healedAt)
  const span = { fromAt: healedAt, toAt: healedAt + withinMs }
  const foreign = foreignReasons(seen.load.rows(sli), harm.createdAt, span)
  const { recoveredAt, lastBadAt, wasSlow, good, lines } = search(later, healedAt, foreign)

  if (recoveredAt !== undefined) {
    const tookMs = millis(Math.max(0, recoveredAt - healedAt))
    const held = tookMs <= withinMs
    const sentence = `${sli} recovered ${duration(tookMs)} after healing; ${duration(withinMs)} were allowed.`
    return { result: { ...none, tookMs, held }, findings: held ? [] : say('breach', 'recovery-late', sentence, lines) }
  }
  if (lastBadAt - healedAt > withinMs) {
    const what = wasSlow ? 'responses over the ceiling' : 'bad attempts'
    const sentence = `${sli} did not recover: ${duration(lastBadAt - healedAt)} after healing it still had ${what}; ${duration(withinMs)} were allowed.`
    return { result: none, findings: say('breach', 'recovery-late', sentence, lines) }
  }
  const sentence = `${sli}: only ${good} attempts in a row were good before the load ended; ${GOOD_IN_A_ROW} show a recovery.`
  return { result: none, findings: say('gap', 'no-evidence', sentence, lines) }
}

/** A frame says that an attempt was bad, not when in it: the frame's end counts. */
function search(rows: readonly HurtRow[], healedAt: number, foreign: ReadonlySet<string>) {
  let lastBadAt = healedAt
  let wasSlow = false
  let good = 0
  const lines: number[] = []
  for (const row of rows) {
    const failed = ownBad(row, foreign) + row.dropped
    if (failed + row.tooSlow > 0) {
      lastBadAt = row.at
      wasSlow = failed === 0
      good = 0
      lines.push(row.line)
      continue
    }
    good += row.good
    if (good >= GOOD_IN_A_ROW) return { recoveredAt: lastBadAt, lastBadAt, wasSlow, good, lines: lines.slice(-8) }
  }
  return { recoveredAt: undefined, lastBadAt, wasSlow, good, lines: lines.slice(-8) }
}
