/** What scrapes of a Prometheus show of an indicator: rows, holes and unseen attempts, to the millisecond. */
import { describe, expect } from 'vitest'
import type { Sample, Series } from '../../src/domain/evidence.ts'
import type { PrometheusSli } from '../../src/domain/prometheus-sli.ts'
import { instant } from '../../src/domain/units.ts'
import type { PodLife } from '../../src/judge/seen/pod-lives.ts'
import { grown, type Limits } from '../../src/judge/seen/prometheus-cells.ts'
import { createPrometheusSlis, type Surroundings } from '../../src/judge/seen/prometheus-slis.ts'
import { place as at } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { listOf } from '../support/small-run.ts'

const RATIO: PrometheusSli = { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'all', at }
const FAILURES: PrometheusSli = { kind: 'prometheus-failures', of: 'shop', bad: 'bad', total: 'all', at }
const BUCKETS: PrometheusSli = { kind: 'prometheus-buckets', of: 'shop', buckets: 'times', unit: 's', at }

/** The load lasts from 100 s to 200 s, and scrapes come every 10 s: one is late after 25 s. */
const load: Surroundings = { fromAt: 100_000, toAt: 200_000, everyMs: 10_000, lives: [] }

type Values = Readonly<Record<string, number>>
/** `undefined`: it shows none of the metrics. A text: the scrape failed. */
type Scrape = readonly [ms: number, values: Values | string | undefined, pod?: string]

const seriesOf = (values: Values): readonly Series[] =>
  Object.entries(values).map(([name, value]) => {
    const [metric = '', le] = name.split(' ')
    return { name: metric, labels: { namespace: 'casino', ...(le === undefined ? {} : { le }) }, value }
  })
function sampleOf([ms, values, pod = 'a']: Scrape): Sample {
  const head = { kind: 'sample', at: instant(ms), source: 'shop', pod } as const
  if (typeof values === 'string') return { ...head, ok: false, problem: values }
  return {
    ...head,
    ok: true,
    series: values === undefined ? [{ name: 'other', labels: {}, value: 1 }] : seriesOf(values),
  }
}

function read(sli: PrometheusSli, scrapes: readonly Scrape[], around: Partial<Surroundings> = {}, limits?: Limits) {
  const slis = createPrometheusSlis(() => ({ ...load, ...around }))
  slis.want('x', sli, limits)
  for (const [index, scrape] of scrapes.entries()) slis.add(sampleOf(scrape), index + 1)
  const seen = noted(slis.of('x'))
  if (seen === undefined) throw new Error('it was wanted')
  const sum = (of: 'good' | 'bad' | 'slow' | 'overCeiling') => seen.rows.reduce((all, row) => all + row[of], 0)
  return {
    counts: [sum('good'), sum('bad')],
    slow: [sum('slow'), sum('overCeiling')],
    unseen: Math.round(seen.unseen),
    holes: seen.holes.map((hole) => `${hole.pod} ${hole.fromAt}-${hole.toAt}: ${hole.problem.split(',')[0]}`),
    rows: seen.rows,
  }
}

const life = (bornAt: number, changes: Partial<PodLife> = {}): PodLife => ({
  namespace: 'casino',
  name: 'a',
  app: 'a',
  labels: {},
  bornAt,
  bornLine: 1,
  priority: 0,
  restarts: [],
  restartCount: 0,
  images: [],
  failed: false,
  serving: [],
  ...changes,
})
const counts = (all: number, good = all): Values => ({ all, good })
/** From 95 s to 205 s, every 10 s, ten a scrape. */
const steady = (change: (ms: number, values: Values) => Values | string | undefined | 'none' = (_, values) => values) =>
  Array.from({ length: 12 }, (_, n): Scrape => {
    const ms = 95_000 + n * 10_000
    return [ms, change(ms, counts(n * 10))]
  }).filter(([, values]) => values !== 'none')

describe('rows of an indicator', () => {
  it('are those that overlap the load, and a scrape that began a second before it', () => {
    const of = (ms: number) =>
      read(RATIO, listOf([ms - 10_000, counts(0)], [ms, counts(7)], [199_000, counts(7)], [200_000, counts(7)]), {
        everyMs: 90_000,
      }).counts[0]
    expect([of(99_000), of(99_001), of(100_000)]).toEqual([0, 7, 7])
    const last = (ms: number) =>
      read(RATIO, listOf([99_000, counts(0)], [ms, counts(0)], [ms + 10_000, counts(9)]), { everyMs: 90_000 }).counts[0]
    expect([last(199_999), last(200_000)]).toEqual([9, 0])
  })

  it('are none before the load began', () => {
    expect(read(RATIO, steady(), { fromAt: undefined })).toMatchObject({
      counts: [0, 0],
      unseen: 0,
      holes: [],
      rows: [],
    })
  })

  it('are good and bad by what the indicator counts', () => {
    expect(read(RATIO, listOf([95_000, counts(10, 8)], [200_000, counts(30, 20)]), { everyMs: 90_000 }).counts).toEqual(
      [12, 8],
    )
    const failed = (bad: number) => ({ all: 10 + bad * 5, bad })
    expect(read(FAILURES, listOf([95_000, failed(1)], [200_000, failed(4)]), { everyMs: 90_000 }).counts).toEqual([
      12, 3,
    ])
    const times = (n: number): Values => ({
      'times 0.1': n,
      'times 0.3': 2 * n,
      'times 0.5': 4 * n,
      'times +Inf': 5 * n,
    })
    const timed = (limits?: Limits) =>
      read(BUCKETS, listOf([95_000, times(1)], [200_000, times(4)]), { everyMs: 90_000 }, limits)
    expect(timed({ targetMs: 300, ceilingMs: 500 })).toMatchObject({ counts: [15, 0], slow: [9, 3], holes: [] })
    expect(timed().slow).toEqual([0, 0])
    expect(timed().rows[0]?.histogram).toEqual([100, 3, 300, 3, 500, 6, Number.POSITIVE_INFINITY, 3])
  })

  it('are none of a scrape without a bound or with a value that is no number', () => {
    const broken = (values: Values) =>
      read(BUCKETS, listOf([95_000, { 'times 0.1': 1, 'times +Inf': 1 }], [105_000, values]), { toAt: 106_000 }).holes
    expect(broken({ 'times ': 1, 'times +Inf': 1 })).toContain(
      'a 105000-105000: times has a series without a bound (label le)',
    )
    expect(broken({ 'times 0.1': 1 })).toContain('a 105000-105000: times has no bucket +Inf')
    expect(broken({ 'times 0.1': Number.NaN, 'times +Inf': 1 })).toContain('a 105000-105000: times has the value NaN')
  })

  it('have bounds in thousandths of a millisecond', () => {
    const ms: PrometheusSli = { ...BUCKETS, unit: 'ms' }
    const values = (n: number): Values => ({ 'times 0.25': n, 'times 300': n, 'times +Inf': n })
    expect(
      read(ms, listOf([95_000, values(1)], [200_000, values(2)]), { everyMs: 90_000 }).rows[0]?.histogram.slice(0, 3),
    ).toEqual([0.25, 1, 300])
    const seconds = (n: number): Values => ({ 'times 0.000125': n, 'times 0.3': n, 'times +Inf': n })
    expect(
      read(BUCKETS, listOf([95_000, seconds(1)], [200_000, seconds(2)]), { everyMs: 90_000 }).rows[0]?.histogram.slice(
        0,
        3,
      ),
    ).toEqual([0.125, 1, 300])
  })
})

describe('a metric without a sample', () => {
  const holes = (sli: PrometheusSli, ...scrapes: readonly Scrape[]) =>
    read(sli, [...scrapes, [200_000, { all: 99, good: 99, bad: 0 }]], { everyMs: 90_000 }).holes
  const bare: Values = { all: 5 }

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'is a failed reading where no instance ever showed good attempts',
      () => holes(RATIO, [110_000, bare]),
      ['a 100000-200000: it was first read after the load had begun', 'a 110000-110000: good has no sample'],
    ],
    [
      'is none where another instance did',
      () => holes(RATIO, [95_000, counts(5), 'b'], [96_000, bare], [200_000, counts(5), 'b']),
      [],
    ],
    [
      'is a failed reading where it was there before',
      () => holes(RATIO, [95_000, counts(5)], [110_000, bare]),
      ['a 110000-110000: good has no sample'],
    ],
    ['is none where the instance began anew', () => holes(RATIO, [95_000, counts(50)], [110_000, bare]), []],
    ['is none of failures that were not counted yet', () => holes(FAILURES, [95_000, bare]), []],
    [
      'is a failed reading of failures that were',
      () => holes(FAILURES, [95_000, { all: 5, bad: 1 }], [110_000, { all: 6 }]),
      ['a 110000-110000: bad has no sample'],
    ],
    [
      'is a failed reading of the total',
      () => holes(FAILURES, [95_000, { all: 5, bad: 0 }], [110_000, { bad: 0 }]),
      ['a 110000-110000: all has no sample'],
    ],
    [
      'is a failed reading where all of them are gone',
      () => holes(RATIO, [95_000, counts(5)], [110_000, undefined]),
      ['a 110000-110000: does not show the metrics any more'],
    ],
    ['is none before an instance first shows them', () => holes(RATIO, [95_000, undefined], [110_000, counts(5)]), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('counts from its empty scrape on', () => {
    expect(
      read(RATIO, listOf([95_000, undefined], [110_000, counts(5)], [200_000, counts(9)]), { everyMs: 90_000 }).counts,
    ).toEqual([9, 0])
  })

  it('is a hole of every instance where no failure was ever shown', () => {
    const both = holes(FAILURES, [95_000, bare], [95_000, bare, 'b'], [200_000, bare, 'b'])
    expect(both).toEqual([])
    const never = read(
      FAILURES,
      listOf([95_000, bare], [95_000, bare, 'b'], [200_000, bare], [200_000, bare, 'b'], [200_000, undefined, 'c']),
      { everyMs: 90_000 },
    )
    expect(never.holes).toEqual([
      'a 95000-200000: no series of bad was seen in the whole run',
      'b 95000-200000: no series of bad was seen in the whole run',
    ])
  })
})

describe('a hole', () => {
  const missing = (from: number, to: number) => steady((ms, values) => (ms > from && ms < to ? 'none' : values))
  const odd = (fromAt: number, toAt: number): readonly Scrape[] =>
    listOf(
      [95_000, counts(0)],
      [fromAt, counts(1)],
      [toAt, counts(2)],
      [toAt + 10_000, counts(3)],
      [200_000, counts(4)],
    )
  const holesOf = (scrapes: readonly Scrape[], around: Partial<Surroundings> = {}) => read(RATIO, scrapes, around).holes
  const between = (ms: number, around: Partial<Surroundings> = {}) =>
    holesOf([...odd(110_000, 110_000 + ms)].slice(0, 3), { toAt: 110_000 + ms, ...around })

  it('is longer than two and a half intervals', () => {
    expect(between(25_000)).toEqual([])
    expect(between(25_001)).toEqual(['a 110000-135001: it was not scraped'])
  })

  it('has the reason that a failed scrape in it gave', () => {
    const failed = (ms: number, toAt = 140_000): readonly string[] =>
      holesOf(listOf([95_000, counts(0)], [110_000, counts(1)], [ms, 'answered 503'], [toAt, counts(2)]), { toAt })
    expect(failed(130_000)).toEqual(['a 110000-140000: answered 503', 'a 130000-130000: answered 503'])
    expect(failed(110_000)[0]).toBe('a 110000-140000: it was not scraped')
    expect(failed(140_000)[0]).toBe('a 110000-140000: answered 503')
  })

  it.each<[string, readonly PodLife[], boolean]>([
    ['whose pod lived through it', [life(0)], true],
    ['whose pod ended 25 s after its beginning', [life(0, { deletingAt: 135_000 })], false],
    ['whose pod ended later', [life(0, { deletingAt: 135_001 })], true],
    ['whose pod was gone 25 s after its beginning', [life(0, { goneAt: 135_000 })], false],
    ['whose pod was born 25 s before its end', [life(125_000)], false],
    ['whose pod was born earlier', [life(124_999)], true],
    ['of two lives of one name, which both rested', [life(0, { goneAt: 120_000 }), life(140_000)], false],
    ['of two lives of which one did not', [life(0), life(140_000)], true],
    ['of a pod in another namespace', [life(125_000, { namespace: 'other' })], true],
  ])('is one for an instance %s', (_, lives, isHole) => {
    expect(between(40_000, { lives }).filter((each) => each.startsWith('a 110000')).length > 0).toBe(isHole)
  })

  it('is none where the whole stretch is short, whatever its pod did', () => {
    expect(between(25_000, { lives: [life(0, { deletingAt: 120_000 })] })).toEqual([])
  })

  it('is within the load', () => {
    const at100 = (toAt: number) =>
      holesOf(listOf([toAt - 30_000, counts(0)], [toAt, counts(1)], [toAt + 10_000, counts(2)]), {
        everyMs: 10_000,
        toAt: toAt + 10_000,
      })
    expect(at100(100_000)).toEqual([])
    expect(at100(100_001)).toEqual(['a 70001-100001: it was not scraped'])
    expect(holesOf([...steady().slice(0, 11), [200_000, counts(101)], [230_000, counts(102)]])).toEqual([])
    expect(missing(0, 0)).toHaveLength(12)
  })

  it('is a failed scrape, unless its pod had ended', () => {
    const silent = (lives: readonly PodLife[]) =>
      holesOf([...steady(), [150_000, 'no answer']].sort(([a], [b]) => Number(a) - Number(b)) as readonly Scrape[], {
        lives,
      }).length
    expect(silent([])).toBe(1)
    expect(silent([life(0)])).toBe(1)
    expect(silent([life(0, { deletingAt: 150_000 })])).toBe(1)
    expect(silent([life(0, { deletingAt: 149_999 })])).toBe(0)
    expect(silent([life(0, { goneAt: 149_999 })])).toBe(0)
    expect(silent([life(150_001), life(0, { goneAt: 149_999 })])).toBe(0)
    expect(silent([life(0, { goneAt: 140_000 }), life(145_000)])).toBe(1)
  })

  it('is none of an instance that never showed the metrics', () => {
    const other: readonly Scrape[] = listOf([95_000, undefined, 'b'], [150_000, 'no answer', 'b'])
    expect(holesOf([...steady(), ...other])).toEqual([])
    expect(holesOf([...steady(), [150_000, 'no answer', 'b']])).toEqual(['b 150000-150000: no answer'])
  })
})

describe('an instance', () => {
  const first = (ms: number, around: Partial<Surroundings> = {}) =>
    read(RATIO, listOf([ms, counts(40)], [ms + 20_000, counts(50)]), { toAt: ms + 20_000, ...around })

  it('that is first read as the load begins had counted before', () => {
    expect(first(100_000)).toMatchObject({ counts: [10, 0], holes: [] })
    expect(first(100_001).holes).toEqual(['a 100000-100001: it was first read after the load had begun'])
  })

  it('that was born in the load brings what it has counted', () => {
    expect(first(120_000, { lives: [life(100_000)] })).toMatchObject({ counts: [50, 0], holes: [] })
    expect(first(120_000, { lives: [life(99_999)] })).toMatchObject({
      counts: [10, 0],
      holes: ['a 100000-120000: it was first read after the load had begun'],
    })
    expect(first(120_000, { lives: [life(120_000)] }).counts).toEqual([50, 0])
    expect(first(120_000, { lives: [life(0), life(120_001)] }).holes).toHaveLength(1)
  })

  const last = (around: Partial<Surroundings> = {}) =>
    read(RATIO, listOf([95_000, counts(0)], [105_000, counts(10)], [115_000, counts(20)]), around)
  it.each<[string, Partial<Surroundings>, readonly string[], number]>([
    ['that is read until the load ends', { toAt: 115_000 }, [], 0],
    ['that is not', { toAt: 115_001 }, ['a 115000-115001: it was not scraped again'], 0],
    ['while the load goes on', { toAt: undefined }, [], 0],
    ['whose pod ended 25 s later', { lives: [life(0, { endedAt: 140_000 })] }, [], 25],
    [
      'whose pod ended later',
      { lives: [life(0, { endedAt: 140_001 })] },
      ['a 115000-140001: it was not scraped again'],
      0,
    ],
    ['whose pod was gone', { lives: [life(0, { goneAt: 125_000 })] }, [], 10],
    ['whose pod was deleted, and the load ends', { toAt: 125_000, lives: [life(0, { deletingAt: 120_000 })] }, [], 10],
    ['whose pod lives', { toAt: 125_000, lives: [life(0)] }, ['a 115000-125000: it was not scraped again'], 0],
    ['whose next life is another pod', { toAt: 125_000, lives: [life(0, { goneAt: 116_000 }), life(117_000)] }, [], 1],
    [
      'whose next life began as it was read',
      { toAt: 125_000, lives: [life(0, { goneAt: 114_000 }), life(115_000)] },
      ['a 115000-125000: it was not scraped again'],
      0,
    ],
    ['whose pod ended before its last reading', { toAt: 125_000, lives: [life(0, { endedAt: 110_000 })] }, [], 0],
  ])('%s', (_, around, holes, unseen) => expect(last(around)).toMatchObject({ holes, unseen }))

  it('that ended before the load has nothing unseen but from its beginning on', () => {
    const scrapes: readonly Scrape[] = listOf([80_000, counts(0)], [90_000, counts(10)])
    expect(read(RATIO, scrapes, { lives: [life(0, { endedAt: 104_000 })] }).unseen).toBe(4)
  })

  // Ten attempts in 10 s, then 4 after it began anew.
  const anew = (atMs: number, value: number, around: Partial<Surroundings> = {}) =>
    read(
      RATIO,
      listOf(
        [atMs - 20_000, counts(100)],
        [atMs - 10_000, counts(110)],
        [atMs, counts(value)],
        [atMs + 10_000, counts(value + 10)],
      ),
      { toAt: atMs + 10_000, fromAt: atMs - 20_000, ...around },
    )
  it('that began anew has what it lacks of its rate before', () => {
    expect(anew(150_000, 4)).toMatchObject({ counts: [24, 0], unseen: 6 })
    expect(anew(150_000, 30)).toMatchObject({ counts: [50, 0], unseen: 0 })
    expect(anew(150_000, 4, { fromAt: 150_000 }).unseen).toBe(0)
    expect(anew(150_000, 4, { fromAt: 149_999 }).unseen).toBe(6)
    expect(anew(150_000, 4, { toAt: 140_000 }).unseen).toBe(0)
    expect(anew(150_000, 4, { toAt: 140_001 }).unseen).toBe(6)
  })
})

it('an instance was started anew where a series fell or all are gone, and not where it had none', () => {
  const cells = (value: number) => new Map([['a', { part: 'good', value }]]) as unknown as Parameters<typeof grown>[0]
  const restarted = [
    grown(new Map(), cells(5)),
    grown(cells(5), cells(5)),
    grown(cells(5), cells(4)),
    grown(cells(5), new Map()),
  ]
  expect(noted(restarted).map((each) => each.restarted)).toEqual([false, false, true, true])
})
