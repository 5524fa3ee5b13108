/**
 * Runs of the stock rehearsal in which much goes wrong at once, drawn by number. Times, rates and counts lie at the limits of rules and beside them more
 * often than chance would have it, because that is where rules are mistaken.
 */
import type { Evidence, FaultStepData } from '../../src/domain/evidence.ts'
import type { Expectation, Reaction, Rehearsal, Slo } from '../../src/domain/rehearsal.ts'
import type { RequiredState } from '../../src/domain/required-state.ts'
import { millis, perSecond, ratio, seconds } from '../../src/domain/units.ts'
import { createDraw, type Draw } from './drawn.ts'
import { clusterParts, drawnAction } from './drawn-cluster.ts'
import {
  place as at,
  evidence,
  mapped,
  rehearsal,
  type SecondOfLoad,
  type SecondOfSli,
  type Story,
  secondAt,
  toBad,
  toDropped,
  together,
} from './evidence.ts'

type Sli = 'login' | 'deposit' | 'bet'
const slis = ['login', 'deposit', 'bet'] as const

type Episode = { readonly from: number; readonly to: number; readonly change: (load: SecondOfLoad) => void }

function episode(draw: Draw): Episode {
  const from = draw.of(10, 40, 60, 65, 66, 88, 90, 95, 100, 105, 120, 130, 150)
  const to = from + draw.of(1, 2, 3, 5, 10, 11, 15, 25)
  const sli: Sli = draw.of(...slis)
  const count = draw.of(1, 2, 3, 5, 6, 12, 40)
  const reason = draw.of('timeout', 'http-503', 'http-502', 'http-429', 'http-401', 'http-403', 'dropped')
  const spoil = draw.of<(each: SecondOfSli, load: SecondOfLoad) => void>(
    (each) => toBad(each, count, reason),
    (each) => toBad(each, count, reason),
    (each) => Object.assign(each, { slow: Math.min(each.good, count) }),
    (each) => Object.assign(each, { slow: each.good, overCeiling: Math.min(each.good, count) }),
    (_, load) => toDropped(load, sli, count),
  )
  return { from, to, change: (load) => spoil(load[sli], load) }
}

/** The fault is created, injected, covers its pods and is healed, each a little earlier or later, or not at all. */
function stepsOf(draw: Draw): Story['steps'] {
  const [injected, healed] = [draw.of(65.2, 65.4, 66, 69.9, 75.1), draw.of(88, 90.3, 91, 95, 100.5)]
  const all: (readonly [number, FaultStepData])[] = [
    [65, { is: 'admitted', pods: ['payments-api-1'], candidates: 6, limit: 3, note: 'mode all' }],
    [65.1, { is: 'created', namespace: 'casino', name: 'psp-down', uid: 'u1' }],
    [injected, { is: 'injected', pods: ['payments-api-1', draw.of('payments-api-2', 'bets-1')] }],
    [
      76,
      { is: 'coverage', covered: draw.of(6, 6, 5), matching: 6, escaped: draw.chance(20) ? ['payments-api-6'] : [] },
    ],
    [87.5, { is: 'heal-requested' }],
    [healed, draw.chance(95) ? { is: 'healed' } : { is: 'heal-failed', problem: 'the finalizer stays' }],
  ]
  const end: FaultStepData = draw.of(
    { is: 'failed', problem: 'not injected' },
    { is: 'refused', problem: 'too many pods' },
  )
  return draw.chance(92) ? all : draw.chance(50) ? all.slice(0, draw.whole(0, 5)) : [...all.slice(0, 2), [66, end]]
}

function providers(draw: Draw): Pick<Story, 'approved' | 'pspCalls'> {
  const [over, back] = [65 + draw.of(0, 2, 5, 9.5, 10, 10.5, 30), 90 + draw.of(0, 1, 5, 9, 10, 11, 15, 99)]
  const [before, taken] = [draw.of(55, 55, 20, 4, 0), draw.of(1, 0.9, 0.8, 0.79, 0.5)]
  const [fallen, level] = [65 + draw.of(0, 0.5, 1, 2, 2.5, 3), draw.of(0, 0, 0, 0.5, 1, 30)]
  const blind = draw.chance(20) ? draw.of(62, 66, 80, 120) : 999
  return {
    approved: (s) => {
      if (s <= 65) return { a: before, b: 1 }
      if (s <= over) return { a: 0, b: 1 }
      return s <= back ? { a: 0, b: before * taken } : { a: before, b: 1 }
    },
    pspCalls: (s) => (s >= blind && s < blind + 6 ? 'unanswered' : s > fallen && s <= 90 ? level : 40),
  }
}

function scaling(draw: Draw): Pick<Story, 'hpa' | 'pods' | 'budget'> {
  const decided = draw.of(28, 30, 34, 35, 36, 60, 999)
  const [scheduled, ready] = [decided + draw.of(0, 2, 9), decided + draw.of(5, 22, 24, 25, 30)]
  const [most, calm] = [draw.of(6, 5, 4), draw.of(126, 139, 140, 141, 150, 999)]
  const [value, flaps] = [draw.of(11, 13.2, 13.3, 20), draw.chance(25)]
  const lowest = draw.of(2, 2, 1, 0)
  return {
    hpa: (s) => ({
      desired: s < decided || s >= calm ? 2 : flaps && s % 20 < 5 ? most - 1 : most,
      metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: s > 26 && s < 126 ? value : 8 }],
    }),
    pods: (s) => ({ scheduled: s < scheduled ? 2 : most, ready: s < ready ? 2 : most }),
    budget: (s) => ({ healthy: s > 100 && s < 104 ? lowest : 2, wanted: 1, expected: 2 }),
  }
}

const machine = (draw: Draw): Pick<Story, 'lagMs' | 'health'> => {
  const [from, took] = [draw.of(10, 66, 120), draw.chance(25) ? draw.of(2, 3, 5, 9, 32, 33, 90) : 0]
  const [lag, busy, cores] = [draw.of(12, 13, 60, 61), draw.of(0.94, 0.95, 0.99), draw.of(1.79, 1.8)]
  const isOn = (s: number) => s >= from && s < from + took
  return {
    lagMs: (s) => (isOn(s) ? lag : 2),
    health: (s) => ({ cpuCores: isOn(s) ? cores : 0.4, hostBusy: isOn(s) ? busy : 0.6 }),
  }
}

function money(draw: Draw): Pick<Story, 'unknown' | 'books'> {
  const asked = draw.of(0, 0, 1, 3)
  const amiss = draw.of<Story['books']>(
    ...Array.from({ length: 9 }, () => () => undefined),
    (books) => void books['psp-b']?.deposit.push(1),
    (books) => void books.wallet?.deposit.pop(),
    (books) => void books.wallet?.bet.push(7, 8),
    (books) => void books['game-provider']?.bet.splice(5, 3),
    (books) => void books['psp-a']?.deposit.splice(10, 2),
  )
  const committed = Math.min(asked, draw.of(0, 1, 3))
  return { unknown: { deposit: { asked, committed }, bet: { asked: 0, committed: 0 } }, books: amiss }
}

const ending = (draw: Draw): Partial<Story> =>
  draw.of<Partial<Story>>(
    ...Array.from({ length: 12 }, () => ({})),
    { lasts: 100, outcome: 'crashed' },
    {
      lasts: draw.of(70, 92, 101),
      outcome: 'stopped',
      stop: { by: draw.of('operator', 'guardrail', 'failure'), reason: 'deposit-90' },
    },
    { residue: [{ what: 'NetworkChaos psp-down', where: 'casino', next: 'matchday heal' }], healed: false },
  )

const within = (draw: Draw, ...values: readonly number[]) => ({ withinMs: seconds(draw.of(...values)), at })

function reactionsOf(draw: Draw): readonly Reaction[] {
  const all: readonly Reaction[] = [
    { kind: 'failover', from: 'psp-a', to: 'psp-b', ...within(draw, 5, 10) },
    { kind: 'recovers', sli: draw.of('deposit', 'bet'), ...within(draw, 5, 10) },
    {
      kind: 'reconnects',
      share: ratio(draw.of(0.9, 0.99)),
      herdMax: perSecond(draw.of(10, 40)),
      ...within(draw, 10, 15),
    },
    { kind: 'survives', app: 'bets', ready: draw.of(1, 2, 3), ...within(draw, 5, 10) },
    { kind: 'spreads', app: 'bets', zones: draw.of(1, 2, 3), ...within(draw, 10, 20) },
    {
      kind: 'backs-off',
      metric: 'calls_total',
      where: { to: 'psp-a' },
      of: 'payments-api',
      becomes: perSecond(2),
      ...within(draw, 5, 10),
    },
    {
      kind: 'amplification',
      of: 'bets',
      attempts: 'attempts_total',
      operations: 'bets_total',
      atMost: draw.of(1, 1.5),
      at,
    },
    { kind: 'undisturbed', sli: 'login', badMax: draw.of(0, 2, 5), at },
    { kind: 'declares', ...within(draw, 10, 60) },
    { kind: 'ticks', step: 'Open the breaker', ...within(draw, 10, 60) },
    { kind: 'alerts', alert: 'PspDown', labels: {}, ...within(draw, 10, 20) },
    { kind: 'resolves', alert: 'PspDown', labels: {}, ...within(draw, 10, 20) },
  ]
  return all.filter(() => draw.chance(60))
}

const expectationsOf = (draw: Draw): readonly Expectation[] => [
  {
    kind: 'autoscaler',
    name: 'payments-api',
    phase: 'promo peak',
    decidesWithinSyncs: draw.of(3, 4),
    readyWithinMs: seconds(30),
    atLeast: draw.of(4, 5, 6),
    ...(draw.chance(60) ? { calms: { withinMs: seconds(15), turnsMax: draw.of(1, 2, 4) } } : {}),
    at,
  },
  { kind: 'disruption', budget: 'payments-api', at },
  { kind: 'ledger', settleWithinMs: seconds(30), at },
  {
    kind: 'connections',
    of: 'wallet-db',
    metric: 'pg_connections',
    where: {},
    pods: draw.of('sum', 'max'),
    atMost: 60,
    at,
  },
  { kind: 'human', reactions: [{ kind: 'mitigates', ...within(draw, 10, 60) }], at },
  ...(draw.chance(50) ? [{ kind: 'no-other-alerts', allow: ['Watchdog'], at } as const] : []),
]

const slosOf = (draw: Draw): Rehearsal['slos'] => {
  const latency = (sli: string, targetMs: number, ceilingMs: number): Slo => ({
    kind: 'latency',
    sli,
    quantile: ratio(draw.of(0.95, 0.99)),
    targetMs: millis(targetMs),
    ceilingMs: millis(ceilingMs),
    at,
  })
  return [
    { kind: 'availability', sli: 'login', objective: ratio(draw.of(0.99, 0.999)), at },
    { kind: 'availability', sli: 'deposit', objective: ratio(draw.of(0.9, 0.9985)), at },
    latency('api', 250, 400),
    latency('ws-rtt', 120, 120),
  ]
}

const reachesOf = (draw: Draw): readonly RequiredState[] => {
  const all: readonly RequiredState[] = [
    {
      kind: 'gauge',
      of: 'wallet-db',
      metric: 'pg_connections',
      where: {},
      pods: 'max',
      atLeast: draw.of(30, 60, 61),
      at,
    },
    { kind: 'rate', of: 'psp-a', metric: 'psp_requests_total', where: {}, atLeast: perSecond(draw.of(39, 40, 41)), at },
    { kind: 'at-maximum', autoscaler: 'payments-api', phase: 'promo peak', at },
  ]
  return all.filter(() => draw.chance(30))
}

/** Sockets fall at once or over some seconds, and come back. */
function socketed(draw: Draw, records: readonly Evidence[]): readonly Evidence[] {
  const [fallen, from, took] = [draw.of(0, 1, 5, 10, 40), draw.of(66, 70, 105), draw.of(1, 2, 5)]
  const [back, share] = [draw.of(0, 2, 5, 8, 12), draw.of(0, 0.5, 1)]
  let [dropped, connected] = [0, 100]
  return mapped(records, 'load-frame', (frame) => {
    const second = Math.floor((frame.at - secondAt(0)) / 1000)
    if (second >= from && second < from + took) dropped += fallen / took
    if (back > 0 && second >= from + took + back && connected < 100 + dropped)
      connected += Math.min(10, 100 + dropped - connected)
    return {
      ...frame,
      sockets: {
        open: connected - dropped,
        connected,
        failed: 0,
        dropped,
        sentAway: Math.round(dropped * share),
        kept: second,
        moved: second * share,
      },
    }
  })
}

export function drawnRun(n: number): readonly Evidence[] {
  const draw = createDraw('run', n)
  const episodes = draw.some(4, () => episode(draw))
  const action = drawnAction(draw)
  const told: Rehearsal = {
    ...rehearsal,
    faults: rehearsal.faults.map((fault) => ({ ...fault, expect: reactionsOf(draw) })),
    actions: [action.spec],
    expectations: expectationsOf(draw),
    reaches: reachesOf(draw),
    slos: slosOf(draw),
  }
  const story: Partial<Story> = {
    rehearsal: told,
    steps: stepsOf(draw),
    ...providers(draw),
    ...scaling(draw),
    ...machine(draw),
    ...money(draw),
    ...ending(draw),
    load: (second, load) => {
      for (const each of episodes) if (second >= each.from && second < each.to) each.change(load)
    },
  }
  const run = socketed(draw, evidence(story))
  const until = secondAt(story.lasts ?? 160)
  const parts = together(action.steps, clusterParts(draw)).filter((each) => each.at <= until)
  return together(run, parts)
}
