/** Objectives and the load generator, to the single attempt: what is missed, what nobody can tell, and what is the generator's. */
import { describe, expect } from 'vitest'
import type { Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { Slo } from '../../src/domain/rehearsal.ts'
import { millis, type Ratio, ratio } from '../../src/domain/units.ts'
import { arrivalsDue, type Due } from '../../src/judge/load/arrivals-due.ts'
import { judgeGenerator } from '../../src/judge/load/generator.ts'
import { judgeObjectives } from '../../src/judge/load/objectives.ts'
import { judgeRunners } from '../../src/judge/load/runners.ts'
import { countRows } from '../../src/judge/load/windows.ts'
import { place as at } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, frame, framesOf, seenIn } from '../support/small-run.ts'

const due = (changes: Partial<Due> = {}): Due => ({ due: 0, ran: 0, dropped: 0, neverRan: 0, remaining: 0, ...changes })
const available = (objective: number, sli = 'login'): Slo => ({
  kind: 'availability',
  sli,
  objective: ratio(objective),
  at,
})
const fast = (targetMs: number, ceilingMs: number, quantile = 0.9): Slo => ({
  kind: 'latency',
  sli: 'login',
  quantile: ratio(quantile),
  targetMs: millis(targetMs),
  ceilingMs: millis(ceilingMs),
  at,
})

type Attempts = {
  readonly slo: Slo
  readonly counts: Partial<SliCounts>
  readonly due?: Partial<Due>
  /** The load was seen to its end. */
  readonly whole?: boolean
}
function judged({ slo, counts, due: ofPlan, whole = true }: Attempts) {
  const seen = seenIn(framesOf('login', [[10_000, counts]]), {
    rehearsal: { slos: [slo] },
    ...(whole ? {} : { until: undefined }),
  })
  const plan = ofPlan === undefined ? new Map<string, Due>() : new Map([['login', due(ofPlan)]])
  const { result, findings } = noted(judgeObjectives(seen, plan))
  const [slo_] = result
  if (slo_ === undefined) throw new Error('one objective')
  return { result: slo_, told: [slo_.state, ...findings.map(({ weight, cause }) => `${weight} ${cause}`)], findings }
}

describe('an availability', () => {
  const nine = available(0.9)
  const missed = ['missed', 'breach slo-missed']
  const unproven = ['unproven', 'gap slo-unproven']
  it.each<[string, Attempts, readonly string[]]>([
    ['without an attempt', { slo: nine, counts: {} }, ['no-evidence', 'gap no-evidence']],
    ['with one attempt', { slo: nine, counts: { good: 1 } }, unproven],
    ['of just its objective', { slo: nine, counts: { good: 9, bad: 1 } }, unproven],
    ['of less', { slo: nine, counts: { good: 8, bad: 1 } }, missed],
    ['that is proven', { slo: nine, counts: { good: 29 } }, ['proven']],
    ['that lacks one attempt of the proof', { slo: nine, counts: { good: 28 } }, unproven],
    ['with none good', { slo: nine, counts: { bad: 3 } }, missed],
    [
      'that is met by what was answered, while arrivals never ran',
      { slo: nine, counts: { good: 9, bad: 1 }, due: { neverRan: 1 } },
      ['unproven', 'gap generator-starved'],
    ],
    [
      'that is missed by what was answered, too',
      { slo: nine, counts: { good: 8, bad: 1 }, due: { neverRan: 1 } },
      missed,
    ],
    [
      'without an answer, while arrivals never ran',
      { slo: nine, counts: {}, due: { neverRan: 5 } },
      ['no-evidence', 'gap no-evidence'],
    ],
    [
      'that the rest could make good',
      { slo: nine, counts: { good: 8, bad: 2 }, due: { remaining: 10 }, whole: false },
      ['missed', 'gap slo-unproven'],
    ],
    [
      'that the rest could not',
      { slo: nine, counts: { good: 8, bad: 2 }, due: { remaining: 9 }, whole: false },
      missed,
    ],
    [
      'of a whole load, whatever its plan had',
      { slo: nine, counts: { good: 8, bad: 2 }, due: { remaining: 99 } },
      missed,
    ],
    // 160 s in all, of which 10 s were seen: 15 times as much is left.
    [
      'that the rest could make good at that pace',
      { slo: nine, counts: { good: 0, bad: 10 }, whole: false },
      ['missed', 'gap slo-unproven'],
    ],
    ['that it could not', { slo: available(0.95), counts: { good: 0, bad: 10 }, whole: false }, missed],
  ])('%s', (_, attempts, expected) => expect(judged(attempts).told).toEqual(expected))

  it.each<[string, Attempts, number]>([
    ['none', { slo: nine, counts: { good: 50 } }, 0],
    ['half', { slo: nine, counts: { good: 19, bad: 1 } }, 0.5],
    ['all', { slo: nine, counts: { good: 18, bad: 2 } }, 1],
    ['more, by arrivals that never ran', { slo: nine, counts: { good: 18, bad: 1 }, due: { neverRan: 1 } }, 1],
    ['as many as are bad, where there is none', { slo: available(1), counts: { good: 18, bad: 2 } }, 2],
  ])('uses of its budget %s', (_, attempts, share) => expect(judged(attempts).result.budgetUsed).toBeCloseTo(share, 9))

  const reasons = (badBy: Readonly<Record<string, number>>) => {
    const bad = Object.values(badBy).reduce((sum, n) => sum + n, 9)
    return judged({ slo: nine, counts: { good: 1, bad, badBy } }).findings[0]?.sentence.replace(/^.*\)/, '')
  }
  it.each<[string, Readonly<Record<string, number>>, string]>([
    ['one', { timeout: 1 }, ', bad by timeout 1 time.'],
    ['the most frequent first', { a: 1, b: 3 }, ', bad by b 3 times and a 1 time.'],
    ['in order of their names', { b: 2, a: 2 }, ', bad by a 2 times and b 2 times.'],
    ['three at most', { d: 1, a: 4, b: 3, c: 2 }, ', bad by a 4 times, b 3 times, c 2 times and 1 more.'],
    ['none that did not occur', { a: 1, b: 0 }, ', bad by a 1 time.'],
  ])('is missed by reasons: %s', (_, badBy, words) => expect(reasons(badBy)).toBe(words))

  it('names the eight frames that spent most, the earliest first among equals', () => {
    const rows = [1, 1, 3, 1, 1, 1, 1, 1, 1, 0].map((bad, n) => [1000 + n * 1000, { good: 1, bad }] as const)
    const seen = seenIn(framesOf('login', rows), { rehearsal: { slos: [nine] } })
    // Lines 1 and 2 are the head and the start of the load; the last frame is told in any case.
    expect(noted(judgeObjectives(seen, new Map())).findings[0]?.evidence).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 12])
  })

  it('counts a frame in the phase that holds its middle', () => {
    const of = (ms: number) => {
      const rows = [
        [ms - 2000, {}],
        [ms, { good: 4, bad: 2, slow: 1, overCeiling: 1, histogram: [[100, 4]] as const }],
      ] as const
      const { result } = noted(
        judgeObjectives(seenIn(framesOf('login', rows), { rehearsal: { slos: [nine] } }), new Map()),
      )
      return result[0]?.windows.map(({ name, counts }) => `${name} ${counts.good} ${counts.bad}`)
    }
    expect(of(26_000)).toEqual(['baseline 0 0', 'promo peak 4 2', 'recovery 0 0'])
    expect(of(25_998)).toEqual(['baseline 4 2', 'promo peak 0 0', 'recovery 0 0'])
  })
})

describe('a latency', () => {
  const of = (good: number, slow: number, overCeiling: number, ceilingMs = 200, bad = 0) =>
    judged({ slo: fast(100, ceilingMs), counts: { good, slow, overCeiling, bad } }).told
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is fast enough', () => of(29, 0, 0), ['proven']],
    ['that is slow within the ceiling', () => of(29, 3, 0), ['proven-with-warning', 'warning slo-warning']],
    ['that is over the ceiling in one of ten', () => of(10, 1, 1), ['unproven', 'gap slo-unproven']],
    ['that is over it in more', () => of(9, 1, 1), ['missed', 'breach slo-missed']],
    ['that counts only what is over the ceiling', () => of(9, 0, 1), ['missed', 'breach slo-missed']],
    [
      'whose ceiling is its target, of which only the slow are counted',
      () => of(9, 1, 0, 100),
      ['missed', 'breach slo-missed'],
    ],
    ['whose bad attempts are slow', () => of(9, 0, 0, 200, 2), ['missed', 'breach slo-missed']],
    ['with more slow attempts than good ones', () => of(1, 3, 0), ['unproven', 'gap slo-unproven']],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('has no quantile of a histogram whose last bucket has no end', () => {
    const row = {
      good: 3,
      bad: 0,
      slow: 0,
      overCeiling: 0,
      dropped: 0,
      timeouts: 0,
      badBy: {},
      fromAt: 0,
      at: 1,
      line: 1,
    }
    const whole = noted(countRows([{ ...row, histogram: [100, 1, 200, 1, Number.POSITIVE_INFINITY, 1] }], 2, 0.5))
    expect(whole).toMatchObject({ attempts: 5, good: 3, neverRan: 2 })
    expect([whole.quantileMs === undefined, whole.p99Ms]).toEqual([false, undefined])
    expect(Object.keys(noted(countRows([], 0, 0.5)))).not.toContain('quantileMs')
  })

  it('takes an attempt that was good before it was counted for no bad one', () => {
    const row = {
      slow: 0,
      overCeiling: 0,
      dropped: 0,
      timeouts: 0,
      badBy: {},
      fromAt: 0,
      at: 1,
      line: 1,
      histogram: [],
    }
    expect(noted(countRows([{ ...row, good: 5, bad: -1 }], 0, 0.5))).toMatchObject({ attempts: 4, good: 4, bad: 0 })
    expect(noted(countRows([{ ...row, good: 5, bad: 0 }], 0, 0.5))).toMatchObject({ attempts: 5, good: 5, bad: 0 })
  })
})

describe('arrivals that were due', () => {
  // 24 logins a second after a ramp of 5 s: 60 by then, 540 by 25 s, and 7,290 in all.
  const logins = (iterations: number, ms = 25_000, whole = false, dropped = 0) =>
    noted(
      arrivalsDue(
        seenIn([frame(ms, { profiles: { login: { iterations, dropped } } })], whole ? {} : { until: undefined }),
      ),
    ).get('login')

  it('are those of the plan by the last frame, of which those of the last 10 s may be under way', () => {
    expect(logins(299)).toEqual({ due: 540, ran: 299, dropped: 0, neverRan: 0, remaining: 6750 })
    expect(logins(298)?.neverRan).toBe(1)
    expect(logins(299, 25_000, false, 3)?.neverRan).toBe(3)
  })

  it('are all of the plan where the load came to its end', () => {
    expect(logins(7289, 160_000, true)).toEqual({ due: 7290, ran: 7289, dropped: 0, neverRan: 0, remaining: 0 })
    expect(logins(7288, 160_000, true)?.neverRan).toBe(1)
  })

  it('are none without a frame', () => {
    expect(noted(arrivalsDue(seenIn([], { until: undefined }))).get('login')).toMatchObject({
      due: 0,
      neverRan: 0,
      remaining: 7290,
    })
  })
})

describe('the load generator', () => {
  type Health = {
    readonly cpuCores?: number
    readonly hostBusy?: number
    readonly cpuLimit?: number
    readonly throttled?: Ratio
  }
  /** A load of 20 s that is watched once a second, so that it is full where more than 5 s are. */
  const watched = (seconds: number, full: Health, instance = 'k6', from = 5): readonly Evidence[] =>
    Array.from(
      { length: 20 },
      (_, n): Evidence => ({
        kind: 'generator-health',
        at: atMs((n + 1) * 1000),
        instance,
        cpuCores: 0.1,
        rssBytes: 1,
        ...full,
        ...(n >= from && n < from + seconds ? {} : { cpuCores: 0.1, throttled: ratio(0) }),
        hostBusy: ratio(n >= from && n < from + seconds ? (full.hostBusy ?? 0.5) : 0.5),
      }),
    )
  const frames = [1, 20].map((second) => frame(second * 1000, {}))
  const sentence = (records: readonly Evidence[], until = 20_000) =>
    noted(judgeGenerator(seenIn([...frames, ...records], { until }), new Map())).result.sentence
  const KEPT = 'The load generator kept up'
  const of = (health: Health) => sentence(watched(6, health))

  it.each<[string, () => string, string]>([
    ['on a machine that is full', () => of({ hostBusy: 0.95 }), 'the machine was full (at least 95 % busy) for 6.0 s'],
    ['on one that is less so', () => of({ hostBusy: 0.949 }), KEPT],
    ['that takes nine tenths of the cores', () => of({ cpuCores: 1.8 }), 'the machine was full'],
    ['that takes less', () => of({ cpuCores: 1.79 }), KEPT],
    [
      'that takes nine tenths of its limit',
      () => of({ cpuCores: 0.9, cpuLimit: 1 }),
      'k6 was at its limit of CPU for 6.0 s',
    ],
    ['that takes less of its limit', () => of({ cpuCores: 0.89, cpuLimit: 1 }), KEPT],
    ['whose limit is more than the machine has', () => of({ cpuCores: 1.9, cpuLimit: 4 }), KEPT],
    [
      'that is throttled in more than a twentieth',
      () => of({ throttled: ratio(0.051), cpuLimit: 1 }),
      'k6 was at its limit of CPU',
    ],
    ['that is throttled in a twentieth', () => of({ throttled: ratio(0.05), cpuLimit: 1 }), KEPT],
    [
      'on a node that is full',
      () => of({ hostBusy: 0.95, cpuLimit: 1 }),
      'the node of k6 was full (at least 95 % busy)',
    ],
  ])('%s', (_, is, expected) => expect(is()).toContain(expected))

  it('that is full for 5 s keeps up, and for 6 s not', () => {
    expect(sentence(watched(5, { hostBusy: 1 }))).toBe('The load generator kept up; the machine was full for 5.0 s.')
    expect(sentence(watched(6, { hostBusy: 1 }))).toContain('was starved')
    expect(sentence(watched(2, { hostBusy: 1 }))).toBe('The load generator kept up.')
  })

  it('of several is told by the one that had it worst', () => {
    const two = [...watched(6, { cpuCores: 1, cpuLimit: 1 }, 'one'), ...watched(7, { cpuCores: 1, cpuLimit: 1 }, 'two')]
    expect(sentence(two)).toContain('two was at its limit of CPU for 7.0 s')
    expect(
      sentence([
        ...watched(7, { cpuCores: 1, cpuLimit: 1 }, 'two'),
        ...watched(7, { cpuCores: 1, cpuLimit: 1 }, 'one'),
      ]),
    ).toContain('two was at its limit')
  })

  it('is watched from the start of the load to its end', () => {
    const at_ = (ms: number): Evidence => ({
      kind: 'generator-health',
      at: atMs(ms),
      instance: 'k6',
      cpuCores: 0.1,
      hostBusy: ratio(0.1),
      rssBytes: 1,
    })
    const trusted = (ms: number) => noted(judgeGenerator(seenIn([...frames, at_(ms)], { until: 20_000 }), new Map()))
    expect([0, 1, 20_999, 21_000].map((ms) => trusted(ms).result.trusted)).toEqual([false, true, true, false])
    expect(trusted(0).findings.map(({ cause }) => cause)).toEqual(['no-evidence'])
  })

  const late = (p95Ms: number, seconds: number, instance = 'k6', all = 20) =>
    Array.from({ length: all }, (_, n) =>
      frame((n + 1) * 1000, { instance, loopLag: { count: 9, p95Ms: n < seconds ? p95Ms : 1, maxMs: p95Ms } as never }),
    )
  const lateness = (records: readonly Evidence[], until = 20_000) =>
    noted(judgeGenerator(seenIn([...records, ...watched(0, {})], { until }), new Map())).result.sentence
  // The tightest objective is 120 ms.
  it.each<[string, () => string, string]>([
    ['late by half of it for 4 s', () => lateness(late(61, 4)), 'its event loop was late for 4.0 s (p95 up to 61 ms)'],
    ['late by half of it for 3 s', () => lateness(late(61, 3)), KEPT],
    ['late by no more than half', () => lateness(late(60, 20)), KEPT],
    [
      'late in one of two instances',
      () => lateness([...late(61, 4, 'one'), ...late(1, 0, 'two')]),
      'the event loop of one was late for 4.0 s',
    ],
  ])('%s', (_, is, expected) => expect(is()).toContain(expected))

  const short = (profile: string, of_: Partial<Due>) =>
    noted(judgeGenerator(seenIn([...frames, ...watched(0, {})], { until: 20_000 }), new Map([[profile, due(of_)]])))
      .result
  it.each<[string, string, Partial<Due>, boolean]>([
    ['one of few', 'login', { due: 9, neverRan: 1 }, true],
    ['two of few', 'login', { due: 9, neverRan: 2 }, false],
    ['what the objective of 99.9 % tolerates', 'login', { due: 3000, neverRan: 3 }, true],
    ['more', 'login', { due: 3000, neverRan: 4 }, false],
    ['what the p95 of a union tolerates', 'bet', { due: 100, neverRan: 5 }, true],
    ['more than that', 'bet', { due: 100, neverRan: 6 }, false],
    ['a hundredth of what no objective counts', 'other', { due: 300, neverRan: 3 }, true],
    ['more of it', 'other', { due: 300, neverRan: 4 }, false],
  ])('lost arrivals: %s', (_, profile, of_, trusted) => expect(short(profile, of_).trusted).toBe(trusted))

  it('counts arrivals that neither ran nor were dropped', () => {
    expect(short('login', { due: 9, ran: 4, dropped: 2, neverRan: 5 })).toMatchObject({
      due: 9,
      ran: 4,
      dropped: 2,
      missing: 3,
    })
    expect(short('login', { dropped: 5, neverRan: 2 }).missing).toBe(0)
  })

  const quiet = (iterations: number, good: number, refused?: number, profile = 'login') => {
    const operation = { acknowledged: 0, amountCents: 0, digestLow: 0, digestHigh: 0, unknown: 0 }
    const told = frame(20_000, {
      slis: { login: { good, bad: 0, badBy: {}, slow: 0, overCeiling: 0, histogram: [] } },
      profiles: { login: { iterations, dropped: 0 } },
      operations: refused === undefined ? {} : { [profile]: { ...operation, refused } },
    })
    return noted(judgeGenerator(seenIn([told, ...watched(0, {})], { until: 20_000 }), new Map())).findings.map(
      ({ cause }) => cause,
    )
  }
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['one of them', () => quiet(1000, 999), []],
    ['two of them', () => quiet(1000, 998), ['evidence-lost']],
    ['a thousandth of them', () => quiet(3000, 2997), []],
    ['more of them', () => quiet(3000, 2996), ['evidence-lost']],
    ['but for those that were refused', () => quiet(1000, 990, 9), []],
    ['but for those of another operation', () => quiet(1000, 990, 9, 'deposit'), []],
    ['and fewer were refused', () => quiet(1000, 990, 8), ['evidence-lost']],
  ])('has iterations without an outcome: %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('runners', () => {
  const started = (ms: number, instance: string): Evidence => ({
    kind: 'load-started',
    at: atMs(ms),
    zeroAt: atMs(ms),
    instance,
    pid: 1,
  })
  const apart = (ms: number) => noted(judgeRunners(seenIn([started(ms, 'two')]))).map(({ cause }) => cause)
  // The shortest ramp of the plan takes 5 s.
  it.each([
    [500, []],
    [501, ['runners-desynchronised']],
    [-500, []],
    [-501, ['runners-desynchronised']],
  ])('that begin %i ms apart', (ms, expected) => expect(apart(ms)).toEqual(expected))

  it('that are alone begin together', () => expect(noted(judgeRunners(seenIn([])))).toEqual([]))
})
