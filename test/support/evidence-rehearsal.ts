/** The head of a journal: the stock rehearsal as domain values, so that rules are tested on what users run. */

import type { EvidenceOf } from '../../src/domain/evidence.ts'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import type { LoadStage, Timeline } from '../../src/domain/timeline.ts'
import { type Instant, instant, millis, perSecond, ratio, type Some, seconds } from '../../src/domain/units.ts'
import { doesOf } from './faults.ts'

export const START = 1_790_000_000_000
/** Time zero of the load: two seconds after the run began. */
export const ZERO = START + 2000

/** A moment of the run, in seconds since the load's zero. */
export const secondAt = (second: number): Instant => instant(ZERO + second * 1000)

export const RUN = 'psp-down-at-peak-1'
export const ARRIVALS = { login: 24, deposit: 22, bet: 14 } as const
export const FAULT = 'psp-a down'

const at = { file: 'psp-down-at-peak.rehearsal.yaml', line: 1, column: 1 }
const phase = (name: string, ramp: number, lasts: number, factor: number) =>
  ({ name, rampMs: seconds(ramp), forMs: seconds(lasts), factor, at }) as const

const chaos = {
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind: 'NetworkChaos',
  metadata: { name: 'psp-down', namespace: 'casino' },
  spec: { action: 'partition', mode: 'all' },
} as const
const does = doesOf(chaos)

export const rehearsal: Rehearsal = {
  name: 'psp-down-at-peak',
  file: at.file,
  hypothesis: 'When the first PSP disappears at peak, deposits continue through the second within 10 s.',
  contexts: ['lab'],
  load: {
    script: 'promo-peak.ts',
    arrivals: { login: perSecond(24), deposit: perSecond(22), bet: perSecond(14) },
    sockets: { population: 100, lifetimeMs: seconds(60), sli: 'ws-rtt' },
    at,
  },
  blastRadius: { namespaces: ['casino', 'providers'], pods: { kind: 'share', of: ratio(0.5) }, zones: 1, at },
  phases: [phase('baseline', 5, 20, 1), phase('promo peak', 10, 90, 2.5), phase('recovery', 5, 30, 1)],
  faults: [
    {
      name: FAULT,
      during: 'promo peak',
      atMs: seconds(30),
      forMs: seconds(25),
      apply: '../chaos/psp-down.yaml',
      object: chaos,
      does,
      witness: {
        kind: 'rate',
        direction: 'falls',
        metric: 'psp_requests_total',
        where: {},
        of: 'psp-a',
        becomes: perSecond(0),
        withinMs: seconds(2),
        at,
      },
      expect: [
        { kind: 'failover', from: 'psp-a', to: 'psp-b', withinMs: seconds(10), at },
        { kind: 'recovers', sli: 'deposit', withinMs: seconds(10), at },
      ],
      at,
    },
  ],
  actions: [],
  expectations: [
    {
      kind: 'autoscaler',
      name: 'payments-api',
      phase: 'promo peak',
      decidesWithinSyncs: 3,
      readyWithinMs: seconds(30),
      atLeast: 5,
      at,
    },
    { kind: 'disruption', budget: 'payments-api', at },
    { kind: 'ledger', settleWithinMs: seconds(30), at },
  ],
  slis: { api: { kind: 'union', of: ['login', 'deposit', 'bet'] }, 'forged-webhook': { kind: 'refusal' } },
  slos: [
    { kind: 'availability', sli: 'login', objective: ratio(0.999), at },
    { kind: 'availability', sli: 'deposit', objective: ratio(0.9985), at },
    { kind: 'latency', sli: 'api', quantile: ratio(0.95), targetMs: millis(250), ceilingMs: millis(400), at },
    { kind: 'latency', sli: 'ws-rtt', quantile: ratio(0.95), targetMs: millis(120), ceilingMs: millis(120), at },
  ],
  guardrails: [{ kind: 'availability', id: 'deposit-90', sli: 'deposit', below: ratio(0.9), forMs: seconds(10), at }],
}

const source = (namespace: string, name: string, ...metrics: string[]) =>
  ({ namespace, selector: { 'app.kubernetes.io/name': name }, port: 8080, path: '/metrics', metrics }) as const

export const target: Target = {
  context: 'lab',
  file: 'targets/lab.yaml',
  namespace: 'casino',
  entry: 'http://127.99.0.1:8080',
  hpaSyncMs: seconds(2),
  loadFactor: 1,
  sources: {
    'psp-a': source('providers', 'psp-a', 'psp_requests_total'),
    'psp-b': source('providers', 'psp-b', 'psp_requests_total'),
    'payments-api': source('casino', 'payments-api', 'payments_charges_total', 'http_requests_total'),
  },
  books: ['wallet', 'psp-a', 'psp-b', 'game-provider'].map((book) => ({
    book,
    namespace: book === 'wallet' ? 'casino' : 'providers',
    service: book,
    port: 8080,
    ...(book === 'wallet' ? { ledger: true } : {}),
  })),
  followUps: { settlement: 'bet' },
  providerCalls: [
    {
      counter: 'payments_charges_total',
      providers: ['psp-a', 'psp-b'],
      labels: { provider: 'psp', outcome: 'outcome' },
      outcomes: { done: 'approved', inVain: ['unknown', 'error'], keptAway: 'open' },
    },
  ],
  unreadyWithinMs: seconds(17),
  databases: {},
  addresses: {},
}

const stages = (rate: number): Some<LoadStage> => [
  { durationMs: seconds(5), from: perSecond(0), to: perSecond(rate) },
  { durationMs: seconds(20), from: perSecond(rate), to: perSecond(rate) },
  { durationMs: seconds(10), from: perSecond(rate), to: perSecond(rate * 2.5) },
  { durationMs: seconds(90), from: perSecond(rate * 2.5), to: perSecond(rate * 2.5) },
  { durationMs: seconds(5), from: perSecond(rate * 2.5), to: perSecond(rate) },
  { durationMs: seconds(30), from: perSecond(rate), to: perSecond(rate) },
]

export const timeline: Timeline = {
  run: RUN,
  seed: 7,
  totalMs: seconds(160),
  phases: [
    { name: 'baseline', fromMs: seconds(0), rampEndMs: seconds(5), toMs: seconds(25), factor: 1 },
    { name: 'promo peak', fromMs: seconds(25), rampEndMs: seconds(35), toMs: seconds(125), factor: 2.5 },
    { name: 'recovery', fromMs: seconds(125), rampEndMs: seconds(130), toMs: seconds(160), factor: 1 },
  ],
  faults: [{ name: FAULT, fromMs: seconds(65), toMs: seconds(90), object: chaos, does }],
  actions: [],
  load: {
    run: RUN,
    seed: 7,
    entry: target.entry,
    profiles: Object.entries(ARRIVALS).map(([name, rate]) => ({ name, stages: stages(rate) })),
    unions: { api: ['login', 'deposit', 'bet'] },
    limits: { api: { targetMs: millis(250), ceilingMs: millis(400) } },
  },
}

export const runStarted = (): EvidenceOf<'run-started'> => ({
  kind: 'run-started',
  at: instant(START),
  run: RUN,
  rehearsal,
  target,
  timeline,
  environment: {
    matchday: '0.1.0',
    node: 'v24.21.0',
    k6: 'v2.2.0',
    kubernetes: 'v1.37.0',
    clusterUid: '00000000-0000-4000-8000-000000000000',
    cores: 2,
    seed: 7,
    command: 'matchday run scenarios/psp-down-at-peak.rehearsal.yaml --lab',
  },
})
