/** Steps of the stock fault and of actions, for harms in a run of a few records. */
import type { ActionStepData, Evidence, FaultStepData } from '../../src/domain/evidence.ts'
import type { ActionSpec, FaultSpec, Witness } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { place as at, FAULT, rehearsal } from './evidence.ts'
import { atMs } from './small-run.ts'

const [stock] = rehearsal.faults
if (stock === undefined) throw new Error('the stock rehearsal has a fault')
export const stockFault: FaultSpec = stock
export const witness: Extract<Witness, { kind: 'ready' }> = {
  kind: 'ready',
  what: 'pods',
  app: 'bets',
  becomes: 0,
  withinMs: seconds(5),
  at,
}
export type StepsOfFault = readonly (readonly [ms: number, FaultStepData])[]
export const ofFault = (steps: StepsOfFault): Evidence[] =>
  steps.map(([ms, step]) => ({ kind: 'fault-step', at: atMs(ms), fault: FAULT, step }))
export const createdFault = [65_000, { is: 'created', namespace: 'casino', name: 'x', uid: 'u' }] as const
export const injectedFault = (ms: number, ...pods: readonly string[]) => [ms, { is: 'injected', pods }] as const
export const healedFault = (ms: number) =>
  [
    [ms, { is: 'heal-requested' }],
    [ms + 1000, { is: 'healed' }],
  ] as const
export const ofAction = (spec: ActionSpec, steps: readonly (readonly [ms: number, ActionStepData])[]): Evidence[] =>
  steps.map(([ms, step]) => ({ kind: 'action-step', at: atMs(ms), action: spec.name, step }))
