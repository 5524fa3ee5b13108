/**
 * Burn-rate guardrails. The burn rate is the share of bad attempts ÷ the share that the objective allows. It is over when it is at
 * least `factor` in the long window (enough of the budget is gone) and in the short one (it is still going). It trips when it was over
 * for longer than the short window, at a stretch or in bursts within the long one: one bad second stays in the short window for
 * exactly as long as that is, so that it never trips by itself.
 */
import type { GuardrailTripped } from '../../domain/evidence.ts'
import type { BurnGuardrail } from '../../domain/rehearsal.ts'
import { instant, millis, ratio } from '../../domain/units.ts'
import type { FrameDelta } from '../seen/frame-deltas.ts'
import { type Counts, countsOf, shareOf, type Watch } from './counts.ts'

/** Shares of whole attempts are not exact in binary; at the limit is over it. */
const ROUNDING = 1e-9
/** Frames are about a second apart; that one comes a little late makes no second bad second. */
const FRAME_MS = 1000

export function createBurnWatch(guardrail: BurnGuardrail): Watch {
  const { sli, objective, factor, longMs, shortMs } = guardrail
  let recent: Counts[] = []
  let startedAt: number | undefined
  let over: { readonly at: number; readonly forMs: number }[] = []
  let tripped = false
  // An objective of 100 % allows nothing: any bad attempt burns without measure.
  const burnOf = (good: number): number => (1 - good) / Math.max(1 - objective, 1e-9)

  return (delta: FrameDelta): GuardrailTripped | undefined => {
    startedAt ??= delta.fromAt
    recent.push(countsOf(delta, sli))
    recent = recent.filter((each) => each.at > delta.at - longMs)
    const [share, latest] = [shareOf(recent), shareOf(recent.filter((each) => each.at > delta.at - shortMs))]
    // Silence is neither good nor bad.
    if (share === undefined || latest === undefined) return undefined
    // Early in the run, the missing part of the long window counts as good, at the same rate of attempts: a short burst must not look like a long one.
    const long = burnOf(share) * Math.min(1, (delta.at - startedAt) / longMs)
    if (Math.min(burnOf(latest), long) < factor - ROUNDING) return undefined
    over = [...over.filter((each) => each.at > delta.at - longMs), { at: delta.at, forMs: delta.at - delta.fromAt }]
    const overMs = over.reduce((sum, each) => sum + each.forMs, 0)
    if (tripped || overMs <= shortMs + FRAME_MS / 2) return undefined
    tripped = true
    return trip(guardrail, delta.at, share, long)
  }
}

const trip = (
  { id, sli, objective, factor, longMs }: BurnGuardrail,
  at: number,
  measured: number,
  burn: number,
): GuardrailTripped => ({
  kind: 'guardrail-tripped',
  at: instant(at),
  id,
  sli,
  measured: ratio(measured),
  below: ratio(Math.max(0, 1 - factor * (1 - objective))),
  forMs: millis(longMs),
  burn: { factor: burn, limit: factor },
})
