/** When an arrival should have started. Pure, so that it can be tested outside k6. */
import { dueAtMs } from '../../src/domain/arrivals.ts'
import type { LoadStage } from '../../src/domain/timeline.ts'
import { millis } from '../../src/domain/units.ts'

/**
 * When iteration `n` (0 for the first) is due, in ms after the start of its profile. k6's ramping-arrival-rate starts the first
 * iteration when the integral of the rate reaches 1, not at 0 (RampingArrivalRateConfig.cal; measured by
 * test/scenarios/promo-peak.lab.test.ts), so arrival `n` is due with the area n + 1.
 */
export const iterationDueMs = (stages: readonly LoadStage[], n: number): number => dueAtMs(stages, n + 1)

/**
 * `iterationDueMs` for many arrivals of one plan: what depends on the stages alone is computed once, because k6's engine takes
 * longer for `dueAtMs` than for sending a request's samples. The test holds the two equal.
 */
export function dueMsOf(stages: readonly LoadStage[]): (n: number) => number {
  let startMs = 0
  let before = 0
  const parts = stages.map(({ durationMs, from, to }) => {
    const area = ((from + to) / 2) * (durationMs / 1000)
    const part = { startMs, before, area, durationMs, from, slope: durationMs === 0 ? 0 : (to - from) / durationMs }
    startMs += durationMs
    before += area
    return part
  })
  // Arrivals of a VU come in ascending order, so the part of the last one is nearly always that of the next.
  let index = 0
  return (n) => {
    if (n + 1 < (parts[index]?.before ?? Number.POSITIVE_INFINITY)) index = 0
    let part = parts[index]
    while (part !== undefined && n + 1 - part.before >= part.area) part = parts[++index]
    if (part === undefined) return startMs
    const count = n + 1 - part.before
    if (part.slope === 0) return part.startMs + (count * 1000) / part.from
    const root = Math.sqrt(Math.max(0, part.from * part.from + 2000 * part.slope * count))
    return part.startMs + Math.min((2000 * count) / (part.from + root), part.durationMs)
  }
}

/** Waking one VU costs k6 some 0.04 ms (measured: 400 VUs, 15 ms); twice that and a bit is the most that is forgiven. */
export const activationMsMax = (vus: number): number => 5 + vus * 0.1

/**
 * Answers the intended start of iteration `n` in epoch ms. A profile's `startTime` is taken before k6 wakes the profile's VUs, and
 * its arrivals are counted from the moment after. That gap is constant in a run but not told, so it is taken as the smallest
 * lateness that this VU has seen, and never as more than `activationMs`: beyond that, lateness is the generator's and counts.
 */
export function intendedStart(
  stages: readonly LoadStage[],
  activationMs: number,
): (n: number, profileStart: number, now: number) => number {
  const dueMs = dueMsOf(stages)
  let gapMs = activationMs
  return (n, profileStart, now) => {
    const due = profileStart + dueMs(n)
    gapMs = Math.min(gapMs, Math.max(0, now - due))
    return due + gapMs
  }
}

/** Highest value that a piecewise linear plan reaches. */
export const peakOf = (stages: readonly LoadStage[]): number =>
  stages.reduce((peak, { from, to }) => Math.max(peak, from, to), 0)

/** Value of a piecewise linear plan at a moment; 0 after its end. */
export function levelAt(stages: readonly LoadStage[], atMs: number): number {
  let start = 0
  for (const { durationMs, from, to } of stages) {
    if (atMs < start + durationMs) return from + ((to - from) * (atMs - start)) / durationMs
    start += durationMs
  }
  return 0
}

export const totalMs = (stages: readonly LoadStage[]): number =>
  millis(stages.reduce((sum, { durationMs }) => sum + durationMs, 0))
