/** Guardrails: the same fold as the judge's, live over load frames, saying when a run does more harm than it may. */
import type { GuardrailTripped, LoadFrame } from '../../domain/evidence.ts'
import { unionsIn } from '../../domain/indicators.ts'
import type { AvailabilityGuardrail, Rehearsal } from '../../domain/rehearsal.ts'
import { instant, ratio } from '../../domain/units.ts'
import { type FrameDelta, frameDeltas } from '../seen/frame-deltas.ts'
import { createBurnWatch } from './burn.ts'
import { type Counts, countsOf, shareOf, type Watch } from './counts.ts'

export type Guarding = {
  /** The first guardrail that this frame trips; each trips once. */
  add(frame: LoadFrame): GuardrailTripped | undefined
}

/** Availability is taken over this long, so that one poor second among good ones is not "below", nor one good one "recovered". */
const SMOOTHING_MS = 3000

export function createGuarding(rehearsal: Rehearsal): Guarding {
  const unions = unionsIn(rehearsal.slis)
  const deltaOf = frameDeltas(() => unions)
  const watches = rehearsal.guardrails.map((guardrail) =>
    guardrail.kind === 'burn' ? createBurnWatch(guardrail) : watching(guardrail),
  )
  return {
    add(frame) {
      const delta = deltaOf(frame)
      let first: GuardrailTripped | undefined
      for (const watch of watches) {
        const trip = watch(delta)
        first ??= trip
      }
      return first
    },
  }
}

/**
 * Trips when the smoothed availability was below the limit at every frame for `forMs`. Arrivals that the generator dropped count as
 * bad; frames without attempts change nothing.
 */
function watching(guardrail: AvailabilityGuardrail): Watch {
  let recent: Counts[] = []
  let belowSince: number | undefined
  let tripped = false
  const smoothingMs = Math.min(SMOOTHING_MS, guardrail.forMs)

  return (delta: FrameDelta): GuardrailTripped | undefined => {
    recent.push(countsOf(delta, guardrail.sli))
    recent = recent.filter((each) => each.at > delta.at - guardrail.forMs)
    const smoothed = shareOf(recent.filter((each) => each.at > delta.at - smoothingMs))
    if (smoothed === undefined) return undefined
    if (smoothed >= guardrail.below) {
      belowSince = undefined
      return undefined
    }
    belowSince ??= delta.fromAt
    if (tripped || delta.at - belowSince < guardrail.forMs) return undefined
    tripped = true
    return trip(guardrail, delta.at, shareOf(recent) ?? smoothed)
  }
}

const trip = (guardrail: AvailabilityGuardrail, at: number, measured: number): GuardrailTripped => ({
  kind: 'guardrail-tripped',
  at: instant(at),
  id: guardrail.id,
  sli: guardrail.sli,
  measured: ratio(measured),
  below: guardrail.below,
  forMs: guardrail.forMs,
})
