/** Releases in a run of a few records: their steps, what both releases counted, and what is said of them. */
import type { CanaryRelease } from '../../src/domain/action.ts'
import type { StepDecision } from '../../src/domain/canary.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { judgeCanary } from '../../src/judge/reactions/canary.ts'
import { actionOf } from './evidence.ts'
import { actionIn, atRate, counted, partsOn, type SmallRun } from './small-run.ts'

export type Step = readonly [ms: number, ActionStepData]
export type Rate = (ms: number) => number
export const begun: Step = [40_000, { is: 'begun', targets: [] }]
export const heal = (ms: number): Step => [ms, { is: 'heal-requested' }]
export const failed = (ms: number): Step => [ms, { is: 'failed', problem: 'no image' }]
export const set = (ms: number, step: number, share: number): Step => [
  ms,
  { is: 'step-set', step, share: ratio(share) },
]
export const decided = (
  ms: number,
  step: number,
  outcome: StepDecision['outcome'],
  reason?: StepDecision['reason'],
): Step => [
  ms,
  { is: 'step-decided', step, outcome, note: 'what was seen', ...(reason === undefined ? {} : { reason }) },
]
export const requests = (source: string, rate: Rate, code = '200') =>
  counted(source, 'http_requests_total', { code }, atRate(40_000, 158_000, rate), `${source}-${code}`)

export function judged(
  act: CanaryRelease,
  steps: readonly Step[],
  records: readonly Evidence[] = [],
  run: SmallRun = {},
) {
  const { seen, harm } = actionIn(actionOf('v2', act), [begun, ...steps], run, records)
  return partsOn(judgeCanary(seen, harm))
}
