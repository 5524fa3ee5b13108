/** Counters that rules read, and requests that a pod answered, at the last moment and the last value on either side. */
import { describe, expect } from 'vitest'
import type { Sample, Series } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { createAnswered } from '../../src/judge/seen/answered.ts'
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
import { it, noted } from '../support/reviewed.ts'
import { listOf } from '../support/small-run.ts'
import { type Scrape, type ScrapeValue, sample } from '../support/small-scrapes.ts'

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

  const reading = (changes: object, value: ScrapeValue = 5) =>
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
    ['from the start of a window', () => blind([1000, 3000]), ['a']],
    ['before the window', () => blind([999, 2999]), []],
    ['until the end of a window', () => blind([7000, 9000]), ['a']],
    ['after the window', () => blind([7001, 9001]), []],
    ['but for an increment over it', () => blind([3000, 5000], at(3000, 5000, 1)), []],
    ['and an increment that ends with it', () => blind([3000, 5000], at(3001, 5000, 1)), ['a']],
    ['but for a later increment', () => blind([3000, 5000], at(4900, 5001, 1)), []],
    ['and an increment of another pod', () => blind([3000, 5000], at(3000, 6000, 1, 'b')), ['a']],
  ])('has a blind pod: %s', (_, is, expected) => expect(is()).toEqual(expected))
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
