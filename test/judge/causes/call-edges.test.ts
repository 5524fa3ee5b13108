/** Causes that calls, sockets, refusals and gauges show, at the last moment and the last count on either side of their limits. */
import { describe, expect } from 'vitest'
import type { Evidence, SliCounts } from '../../../src/domain/evidence.ts'
import { seconds } from '../../../src/domain/units.ts'
import {
  backlogGrowing,
  breakerMissing,
  callsUnending,
  forgeryAccepted,
  timeOutMissing,
} from '../../../src/judge/causes/calls.ts'
import { refusedAtIngress } from '../../../src/judge/causes/refusals.ts'
import { routingNotSticky, socketsNotDrained } from '../../../src/judge/causes/sockets.ts'
import { degrading } from '../../../src/judge/causes/trends.ts'
import { arrivedShare, foreignReasons } from '../../../src/judge/load/refused.ts'
import { actionSteps, place, readyPod, rollout, seen, withReactions } from '../../support/evidence.ts'
import { it, noted } from '../../support/reviewed.ts'
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

type Rate = (ms: number) => number
/** What payments-api counted of its calls to a provider. */
const charges = (psp: string, outcome: string, rate: Rate, fromMs = 55_000) =>
  counted('payments-api', 'payments_charges_total', { psp, outcome }, atRate(fromMs, 95_000, rate), `${psp}-${outcome}`)
const until65 =
  (rate: number, then = 0): Rate =>
  (ms) =>
    ms <= 65_000 ? rate : then
const during =
  (rate: number, fromMs = 65_000): Rate =>
  (ms) =>
    ms > fromMs && ms <= 90_000 ? rate : 0

// Work must be with psp-b 10 s after the fault began, so that calls to psp-a are in vain from 75 s on.
describe('calls to a dead provider', () => {
  const judged = (records: readonly (readonly Evidence[])[], endMs?: number) =>
    causesIn(noted(breakerMissing(seenIn([...faulted({ endMs }), ...records.flat()]))))
  const approved = charges('psp-a', 'approved', until65(40))
  const vain = (rate: number) => charges('psp-a', 'unknown', during(rate))
  const found = ['breach breaker-missing']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['at a tenth of the rate before', () => judged([approved, vain(4)]), found],
    ['at less', () => judged([approved, vain(3.9)]), []],
    ['as many as are kept away', () => judged([approved, vain(8), charges('psp-a', 'open', during(8))]), found],
    ['fewer than are kept away', () => judged([approved, vain(8), charges('psp-a', 'open', during(8.1))]), []],
    ['while a tenth is approved', () => judged([charges('psp-a', 'approved', until65(40, 4)), vain(8)]), found],
    ['while more is approved', () => judged([charges('psp-a', 'approved', until65(40, 4.1)), vain(8)]), []],
    ['of which none was approved before', () => judged([charges('psp-a', 'approved', until65(0)), vain(8)]), []],
    [
      'of which only the other provider approved some',
      () => judged([charges('psp-a', 'approved', until65(0)), charges('psp-b', 'approved', () => 40), vain(8)]),
      found,
    ],
    ['for 2 s after the failover was due', () => judged([approved, vain(8)], 77_000), found],
    ['for less', () => judged([approved, vain(8)], 76_999), []],
    [
      'ten in all',
      () =>
        judged([
          charges('psp-a', 'approved', until65(1)),
          charges('psp-a', 'unknown', (ms) => (ms > 75_000 && ms <= 85_000 ? 1 : 0)),
        ]),
      found,
    ],
    [
      'nine in all',
      () =>
        judged([
          charges('psp-a', 'approved', until65(1)),
          charges('psp-a', 'unknown', (ms) => (ms > 75_000 && ms <= 84_000 ? 1 : 0)),
        ]),
      [],
    ],
    [
      'that end as errors and as unknown together',
      () => judged([approved, vain(2), charges('psp-a', 'error', during(2))]),
      found,
    ],
  ])('go on: %s', (_, is, expected) => expect(is()).toEqual(expected))

  it('is shown by the scrapes that counted some', () => {
    const [finding] = noted(
      breakerMissing(
        seenIn([
          ...faulted(),
          ...approved,
          ...charges('psp-a', 'unknown', (ms) => (ms > 75_000 && ms <= 78_000 ? 40 : 0)),
        ]),
      ),
    )
    expect(finding?.evidence).toHaveLength(3)
  })
})

describe('calls that never end', () => {
  const judged = (records: readonly (readonly Evidence[])[], endMs?: number) =>
    causesIn(noted(callsUnending(seenIn([...faulted({ endMs }), ...records.flat()]))))
  const approved = charges('psp-a', 'approved', until65(40))
  const found = ['breach time-out-missing']
  /** Where work must be with the other provider after a second. */
  const failover = { kind: 'failover', from: 'psp-a', to: 'psp-b', withinMs: seconds(1), at: place } as const
  const soon = (endMs: number) =>
    causesIn(noted(callsUnending(seenIn([...faulted({ endMs }), ...approved], { rehearsal: withReactions(failover) }))))
  const without = (records: readonly Evidence[], ...missing: readonly number[]) =>
    records.filter(({ at }) => !missing.some((second) => at === atMs(second * 1000)))

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['none of them', () => judged([approved]), found],
    ['a twentieth as many as before', () => judged([approved, charges('psp-a', 'unknown', during(2))]), []],
    ['a little fewer', () => judged([approved, charges('psp-a', 'unknown', during(1.9))]), found],
    ['those to the other provider do', () => judged([approved, charges('psp-b', 'unknown', during(2))]), []],
    ['where none was approved before', () => judged([charges('psp-a', 'approved', until65(0))]), []],
    ['seen for 2 s', () => soon(69_000), found],
    ['seen for less', () => soon(68_999), []],
    [
      'with a gap of 2 s as the fault ends',
      () =>
        judged([
          without(
            charges('psp-a', 'approved', (ms) => (ms <= 65_000 || ms > 90_000 ? 40 : 0)),
            90,
          ),
        ]),
      found,
    ],
    [
      'with a longer gap',
      () =>
        judged([
          without(
            charges('psp-a', 'approved', (ms) => (ms <= 65_000 || ms > 90_000 ? 40 : 0)),
            89,
            90,
          ),
        ]),
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('clients', () => {
  type Rows = Parameters<typeof framesOf>[1]
  const gaveUp = (good: number, timeout: number): Partial<SliCounts> => ({ good, bad: timeout, badBy: { timeout } })
  const judged = (rows: Rows) => causesIn(noted(timeOutMissing(seenIn([...faulted(), ...framesOf('bet', rows)]))))
  const found = ['breach time-out-missing']

  it.each<[string, Rows, readonly string[]]>([
    ['five of fifty', [[70_000, gaveUp(45, 5)]], found],
    ['five of fifty-one', [[70_000, gaveUp(46, 5)]], []],
    ['four of ten', [[70_000, gaveUp(6, 4)]], []],
    ['before the fault', listOf([64_000, {}], [65_000, gaveUp(0, 9)]), []],
    ['as it begins', listOf([64_000, {}], [65_001, gaveUp(0, 9)]), found],
    ['until 2 s after it', listOf([91_999, {}], [93_000, gaveUp(0, 9)]), found],
    ['later', listOf([92_000, {}], [93_000, gaveUp(0, 9)]), []],
  ])('give up: %s', (_, rows, expected) => expect(judged(rows)).toEqual(expected))

  it('are named with the frames in which some gave up', () => {
    const [found_] = noted(
      timeOutMissing(
        seenIn([
          ...faulted(),
          ...framesOf('bet', listOf([70_000, gaveUp(1, 5)], [71_000, { good: 1 }], [72_000, gaveUp(1, 1)])),
        ]),
      ),
    )
    expect(found_?.evidence).toHaveLength(2)
  })

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['taken', () => forged('http-200', 1), ['breach forgery-accepted']],
    ['not taken', () => forged('http-403', 1), []],
    ['never tried', () => forged('http-200', 0), []],
  ])('whose forgeries are %s', (_, is, expected) => expect(is()).toEqual(expected))
  function forged(reason: string, bad: number) {
    return causesIn(
      noted(
        forgeryAccepted(seenIn(framesOf('forged-webhook', [[70_000, { good: 5, bad, badBy: { [reason]: bad } }]]))),
      ),
    )
  }
})

// The last phase begins at 125 s; its middle is 142.5 s where the load ends at 160 s.
describe('work that waits', () => {
  type Values = readonly (readonly [ms: number, value: number])[]
  const judged = (values: Values, run: SmallRun = {}) =>
    causesIn(noted(backlogGrowing(seenIn(counted('wallet', 'wallet_payouts_pending', {}, values), run))))
  const found = ['breach backlog-growing']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['grows', () => judged(listOf([125_000, 20], [142_500, 21])), found],
    ['stays', () => judged(listOf([125_000, 20], [142_500, 20])), []],
    ['is short', () => judged(listOf([125_000, 19], [142_500, 90])), []],
    ['grows a moment after the middle', () => judged(listOf([125_000, 20], [142_501, 21])), []],
    ['is first seen in the second half', () => judged(listOf([142_501, 20], [150_000, 40])), []],
    ['was short before the phase', () => judged(listOf([100_000, 1], [125_000, 20], [142_500, 21])), found],
    ['was short as it began', () => judged(listOf([100_000, 1], [125_001, 20], [142_500, 21])), []],
    ['grows over 10 s', () => judged(listOf([125_000, 20], [130_000, 21]), { until: 135_000 }), found],
    ['grows over less', () => judged(listOf([125_000, 20], [129_999, 21]), { until: 134_999 }), []],
    [
      'grows in a load whose end was not seen',
      () => judged(listOf([125_000, 20], [130_000, 21], [150_000, 40]), { until: undefined }),
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('takes the most of pods that were read within a second', () => {
    const both = (ms: number) => [
      ...counted('wallet', 'wallet_payouts_pending', {}, listOf([125_000, 30], [143_000, 30]), 'wallet-1'),
      ...counted('wallet', 'wallet_payouts_pending', {}, listOf([125_000 + ms, 19], [142_500, 31]), 'wallet-2'),
    ]
    expect(causesIn(noted(backlogGrowing(seenIn(both(999)))))).toEqual(found)
    expect(causesIn(noted(backlogGrowing(seenIn(both(1000)))))).toEqual([])
  })
})

describe('refusals', () => {
  type Rows = Parameters<typeof framesOf>[1]
  const refused = (good: number, n: number, status = 429): Partial<SliCounts> => ({
    good,
    bad: n,
    badBy: { [`http-${status}`]: n },
  })
  const run = (rows: Rows, more: readonly Evidence[] = []) =>
    noted(refusedAtIngress(seenIn([...framesOf('login', rows), ...more])))
  const found = ['breach refused-at-ingress']
  /** From 40 s to 50 s. */
  const lasting = (counts: Partial<SliCounts>, last = counts): Rows => [
    [40_000, {}],
    [41_000, counts],
    [49_000, {}],
    [50_000, last],
  ]

  it.each<[string, Rows, readonly string[]]>([
    ['of a tenth, twenty in all', lasting(refused(90, 10)), found],
    ['of less than a tenth', lasting(refused(91, 10)), []],
    ['nineteen in all', lasting(refused(0, 10), refused(0, 9)), []],
    ['for less than 10 s', listOf([40_001, {}], [41_000, refused(0, 10)], [49_000, {}], [50_000, refused(0, 10)]), []],
    ['with 401', lasting(refused(0, 10, 401)), found],
    ['with 403', lasting(refused(0, 10, 403)), found],
    ['with 503', lasting(refused(0, 10, 503)), []],
  ])('%s', (_, rows, expected) => expect(causesIn(run(rows))).toEqual(expected))

  const at = (ms: number): Rows =>
    listOf([ms, {}], [ms + 1000, refused(0, 10)], [ms + 9000, {}], [ms + 10_000, refused(0, 10)])
  it('name the fault that they came before', () => {
    expect(run(at(50_000), faulted())[0]?.sentence).toContain(
      'From 50.0 s of the load on and before psp-a down, clients',
    )
    expect(run(at(64_999), faulted())[0]?.sentence).toContain('on and before psp-a down')
    expect(run(at(65_000), faulted())[0]?.sentence).not.toContain('psp-a down')
  })

  const answers = (source: string, n: number) =>
    counted(source, 'http_requests_total', { code: '429' }, listOf([39_000, 100], [51_000, 100 + n]))
  const nobody = 'No service counted such answers'
  it.each<[string, readonly Evidence[], string]>([
    ['who counted half of them', answers('gateway', 10), 'gateway answered so.'],
    ['nobody who counted fewer', answers('gateway', 9), nobody],
    [
      'all who counted half of them',
      [...answers('login', 10), ...answers('gateway', 20)],
      'gateway and login answered so.',
    ],
    ['nobody without counts', [], nobody],
    [
      'who counted half of them in two pods',
      [
        ...counted('gateway', 'http_requests_total', { code: '429' }, listOf([39_000, 0], [51_000, 5]), 'gateway-a'),
        ...counted('gateway', 'http_requests_total', { code: '429' }, listOf([39_000, 0], [51_000, 5]), 'gateway-b'),
      ],
      'gateway answered so.',
    ],
  ])('name %s', (_, more, told) => expect(run(lasting(refused(0, 10)), more)[0]?.sentence).toContain(told))

  // 10 s before a fault at 65 s.
  const foreign = (rows: Rows) => [
    ...foreignReasons(seenIn(framesOf('login', rows)).load.rows('login'), atMs(65_000), {
      fromAt: atMs(65_000),
      toAt: atMs(90_000),
    }),
  ]
  it.each<[string, Rows, readonly string[]]>([
    ['five errors', listOf([54_000, {}], [60_000, refused(5, 5)], [70_000, refused(0, 10)]), ['http-429']],
    ['four errors', listOf([54_000, {}], [60_000, refused(0, 4)], [70_000, refused(9, 1)]), []],
    [
      'half as frequent',
      listOf([54_000, {}], [60_000, refused(5, 5)], [66_000, {}], [70_000, refused(0, 10)]),
      ['http-429'],
    ],
    [
      'less than half as frequent',
      listOf([54_000, {}], [60_000, refused(6, 5)], [66_000, {}], [70_000, refused(0, 10)]),
      [],
    ],
    ['more than 10 s before', listOf([54_000, {}], [55_000, refused(0, 9)], [70_000, refused(1, 1)]), []],
    [
      'in a frame that reaches into the 10 s',
      listOf([54_000, {}], [55_001, refused(0, 9)], [70_000, refused(1, 1)]),
      ['http-429'],
    ],
    [
      'in a frame that ends with them',
      listOf([64_000, {}], [65_000, refused(0, 9)], [70_000, refused(1, 1)]),
      ['http-429'],
    ],
    ['in a frame that ends later', listOf([64_000, {}], [65_001, refused(0, 9)], [70_000, refused(1, 1)]), []],
  ])('belong to what was there before a fault: %s', (_, rows, expected) => expect(foreign(rows)).toEqual(expected))

  it.each<[string, Rows, number]>([
    ['nothing', [[70_000, { good: 9, bad: 1, badBy: { 'http-503': 1 } }]], 1],
    ['by credentials', [[70_000, refused(6, 4, 401)]], 0.6],
    ['by a limit that was not there before', [[70_000, refused(6, 4)]], 1],
    ['by a limit that was', listOf([54_000, {}], [60_000, refused(5, 5)], [66_000, {}], [70_000, refused(6, 4)]), 0.6],
    ['all', [[70_000, refused(0, 4, 403)]], 0],
  ])('let a share arrive, refused %s', (_, rows, share) => {
    const span = { fromAt: atMs(66_000), toAt: atMs(90_000) }
    expect(arrivedShare(seenIn(framesOf('login', rows)), atMs(65_000), span)).toBeCloseTo(share, 9)
  })
})

describe('sockets', () => {
  type Sockets = {
    readonly open?: number
    readonly dropped?: number
    readonly sentAway?: number
    readonly kept?: number
    readonly moved?: number
  }
  const told = (rows: readonly (readonly [ms: number, Sockets])[], from = 100, until = 120) => {
    const records = rows.map(([ms, { open = 100, dropped = 0, ...more }]) =>
      frame(ms, { sockets: { open, connected: 100, failed: 0, dropped, ...more } }),
    )
    const steps = actionSteps(rollout.name, [from, { is: 'begun', targets: [] }], [until, { is: 'done', note: '' }])
    return seenIn([...records, ...steps], { rehearsal: { actions: [rollout], faults: [] } })
  }
  const found = ['breach sockets-not-drained']
  const fall = (fromMs: number, toMs: number, open = 100, least = 10) =>
    causesIn(
      noted(socketsNotDrained(told(listOf([90_000, { open }], [fromMs, { open }], [toMs, { open, dropped: least }])))),
    )

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['as a rollout begins', () => fall(99_000, 100_000), []],
    ['just after', () => fall(99_000, 100_001), found],
    ['5 s after it', () => fall(125_000, 126_000), []],
    ['just before', () => fall(124_999, 126_000), found],
    ['a tenth of all', () => fall(104_000, 105_000, 100, 10), found],
    ['less', () => fall(104_000, 105_000, 101, 10), []],
  ])('fall %s', (_, is, expected) => expect(is()).toEqual(expected))

  it('are counted as the disruption begins', () => {
    const rows = (ms: number) =>
      told(
        listOf(
          [90_000, { open: 40 }],
          [ms, { open: 100 }],
          [104_000, { open: 100 }],
          [105_000, { open: 90, dropped: 9 }],
        ),
      )
    expect(causesIn(noted(socketsNotDrained(rows(100_000))))).toEqual([])
    expect(causesIn(noted(socketsNotDrained(rows(100_001))))).toEqual(found)
  })

  it('fall together where one frame has more than half of what fell beside it', () => {
    const rows = (beside: number) =>
      told(
        listOf(
          [103_000, {}],
          [104_000, { dropped: beside }],
          [105_000, { dropped: beside + 20 }],
          [106_000, { dropped: 2 * beside + 20 }],
          [107_000, { dropped: 2 * beside + 20 }],
        ),
      )
    expect(causesIn(noted(socketsNotDrained(rows(10))))).toEqual([])
    expect(causesIn(noted(socketsNotDrained(rows(9))))).toEqual(found)
  })

  it.each([
    [5, 5, []],
    [4, 6, ['breach routing-not-sticky']],
    [4, 5, []],
    [0, 10, ['breach routing-not-sticky']],
    [0, 9, []],
  ])('of which %i stay and %i move', (kept, moved, expected) => {
    expect(causesIn(noted(routingNotSticky(told(listOf([50_000, {}], [51_000, { kept, moved }])))))).toEqual(expected)
  })
})

describe('what grows while the load stays the same', () => {
  const MIB = 2 ** 20
  const pod = (namespace = 'casino', memoryLimit = 200 * MIB) =>
    seen(-2, readyPod('gateway-1', 'gateway', { namespace, memoryLimit }), 'present')
  const phases = { rehearsal: { faults: [] } }
  /** A value every five seconds, from 50 s to 125 s and further: the peak is constant from 50 s on. */
  const gauge = (name: string, value: (index: number) => number, source = 'gateway', fromMs = 50_000, n = 16) =>
    counted(
      source,
      name,
      {},
      Array.from({ length: n }, (_, index) => [fromMs + index * 5000, value(index)] as const),
      'gateway-1',
    )
  const MEMORY = 'process_resident_memory_bytes'
  const LAG = 'nodejs_eventloop_lag_p99_seconds'
  /** One phase from 0 s to 160 s with a constant load. */
  const steady = (records: readonly Evidence[], until = 160_000) => {
    const all = seenIn(records, { ...phases, until })
    const { timeline } = all.run.head
    const [first] = timeline.phases
    Object.assign(timeline, { phases: [{ ...first, rampEndMs: 0, toMs: 160_000 }] })
    return noted(degrading(all))
  }
  const kept = (value: (index: number) => number, n = 29) =>
    gauge(MEMORY, (index) => value(index) * MIB, 'gateway', 15_000, n)
  it('is told of memory that has passed its limit', () => {
    const told = (limit: number) => steady([pod('casino', limit * MIB), ...kept((n) => 90 + n)])[0]?.sentence
    expect(told(117)).toMatch(/its limit is 117 MiB, which it has passed\.$/)
    expect(told(118)).toMatch(/its limit is 118 MiB, which it reaches in 5\.0 s at this rate\.$/)
  })

  it('is told for 24 readings and not for fewer', () => {
    expect(causesIn(steady([pod(), ...kept((n) => 90 + 2 * n, 24)]))).toEqual(['warning degrading'])
    expect(causesIn(steady([pod(), ...kept((n) => 90 + 2 * n, 23)]))).toEqual([])
  })

  it('counts readings from 15 s after a ramp until the load ends', () => {
    const from = (ms: number, until = 160_000) =>
      causesIn(steady([pod(), ...gauge(MEMORY, (n) => (90 + 2 * n) * MIB, 'gateway', ms, 24)], until))
    expect(from(15_000)).toEqual(['warning degrading'])
    expect(from(14_999)).toEqual([])
    expect(from(15_000, 130_000)).toEqual(['warning degrading'])
    expect(from(15_000, 129_999)).toEqual([])
  })

  it('grows by a quarter over the time', () => {
    // 23 steps: from a median of 92 near the start to one near the end.
    const by = (step: number) => causesIn(steady([pod('casino', 130 * MIB), ...kept((n) => 92 + step * n, 24)]))
    expect(by(1.1)).toEqual(['warning degrading'])
    expect(by(0.95)).toEqual([])
  })

  it('has the limit of the pod in the namespace of its source', () => {
    expect(causesIn(steady([pod('providers'), ...kept((n) => 90 + 2 * n)]))).toEqual(['warning degrading'])
    const foreign = gauge(MEMORY, (n) => (90 + 2 * n) * MIB, 'payments-api', 15_000, 29)
    expect(causesIn(steady([pod('casino'), ...foreign]))).toEqual(['warning degrading'])
    expect(causesIn(steady([pod('providers'), ...foreign]))).toEqual([])
    expect(causesIn(steady([...kept((n) => 90 + 2 * n)]))).toEqual([])
  })

  it('is told of event loops in milliseconds', () => {
    const lag = gauge(LAG, (n) => 0.02 + n / 500, 'gateway', 15_000, 29)
    expect(steady([pod(), ...lag])[0]?.sentence).toMatch(
      /^event loop of gateway-1 grew from 22 ms to 74 ms in 140\.0 s .* limit is 100 ms/,
    )
  })

  it('is told with the time in minutes from two on', () => {
    const near = (limit: number) => steady([pod('casino', limit * MIB), ...kept((n) => 90 + n)])[0]?.sentence
    // A MiB every 5 s, and at last 117 MiB.
    expect(near(140)).toContain('reaches in 115.0 s at this rate')
    expect(near(141)).toContain('reaches in 2 min at this rate')
  })
})
