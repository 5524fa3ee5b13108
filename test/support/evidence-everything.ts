/**
 * A run in which everything happens that a report must show: a zone dies, a node is drained against a disruption budget, KEDA scales the
 * payout worker, sockets fall and come back as a herd, and the wallet's database moves. The healthy run's records are around it.
 */
import type { ClusterObject, NodeSeen, PodSeen } from '../../src/domain/cluster.ts'
import type { ActionStepData, Evidence, FaultStepData } from '../../src/domain/evidence.ts'
import { instant, seconds } from '../../src/domain/units.ts'
import { evidence, mapped, named, START, secondAt, toBad } from './evidence.ts'
import { derbyRehearsal, derbyTimeline } from './evidence-derby.ts'
import { listed } from './evidence-posture.ts'

/** Deposits fail while the database moves (99 to 107), players' sockets fall with the zone (67) and come back within ten seconds. */
export function everything(): Evidence[] {
  const told = evidence({
    load: (second, load) => {
      if (second >= 99 && second < 107) toBad(load.deposit, 12, 'http-503')
      if (second >= 67 && second < 73) toBad(load['ws-rtt'], 20, 'dropped')
    },
  })
  const started = mapped(told, 'run-started', (record) => ({
    ...record,
    rehearsal: derbyRehearsal,
    timeline: derbyTimeline,
  }))
  const framed = mapped(started, 'load-frame', (frame) => ({
    ...frame,
    sockets: socketsAt((frame.at - secondAt(0)) / 1000),
  }))
  return [...framed, ...cluster(), ...steps(), ...connections(), ...writers(), ...listed()].sort((a, b) => a.at - b.at)
}

function socketsAt(second: number) {
  const lost = second < 67 ? 0 : 33
  const back = Math.min(33, Math.max(0, Math.floor((second - 68) * 5)))
  return { open: 100 - lost + back, connected: 100 + back, failed: 0, dropped: lost }
}

const objectAt = (
  second: number,
  object: ClusterObject,
  change: 'present' | 'modified' | 'added' = 'modified',
): Evidence => ({
  kind: 'object-seen',
  at: second < 0 ? instant(START + 200) : secondAt(second),
  change,
  object,
})
const node = (zone: string, n: number, change: Partial<NodeSeen> = {}): NodeSeen => ({
  resource: 'Node',
  ...named(`${zone}-api-${n}`),
  zone,
  pool: 'api',
  ready: true,
  unschedulable: false,
  taints: [],
  ...change,
})
const pod = (name: string, on: string | undefined, change: Partial<PodSeen> = {}): PodSeen => ({
  resource: 'Pod',
  ...named(name),
  app: name.startsWith('gateway') ? 'gateway' : name.replace(/-\d+$/, ''),
  labels: {},
  ...(on === undefined ? {} : { node: on }),
  podPhase: on === undefined ? 'Pending' : 'Running',
  ready: on !== undefined,
  deleting: false,
  restarts: 0,
  ...change,
})

const zones = ['zone-a', 'zone-b', 'zone-c']
const gateways = zones.flatMap((zone) =>
  [1, 2, 3, 4].map((n) => ({ zone, name: `gateway-${zone}-${n}`, on: `${zone}-api-${1 + (n % 2)}` })),
)

function cluster(): Evidence[] {
  const inC = gateways.filter(({ zone }) => zone === 'zone-c')
  return [
    ...zones.flatMap((zone) => [1, 2].map((n) => objectAt(-1, node(zone, n), 'present'))),
    ...gateways.map(({ name, on }) => objectAt(-1, pod(name, on), 'present')),
    ...['wallet-db-a-0', 'wallet-db-b-0'].map((name, n) => objectAt(-1, pod(name, `${zones[n]}-api-1`), 'present')),
    objectAt(40.1, node('zone-b', 1, { unschedulable: true, taints: ['node.kubernetes.io/unschedulable:NoSchedule'] })),
    ...[1, 2].map((n) => objectAt(68 + n, node('zone-c', n, { ready: false }))),
    ...inC.map(({ name, on }, n) => objectAt(69 + n / 4, pod(name, on, { ready: false }))),
    ...inC.map(({ name }, n) => objectAt(72 + n, pod(`${name}x`, undefined), 'added')),
    ...inC.map(({ name }, n) => objectAt(75 + n, pod(`${name}x`, `zone-a-api-${1 + (n % 2)}`))),
    objectAt(60, node('zone-b', 1)),
    ...[1, 2].map((n) => objectAt(88, node('zone-c', n))),
    ...inC.map(({ name, on }, n) => objectAt(89 + n / 4, pod(name, on))),
    objectAt(98.8, pod('wallet-db-a-0', 'zone-a-api-1', { ready: false })),
    objectAt(112, pod('wallet-db-a-0', 'zone-a-api-1')),
    ...payouts(),
    ...[41, 44, 47, 50].map((second, n) =>
      objectAt(second, {
        resource: 'PodDisruptionBudget',
        ...named('gateway'),
        healthy: 11 + (n % 2),
        wantedHealthy: 11,
        expected: 12,
        allowed: n % 2,
      }),
    ),
    objectAt(
      -1,
      {
        resource: 'PodDisruptionBudget',
        ...named('gateway'),
        healthy: 12,
        wantedHealthy: 11,
        expected: 12,
        allowed: 1,
      },
      'present',
    ),
  ]
}

/** From zero at the peak to three and back: KEDA's own object, its HPA and the Deployment. */
function payouts(): Evidence[] {
  const scaledObject = (active: boolean): ClusterObject => ({
    resource: 'ScaledObject',
    ...named('payout-worker'),
    of: 'payout-worker',
    ofKind: 'Deployment',
    min: 0,
    max: 4,
    pollingMs: seconds(2),
    cooldownMs: seconds(20),
    conditions: [{ type: 'Active', status: active ? 'True' : 'False', reason: 'ScalerActive', message: '' }],
    metrics: ['s0-postgresql'],
    hpaName: 'keda-hpa-payout-worker',
  })
  const hpa = (desired: number, value: number): ClusterObject => ({
    resource: 'HorizontalPodAutoscaler',
    ...named('keda-hpa-payout-worker'),
    of: 'payout-worker',
    min: 1,
    max: 4,
    current: desired,
    desired,
    metrics: [{ metric: 'External/s0-postgresql', target: 20, value }],
    conditions: [],
  })
  const deployment = (ready: number): ClusterObject => ({
    resource: 'Deployment',
    ...named('payout-worker'),
    wanted: ready,
    current: ready,
    ready,
    updated: ready,
  })
  const worker = (n: number, change: Partial<PodSeen> = {}): ClusterObject =>
    pod(`payout-worker-${n}`, 'zone-a-api-1', change)
  return [
    objectAt(38, worker(1, { ready: false }), 'added'),
    objectAt(39, worker(1)),
    ...[2, 3].flatMap((n) => [objectAt(43, worker(n, { ready: false }), 'added'), objectAt(46, worker(n))]),
    objectAt(-1, scaledObject(false), 'present'),
    objectAt(-1, deployment(0), 'present'),
    objectAt(-1, hpa(0, 0), 'present'),
    objectAt(36, scaledObject(true)),
    objectAt(37, hpa(1, 18)),
    objectAt(39, deployment(1)),
    objectAt(42, hpa(3, 62)),
    objectAt(46, deployment(3)),
    objectAt(60, hpa(3, 22)),
    objectAt(126, hpa(1, 3)),
    objectAt(130, scaledObject(false)),
    objectAt(150, hpa(0, 0)),
    objectAt(151, deployment(0)),
  ]
}

function steps(): Evidence[] {
  const fault = (second: number, step: FaultStepData): Evidence => ({
    kind: 'fault-step',
    at: secondAt(second),
    fault: 'zone-c lost',
    step,
  })
  const acted = (name: string, second: number, step: ActionStepData): Evidence => ({
    kind: 'action-step',
    at: secondAt(second),
    action: name,
    step,
  })
  const evicted = { pod: 'casino/gateway-zone-b-1', node: 'zone-b-api-1' }
  return [
    fault(67, { is: 'admitted', pods: ['casino/gateway-zone-c-1'], candidates: 12, limit: 6, note: 'zone-c' }),
    fault(67.4, {
      is: 'injected',
      pods: gateways.filter(({ zone }) => zone === 'zone-c').map(({ name }) => `casino/${name}`),
    }),
    fault(87, { is: 'heal-requested' }),
    fault(87.6, { is: 'healed' }),
    acted('drain a node', 40, { is: 'begun', targets: ['Node/zone-b-api-1'] }),
    acted('drain a node', 40.5, { is: 'evicted', ...evicted }),
    ...[41.2, 42.2, 43.2].map((second) =>
      acted('drain a node', second, {
        is: 'eviction-refused',
        pod: 'casino/gateway-zone-b-3',
        node: 'zone-b-api-1',
        problem: 'The disruption budget gateway needs 11 healthy pods and has 11 currently',
      }),
    ),
    acted('drain a node', 44.3, { is: 'evicted', pod: 'casino/gateway-zone-b-3', node: 'zone-b-api-1' }),
    acted('drain a node', 46, { is: 'done', note: 'drained' }),
    acted('drain a node', 60, { is: 'heal-requested' }),
    acted('drain a node', 60.2, { is: 'healed' }),
    acted('roll out gateway', 57, { is: 'begun', targets: ['Deployment/casino/gateway'] }),
    acted('roll out gateway', 64, { is: 'done', note: 'rolled out' }),
    acted('roll out gateway', 64, { is: 'kept' }),
    acted('promote db-b', 99, { is: 'begun', targets: ['ConfigMap/casino/wallet-db-role'] }),
    acted('promote db-b', 105.5, { is: 'done', note: 'wallet-db-b-0 leads' }),
    acted('widget off', 105, { is: 'begun', targets: ['ConfigMap/casino/flags'] }),
    acted('widget off', 105.1, { is: 'done', note: 'seen' }),
    acted('widget off', 125, { is: 'healed' }),
  ]
}

/** The former primary is silent from 98 on; the new one takes writes from 104. */
const writers = (): Evidence[] =>
  Array.from({ length: 160 }, (_, second) => second).flatMap((second) =>
    ['wallet-db-a-0', 'wallet-db-b-0'].map(
      (name): Evidence => ({
        kind: 'sample',
        at: secondAt(second + 0.2),
        source: 'wallet-db',
        pod: name,
        ok: true,
        series: [
          {
            name: 'db_writable',
            labels: { pod: name },
            value: (name === 'wallet-db-a-0' ? second < 98 : second >= 104) ? 1 : 0,
          },
        ],
      }),
    ),
  )

const connections = (): Evidence[] =>
  Array.from({ length: 160 }, (_, second) => second).flatMap((second) =>
    ['wallet-1', 'wallet-2'].map(
      (name): Evidence => ({
        kind: 'sample',
        at: secondAt(second + 0.4),
        source: 'wallet',
        pod: name,
        ok: true,
        series: [{ name: 'wallet_pool_connections', labels: {}, value: second >= 106 && second < 112 ? 9 : 4 }],
      }),
    ),
  )
