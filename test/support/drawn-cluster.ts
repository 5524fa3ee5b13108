/** What the cluster, its pods and the people show in a drawn run (drawn-run.ts). */
import type { Termination } from '../../src/domain/cluster.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec, Reaction } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import type { Draw } from './drawn.ts'
import {
  actionOf,
  actionSteps,
  place as at,
  budget,
  endpoints,
  named,
  node,
  nodes,
  podLife,
  scrape,
  scrapes,
  secondAt,
  seen,
} from './evidence.ts'

const places = ['zone-a-api', 'zone-b-api', 'zone-c-api'] as const
const apps = ['gateway', 'bets', 'wallet'] as const

/** A drain, a rollout, a promotion or the loss of a zone, from second 100 on. */
export function drawnAction(draw: Draw): { readonly spec: ActionSpec; readonly steps: readonly Evidence[] } {
  const expected: readonly Reaction[] = [
    { kind: 'completes', withinMs: seconds(draw.of(10, 20)), at },
    { kind: 'undisturbed', sli: 'bet', badMax: draw.of(0, 3), at },
    { kind: 'recovers', sli: 'login', withinMs: seconds(draw.of(5, 10)), at },
  ]
  const act = draw.of<ActionSpec['act']>(
    { kind: 'drain', nodes: { zone: 'a', pool: 'api' } },
    { kind: 'rollout', workload: { kind: 'Deployment', name: 'gateway' } },
    { kind: 'power-off', nodes: { zone: 'a' } },
    { kind: 'promote', database: 'wallet-db', to: 'wallet-db-1' },
  )
  const promotes: readonly Reaction[] =
    act.kind === 'promote'
      ? [{ kind: 'promotes', database: 'wallet-db', sli: 'deposit', rtoMs: seconds(draw.of(5, 15)), at }]
      : []
  const [pod, from] = [`casino/${draw.of(...apps)}-1`, { node: 'zone-a-api' }]
  const evictions: readonly (readonly [number, ActionStepData])[] =
    act.kind === 'drain'
      ? [
          [101, { is: 'evicted', pod: 'casino/wallet-1', ...from }],
          ...draw.some(
            3,
            (n) => [102 + n, { is: 'eviction-refused', pod, ...from, problem: 'budget gateway' }] as const,
          ),
        ]
      : []
  const ends: readonly (readonly [number, ActionStepData])[] = [
    [
      100 + draw.of(5, 10, 10.1, 20, 21),
      draw.chance(85) ? { is: 'done', note: '' } : { is: 'failed', problem: 'image not found' },
    ],
    [126, { is: 'heal-requested' }],
    [127, draw.chance(90) ? { is: 'healed' } : { is: 'heal-failed', problem: 'forbidden' }],
  ]
  const steps = [
    [100, { is: 'begun', targets: ['Node/zone-a-api'] }] as const,
    ...evictions,
    ...ends.slice(0, draw.of(0, 1, 3, 3, 3)),
  ]
  const name = draw.of('act', 'the act')
  return {
    spec: actionOf(name, act, ...expected.filter(() => draw.chance(60)), ...promotes),
    steps: actionSteps(name, ...steps),
  }
}

function life(draw: Draw, n: number): readonly Evidence[] {
  const app = draw.of(...apps)
  const born = draw.of(-2, -2, -2, 101, 104, 140)
  const ready = born + draw.of(1, 1.4, 1.5, 3)
  const ends = draw.of(undefined, 69, 101, 105, 120)
  const grace = draw.of(2, 10, 10, 30)
  const took = draw.of(0.2, 0.5, 0.6, 1, 3, 9.5, grace - 0.5, grace, grace + 0.2)
  const isEnding = ends !== undefined && ends > ready
  return podLife({
    name: `${app}-${n}`,
    app,
    node: draw.of(...places),
    born,
    runs: born + draw.of(1, 0.5),
    ready,
    ...(draw.chance(20) ? { unready: 66, again: draw.of(70, 71, 80) } : {}),
    ...(isEnding ? { ends, gone: ends + took, grace, killed: took >= grace } : {}),
  })
}

/** A container that ends and is started again. */
function restart(draw: Draw): readonly Evidence[] {
  const [app, second] = [draw.of('gateway', 'payments-api'), draw.of(20, 66, 94, 119, 150)]
  const last: Termination = {
    container: 'app',
    reason: draw.of('OOMKilled', 'Error'),
    exitCode: draw.of(1, 137, 139, 143),
  }
  const pod = {
    resource: 'Pod',
    ...named(`${app}-r`),
    app,
    labels: {},
    node: 'zone-b-api',
    podPhase: 'Running',
    ready: true,
    deleting: false,
    restarts: 0,
    memoryLimit: 200 * 2 ** 20,
  } as const
  return [
    seen(-2, pod, 'present'),
    seen(second, { ...pod, ready: false }),
    seen(second + 2, { ...pod, ready: false, restarts: draw.of(1, 2), lastTermination: last }),
    seen(second + draw.of(3, 5, 6), { ...pod, restarts: 2, lastTermination: last }),
  ]
}

function services(draw: Draw): readonly Evidence[] {
  const [from, took] = [draw.of(66, 101, 103), draw.of(1, 2, 5, 6)]
  const least = draw.of(0, 1, 2)
  return [
    endpoints(-1, 'wallet', draw.of(1, 2)),
    endpoints(from, 'wallet', least),
    endpoints(from + took, 'wallet', 2),
    budget(-1, 'gateway', { healthy: 2, wantedHealthy: draw.of(1, 2), allowed: draw.of(0, 1) }),
    ...(draw.chance(30) ? [node(100, 'a', 'api', false), node(130, 'a')] : []),
  ]
}

/** Counters and gauges that rules look for by name. */
function metrics(draw: Draw): readonly Evidence[] {
  const [failing, bad] = [draw.of(20, 70, 100, 999), draw.of(0.4, 0.5, 0.6, 1)]
  let [good, failed, calls] = [0, 0, 0]
  const [code, another] = [draw.of('500', '499', '429'), draw.of(14, 15)]
  const answered = Array.from({ length: 161 }, (_, s) => {
    const isBad = s >= failing && s < failing + 30
    failed += isBad ? 10 * bad : 0
    good += isBad ? 10 * (1 - bad) : 10
    return scrape(
      s + 0.2,
      'gateway',
      'gateway-s',
      { name: 'http_requests_total', labels: { code: '200' }, value: good },
      { name: 'http_requests_total', labels: { code }, value: failed },
    )
  })
  const [stop, left] = [draw.of(66, 70, 75, 76, 99), draw.of(0, 1, 2, 3)]
  const [factor, waiting] = [draw.of(1, 1.5, 1.6, 3), draw.of(0, 0.1, 1, 3)]
  const [limit, peak] = [draw.of(20, 60, 61), draw.of(90, 91)]
  const leak = draw.of(0, 0.1, 1)
  return [
    ...answered,
    ...scrapes('payments-api', 'caller-1', 'calls_total', (s) => (calls += s > stop && s < 91 ? left : 40), {
      to: 'psp-a',
    }),
    ...scrapes('bets', 'bets-s', 'attempts_total', (s) => s * 20 * factor),
    ...scrapes('bets', 'bets-s', 'bets_total', (s) => s * 20),
    ...scrapes('wallet', 'wallet-s', 'wallet_payouts_pending', (s) => s * waiting),
    ...scrapes('wallet-db', 'wallet-db-0', 'pg_connections', (s) => (s === peak ? limit : 15)),
    ...scrapes('wallet-db', 'wallet-db-1', 'pg_connections', () => another),
    ...scrapes('gateway', 'gateway-r', 'process_resident_memory_bytes', (s) => (90 + s * leak) * 2 ** 20),
    ...['wallet-db-0', 'wallet-db-1'].flatMap((pod, n) =>
      scrapes('wallet-db', pod, 'db_writable', (s) => Number(n === 0 ? s < 100 : s > 103), { pod }),
    ),
  ]
}

function people(draw: Draw): readonly Evidence[] {
  const note = (second: number, is: 'declared' | 'mitigated' | 'step', text: string): Evidence => ({
    kind: 'note',
    at: secondAt(second),
    by: 'Ana',
    via: 'page',
    is,
    text,
  })
  return [
    note(draw.of(60, 70, 75.1, 75.2, 125.1, 130), 'declared', 'SEV2'),
    note(draw.of(70, 75.1, 130), 'step', 'open the breaker'),
    ...(draw.chance(70) ? [note(draw.of(80, 125.1, 125.2, 140), 'mitigated', 'done')] : []),
  ]
}

/** The alerts of a Prometheus, read every two seconds. */
function alerts(draw: Draw): readonly Evidence[] {
  const [from, to] = [draw.of(60, 69, 75, 76, 85, 86, 999), draw.of(95, 100, 101, 110, 111, 999)]
  const [blind, long, other] = [draw.of(40, 70, 90, 999), draw.of(4, 12), draw.of(50, 999, 999)]
  return Array.from({ length: 84 }, (_, index): Evidence => {
    const second = -5 + index * 2
    const head = { kind: 'alerts-read', at: secondAt(second) } as const
    if (second >= blind && second < blind + long) return { ...head, ok: false, problem: 'answered 503' }
    const firing = (alert: string, since: number) =>
      ({ alert, labels: {}, state: 'firing', activeAt: secondAt(since) }) as const
    const active = [
      ...(second >= from && second < to ? [firing('PspDown', from)] : []),
      ...(second >= other ? [firing('DiskFull', other)] : []),
    ]
    const rule = { alert: 'PspDown', health: 'ok', evaluatedAt: secondAt(second - 1) } as const
    return { ...head, ok: true, active, rules: [rule] }
  })
}

/** Pods that are scraped, from the beginning to the end. */
const steady = ['gateway-s', 'bets-s', 'wallet-s', 'caller-1', 'wallet-db-0', 'wallet-db-1'].flatMap((name, n) =>
  podLife({ name, app: name.replace(/-[^-]*$/, ''), node: places[n % 3] ?? 'zone-a-api', born: -2, ready: -1 }),
)

export const clusterParts = (draw: Draw): readonly Evidence[] => [
  ...nodes(),
  ...steady,
  ...Array.from({ length: draw.whole(3, 9) }, (_, n) => life(draw, n + 1)).flat(),
  ...(draw.chance(50) ? restart(draw) : []),
  ...services(draw),
  ...metrics(draw),
  ...people(draw),
  ...alerts(draw),
]
