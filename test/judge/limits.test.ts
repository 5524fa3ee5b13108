/**
 * Limits of rules, to the millisecond and to the single attempt: the last value at which a cause is not found, and the first at which it is. A limit that
 * moves by one step fails here.
 */
import { describe, expect } from 'vitest'
import type { Evidence, LoadFrame } from '../../src/domain/evidence.ts'
import type { Expectation, Reaction } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import {
  actionOf,
  actionSteps,
  place as at,
  drainA,
  drained,
  endpoints,
  evidence,
  mapped,
  nobody,
  nodes,
  type PodStory,
  podLife,
  readyPod,
  rehearsal,
  rolledOut,
  rollout,
  type SecondOfLoad,
  type Story,
  scrape,
  scrapes,
  secondAt,
  seen,
  toBad,
  together,
  triggered,
  withActions,
  withReactions,
} from '../support/evidence.ts'
import { machines } from '../support/evidence-images.ts'
import { oldPods, releaseAct, rolled, rolledBack } from '../support/evidence-release.ts'
import { causesOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

type Limit = readonly [
  what: string,
  cause: string,
  run: (value: number) => readonly Evidence[],
  without: number,
  first: number,
  weight?: 'breach',
]

const gateway = { name: 'gateway-1', app: 'gateway', node: 'zone-a-api', born: -2, ready: -1 } as const
const s = (ms: number) => ms / 1000

/** A pod that is asked to end at 100 s. */
const ending = (graceMs: number, tookMs: number) =>
  together(
    evidence(),
    nodes(),
    podLife({ ...gateway, ends: 100, gone: 100 + s(tookMs), grace: s(graceMs), killed: true }),
  )

/** A pod that answers until a rollout ends it. The kubelet clears it away some time after its processes have ended. */
function undrained(endsMs: number, tookMs: number): readonly Evidence[] {
  const ends = s(endsMs)
  const life = podLife({ ...gateway, ends, gone: ends + 2, grace: 10 }).flatMap((each) => {
    const isGone = each.kind === 'object-seen' && each.change === 'deleted'
    return isGone ? [{ ...each, at: secondAt(ends + s(tookMs)), change: 'modified' } as const, each] : [each]
  })
  const answers = Array.from({ length: Math.floor(ends) }, (_, second) =>
    scrape(second, 'gateway', 'gateway-1', { name: 'http_requests_total', labels: { code: '200' }, value: second * 5 }),
  )
  const run = evidence({ rehearsal: withActions(rollout) })
  return together(run, nodes(), life, answers, nobody('gateway', ends), rolledOut)
}

/** Sockets that drop in some seconds of a rollout, of `open` that are there. */
function dropping(
  drops: Readonly<Record<number, number>>,
  open = 100,
  share = 0,
  doneMs = 120_000,
): readonly Evidence[] {
  let dropped = 0
  const run = mapped(evidence({ rehearsal: withActions(rollout) }), 'load-frame', (frame): LoadFrame => {
    dropped += drops[Math.floor(s(frame.at - secondAt(0)))] ?? 0
    const sentAway = Math.round(dropped * share)
    return { ...frame, sockets: { open, connected: open + dropped, failed: 0, dropped, sentAway } }
  })
  return together(
    run,
    actionSteps(
      'roll gateway',
      [100, { is: 'begun', targets: ['Deployment/casino/gateway'] }],
      [s(doneMs), { is: 'done', note: '' }],
    ),
  )
}

/** Sockets of healthy pods that were replaced over the run. */
const replaced = (kept: number, moved: number) =>
  mapped(evidence(), 'load-frame', (frame): LoadFrame => {
    const isLate = frame.at > secondAt(100)
    const sockets = { open: 100, connected: 100, failed: 0, dropped: 0 }
    return { ...frame, sockets: { ...sockets, kept: isLate ? kept : 0, moved: isLate ? moved : 0 } }
  })

const spoilt = (bad: (second: number, load: SecondOfLoad) => void, story: Partial<Story> = {}) =>
  evidence({ ...story, load: bad })
const refusedFor = (count: (second: number) => number) =>
  spoilt((second, load) => toBad(load.login, count(second), 'http-429'), { steps: [] })

/** Ten seconds of refusals; the last frame comes so much later. */
const lasting = (laterMs: number) =>
  mapped(
    refusedFor((second) => (second >= 40 && second < 50 ? 12 : 0)),
    'load-frame',
    (frame) => (frame.at === secondAt(49.99) ? { ...frame, at: secondAt(49.99 + s(laterMs)) } : frame),
  )

/** A container that ends at 120 s, and attempts that go wrong then. */
function restarted(bad: number): readonly Evidence[] {
  const pod = readyPod('gateway-1', 'gateway')
  return together(
    spoilt((second, load) => second === 120 && toBad(load.login, bad, 'http-502')),
    nodes(),
    [seen(-2, pod, 'present'), seen(120, { ...pod, ready: false, restarts: 1 }), seen(122, { ...pod, restarts: 1 })],
  )
}

/** A container of a pod that the fault took, started again so long after the healing at 90.3 s. */
function restartedAfter(ms: number): readonly Evidence[] {
  const pod = readyPod('payments-api-1', 'payments-api')
  return together(evidence(), nodes(), [
    seen(-2, { ...pod, restarts: 0 }, 'present'),
    { ...seen(0, { ...pod, restarts: 1 }), at: (secondAt(90.3) + ms) as Evidence['at'] },
  ])
}

/** A new pod that is Ready as soon as it runs, and attempts that go wrong in one second. */
const early = (readyMs: number, second: number, bad: number, planned: boolean) => {
  const ready = s(readyMs)
  const life = podLife({ ...gateway, born: ready - 1, runs: ready, ready })
  const run = evidence({
    ...(planned ? { rehearsal: withActions(rollout) } : {}),
    load: (each, load) => each === second && toBad(load.login, bad, 'http-502'),
  })
  return together(run, nodes(), life, planned ? rolledOut : [])
}

/** Nobody answers for a service with one pod, from then on for six seconds. */
function alone(fallMs: number, bad: number): readonly Evidence[] {
  const fall = s(fallMs)
  const only = podLife({ ...gateway, name: 'wallet-1', app: 'wallet', ends: fall - 1, gone: fall + 1 })
  const run = evidence({
    rehearsal: withActions(drainA),
    load: (second, load) => {
      if (second >= 102 && second < 108) toBad(load.login, Math.max(0, Math.min(60, bad - (second - 102) * 60)))
    },
  })
  const falls = [endpoints(-1, 'wallet', 1), endpoints(fall, 'wallet', 0), endpoints(fall + 6, 'wallet', 1)]
  return together(run, nodes(), falls, only, drained('wallet-1'))
}

/** A pod that found no node for so long while a zone was dark. */
function waiting(ms: number): readonly Evidence[] {
  const dark = actionOf('zone a dark', { kind: 'power-off', nodes: { zone: 'a' } })
  const pending = { ...gateway, name: 'gateway-9', node: undefined }
  const { node: _, ...unplaced } = pending
  const placed = podLife({ ...gateway, name: 'gateway-9', born: 102, ready: 102 + s(ms) }).slice(1)
  return together(
    evidence({ rehearsal: withActions(dark) }),
    nodes(),
    podLife({ ...unplaced, born: 102, ready: 999 }).slice(0, 1),
    placed,
    actionSteps(
      'zone a dark',
      [100, { is: 'begun', targets: ['Node/zone-a-api'] }],
      [101, { is: 'done', note: '' }],
      [125, { is: 'heal-requested' }],
      [126, { is: 'healed' }],
    ),
  )
}

const backlog = (least: number) =>
  together(
    evidence(),
    scrapes('wallet', 'wallet-1', 'wallet_payouts_pending', (second) => (second < 142 ? least : least + 1)),
  )

/** Frames that are missing after 100 s, for so long. */
const holed = (ms: number) =>
  evidence().flatMap((each) => {
    if (each.kind !== 'load-frame' || each.at <= secondAt(100.99) || each.at >= secondAt(106)) return [each]
    return each.at === secondAt(105.99) ? [{ ...each, at: secondAt(100.99 + s(ms)) }] : []
  })

/** Bets that got their settlement. */
const settled = (count: number) =>
  mapped(evidence(), 'book-read', (read) => {
    const bets = read.entries.find((each) => each.operation === 'bet')
    if (read.book !== 'wallet' || bets === undefined) return read
    return { ...read, entries: [...read.entries, { ...bets, operation: 'settlement', count, buckets: [] }] }
  })

/** Requests to a pod that all fail, over 20 s. */
function failing(requests: number): readonly Evidence[] {
  const counts = [0, 2, 4, 6, requests]
  const samples = Array.from({ length: 161 }, (_, second) => {
    const value = counts[Math.max(0, Math.min(4, Math.floor((second - 110) / 5)))] ?? 0
    return scrape(second, 'gateway', 'gateway-1', { name: 'http_requests_total', labels: { code: '500' }, value })
  }).filter((each) => (each.at - secondAt(0)) % 5000 === 0)
  return together(evidence(), nodes(), podLife(gateway), samples)
}

/** The stock fault, created at 65.1 s, injected at 65.4 s and healed at 90.3 s, with one reaction expected of it. */
const reaction = (expected: Reaction, ...parts: readonly (readonly Evidence[])[]) =>
  together(evidence({ rehearsal: withReactions(expected) }), nodes(), ...parts)
const bets = (n: number, change: Partial<PodStory>) =>
  podLife({ name: `bets-${n}`, app: 'bets', node: 'zone-a-api', born: -2, ready: -1, ...change })
const within = (seconds_: number) => ({ withinMs: seconds(seconds_), at }) as const

const declared = (ms: number): readonly Evidence[] =>
  reaction({ kind: 'declares', ...within(60) }, [
    { kind: 'note', at: secondAt(s(ms)), by: 'Ana', via: 'page', is: 'declared', text: 'SEV2' },
  ])
const survived = (ms: number) =>
  reaction({ kind: 'survives', app: 'bets', ready: 1, ...within(5) }, bets(1, { unready: 66, again: s(ms) }))
const spread = (ms: number) =>
  reaction(
    { kind: 'spreads', app: 'bets', zones: 2, ...within(20) },
    bets(1, {}),
    bets(2, { node: 'zone-b-api', born: 80, ready: s(ms) }),
  )

function completed(ms: number): readonly Evidence[] {
  const roll = actionOf(
    'roll',
    { kind: 'rollout', workload: { kind: 'Deployment', name: 'bets' } },
    { kind: 'completes', ...within(20) },
  )
  const steps = actionSteps('roll', [100, { is: 'begun', targets: [] }], [s(ms), { is: 'done', note: '' }])
  return together(evidence({ rehearsal: withActions(roll) }), steps)
}

const released = (tookMs: number, backMs: number): readonly Evidence[] => {
  const healed = Math.max(91, 80 + s(backMs) + 1)
  const steps = actionSteps(
    'gateway 2',
    [40, { is: 'begun', targets: ['Deployment/casino/gateway'] }],
    [40 + s(tookMs) + 1, { is: 'done', note: '' }],
    [80, { is: 'heal-requested' }],
    [healed, { is: 'healed' }],
  )
  const run = evidence({ rehearsal: withActions(actionOf('gateway 2', releaseAct())) })
  return together(run, machines, oldPods, rolled(s(tookMs)), rolledBack(s(backMs)), steps)
}

/** The trigger of a queue becomes active, and idle again after the phase. */
function queued(activeMs: number, idleMs: number): readonly Evidence[] {
  const expected: Expectation = {
    kind: 'keda',
    scaledObject: 'worker',
    phase: 'promo peak',
    activatesWithinMs: seconds(20),
    readyWithinMs: seconds(40),
    atLeast: 1,
    idleWithinMs: seconds(30),
    at,
  }
  const worker = podLife({
    ...gateway,
    name: 'worker-1',
    app: 'worker',
    born: 46,
    ready: 47,
    ends: s(idleMs),
    gone: s(idleMs) + 2,
  })
  const told = evidence({ rehearsal: { ...rehearsal, expectations: [...rehearsal.expectations, expected] } })
  return together(
    told,
    nodes(),
    [triggered(-1, false), triggered(s(activeMs), true), triggered(s(idleMs), false)],
    worker,
  )
}

const limits: readonly Limit[] = [
  ['time until people declare', 'people-late', declared, 125_400, 125_401],
  ['time until enough pods stand again', 'too-few-survivors', survived, 70_400, 70_401],
  ['time until pods are spread again', 'spread-not-restored', spread, 110_300, 110_301],
  ['time of a rollout', 'rollout-stuck', completed, 120_000, 120_001],
  ['time of a release', 'rollout-stuck', (ms) => released(ms, 10_000), 30_000, 30_001],
  ['time of a rollback', 'rollback-late', (ms) => released(12_000, ms), 20_000, 20_001],
  ['time until a queue is noticed', 'queue-scaler-late', (ms) => queued(ms, 140_000), 45_000, 45_001],
  ['time until a queue is at rest', 'scale-down-late', (ms) => queued(40_000, ms), 155_000, 155_001],
  ['the shortest grace that means anything', 'slow-termination', (ms) => ending(ms, ms), 1999, 2000],
  ['time to end before the end of the grace', 'slow-termination', (ms) => ending(10_000, ms), 9499, 9500],
  ['time that routers need', 'drain-missing', (ms) => undrained(105_000, ms), 500, 499],
  ['time after a rollout', 'drain-missing', (ms) => undrained(ms, 200), 125_000, 124_999],
  ['share of the sockets that fall', 'sockets-not-drained', (n) => dropping({ 105: n }), 9, 10],
  ['number of sockets that fall, of few', 'sockets-not-drained', (n) => dropping({ 105: n }, 40), 4, 5],
  [
    'sockets that fall together, not beside each other',
    'sockets-not-drained',
    (n) => dropping({ 104: 5, 105: n, 106: 5 }),
    10,
    11,
  ],
  [
    'sockets that are sent away together',
    'sockets-not-drained',
    (n) => dropping({ 104: 1, 105: n, 106: 2 }, 40, 1),
    12,
    13,
  ],
  [
    'time after a rollout in which sockets fall',
    'sockets-not-drained',
    (ms) => dropping({ 125: 40 }, 100, 0, ms),
    119_990,
    119_991,
  ],
  ['sockets that were replaced', 'routing-not-sticky', (n) => replaced(0, n), 9, 10],
  ['sockets that moved, of 20', 'routing-not-sticky', (n) => replaced(20 - n, n), 10, 11],
  ['time of refusals', 'refused-at-ingress', lasting, -1, 0],
  [
    'attempts that were refused',
    'refused-at-ingress',
    (n) => refusedFor((x) => (x === 10 ? 10 : x === 20 ? n - 10 : 0)),
    19,
    20,
  ],
  ['attempts that fail around a restart', 'container-restarted', restarted, 2, 3, 'breach'],
  ['time after a fault in which its pods restart', 'container-restarted', restartedAfter, 60_000, 60_001],
  ['attempts that fail at a planned rollout', 'early-errors-at-rollout', (n) => early(105_000, 105, n, true), 2, 3],
  [
    'attempts that fail at a pod that nobody planned',
    'early-errors-at-rollout',
    (n) => early(115_000, 115, n, false),
    4,
    5,
  ],
  [
    'attempts that fail long after a planned rollout',
    'early-errors-at-rollout',
    (n) => early(150_000, 150, n, true),
    4,
    5,
  ],
  ['time after a pod is Ready', 'early-errors-at-rollout', (ms) => early(ms, 110, 9, true), 106_990, 106_991],
  ['time before a pod is seen Ready', 'early-errors-at-rollout', (ms) => early(ms, 104, 9, true), 105_490, 105_489],
  ['share of the attempts that fail while nobody answers', 'no-redundancy', (n) => alone(102_000, n), 83, 84, 'breach'],
  ['time after a drain in which it is felt', 'no-redundancy', (ms) => alone(ms, 0), 135_201, 135_200],
  ['time until a pod finds a node', 'headroom-missing', waiting, 9999, 10_000],
  ['work that waits', 'backlog-growing', backlog, 19, 20],
  ['a hole in the frames', 'evidence-lost', holed, 5000, 5001],
  ['bets without a settlement', 'events-lost', settled, 3828, 3827],
  ['requests to a pod that fails', 'ready-but-failing', failing, 9, 10],
]

for (const [what, cause, run, without, first, weight] of limits) {
  const causesAt = (value: number) => causesOf(judge(run(value)), weight)
  describe(what, () => {
    it(`is within its limit at ${without}`, () => expect(causesAt(without)).not.toContain(cause))
    it(`is beyond its limit at ${first}: ${cause}`, () => expect(causesAt(first)).toContain(cause))
  })
}
