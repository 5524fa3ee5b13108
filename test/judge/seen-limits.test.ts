/** The folds over evidence that rules read: counters, gauges, stretches and lives, at the last moment and the last value on either side. */
import { describe, expect } from 'vitest'
import type { BudgetSeen } from '../../src/domain/cluster.ts'
import type { Evidence, Sample, Series } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { createAnswered } from '../../src/judge/seen/answered.ts'
import { createBacklogs } from '../../src/judge/seen/backlogs.ts'
import { createBudgetLives } from '../../src/judge/seen/budget-lives.ts'
import {
  betweenScrapes,
  blindPods,
  createCounters,
  cumulative,
  cut,
  rateOf,
  readingOf,
  splitAt,
  type Track,
  type Wanted,
} from '../../src/judge/seen/counters.ts'
import { createGauges } from '../../src/judge/seen/gauges.ts'
import { createPodGauges } from '../../src/judge/seen/pod-gauges.ts'
import { createRunFacts } from '../../src/judge/seen/run-facts.ts'
import {
  firstWhere,
  type Steps,
  stepAt,
  stepsWithin,
  summed,
  timeWhere,
  trueSince,
} from '../../src/judge/seen/steps.ts'
import { createStreams } from '../../src/judge/seen/streams.ts'
import { createWindows, mergedSums } from '../../src/judge/seen/windows.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, framesOf, listOf } from '../support/small-run.ts'

type Value = number | 'no answer' | 'absent'
type Scrape = readonly [ms: number, value: Value, pod?: string, labels?: Readonly<Record<string, string>>]
const sample = ([ms, value, pod = 'a', labels = {}]: Scrape, name = 'x'): Sample => {
  const head = { kind: 'sample', at: instant(ms), source: 's', pod } as const
  if (value === 'no answer') return { ...head, ok: false, problem: value }
  return { ...head, ok: true, series: value === 'absent' ? [] : [{ name, labels, value }] }
}

describe('a counter', () => {
  const wanted: Wanted = { id: 'w', source: 's', metric: 'x', labels: {} }
  const track = (scrapes: readonly Scrape[], changes: Partial<Wanted> = {}, everyMs?: number) => {
    const counters = createCounters(() => everyMs)
    counters.want({ ...wanted, ...changes })
    for (const [index, each] of scrapes.entries()) counters.add(sample(each), index + 1)
    return counters.track('w')
  }
  const increments = (...args: Parameters<typeof track>) =>
    track(...args).increments.map(({ fromAt, toAt, count }) => `${fromAt}-${toAt}: ${count}`)

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'of a pod that is read within 1.5 s of the first one may be old',
      () => increments(listOf([0, 5], [1500, 7, 'b'])),
      [],
    ],
    [
      'of a pod that is read later was born 2 s before',
      () => increments(listOf([0, 5], [1501, 7, 'b'])),
      ['-499-1501: 7'],
    ],
    [
      'of a source that is scraped every 10 s may be old for 15 s',
      () => increments(listOf([0, 5], [15_000, 7, 'b']), {}, 10_000),
      [],
    ],
    [
      'of a pod that is read later was born an interval before',
      () => increments(listOf([0, 5], [15_001, 7, 'b']), {}, 10_000),
      ['5001-15001: 7'],
    ],
    ['that stays counts nothing', () => increments(listOf([0, 5], [1000, 5])), ['0-1000: 0']],
    ['that stays is no increment of a sparse one', () => increments(listOf([0, 5], [1000, 5]), { sparse: true }), []],
    ['of a sparse one counts one', () => increments(listOf([0, 5], [1000, 6]), { sparse: true }), ['0-1000: 1']],
    ['that fell by one began anew', () => increments(listOf([0, 5], [1000, 4])), ['0-1000: 4']],
    [
      'of other labels counts as 0',
      () => increments(listOf([0, 5, 'a', { q: '1' }], [1000, 9, 'a', { q: '1' }]), { labels: { q: '2' } }),
      ['0-1000: 0'],
    ],
    ['of no source is read in all', () => increments(listOf([0, 5], [1000, 9]), { source: 'other' }), []],
    [
      'over a failed scrape loses nothing',
      () => increments(listOf([0, 5], [1000, 'no answer'], [2000, 9])),
      ['0-2000: 4'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const failures = (scrapes: readonly Scrape[], changes: Partial<Wanted> = {}) =>
    track(scrapes, changes).failures.map(({ pod, at }) => `${pod} ${at}`)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that nobody answered', () => failures([[0, 'no answer']]), ['s/a 0']],
    ['that is not there beside a pod that has it', () => failures(listOf([0, 5], [0, 'absent', 'b'])), []],
    ['that is not there in any pod', () => failures(listOf([0, 'absent'], [0, 'absent', 'b'])), ['s/a 0', 's/b 0']],
    ['that is not there any more', () => failures(listOf([0, 5], [1000, 'absent'])), ['s/a 1000']],
    ['of whichever source, which nobody has', () => failures([[0, 'absent']], { source: undefined as never }), []],
    ['of pods that were not listed', () => failures([[0, 'no answer', '']]), []],
  ])('fails where it is one %s', (_, is, expected) => expect(is()).toEqual(expected))

  const reading = (changes: object, value: Value = 5) =>
    noted(readingOf({ ...sample([0, value]), ...changes } as Sample, wanted))
  it.each<[string, () => unknown, unknown]>([
    ['is read', () => reading({}), { is: 'read', value: 5 }],
    ['is absent', () => reading({}, 'absent'), { is: 'absent' }],
    ['is 0 where it is declared', () => reading({ empty: ['x'] }, 'absent'), { is: 'read', value: 0 }],
    ['is absent where another is declared', () => reading({ empty: ['y'] }, 'absent'), { is: 'absent' }],
    ['is absent where it was not read', () => reading({ unread: [{ metric: 'x', problem: 'p' }] }), { is: 'absent' }],
    [
      'is read where another was not',
      () => reading({ unread: [{ metric: 'y', problem: 'p' }] }),
      { is: 'read', value: 5 },
    ],
    ['is failed where it is no number', () => reading({}, Number.NaN), { is: 'failed' }],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const at = (fromAt: number, toAt: number, count: number, pod = 'a') => ({ pod, fromAt, toAt, count, line: 1 })
  const of = (...all: readonly ReturnType<typeof at>[]): Track => ({ increments: all, failures: [] })

  it('has counted a share of what straddles a moment', () => {
    const sum = cumulative(of(at(1000, 2000, 10), at(2000, 3000, 0), at(3000, 4000, 20, 'b')), of(at(1500, 2500, 10)))
    expect([0, 1000, 1500, 2000, 2500, 3500, 4000, 9000].map(sum)).toEqual([0, 0, 5, 15, 20, 30, 40, 40])
  })

  it('has a rate between two moments, and none without time', () => {
    const sum = cumulative(of(at(1000, 2000, 10)))
    expect([
      rateOf(sum, 1000, 2000),
      rateOf(sum, 1000, 3000),
      rateOf(sum, 1000, 1000),
      rateOf(sum, 2000, 1000),
    ]).toEqual([10, 5, 0, 0])
  })

  it('is cut to what overlaps', () => {
    const { increments: all } = cut(
      of(at(0, 1000, 1), at(1000, 2000, 2), at(2000, 3000, 3), at(3000, 4000, 4)),
      1000,
      3000,
    )
    expect(all.map(({ count }) => count)).toEqual([2, 3])
  })

  it.each([
    [2000, 0],
    [2001, 1],
  ])('is torn at an edge by an increment that is longer than 2 s: %i ms', (longMs, torn) => {
    const split = noted(splitAt(of(at(4000, 4000 + longMs, 1)), 5000, 9000, 2000))
    expect([split.torn.length, split.sure.increments.length]).toEqual([torn, 1 - torn])
  })

  it('is not torn where the edge is its own end, or where it counted nothing', () => {
    const torn = (...all: readonly ReturnType<typeof at>[]) => noted(splitAt(of(...all), 5000, 9000, 10)).torn.length
    expect([
      torn(at(1000, 5000, 1)),
      torn(at(1000, 5001, 1)),
      torn(at(1000, 5001, 0)),
      torn(at(5000, 8000, 1)),
      torn(at(8000, 9000, 1)),
      torn(at(8000, 9001, 1)),
      torn(at(9000, 9900, 1)),
    ]).toEqual([0, 1, 0, 0, 0, 1, 0])
  })

  it('has no rate before its first scrape', () => {
    expect(
      noted(betweenScrapes(of(at(0, 1000, 9), at(0, 1000, 8, 'b'), at(1000, 2000, 2)))).increments.map(
        ({ count }) => count,
      ),
    ).toEqual([2])
  })

  const blind = (fails: readonly number[], ...all: readonly ReturnType<typeof at>[]) =>
    blindPods({ increments: all, failures: fails.map((ms) => ({ pod: 'a', at: ms, line: 1 })) }, 1000, 9000, 2000)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['for 2 s', () => blind([3000, 5000]), ['a']],
    ['for less', () => blind([3000, 4999]), []],
    ['from the begin of a window', () => blind([1000, 3000]), ['a']],
    ['before the window', () => blind([999, 2999]), []],
    ['until the end of a window', () => blind([7000, 9000]), ['a']],
    ['after the window', () => blind([7001, 9001]), []],
    ['but for an increment over it', () => blind([3000, 5000], at(3000, 5000, 1)), []],
    ['and an increment that ends with it', () => blind([3000, 5000], at(3001, 5000, 1)), ['a']],
    ['but for a later increment', () => blind([3000, 5000], at(4900, 5001, 1)), []],
    ['and an increment of another pod', () => blind([3000, 5000], at(3000, 6000, 1, 'b')), ['a']],
  ])('has a blind pod: %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a gauge', () => {
  const gauges = (scrapes: readonly Scrape[], pods: 'sum' | 'max' = 'sum') => {
    const all = createGauges()
    all.want({ id: 'w', source: 's', metric: 'x', labels: {}, pods })
    for (const [index, each] of scrapes.entries()) all.add(sample(each), index + 1)
    return all
  }
  const levels = (...args: Parameters<typeof gauges>) =>
    gauges(...args)
      .levels('w')
      .map(({ at, until, value }) => `${at}-${until}: ${value}`)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['holds its value', () => levels(listOf([0, 5], [1000, 5], [2000, 6])), ['0-1000: 5', '2000-2000: 6']],
    ['is the sum of its pods', () => levels(listOf([0, 5], [100, 2, 'b'])), ['0-0: 5', '100-100: 7']],
    ['is the most of its pods', () => levels(listOf([0, 5], [100, 2, 'b']), 'max'), ['0-100: 5']],
    [
      'holds a pod that was read 2.5 s before',
      () => levels(listOf([0, 5], [2500, 2, 'b'])),
      ['0-0: 5', '2500-2500: 7'],
    ],
    ['drops one that was read earlier', () => levels(listOf([0, 5], [2501, 2, 'b'])), ['0-0: 5', '2501-2501: 2']],
    [
      'holds a pod of a slow source for 2.5 intervals',
      () => levels(listOf([0, 5], [4000, 5], [14_000, 2, 'b'])),
      ['0-4000: 5', '14000-14000: 7'],
    ],
    ['drops it later', () => levels(listOf([0, 5], [4000, 5], [14_001, 2, 'b'])), ['0-4000: 5', '14001-14001: 2']],
    [
      'begins anew after a pause',
      () => levels(listOf([0, 5], [1000, 'no answer'], [2501, 5])),
      ['0-0: 5', '2501-2501: 5'],
    ],
    ['goes on after a short one', () => levels(listOf([0, 5], [1000, 'no answer'], [2500, 5])), ['0-2500: 5']],
    [
      'drops a pod that cannot be read',
      () => levels(listOf([0, 5], [0, 2, 'b'], [1000, 'no answer'], [1100, 2, 'b'])),
      ['0-0: 5', '0-0: 7', '1100-1100: 2'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('counts what was read and what was not', () => {
    expect(gauges(listOf([0, 5], [1, 'no answer'], [2, Number.NaN], [3, 'absent'], [4, 6])).scrapes('w')).toEqual({
      read: 2,
      unread: 2,
    })
    expect(gauges([]).scrapes('other')).toEqual({ read: 0, unread: 0 })
  })

  const spans = (...scrapes: readonly Scrape[]) =>
    gauges(scrapes)
      .spans('w')
      .spans.map(({ holder, teller, fromAt, toAt }) => `${holder} by ${teller} ${fromAt}-${toAt}`)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['while it shows 1', () => spans([0, 1], [1000, 1], [2000, 0]), ['a by a 0-1000']],
    ['not while it shows less', () => spans([0, 0.9], [1000, 0]), []],
    [
      'anew after a failed scrape',
      () => spans([0, 1], [1000, 'no answer'], [2000, 1]),
      ['a by a 0-0', 'a by a 2000-2000'],
    ],
    ['as another pod says', () => spans([0, 1, 'b', { pod: 'a' }], [1000, 1, 'b', { pod: 'a' }]), ['a by b 0-1000']],
    [
      'until another pod says no',
      () => spans([0, 1], [0, 1, 'b', { pod: 'a' }], [1000, 0, 'b', { pod: 'a' }]),
      ['a by b 0-0', 'a by a 0-0'],
    ],
  ])('is held %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('requests that a pod answered', () => {
  const REQUESTS = 'http_requests_total'
  const at = (ms: number, counts: Readonly<Record<string, number>>, source = 's'): Sample => ({
    kind: 'sample',
    at: instant(ms),
    source,
    pod: 'a',
    ok: true,
    series: Object.entries(counts).map(([code, value]): Series => ({ name: REQUESTS, labels: { code }, value })),
  })
  const of = (...samples: readonly Sample[]) => {
    const answered = createAnswered()
    for (const each of samples) answered.add(each)
    return answered.of('a').map(({ fromAt, toAt, all, failed }) => `${fromAt}-${toAt}: ${failed} of ${all}`)
  }
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'in a stretch of 5 s',
      () => of(at(0, { 200: 1 }), at(2000, { 200: 3 }), at(5000, { 200: 6 })),
      ['0-5000: 0 of 5'],
    ],
    [
      'in two, where they take longer',
      () => of(at(0, { 200: 1 }), at(2000, { 200: 3 }), at(5001, { 200: 6 })),
      ['0-2000: 0 of 2', '2000-5001: 0 of 3'],
    ],
    [
      'badly, with 500, 599 and 499',
      () => of(at(0, { 500: 1, 599: 1, 499: 1, 429: 1 }), at(1000, { 500: 2, 599: 2, 499: 2, 429: 2 })),
      ['0-1000: 3 of 4'],
    ],
    ['anew', () => of(at(0, { 200: 9 }), at(1000, { 200: 3 }), at(2000, { 200: 4 })), ['1000-2000: 0 of 1']],
    ['none in no time', () => of(at(0, { 200: 1 }), at(0, { 200: 3 })), []],
    [
      'never fewer than none badly',
      () => of(at(0, { 200: 1, 500: 5 }), at(1000, { 200: 9, 500: 4 })),
      ['0-1000: 0 of 7'],
    ],
    [
      'not where a value is no number',
      () => of(at(0, { 200: 1 }), at(1000, { 200: Number.NaN }), at(2000, { 200: 3 })),
      ['0-2000: 0 of 2'],
    ],
    [
      'by the source that saw most',
      () =>
        of(
          at(0, { 200: 1 }, 'few'),
          at(6000, { 200: 2 }, 'few'),
          at(0, { 200: 1 }),
          at(4000, { 200: 2 }),
          at(9000, { 200: 4 }),
        ),
      ['0-4000: 0 of 1', '4000-9000: 0 of 2'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('gauges by their name', () => {
  const backlog = (name: string, ...scrapes: readonly Scrape[]) => {
    const backlogs = createBacklogs()
    for (const [index, each] of scrapes.entries()) backlogs.add(sample(each, name), index + 1)
    return [...backlogs.all.values()].flat().map(({ at, value }) => `${at}: ${value}`)
  }
  it('are work that waits, of which the most in a second counts', () => {
    expect(backlog('jobs_pending', [0, 5], [999, 7, 'b'], [1998, 6])).toEqual(['0: 7', '1998: 6'])
    expect(backlog('jobs_pending', [0, 5], [999, 3, 'b'], [1000, 4])).toEqual(['0: 5', '1000: 4'])
    expect(backlog('jobs_pending', [0, 5], [2000, 5])).toEqual(['0: 5'])
    expect(backlog('jobs_done', [0, 5])).toEqual([])
    expect(backlog('jobs_pending', [0, 'no answer'], [1, Number.NaN])).toEqual([])
  })

  const memory = (...scrapes: readonly Scrape[]) => {
    const gauges = createPodGauges()
    for (const [index, each] of scrapes.entries()) gauges.add(sample(each, 'process_resident_memory_bytes'), index + 1)
    return gauges.all.flatMap(({ values }) => values.map(({ at }) => at))
  }
  it('are memory, read every five seconds', () => {
    expect(memory([0, 1], [4499, 1], [4500, 1], [9000, 1])).toEqual([0, 4500, 9000])
    expect(memory([0, 'no answer'], [1, Number.NaN], [2, 1])).toEqual([2])
  })
})

describe('steps', () => {
  const steps: Steps = listOf([1000, 1], [2000, 5], [4000, 2]).map(([at = 0, value = 0], line) => ({ at, value, line }))
  const isHigh = (value: number) => value >= 2
  it('are in force from their moment on', () => {
    expect([999, 1000, 1999, 2000].map((at) => stepAt(steps, at)?.value)).toEqual([undefined, 1, 1, 5])
    expect(stepsWithin(steps, 2000, 4000).map(({ value }) => value)).toEqual([5, 2])
    expect(stepsWithin(steps, 2001, 3999).map(({ value }) => value)).toEqual([5])
    expect(stepsWithin(steps, 0, 1000).map(({ value }) => value)).toEqual([1])
  })

  it('are true first, and since when, and for how long', () => {
    expect([
      firstWhere(steps, 0, 9000, isHigh)?.at,
      firstWhere(steps, 3000, 9000, isHigh)?.at,
      firstWhere(steps, 0, 1999, isHigh)?.at,
    ]).toEqual([2000, 3000, undefined])
    expect([
      trueSince(steps, 0, 9000, isHigh)?.at,
      trueSince(steps, 0, 9000, (value) => value === 2)?.at,
      trueSince(steps, 5000, 9000, isHigh)?.at,
      trueSince(steps, 0, 9000, (value) => value > 2)?.at,
    ]).toEqual([2000, 4000, 5000, undefined])
    expect([
      timeWhere(steps, 0, 9000, isHigh),
      timeWhere(steps, 3000, 3500, isHigh),
      timeWhere(steps, 0, 9000, (value) => value === 5),
    ]).toEqual([7000, 500, 2000])
  })

  it('add up ups and downs', () => {
    const change = (at: number, by: number, line: number) => ({ at, by, line })
    expect(
      summed([change(2000, -1, 3), change(1000, 1, 1), change(1000, 1, 2)]).map(({ at, value, line }) => [
        at,
        value,
        line,
      ]),
    ).toEqual([
      [1000, 2, 2],
      [2000, 1, 3],
    ])
  })
})

describe('a disruption budget', () => {
  const life = (
    ...versions: readonly (readonly [healthy: number, wanted: number, expected: number, allowed?: number])[]
  ) => {
    const lives = createBudgetLives()
    for (const [index, [healthy, wantedHealthy, expected, allowed = 1]] of versions.entries())
      lives.add(
        {
          resource: 'PodDisruptionBudget',
          namespace: 'n',
          name: 'b',
          uid: 'u',
          healthy,
          wantedHealthy,
          expected,
          allowed,
        } as BudgetSeen,
        index,
        index + 1,
      )
    return lives.all.get('b')
  }
  it.each<[string, () => boolean, boolean]>([
    ['that has what it wants', () => life([2, 2, 3])?.violation !== undefined, false],
    ['that falls below', () => life([2, 2, 3], [1, 2, 3])?.violation !== undefined, true],
    ['that never had it', () => life([1, 2, 3])?.violation !== undefined, false],
    ['that wants more as it grows', () => life([2, 2, 3], [2, 3, 4])?.violation !== undefined, false],
    ['whose pods are all gone on purpose', () => life([2, 2, 3], [0, 2, 0])?.violation !== undefined, false],
    ['that wants less and has it', () => life([2, 2, 3], [1, 1, 2])?.violation !== undefined, false],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('is tightest where the least is to spare', () => {
    expect(life([5, 2, 5], [3, 2, 5], [4, 2, 5])?.tightest).toEqual({ healthy: 3, wanted: 2 })
    expect(life([3, 2, 5], [3, 2, 5])?.tightest).toEqual({ healthy: 3, wanted: 2 })
  })

  it.each<[string, () => number | undefined, number]>([
    ['every pod is healthy and none may go', () => life([2, 2, 2, 0])?.stuck.length, 1],
    ['one may go', () => life([2, 2, 2, 1])?.stuck.length, 0],
    ['one is not healthy', () => life([1, 1, 2, 0])?.stuck.length, 0],
    ['there is none', () => life([0, 0, 0, 0])?.stuck.length, 0],
    ['one is there', () => life([1, 1, 1, 0])?.stuck.length, 1],
  ])('is stuck where %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('streams of records', () => {
  const of = (...ms: readonly number[]) => {
    const streams = createStreams()
    for (const [index, frame] of framesOf(
      'x',
      ms.map((each) => [each, {}] as const),
    ).entries())
      streams.add(frame, index + 1)
    return streams
  }
  it('pause for more than 5 s', () => {
    expect(of(0, 5000).all[0]?.pauses).toEqual([])
    expect(of(0, 5001).all[0]?.pauses).toEqual([{ fromAt: atMs(0), toAt: atMs(5001), line: 2 }])
    expect(of(0, 1000, 5000, 6000).all[0]).toMatchObject({ count: 4, medianMs: 1000, lastLine: 4 })
    expect(of(0).all[0]?.medianMs).toBeUndefined()
  })

  it('have one moment for each second', () => expect(of(0, 400, 999, 1000).moments).toEqual([atMs(999), atMs(1000)]))
  it('name lines that are out of order', () => {
    expect(of(1000, 999, 1001).misplaced).toEqual({ count: 1, lines: [2] })
    expect(of(1000, 1000).misplaced.count).toBe(1)
    expect(of(...Array.from({ length: 30 }, (_, n) => 1000 - n)).misplaced).toMatchObject({
      count: 29,
      lines: Array.from({ length: 20 }, (_, n) => n + 2),
    })
  })
})

describe('the load of a run', () => {
  const started = (instance: string, zeroMs = 0): Evidence => ({
    kind: 'load-started',
    at: atMs(0),
    zeroAt: atMs(zeroMs),
    instance,
    pid: 1,
  })
  const ended = (instance: string, outcome: 'completed' | 'stopped' | 'crashed', ms = 9000): Evidence => ({
    kind: 'load-ended',
    at: atMs(ms),
    instance,
    outcome,
    exitCode: 0,
    problems: [],
  })
  const facts = (...records: readonly Evidence[]) => {
    const run = createRunFacts()
    for (const [index, each] of records.entries()) run.add(each, index + 1)
    return run
  }
  it.each<[string, () => string, string]>([
    ['never', () => facts().load, 'never'],
    ['running', () => facts(started('a')).load, 'running'],
    ['running in one of two', () => facts(started('a'), started('b'), ended('a', 'completed')).load, 'running'],
    ['completed', () => facts(started('a'), ended('a', 'completed')).load, 'completed'],
    [
      'stopped in one of two',
      () => facts(started('a'), started('b'), ended('a', 'completed'), ended('b', 'stopped')).load,
      'stopped',
    ],
    [
      'crashed in one of two',
      () => facts(started('a'), started('b'), ended('a', 'stopped'), ended('b', 'crashed')).load,
      'crashed',
    ],
    ['crashed before it began', () => facts(ended('a', 'crashed')).load, 'crashed'],
    ['ended before it began', () => facts(ended('a', 'completed')).load, 'never'],
  ])('is %s', (_, is, expected) => expect(is()).toBe(expected))

  it('begins with the first and ends with the last of its instances', () => {
    const two = facts(started('a', 500), started('b', 0), ended('a', 'completed', 8000), ended('b', 'completed', 9000))
    expect([two.zeroAt, two.loadEndedAt, two.seenUntil]).toEqual([atMs(0), atMs(9000), atMs(9000)])
    const stop: Evidence = { kind: 'stop-requested', at: atMs(7000), by: 'operator', reason: 'x' }
    expect(facts(started('a'), stop, ended('a', 'stopped', 7500)).seenUntil).toBe(atMs(7000))
    expect(facts(started('a'), stop, { ...stop, at: atMs(7100) }).stop?.record.at).toBe(atMs(7000))
    expect(facts(started('a'), { ...stop, at: atMs(1) }).seenUntil).toBe(atMs(1))
  })
})

describe('windows of the load', () => {
  const goodIn = (fromMs: number, toMs: number, instance?: string) => {
    const windows = createWindows(() => ({}))
    windows.open({
      kind: 'phase',
      name: 'p',
      fromAt: atMs(fromMs),
      toAt: atMs(toMs),
      ...(instance === undefined ? {} : { instance }),
    })
    for (const frame of framesOf(
      'bet',
      listOf(
        [1000, { good: 1, bad: 2, slow: 1, overCeiling: 1, histogram: listOf([10, 1], [20, 2]) }],
        [2000, { good: 4, histogram: [[20, 3]] }],
      ),
    ))
      windows.add(frame)
    return { frames: windows.frames('phase', 'p'), bet: windows.sums('phase', 'p').get('bet') }
  }
  it('hold frames whose middle lies in them', () => {
    expect(goodIn(500, 1500)).toMatchObject({
      frames: 1,
      bet: { good: 1, bad: 2, slow: 1, overCeiling: 1, histogram: listOf([10, 1], [20, 2]) },
    })
    expect(goodIn(500, 1501)).toMatchObject({ frames: 2, bet: { good: 5, histogram: listOf([10, 1], [20, 5]) } })
    expect(goodIn(501, 1501)).toMatchObject({ frames: 1, bet: { good: 4 } })
    expect(goodIn(0, 9000, 'other')).toEqual({ frames: 0, bet: undefined })
  })

  it('are merged', () => {
    const [one, two] = [goodIn(500, 1500).bet, goodIn(501, 1501).bet]
    if (one === undefined || two === undefined) throw new Error('two windows')
    expect(mergedSums([one, two])).toEqual({
      good: 5,
      bad: 2,
      slow: 1,
      overCeiling: 1,
      dropped: 0,
      histogram: listOf([10, 1], [20, 5]),
    })
    expect(mergedSums([])).toEqual({ good: 0, bad: 0, slow: 0, overCeiling: 0, dropped: 0, histogram: [] })
  })
})
