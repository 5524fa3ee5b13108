/** The rehearsal of the run in which everything happens, and its timeline: a fault, four actions, and every sort of expectation. */

import type { ActionSpec, Reaction, Rehearsal } from '../../src/domain/rehearsal.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { millis, perSecond, ratio, seconds } from '../../src/domain/units.ts'
import { rehearsal, timeline } from './evidence.ts'
import { doesOf } from './faults.ts'

const at = { file: 'derby-day.rehearsal.yaml', line: 40, column: 1 }
const workload = { kind: 'Deployment', name: 'gateway' } as const
const within = (each: number) => ({ withinMs: seconds(each), at })
const expected: Readonly<Record<string, readonly Reaction[]>> = {
  'drain a node': [
    { kind: 'completes', ...within(20) },
    { kind: 'undisturbed', sli: 'deposit', badMax: 0, at },
  ],
  'roll out gateway': [{ kind: 'completes', ...within(20) }],
  'promote db-b': [
    { kind: 'completes', ...within(15) },
    { kind: 'promotes', database: 'wallet-db', sli: 'deposit', rtoMs: seconds(15), at },
  ],
  'zone-c lost': [
    { kind: 'reconnects', share: ratio(0.99), herdMax: perSecond(10), ...within(15) },
    { kind: 'survives', app: 'gateway', ready: 9, ...within(5) },
    { kind: 'spreads', app: 'gateway', zones: 3, ...within(20) },
  ],
}
const action = (name: string, atS: number, act: ActionSpec['act'], forS?: number): ActionSpec => ({
  name,
  during: 'promo peak',
  atMs: seconds(atS),
  ...(forS === undefined ? {} : { forMs: seconds(forS) }),
  act,
  expect: expected[name] ?? [],
  at,
})
const zoneLost = {
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind: 'NetworkChaos',
  metadata: { name: 'zone', namespace: 'casino' },
  spec: { action: 'partition' },
} as const

const actions: readonly ActionSpec[] = [
  action('drain a node', 5, { kind: 'drain', nodes: { zone: 'zone-b', pool: 'api', atMost: 1 } }, 20),
  action('roll out gateway', 22, { kind: 'rollout', workload }),
  action('promote db-b', 64, { kind: 'promote', database: 'wallet-db', to: 'wallet-db-b-0' }),
  action('widget off', 70, { kind: 'flag', configMap: 'flags', key: 'promo-widget', value: 'off' }, 20),
]

export const derbyRehearsal: Rehearsal = {
  ...rehearsal,
  name: 'derby-day',
  actions,
  faults: [
    ...rehearsal.faults,
    {
      name: 'zone-c lost',
      during: 'promo peak',
      atMs: seconds(32),
      forMs: seconds(20),
      apply: '../chaos/zone-lost.yaml',
      object: zoneLost,
      does: doesOf(zoneLost),
      witness: { kind: 'ready', what: 'pods', zone: 'zone-c', becomes: 0, withinMs: seconds(10), at },
      expect: expected['zone-c lost'] ?? [],
      at,
    },
  ],
  expectations: [
    ...rehearsal.expectations,
    {
      kind: 'keda',
      scaledObject: 'payout-worker',
      phase: 'promo peak',
      activatesWithinMs: seconds(10),
      readyWithinMs: seconds(20),
      atLeast: 2,
      at,
    },
    { kind: 'connections', of: 'wallet', metric: 'wallet_pool_connections', where: {}, pods: 'sum', atMost: 20, at },
    { kind: 'posture', namespaces: ['casino'], wants: ['default-deny', 'rotated-secrets'], at },
  ],
  guardrails: [
    {
      kind: 'burn',
      id: 'deposit-fast',
      sli: 'deposit',
      objective: ratio(0.9985),
      factor: 200,
      longMs: seconds(10),
      shortMs: seconds(2),
      at,
    },
  ],
}

export const derbyTimeline: Timeline = {
  ...timeline,
  faults: [
    ...timeline.faults,
    { name: 'zone-c lost', fromMs: seconds(67), toMs: seconds(87), object: zoneLost, does: doesOf(zoneLost) },
  ],
  actions: actions.map(({ name, atMs, forMs, act }) => ({
    name,
    fromMs: millis(35_000 + atMs),
    ...(forMs === undefined ? {} : { toMs: millis(35_000 + atMs + forMs) }),
    act,
  })),
}
