/** Witnesses that count: how soon a rate must change, for how long, and what a gap in the scrapes leaves open. All to the millisecond. */
import { describe, expect } from 'vitest'
import type { RateWitness } from '../../src/domain/rehearsal.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import { returnedAfter, testify } from '../../src/judge/faults/witness.ts'
import { blindPods, cut, splitAt, type Track } from '../../src/judge/seen/counters.ts'
import { place as at } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'

const witness = (direction: RateWitness['direction'], becomes: number): RateWitness => ({
  kind: 'rate',
  direction,
  metric: 'calls_total',
  where: {},
  of: 'psp-a',
  becomes: perSecond(becomes),
  withinMs: seconds(2),
  at,
})
type Span = readonly [fromAt: number, toAt: number, count: number]
const trackOf = (spans: readonly Span[], failedAt: readonly number[] = []): Track => ({
  increments: spans.map(([fromAt, toAt, count], line) => ({ pod: 'psp-a/1', fromAt, toAt, count, line })),
  failures: failedAt.map((each) => ({ pod: 'psp-a/1', at: each, line: 999 })),
})
/** Scraped every half second: so many a second from each of these moments on. */
function rates(...steps: readonly (readonly [fromMs: number, rate: number])[]): readonly Span[] {
  return Array.from({ length: 90 }, (_, n): Span => {
    const from = 55_000 + n * 500
    return [from, from + 500, (steps.findLast(([ms]) => ms <= from)?.[1] ?? 0) / 2]
  })
}
const without = (spans: readonly Span[], from: number, to: number, count?: number): readonly Span[] => [
  ...spans.filter(([since, until]) => until <= from || since >= to),
  ...(count === undefined ? [] : [[from, to, count] as const]),
]
// Created at 65 s and injected at 65.5 s, until 90 s: the change must be there 2 s after the injection, and a scrape is half a second late.
const times = { createdAt: 65_000, injectedAt: 65_500, endAt: 90_000 }
type Told = readonly [what: string, spans: readonly Span[], sentence: string, failedAt?: readonly number[]]

const tables: readonly (readonly [RateWitness, readonly Told[]])[] = [
  [
    witness('rises', 10),
    [
      ['was not scraped', [], 'was not measured around the fault.'],
      [
        'was scraped long before only',
        rates([0, 10]).filter(([, until]) => until <= 60_000),
        'was not measured around the fault.',
      ],
      [
        'was scraped from the start of the fault on',
        rates([0, 10]).filter(([since]) => since >= 65_000),
        'could not be read in the 5.0 s before the fault.',
      ],
      [
        'was that high before',
        rates([0, 10]),
        'counted 10.0/s before the fault already, so that its rate would prove nothing.',
      ],
      ['rises as the fault is made', rates([65_000, 10]), 'rose from 0.0/s to at least 10.0/s at once.'],
      ['rises as it is injected', rates([65_500, 10]), 'rose from 0.0/s to at least 10.0/s at once.'],
      ['rises as late as it may', rates([68_000, 10]), 'rose from 0.0/s to at least 10.0/s within 2.5 s.'],
      ['rises later', rates([68_500, 10]), 'rose to 10.0/s after 3.0 s, later than 2.0 s.'],
      ['rises for two seconds', rates([66_000, 10], [68_000, 0]), 'rose from 0.0/s to at least 10.0/s within 500 ms.'],
      [
        'rises for less',
        rates([66_000, 10], [67_500, 0]),
        'counted 0.6/s during the fault (before: 0.0/s) and never reached 10.0/s.',
      ],
      [
        'rises to less',
        rates([66_000, 9.9]),
        'counted 9.7/s during the fault (before: 0.0/s) and never reached 10.0/s.',
      ],
      [
        'rises in a gap over the end of the fault',
        without(rates(), 88_000, 91_000, 900),
        'could not be read all through the fault, and did not rise where it was read.',
      ],
      [
        'is scraped no more',
        rates().filter(([, until]) => until <= 80_000),
        'could not be read all through the fault, and did not rise where it was read.',
        [81_000, 83_000],
      ],
    ],
  ],
  [
    witness('falls', 0),
    [
      ['was not scraped', [], 'was not measured around the fault.'],
      ['was silent before', rates([0, 0]), 'counted 0.0/s before the fault, so that its silence would prove nothing.'],
      [
        'falls as the fault is made',
        rates([0, 40], [65_000, 0]),
        'fell from 40.0/s to 0.0/s at once and stayed there until healed.',
      ],
      [
        'falls as it is injected',
        rates([0, 40], [65_500, 0]),
        'fell from 40.0/s to 0.0/s at once and stayed there until healed.',
      ],
      [
        'falls as late as it may',
        rates([0, 40], [68_000, 0]),
        'fell from 40.0/s to 0.9/s within 2.5 s and stayed there until healed.',
      ],
      ['falls later', rates([0, 40], [68_500, 0]), 'came down to 0.0/s after 3.0 s, later than 2.0 s.'],
      ['goes on', rates([0, 40]), 'went on at 40.0/s (before: 40.0/s).'],
      [
        'comes back within it',
        rates([0, 40], [65_500, 0], [80_000, 40], [80_500, 0]),
        'came down to 0.0/s after 15.0 s, later than 2.0 s.',
      ],
      [
        'falls in a gap of 2 s',
        without(rates([0, 40], [65_500, 0]), 66_500, 68_500, 1),
        'came down to 0.0/s after 3.0 s, later than 2.0 s.',
      ],
      [
        'falls in a longer gap',
        without(rates([0, 40], [65_500, 0]), 66_000, 68_500, 1),
        'could not be scraped in the first 3.0 s of the fault.',
      ],
      [
        'is scraped until 2 s before the end',
        rates([0, 40], [65_500, 0]).filter(([, until]) => until <= 88_000),
        'fell from 40.0/s to 0.0/s at once and stayed there until healed.',
      ],
      [
        'is scraped for less',
        rates([0, 40], [65_500, 0]).filter(([, until]) => until <= 87_500),
        'psp-a could not be scraped during the fault.',
      ],
      [
        'is scraped no more',
        rates([0, 40], [65_500, 0]).filter(([, until]) => until <= 88_000),
        'psp-a/1 could not be scraped during the fault.',
        [88_000, 90_000],
      ],
      [
        'misses scrapes for less than 2 s',
        rates([0, 40], [65_500, 0]).filter(([, until]) => until <= 88_000),
        'fell from 40.0/s to 0.0/s at once and stayed there until healed.',
        [88_100, 90_000],
      ],
      [
        'counts in a gap over the end of the fault',
        without(rates([0, 40], [65_500, 0]), 89_000, 91_000, 80),
        'fell from 40.0/s to 0.0/s at once and stayed there until healed.',
      ],
    ],
  ],
]

for (const [asked, table] of tables)
  describe(`a witness that ${asked.direction}`, () => {
    it.each(table.map(([what, ...told]) => ({ what, told })))('and $what', ({ told: [spans, sentence, failedAt] }) => {
      const testimony = noted(testify(asked, trackOf(spans, failedAt), times))
      const words = sentence.startsWith('psp-a') ? `: ${sentence}` : ` ${sentence}`
      expect(testimony.sentence).toBe(`calls_total of psp-a${words}`)
      expect(testimony.proven).toBe(/^(rose|fell) from/.test(sentence))
    })
  })

describe('a witness that is scraped every four seconds', () => {
  const slow = (fallsAt: number) =>
    noted(testify(witness('falls', 0), trackOf(rates([0, 40], [fallsAt, 0])), times, 4000)).sentence

  it('may be one scrape late', () => {
    expect(slow(71_500)).toMatch(/fell from 40\.0\/s to .* within 6\.0 s/)
    expect(slow(72_000)).toMatch(/came down to 0\.0\/s after 6\.5 s, later than 2\.0 s/)
  })
})

describe('after the healing', () => {
  const back = (direction: RateWitness['direction'], becomes: number, spans: readonly Span[]) =>
    returnedAfter(witness(direction, becomes), trackOf(spans), 90_000, 99_500)

  it.each<[string, () => boolean, boolean]>([
    ['calls that come back', () => back('falls', 0, rates([90_000, 1])), true],
    ['calls that do not', () => back('falls', 0, rates([0, 40], [65_000, 0])), false],
    ['calls that go on at the limit', () => back('falls', 2, rates([0, 2])), false],
    ['errors that end', () => back('rises', 10, rates([65_000, 10], [95_000, 0])), true],
    ['errors that come down by a tenth', () => back('rises', 10, rates([65_000, 10], [90_000, 9])), true],
    ['errors that stay', () => back('rises', 10, rates([65_000, 10])), false],
    [
      'errors of which nothing is known any more',
      () =>
        back(
          'rises',
          10,
          rates([65_000, 10]).filter(([, until]) => until <= 91_500),
        ),
      false,
    ],
  ])('%s are back to normal or not', (_, is, expected) => expect(is()).toBe(expected))
})

describe('a part of a track', () => {
  const track = trackOf(
    [
      [0, 10, 1],
      [10, 20, 1],
      [20, 30, 1],
    ],
    [10, 15, 20],
  )

  it('holds what overlaps it, and failures at its edges', () => {
    const part = cut(track, 10, 20)
    expect([part.increments.map(({ fromAt }) => fromAt), part.failures.map((each) => each.at)]).toEqual([
      [10],
      [10, 15, 20],
    ])
    expect(cut(track, 9, 21).increments).toHaveLength(3)
    expect(cut(track, 11, 19).failures.map((each) => each.at)).toEqual([15])
  })

  it.each<[string, Track, readonly string[]]>([
    ['that fail for the whole time', trackOf([], [100, 200]), ['psp-a/1']],
    ['that fail for less', trackOf([], [100, 199]), []],
    ['that are bridged by a later scrape', trackOf([[100, 200, 0]], [100, 200]), []],
    ['that are bridged in part', trackOf([[101, 200, 0]], [100, 200]), ['psp-a/1']],
    ['that are read afterwards', trackOf([[190, 201, 0]], [100, 200]), []],
    ['that are read until then', trackOf([[190, 200, 0]], [100, 200]), ['psp-a/1']],
    ['that fail outside', trackOf([], [99, 301]), []],
  ])('names pods %s', (_, each, pods) => expect(blindPods(each, 100, 300, 100)).toEqual(pods))

  it.each<[string, Span, boolean]>([
    ['over the start', [50, 151, 1], true],
    ['over the end', [250, 351, 1], true],
    ['of no longer time', [50, 150, 1], false],
    ['without a count', [50, 151, 0], false],
    ['up to the start', [-50, 100, 1], false],
    ['from the start on', [100, 299, 1], false],
    ['from the end on', [300, 500, 1], false],
    ['up to the end', [150, 300, 1], false],
  ])('is torn by a gap %s', (_, span, isTorn) => {
    const { sure, torn } = noted(splitAt(trackOf([span]), 100, 300, 100))
    expect([sure.increments.length, torn.length]).toEqual(isTorn ? [0, 1] : [1, 0])
  })
})
