/**
 * Builds the journal of a run in a few lines: `evidence()` is a healthy one of the stock rehearsal, second by second; each part
 * of the story can be told otherwise, and everything that depends on it follows (frames, counters, books).
 */

import { arrivalsBetween } from '../../src/domain/arrivals.ts'
import type { HpaSeen } from '../../src/domain/cluster.ts'
import type { Evidence, EvidenceOf, FaultStepData, SliCounts } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { type Instant, instant, ratio } from '../../src/domain/units.ts'
import { type BookKeys, bookRead, keyOf, keysRead, type Operation, sumsUpTo } from './evidence-money.ts'
import { FAULT, RUN, rehearsal, runStarted, START, timeline, ZERO } from './evidence-rehearsal.ts'

export * from './evidence-cluster.ts'
export * from './evidence-money.ts'
export * from './evidence-rehearsal.ts'

/** What one second adds for one SLI. */
export type SecondOfSli = { good: number; bad: number; slow: number; overCeiling: number; reason: string }
export type SecondOfLoad = {
  login: SecondOfSli
  deposit: SecondOfSli
  bet: SecondOfSli
  'ws-rtt': SecondOfSli
  /** Arrivals dropped; those due that appear nowhere never ran. */
  dropped: Record<'login' | 'deposit' | 'bet', number>
}

export type Story = {
  readonly rehearsal: Rehearsal
  /** Seconds of load that really ran; less than 160 with another outcome than completed. */
  readonly lasts: number
  readonly outcome: 'completed' | 'stopped' | 'crashed'
  readonly stop: { readonly by: 'operator' | 'guardrail' | 'failure'; readonly reason: string } | undefined
  /** Changes what a second of load brought. */
  readonly load: (second: number, load: SecondOfLoad) => void
  /** Deposits and bets whose outcome the client never learnt: how many, and how many of them are committed all the same. */
  readonly unknown: Readonly<Record<Operation, { readonly asked: number; readonly committed: number }>>
  readonly lagMs: (second: number) => number
  readonly health: (second: number) => { readonly cpuCores: number; readonly hostBusy: number }
  /** Steps of the fault by second; the healthy ones are injected at 65 and healed at 90. */
  readonly steps: readonly (readonly [second: number, step: FaultStepData])[]
  /** Calls a second that reach psp-a, and charges a second that payments-api saw approved. */
  readonly pspCalls: (second: number) => number | 'unanswered'
  readonly approved: (second: number) => { readonly a: number; readonly b: number }
  readonly hpa: (second: number) => Pick<HpaSeen, 'desired' | 'metrics'> | undefined
  /** Pods of payments-api: scheduled and ready. */
  readonly pods: (second: number) => { readonly scheduled: number; readonly ready: number }
  readonly budget: (
    second: number,
  ) => { readonly healthy: number; readonly wanted: number; readonly expected: number } | undefined
  /** Changes which keys each book holds. */
  readonly books: (books: BookKeys) => void
  readonly residue: EvidenceOf<'residue'>['items']
  readonly healed: boolean
}

export const secondAt = (second: number): Instant => instant(ZERO + second * 1000)
/** The plan's factor in the middle of its stages, ramps included. */
const factor = (second: number) =>
  second < 25
    ? 1
    : second < 35
      ? 1 + (1.5 * (second - 25)) / 10
      : second < 125
        ? 2.5
        : second < 130
          ? 2.5 - (1.5 * (second - 125)) / 5
          : 1
const inFault = (second: number) => second > 65.4 && second <= 90

export const healthySteps: Story['steps'] = [
  [65, { is: 'admitted', pods: ['payments-api-1'], candidates: 6, limit: 3, note: 'mode all' }],
  [65.1, { is: 'created', namespace: 'casino', name: 'psp-down', uid: 'u1' }],
  [65.4, { is: 'injected', pods: ['payments-api-1', 'payments-api-2'] }],
  [66, { is: 'coverage', covered: 6, matching: 6, escaped: [] }],
  [90, { is: 'heal-requested' }],
  [90.3, { is: 'healed' }],
]

/** Requests per second and pod of payments-api, as the HPA shows them. */
export const scalesOut: Story['hpa'] = (second) => {
  const pods = podsOf(second).ready
  const value = (22 * factor(second)) / pods
  return {
    desired: second < 30 ? 2 : second < 140 ? 6 : 3,
    metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value }],
  }
}
const podsOf: Story['pods'] = (second) =>
  second < 32 ? { scheduled: 2, ready: 2 } : second < 40 ? { scheduled: 6, ready: 2 } : { scheduled: 6, ready: 6 }

export const healthy: Story = {
  rehearsal,
  lasts: 160,
  outcome: 'completed',
  stop: undefined,
  load: () => undefined,
  unknown: { deposit: { asked: 0, committed: 0 }, bet: { asked: 0, committed: 0 } },
  lagMs: () => 2,
  health: () => ({ cpuCores: 0.4, hostBusy: 0.62 }),
  steps: healthySteps,
  pspCalls: (second) => (inFault(second) ? 0 : 22 * factor(second)),
  approved: (second) => {
    const rate = 22 * factor(second)
    // The breaker opens some three seconds into the fault.
    if (!inFault(second)) return { a: rate, b: 0 }
    return { a: 0, b: second < 68 ? rate * 0.3 : rate }
  },
  hpa: scalesOut,
  pods: podsOf,
  budget: (second) => {
    const { ready, scheduled } = podsOf(second)
    return { healthy: ready, wanted: scheduled - 1, expected: scheduled }
  },
  books: () => undefined,
  residue: [],
  healed: true,
}

/** The journal of a run; in order of time, as the controller writes it. */
export function evidence(changes: Partial<Story> = {}): Evidence[] {
  const story = { ...healthy, ...changes }
  const client = clientOf(story)
  const records: Evidence[] = [
    { ...runStarted(), rehearsal: story.rehearsal },
    { kind: 'residue', at: instant(START + 100), when: 'before', items: [] },
    { kind: 'load-started', at: instant(ZERO - 50), zeroAt: instant(ZERO), instance: 'k6', pid: 4711 },
    ...timeline.phases
      .filter(({ fromMs }) => fromMs <= story.lasts * 1000)
      .map(
        ({ name, fromMs }, index): Evidence => ({
          kind: 'phase-started',
          at: instant(ZERO + fromMs),
          phase: name,
          index,
        }),
      ),
    ...client.frames,
    ...health(story),
    ...faultRecords(story),
    ...clusterRecords(story),
    ...samples(story),
    ...(story.stop ? [{ kind: 'stop-requested', at: secondAt(story.lasts - 0.1), ...story.stop } as const] : []),
    {
      kind: 'load-ended',
      at: secondAt(story.lasts + 0.2),
      instance: 'k6',
      outcome: story.outcome,
      exitCode: story.outcome === 'crashed' ? null : story.outcome === 'stopped' ? 105 : 0,
      problems: story.outcome === 'crashed' ? ['killed by SIGKILL'] : [],
    },
    ...bookRecords(story, client.acknowledged),
    { kind: 'residue', at: secondAt(story.lasts + 8), when: 'after', items: story.residue },
    { kind: 'run-ended', at: secondAt(story.lasts + 8.1), healed: story.healed },
  ]
  return records
    .map((record, index) => ({ record, index }))
    .sort((a, b) => a.record.at - b.record.at || a.index - b.index)
    .map(({ record }) => record)
}

type Client = { readonly frames: EvidenceOf<'load-frame'>[]; readonly acknowledged: Record<Operation, number> }

/** Frames at .9 of each second and one at the end; unknown keys come in second 70. */
function clientOf(story: Story): Client {
  const totals = { login: none(), deposit: none(), bet: none(), 'ws-rtt': none() }
  const ran = { login: 0, deposit: 0, bet: 0 }
  const dropped = { login: 0, deposit: 0, bet: 0 }
  const frames: EvidenceOf<'load-frame'>[] = []
  for (let second = 0; second < story.lasts; second++) {
    const load = plannedSecond(second)
    if (second === 70) for (const op of ['deposit', 'bet'] as const) toBad(load[op], story.unknown[op].asked, 'timeout')
    story.load(second, load)
    for (const name of ['login', 'deposit', 'bet'] as const) {
      ran[name] += load[name].good + load[name].bad
      dropped[name] += load.dropped[name]
    }
    for (const name of ['login', 'deposit', 'bet', 'ws-rtt'] as const) totals[name] = grown(totals[name], load[name])
    const lag = story.lagMs(second)
    frames.push({
      kind: 'load-frame',
      at: secondAt(second + 0.99),
      instance: 'k6',
      slis: { ...totals },
      profiles: {
        login: { iterations: ran.login, dropped: dropped.login },
        deposit: { iterations: ran.deposit, dropped: dropped.deposit },
        bet: { iterations: ran.bet, dropped: dropped.bet },
      },
      operations: operationsOf(story, second, { deposit: totals.deposit.good, bet: totals.bet.good }),
      unknownKeys: second === 70 ? unknownKeysOf(story) : [],
      sockets: { open: 100, connected: 100, failed: 0, dropped: 0 },
      loopLag: { count: 100, p95Ms: lag },
      vus: 40,
    })
  }
  return { frames, acknowledged: { deposit: totals.deposit.good, bet: totals.bet.good } }
}

const none = (): SliCounts => ({ good: 0, bad: 0, badBy: {}, slow: 0, overCeiling: 0, histogram: [] })

function plannedSecond(second: number): SecondOfLoad {
  const due = (name: string) => {
    const stages = timeline.load.profiles.find((each) => each.name === name)?.stages ?? []
    return (
      Math.round(arrivalsBetween(stages, 0, (second + 1) * 1000)) -
      Math.round(arrivalsBetween(stages, 0, second * 1000))
    )
  }
  const all = (good: number): SecondOfSli => ({ good, bad: 0, slow: 0, overCeiling: 0, reason: 'error' })
  return {
    login: all(due('login')),
    deposit: all(due('deposit')),
    bet: all(due('bet')),
    'ws-rtt': all(100),
    dropped: { login: 0, deposit: 0, bet: 0 },
  }
}

/** Turns good attempts of a second into bad ones, as far as there are any. */
export function toBad(sli: SecondOfSli, count: number, reason = 'error'): void {
  const turned = Math.min(count, sli.good)
  sli.good -= turned
  sli.bad += turned
  sli.reason = reason
}

/** Good attempts of a second that were never made. */
export function toDropped(load: SecondOfLoad, name: 'login' | 'deposit' | 'bet', count: number): void {
  const turned = Math.min(count, load[name].good)
  load[name].good -= turned
  load.dropped[name] += turned
}

function grown(total: SliCounts, { good, bad, slow, overCeiling, reason }: SecondOfSli): SliCounts {
  const badBy = bad === 0 ? total.badBy : { ...total.badBy, [reason]: (total.badBy[reason] ?? 0) + bad }
  return {
    good: total.good + good,
    bad: total.bad + bad,
    badBy,
    slow: total.slow + slow,
    overCeiling: total.overCeiling + overCeiling,
    histogram: [
      [41, good - slow],
      [300, slow - overCeiling],
      [700, overCeiling],
    ].filter((bucket): bucket is [number, number] => (bucket[1] ?? 0) > 0),
  }
}

const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)

/** Acknowledged keys are numbered from 0; unknown ones from a million. */
export const unknownNumbers = (count: number): number[] => range(1_000_000, 1_000_000 + count)

function operationsOf(story: Story, second: number, acknowledged: Record<Operation, number>) {
  const of = (operation: Operation) => {
    const { count, amountCents, low, high } = sumsUpTo(operation, acknowledged[operation])
    const unknown = second >= 70 ? story.unknown[operation].asked : 0
    return { acknowledged: count, amountCents, digestLow: low, digestHigh: high, refused: 0, unknown }
  }
  return { deposit: of('deposit'), bet: of('bet') }
}

const unknownKeysOf = ({ unknown }: Story) =>
  (['deposit', 'bet'] as const).flatMap((operation) =>
    unknownNumbers(unknown[operation].asked).map((n) => ({ operation, key: keyOf(operation, n) })),
  )

const health = (story: Story): Evidence[] =>
  range(0, story.lasts).map((second) => {
    const { cpuCores, hostBusy } = story.health(second)
    const at = secondAt(second + 1)
    return { kind: 'generator-health', at, instance: 'k6', cpuCores, hostBusy: ratio(hostBusy), rssBytes: 65e6 }
  })

const undo = {
  does: 'delete-object',
  apiVersion: 'chaos-mesh.org/v1alpha1',
  objectKind: 'NetworkChaos',
  plural: 'networkchaos',
  namespace: 'casino',
  name: 'psp-down',
} as const

function faultRecords(story: Story): Evidence[] {
  const reached = story.steps.filter(([second]) => second <= story.lasts)
  const steps = reached.map(
    ([second, step]): Evidence => ({ kind: 'fault-step', at: secondAt(second), fault: FAULT, step }),
  )
  const created = reached.find(([, step]) => step.is === 'created')?.[0]
  if (created === undefined) return steps
  const healed = reached.find(([, step]) => step.is === 'healed')?.[0]
  return [
    { kind: 'undo-written', at: secondAt(created - 0.05), id: `${RUN}/psp-down`, undo },
    ...steps,
    ...(healed === undefined
      ? []
      : [{ kind: 'undo-done', at: secondAt(healed), id: `${RUN}/psp-down`, by: 'run', outcome: 'undone' } as const]),
  ]
}

const named = (name: string) => ({ namespace: 'casino', name, uid: `uid-${name}` })

/** A version of each object every second; pods only when their number changes. */
function clusterRecords(story: Story): Evidence[] {
  const records: Evidence[] = []
  const seen = (at: number, object: EvidenceOf<'object-seen'>['object'], change: 'added' | 'modified' = 'modified') =>
    records.push({ kind: 'object-seen', at: secondAt(at), change, object })
  for (let second = -1; second < story.lasts; second++) {
    const { scheduled, ready } = story.pods(second)
    const before = second < 0 ? { scheduled: 0, ready: 0 } : story.pods(second - 1)
    for (let n = 1; n <= scheduled; n++) {
      const [isNew, isReady, wasReady] = [n > before.scheduled, n <= ready, n <= before.ready]
      if (isNew || isReady !== wasReady) seen(second + 0.3, pod(n, isReady), isNew ? 'added' : 'modified')
    }
    const hpa = story.hpa(second)
    if (hpa) {
      const counts = { of: 'payments-api', min: 2, max: 6, current: ready, conditions: [] }
      seen(second + 0.4, { resource: 'HorizontalPodAutoscaler', ...named('payments-api'), ...counts, ...hpa })
    }
    const budget = story.budget(second)
    if (budget) {
      const { healthy, wanted, expected } = budget
      const counts = { healthy, wantedHealthy: wanted, expected, allowed: Math.max(0, healthy - wanted) }
      seen(second + 0.5, { resource: 'PodDisruptionBudget', ...named('payments-api'), ...counts })
    }
  }
  return records
}

const pod = (n: number, ready: boolean) =>
  ({
    resource: 'Pod',
    ...named(`payments-api-${n}`),
    app: 'payments-api',
    labels: {},
    node: `zone-${'abc'[n % 3]}-api`,
    podPhase: 'Running',
    ready,
    deleting: false,
    restarts: 0,
  }) as const

/** Scrapes every half second from ten seconds before the load on; counters have counted before. */
function samples(story: Story): Evidence[] {
  const records: Evidence[] = []
  const counted = { calls: 5000, a: 4000, b: 10, requests: 9000 }
  for (let second = 0; second <= story.lasts; second += 0.5) {
    const at = secondAt(second)
    const calls = story.pspCalls(second)
    if (calls === 'unanswered') {
      records.push({ kind: 'sample', at, source: 'psp-a', pod: 'psp-a-0', ok: false, problem: 'timeout' })
    } else {
      counted.calls += calls / 2
      const series = [{ name: 'psp_requests_total', labels: { psp: 'psp-a' }, value: counted.calls }]
      records.push({ kind: 'sample', at, source: 'psp-a', pod: 'psp-a-0', ok: true, series })
    }
    const { a, b } = story.approved(second)
    counted.a += a / 2
    counted.b += b / 2
    counted.requests += (a + b) / 2
    records.push({
      kind: 'sample',
      at,
      source: 'payments-api',
      pod: 'payments-api-1',
      ok: true,
      series: charges(counted),
    })
  }
  return records
}

const charges = ({ a, b, requests }: { a: number; b: number; requests: number }) => [
  { name: 'payments_charges_total', labels: { psp: 'psp-a', outcome: 'approved' }, value: a },
  { name: 'payments_charges_total', labels: { psp: 'psp-a', outcome: 'unknown' }, value: 3 },
  { name: 'payments_charges_total', labels: { psp: 'psp-b', outcome: 'approved' }, value: b },
  { name: 'http_requests_total', labels: { route: '/charges', code: '201' }, value: requests },
]

function bookRecords(story: Story, acknowledged: Record<Operation, number>): Evidence[] {
  const at = ZERO + (story.lasts + 6) * 1000
  const committed = (operation: Operation) => [
    ...range(0, acknowledged[operation]),
    ...unknownNumbers(story.unknown[operation].committed),
  ]
  const deposits = committed('deposit')
  const throughB = (n: number) => n % 5 === 0
  const books: BookKeys = {
    wallet: { deposit: [...deposits], bet: committed('bet') },
    'psp-a': { deposit: deposits.filter((n) => !throughB(n)), bet: [] },
    'psp-b': { deposit: deposits.filter(throughB), bet: [] },
    'game-provider': { deposit: [], bet: committed('bet') },
  }
  story.books(books)
  return Object.entries(books).flatMap(([book, keys]): Evidence[] => [
    bookRead(book, keys, at),
    ...(['deposit', 'bet'] as const).flatMap((operation) => {
      const asked = unknownNumbers(story.unknown[operation].asked)
      return asked.length === 0 ? [] : [keysRead(book, operation, asked, keys[operation], at + 100)]
    }),
  ])
}

/** Changes or removes records of one kind: `without(records, 'sample')`. */
export const without = (records: readonly Evidence[], ...kinds: readonly Evidence['kind'][]): Evidence[] =>
  records.filter((record) => !kinds.includes(record.kind))

export const mapped = <K extends Evidence['kind']>(
  records: readonly Evidence[],
  kind: K,
  change: (record: EvidenceOf<K>) => Evidence,
): Evidence[] => records.map((record) => (isKind(record, kind) ? change(record) : record))

const isKind = <K extends Evidence['kind']>(record: Evidence, kind: K): record is EvidenceOf<K> => record.kind === kind
