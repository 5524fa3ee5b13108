/** Runs that are known by name, healthy but for what the name says. Their judgments are on file (test/judge/golden.test.ts). */
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { canaryAct } from './canary.ts'
import {
  actionOf,
  actionSteps,
  drainA,
  drained,
  endpoints,
  evidence,
  mapped,
  nodes,
  podLife,
  rolledOut,
  rollout,
  type Story,
  scrapes,
  secondAt,
  standing,
  toBad,
  together,
  withActions,
  without,
} from './evidence.ts'
import * as canary from './evidence-canary.ts'
import { bookAt, cells, cutoverRun, deployed } from './evidence-cutover.ts'
import { everything } from './evidence-everything.ts'
import { gameday } from './evidence-gameday.ts'
import { idOf, machines, nextImage, presentPod, rolledTo } from './evidence-images.ts'
import { oldPods, releaseAct, rolled, rolledBack, wholeRelease } from './evidence-release.ts'

const busy: Partial<Story> = { health: () => ({ cpuCores: 1.2, hostBusy: 0.99 }) }
const noFailover: Partial<Story> = { approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) }
const inFault = (second: number) => second > 65 && second <= 90
const vain = scrapes(
  'payments-api',
  'payments-api-2',
  'payments_charges_total',
  (s) => Math.max(0, Math.min(s, 90) - 65) * 50,
  { psp: 'psp-a', outcome: 'unknown' },
)
const fresh = (n: number, runs: number, ready: number) =>
  podLife({ name: `gateway-new-${n}`, app: 'gateway', node: 'zone-a-api', born: runs - 1, runs, ready })
const ended = (n: number, ends: number, took: number) =>
  podLife({
    name: `gateway-old-${n}`,
    app: 'gateway',
    node: 'zone-a-api',
    born: -2,
    ready: -1,
    ends,
    gone: ends + took,
    grace: 10,
    killed: took >= 10,
  })
const badLogins =
  (...seconds: readonly number[]): Story['load'] =>
  (second, load) =>
    seconds.includes(second) && toBad(load.login, 2, 'http-502')
const released = (...parts: readonly (readonly Evidence[])[]) =>
  together(
    evidence({ rehearsal: withActions(actionOf('gateway 2', releaseAct())) }),
    machines,
    oldPods,
    ...parts,
    actionSteps('gateway 2', ...wholeRelease),
  )
const canaried = (steps: readonly canary.ActionMoment[], shareAt: (second: number) => number) =>
  together(
    evidence({ rehearsal: withActions(actionOf('gateway 2', canaryAct())) }),
    canary.scrapes(shareAt),
    actionSteps('gateway 2', ...steps),
  )
const only = podLife({ name: 'wallet-1', app: 'wallet', node: 'zone-a-api', born: -2, ready: -1, ends: 101, gone: 103 })

const [first, ...rest] = evidence()
const lostAt = (second: number, about: string, of?: 'note' | 'sample'): Evidence => ({
  kind: 'evidence-lost',
  at: secondAt(second),
  about,
  problem: 'answered 503',
  ...(of === undefined ? {} : { of }),
})
const doubted = (doubt: 'changed' | 'unsigned', problem: string): Evidence => ({
  kind: 'evidence-doubted',
  at: secondAt(1),
  doubt,
  problem,
})
/** Undos that were written and done, one again after it was done, and one that nobody announced. */
const undoing: readonly Evidence[] = [
  ['undo-written', 100],
  ['undo-done', 101],
  ['undo-written', 102],
].map(
  ([kind, second]) =>
    ({ ...rest.find((each) => each.kind === kind), at: secondAt(Number(second)), id: 'again' }) as Evidence,
)

export const knownRuns: Readonly<Record<string, () => readonly Evidence[]>> = {
  everything,
  gameday,
  'everything-without-scrapes': () => everything().filter(({ kind, at }) => kind !== 'sample' || at < secondAt(75)),
  'everything-cut-off': () => everything().filter(({ at }) => at < secondAt(104)),
  'no-failover': () => evidence(noFailover),
  'no-failover-on-a-busy-machine': () => evidence({ ...noFailover, ...busy }),
  'no-failback': () => evidence({ approved: (s) => (s > 65 ? { a: 0, b: 55 } : { a: 55, b: 0 }) }),
  'no-breaker': () => together(evidence(), vain),
  'unproven-fault': () => evidence({ pspCalls: () => 40 }),
  'unreadable-witness': () => evidence({ pspCalls: (s) => (inFault(s) ? 'unanswered' : 40) }),
  'clients-give-up': () => evidence({ load: (s, load) => inFault(s) && toBad(load.bet, 20, 'timeout') }),
  'missed-objectives': () =>
    evidence({
      lagMs: (s) => (s % 40 === 0 ? 90 : 3),
      load: (s, load) => {
        if (s > 70 && s < 100) toBad(load.deposit, 3, 'http-503')
        for (const sli of [load.login, load.bet]) Object.assign(sli, { slow: s % 9, overCeiling: s > 60 ? 2 : 0 })
        load.dropped.login = s === 50 ? 30 : 0
      },
    }),
  'refused-at-ingress': () =>
    evidence({ ...noFailover, load: (s, load) => s > 60 && toBad(load.deposit, 60, 'http-401') }),
  'money-is-wrong': () =>
    evidence({
      unknown: { deposit: { asked: 3, committed: 2 }, bet: { asked: 2, committed: 0 } },
      books: (books) => {
        books['psp-b']?.deposit.push(1)
        books.wallet?.bet.push(7)
        const provider = books['game-provider']
        if (provider) provider.bet = provider.bet.filter((n) => n % 10 !== 0)
      },
    }),
  crashed: () => evidence({ lasts: 100, outcome: 'crashed' }),
  'load-missing': () =>
    without(evidence(), 'load-started', 'load-ended', 'load-frame', 'generator-health', 'fault-step', 'sample'),
  'load-never-seen-to-end': () => without(evidence(), 'load-ended'),
  'killed-at-100-s': () => evidence().filter(({ at }) => at < secondAt(100)),
  'failed-at-70-s': () => evidence({ lasts: 70, outcome: 'stopped', stop: { by: 'failure', reason: 'disk full' } }),
  'losses-of-many-things': () =>
    together(
      evidence(noFailover),
      Array.from({ length: 60 }, (_, n) => lostAt(n, `watch ${n % 13}`, n % 2 === 0 ? 'note' : undefined)),
    ),
  'cluster-unreachable': () => [
    ...evidence().filter(({ at, kind }) => at < secondAt(120) || kind === 'load-frame' || kind === 'generator-health'),
    ...['pods', 'psp-a', 'payments-api'].map((about, n) => lostAt(121 + n, about, 'sample')),
  ],
  'two-things-unreachable': () => [
    ...evidence().filter(({ at }) => at < secondAt(159)),
    ...['pods', 'psp-a'].map((about, n) => lostAt(159 + n / 4, about, 'sample')),
  ],
  'changed-journal': () =>
    together(evidence(noFailover), [
      doubted('changed', 'line 7: its hash is wrong'),
      doubted('changed', 'line 9: it is missing'),
      doubted('unsigned', 'no signature'),
    ]),
  'unsigned-journal': () =>
    together(evidence(noFailover), [doubted('unsigned', 'no signature'), doubted('unsigned', 'no key')]),
  'residue-before': () =>
    mapped(evidence(), 'residue', (record) => ({
      ...record,
      items: [{ what: 'taint', where: 'zone-a', next: 'heal' }],
    })),
  'audit-missing': () => without(evidence(), 'residue'),
  'undos-again': () => together(evidence(), undoing),
  'undo-not-announced': () => without(evidence(), 'undo-written'),
  holes: () =>
    evidence().filter(({ kind, at }) => {
      const second = (at - secondAt(0)) / 1000
      if (kind === 'load-frame') return second < 20 || second > 27
      if (kind === 'generator-health') return second < 40 || second > 46
      return kind !== 'sample' || second < 100 || second > 107
    }),
  'scripted-thresholds': () =>
    mapped(evidence(), 'load-ended', (record) => ({
      ...record,
      thresholds: [
        {
          metric: 'http_req_duration',
          expression: 'p(95)<200',
          ok: false,
          samples: 900,
          aborted: true,
          values: { 'p(95)': 231.25, avg: 80 },
        },
        { metric: 'checks', expression: 'rate>0.9', ok: true, samples: 0, aborted: false, values: {} },
        { metric: 'checks', expression: 'rate>0.99', ok: true, samples: 5, aborted: false, values: { rate: 1 } },
      ],
    })),
  'two-runners': () =>
    [first, ...rest].flatMap((record): readonly Evidence[] => {
      if (record?.kind === 'load-started')
        return ['k6', 'late'].map((instance, n) => ({ ...record, instance, zeroAt: instant(record.zeroAt + n * 900) }))
      if (record?.kind === 'load-ended')
        return ['k6', 'late'].map((instance) => ({
          ...record,
          instance,
          frames: instance === 'k6' ? (record.frames ?? 0) : 0,
        }))
      return record === undefined ? [] : [record]
    }),
  'calm-autoscaler': () =>
    evidence({
      hpa: (s) => ({ desired: 2, metrics: [{ metric: 'Resource/cpu', target: 60, value: s < 100 ? 40 : 90 }] }),
      pods: () => ({ scheduled: 2, ready: 2 }),
    }),
  stopped: () => evidence({ lasts: 70, outcome: 'stopped', stop: { by: 'operator', reason: 'Ctrl-C' } }),
  'not-healed': () =>
    evidence({ residue: [{ what: 'NetworkChaos psp-down', where: 'casino', next: 'matchday heal' }], healed: false }),
  'autoscaler-is-late': () =>
    evidence({
      hpa: (s) => ({
        desired: s < 60 ? 2 : s % 20 < 10 ? 6 : 5,
        metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 20 }],
      }),
      pods: (s) => (s < 70 ? { scheduled: 2, ready: 2 } : { scheduled: 6, ready: 3 }),
      budget: (s) => ({ healthy: s > 100 ? 1 : 2, wanted: 2, expected: 2 }),
    }),
  'rough-rollout': () =>
    together(
      evidence({ rehearsal: withActions(rollout), load: badLogins(105, 106, 111, 112) }),
      nodes(),
      rolledOut,
      fresh(1, 105, 105),
      ended(1, 105, 0.3),
      ended(2, 110, 10.2),
    ),
  'drained-without-redundancy': () =>
    together(
      evidence({
        rehearsal: withActions(drainA),
        load: (s, load) => s >= 102 && s < 108 && toBad(load.login, 40),
      }),
      nodes(),
      [endpoints(-1, 'wallet', 1), endpoints(102, 'wallet', 0), endpoints(108, 'wallet', 1)],
      only,
      standing('bets', 'zone-a-api', 'zone-a-realtime'),
      drained('wallet-1', 'bets-1'),
    ),
  'mixed-images': () =>
    together(evidence(), machines, [presentPod('gateway-1'), presentPod('gateway-2', { id: idOf('b') })]),
  'changed-image': () => together(evidence(), machines, rolledTo(nextImage)),
  release: () => released(rolled(), rolledBack()),
  'late-release': () => released(rolled(34), rolledBack(26, { id: idOf('c') })),
  canary: () => canaried(canary.whole, canary.asked),
  'worse-canary': () =>
    canaried(
      [
        canary.begun,
        ...canary.promoted(1),
        canary.set(65, 2),
        canary.decided(75, 2, 'roll-back', 'worse'),
        ...canary.back(75),
      ],
      (second) => (second < 100 ? canary.asked(second) : 0),
    ),
  cutover: () => cutoverRun(),
  'bad-cutover': () =>
    cutoverRun({
      strays: 9,
      east: [deployed('shop-east', 'orders@sha256:b', 2)],
      more: [
        bookAt(102.5, 'old-before', cells(9_000, 5, 3)),
        bookAt(105, 'new', cells(8_000, 0, 0)),
        [105.1, { is: 'regions-read', step: 'promote', from: 'yes', to: 'yes' }],
      ],
    }),
}
