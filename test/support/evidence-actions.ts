/** Actions of a rehearsal and their steps: of any, and of the two that most rules are about, a drain and a rollout. */
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec, Reaction, Rehearsal } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { rehearsal, secondAt } from './evidence-rehearsal.ts'

export const actionSteps = (action: string, ...steps: readonly (readonly [number, ActionStepData])[]): Evidence[] =>
  steps.map(([second, step]) => ({ kind: 'action-step', at: secondAt(second), action, step }))

const at = rehearsal.load.at

export const actionOf = (name: string, act: ActionSpec['act'], ...expect: readonly Reaction[]): ActionSpec => ({
  name,
  during: 'promo peak',
  atMs: seconds(60),
  act,
  expect,
  at,
})

export const withActions = (...actions: readonly ActionSpec[]): Rehearsal => ({ ...rehearsal, actions })
/** The stock rehearsal with these reactions of its fault instead of failover and recovery. */
export const withReactions = (...expect: readonly Reaction[]): Rehearsal => ({
  ...rehearsal,
  faults: rehearsal.faults.map((fault) => ({ ...fault, expect })),
})
export const place = at

export const drainA = actionOf('drain zone a', { kind: 'drain', nodes: { zone: 'a', pool: 'api' } })
export const rollout = actionOf('roll gateway', { kind: 'rollout', workload: { kind: 'Deployment', name: 'gateway' } })
export const drained = (...pods: readonly string[]): Evidence[] =>
  actionSteps(
    'drain zone a',
    [
      100,
      { is: 'admitted', targets: ['Node/zone-a-api'], pods: pods.map((pod) => `casino/${pod}`), limit: 9, note: '' },
    ],
    [100, { is: 'begun', targets: ['Node/zone-a-api'] }],
    ...pods.map((pod, n) => [101 + n / 10, { is: 'evicted', pod: `casino/${pod}`, node: 'zone-a-api' }] as const),
    [115, { is: 'done', note: 'drained' }],
    [130, { is: 'heal-requested' }],
    [130.2, { is: 'healed' }],
  )
export const rolledOut = actionSteps(
  'roll gateway',
  [100, { is: 'begun', targets: ['Deployment/casino/gateway'] }],
  [120, { is: 'done', note: 'rolled out' }],
)
