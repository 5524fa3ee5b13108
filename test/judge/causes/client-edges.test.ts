/** Causes that clients see, and images and what grows, where there are two of a thing. */
import { describe } from 'vitest'
import type { ImageSeen, PodSeen } from '../../../src/domain/cluster.ts'
import type { Evidence, SliCounts } from '../../../src/domain/evidence.ts'
import type { ActionSpec } from '../../../src/domain/rehearsal.ts'
import { backlogGrowing, callsUnending, forgeryAccepted, timeOutMissing } from '../../../src/judge/causes/calls.ts'
import { judgeImages } from '../../../src/judge/causes/images.ts'
import { refusedAtIngress } from '../../../src/judge/causes/refusals.ts'
import { socketsNotDrained } from '../../../src/judge/causes/sockets.ts'
import { degrading } from '../../../src/judge/causes/trends.ts'
import { acted, bad, type Case, check, inActions } from '../../support/causes-run.ts'
import { drainA, rehearsal, rollout, seen } from '../../support/evidence.ts'
import { imagePod, machines, nextImage, presentPod } from '../../support/evidence-images.ts'
import { it } from '../../support/reviewed.ts'
import {
  atMs,
  atRate,
  causesIn,
  counted,
  faulted,
  frame,
  framesOf,
  listOf,
  type SmallRun,
  seenIn,
} from '../../support/small-run.ts'

describe('clients', () => {
  const waiting = (sli: string, n: number) => bad(sli, [64_000, 0], [70_000, n, { timeout: n }])
  const stops = [...rehearsal.faults].map((each) => ({
    ...each,
    does: { ...each.does, effect: 'stops-pods' as const },
  }))
  it.each<Case>([
    [
      'who wait in two indicators',
      () => causesIn(timeOutMissing(seenIn([...faulted(), ...waiting('login', 9), ...waiting('bet', 9)]))),
      ['breach time-out-missing'],
    ],
    [
      'who wait for pods that were stopped',
      () =>
        causesIn(
          timeOutMissing(seenIn([...faulted(), ...waiting('login', 9)], { rehearsal: { faults: stops as never } })),
        ),
      [],
    ],
    [
      'who wait in an action',
      () => causesIn(timeOutMissing(inActions([drainA], [acted(drainA), waiting('login', 9)]))),
      [],
    ],
    [
      'whose calls never end, although they were refused',
      () =>
        causesIn(
          callsUnending(
            seenIn([
              ...faulted(),
              ...counted(
                'payments-api',
                'payments_charges_total',
                { psp: 'psp-a', outcome: 'approved' },
                atRate(55_000, 95_000, (ms) => (ms <= 65_000 ? 40 : 0)),
              ),
              ...framesOf('login', listOf([66_000, {}], [88_000, { bad: 100, badBy: { 'http-401': 100 } }])),
            ]),
          ),
        ),
      [],
    ],
  ])('%s', check)

  const refused = (sli: string, status: number, from = 40_000) =>
    bad(
      sli,
      [from, 0],
      [from + 1000, 15, { [`http-${status}`]: 15 }],
      [from + 9000, 0],
      [from + 10_000, 15, { [`http-${status}`]: 15 }],
    )
  it.each<Case>([
    [
      'of two indicators',
      () => causesIn(refusedAtIngress(seenIn([...refused('login', 429), ...refused('bet', 429, 45_000)]))),
      ['breach refused-at-ingress'],
    ],
    [
      'with two statuses',
      () => causesIn(refusedAtIngress(seenIn([...refused('login', 429), ...refused('bet', 401)]))),
      ['breach refused-at-ingress', 'breach refused-at-ingress'],
    ],
    ['of what must be refused', () => causesIn(refusedAtIngress(seenIn(refused('forged-webhook', 401)))), []],
  ])('are refused: %s', check)

  const forged = (badBy: SliCounts['badBy'], sli = 'forged-webhook') =>
    causesIn(
      forgeryAccepted(
        seenIn(framesOf(sli, [[5000, { good: 3, bad: Object.values(badBy).reduce((sum, n) => sum + n, 0), badBy }]])),
      ),
    )
  it.each<Case>([
    ['accepted', () => forged({ accepted: 1 }), ['breach forgery-accepted']],
    ['answered with 200 and 204', () => forged({ 'http-200': 1, '204': 2 }), ['breach forgery-accepted']],
    ['answered with 500', () => forged({ 'http-500': 1, timeout: 1, '2000': 1 }), []],
    ['no forgeries', () => forged({ accepted: 1 }, 'login'), []],
  ])('have forgeries that are %s', check)
})

describe('work that waits', () => {
  const waits = (name: string, ...values: readonly (readonly [number, number])[]) => counted('shop', name, {}, values)
  const found = (...records: readonly (readonly Evidence[])[]) => causesIn(backlogGrowing(seenIn(records.flat())))
  const stopped: Evidence = {
    kind: 'load-ended',
    at: atMs(160_000),
    instance: 'k6',
    outcome: 'stopped',
    exitCode: 0,
    problems: [],
  }
  it.each<Case>([
    [
      'in two queues',
      () => found(waits('b_pending', [130_000, 30], [141_000, 50]), waits('a_lag', [130_000, 30], [141_000, 50])),
      ['breach backlog-growing', 'breach backlog-growing'],
    ],
    [
      'in a load that was cut short',
      () =>
        causesIn(
          backlogGrowing(seenIn([...waits('b_pending', [130_000, 30], [141_000, 50]), stopped], { until: undefined })),
        ),
      [],
    ],
    ['in the phase before', () => found(waits('b_pending', [60_000, 30], [100_000, 50], [124_000, 10])), []],
    [
      'with a dip in the second half',
      () => found(waits('b_pending', [130_000, 30], [141_000, 50], [150_000, 29], [152_000, 60])),
      [],
    ],
  ])('%s', check)
})

describe('sockets', () => {
  type Sockets = readonly [ms: number, open: number, dropped: number, sentAway?: number]
  const rows = (...all: readonly Sockets[]) =>
    all.map(([ms, open, dropped, sentAway]) =>
      frame(ms, {
        sockets: { open, connected: 100, failed: 0, dropped, ...(sentAway === undefined ? {} : { sentAway }) },
      }),
    )
  const fell = (...all: readonly Sockets[]) =>
    causesIn(socketsNotDrained(inActions([rollout], [acted(rollout), rows(...all)])))
  const found = ['breach sockets-not-drained']
  it.each<Case>([
    ['that fall at once', () => fell([99_000, 100, 0], [101_000, 80, 20], [102_000, 80, 20]), found],
    [
      'that fall twice',
      () => fell([99_000, 100, 0], [101_000, 80, 20], [102_000, 80, 20], [105_000, 40, 60], [106_000, 40, 60]),
      found,
    ],
    [
      'that are sent away at once',
      () => fell([99_000, 100, 0, 0], [101_000, 80, 20, 20], [102_000, 80, 20, 20]),
      found,
    ],
    [
      'that are sent away one by one',
      () => fell([99_000, 100, 0, 0], [101_000, 90, 10, 10], [102_000, 80, 20, 20], [103_000, 70, 30, 30]),
      [],
    ],
    ['of which no one was open before', () => fell([101_000, 0, 0], [102_000, 0, 6], [103_000, 0, 6]), found],
  ])('%s', check)
})

describe('images', () => {
  const found = (records: readonly (readonly Evidence[] | Evidence)[], actions: readonly ActionSpec[] = []) =>
    causesIn(judgeImages(seenIn([...machines, ...records.flat()], { rehearsal: { faults: [], actions } })))
  const changed = (name: string, story = nextImage, second = 50) => seen(second, imagePod(name, story))
  const two = (image: Partial<ImageSeen>): PodSeen['images'] => [
    { container: 'app', image: 'i' },
    { container: 'side', image: 's', ...image },
  ]
  it.each<Case>([
    [
      'that a rollout changed, which was planned',
      () => found([presentPod('gateway-1'), changed('gateway-1')], [rollout]),
      [],
    ],
    [
      'that changed in a pod which stays',
      () => found([presentPod('gateway-1'), changed('gateway-1')]),
      ['warning image-changed'],
    ],
    [
      'of a sidecar',
      () =>
        found([
          seen(-2, imagePod('gateway-1', {}, { images: two({}) as never })),
          seen(50, imagePod('gateway-1', {}, { images: two({ image: 't', id: 'x@sha256:aa' }) as never })),
        ]),
      ['warning image-changed'],
    ],
    [
      'of a pod without an owner',
      () =>
        found([
          seen(-2, imagePod('gateway-1', {}, { owner: undefined as never })),
          seen(50, imagePod('gateway-1', nextImage, { owner: undefined as never })),
        ]),
      [],
    ],
    [
      'of a StatefulSet with two templates',
      () =>
        found(
          ['a', 'b'].map((name, n) =>
            seen(-2, imagePod(name, n === 0 ? {} : nextImage, { owner: { kind: 'StatefulSet', name: 'db' } })),
          ),
        ),
      [],
    ],
    [
      'of a pod that was new',
      () => found([presentPod('gateway-1'), seen(50, imagePod('gateway-2', nextImage), 'added')]),
      ['gap image-changed'],
    ],
  ])('%s', check)
})

describe('what grows while the load stays the same', () => {
  const latency = (rows: readonly (readonly [ms: number, p95: number])[], good = 50) =>
    framesOf(
      'api',
      rows.map(([ms, p95]) => [ms, { good, histogram: [[p95, good]] }] as const),
    )
  const every = (from: number, n: number, of: (index: number) => number) =>
    Array.from({ length: n }, (_, index) => [from + index * 5000, of(index)] as const)
  const grows = (rows: readonly (readonly [number, number])[], run: SmallRun = {}) =>
    causesIn(degrading(seenIn(latency(rows), { ...run, rehearsal: { faults: [], ...run.rehearsal } })))
  const warned = ['warning degrading']
  it.each<Case>([
    ['a latency over a minute', () => grows(every(55_000, 12, (n) => 100 + 5 * n)), warned],
    ['a latency over less', () => grows(every(55_000, 11, (n) => 100 + 5 * n)), []],
    ['a latency that has passed its limit', () => grows(every(55_000, 13, (n) => 200 + 10 * n)), warned],
    ['a latency that flattens out', () => grows(every(55_000, 13, (n) => (n < 7 ? 100 + 20 * n : 240))), []],
    ['a latency that falls', () => grows(every(55_000, 13, (n) => 200 - 5 * n)), []],
    [
      'a latency of 40 attempts in each 5 s',
      () =>
        causesIn(
          degrading(
            seenIn(
              latency(
                every(55_000, 13, (n) => 100 + 5 * n),
                40,
              ),
              { rehearsal: { faults: [] } },
            ),
          ),
        ),
      warned,
    ],
    [
      'a latency of fewer',
      () =>
        causesIn(
          degrading(
            seenIn(
              latency(
                every(55_000, 13, (n) => 100 + 5 * n),
                39,
              ),
              { rehearsal: { faults: [] } },
            ),
          ),
        ),
      [],
    ],
    ['a latency in a ramp', () => grows(every(26_000, 5, (n) => 100 + 5 * n)), []],
    [
      'an objective without latency',
      () =>
        grows(
          every(55_000, 13, (n) => 100 + 5 * n),
          { rehearsal: { slos: rehearsal.slos.slice(0, 1) as never } },
        ),
      [],
    ],
    ['nothing without a load', () => causesIn(degrading(seenIn([], { until: undefined }))), []],
  ])('%s', check)
})
