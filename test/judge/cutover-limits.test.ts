/** A cutover to the millisecond, and to the single write: its steps, its freeze, both books, its reads and its traffic. */
import { describe, expect } from 'vitest'
import type { CutoverStep } from '../../src/domain/cutover.ts'
import type { ActionStepData, Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { CutCells } from '../../src/domain/restore.ts'
import { judgeCutover } from '../../src/judge/reactions/cutover.ts'
import { actionOf } from '../support/evidence.ts'
import { cells, cutoverAct, eastward } from '../support/evidence-cutover.ts'
import { it, noted } from '../support/reviewed.ts'
import { actionIn, counted, frame, framesOf, listOf, type SmallRun } from '../support/small-run.ts'

type Step = readonly [ms: number, ActionStepData]
const begins = (ms: number, step: CutoverStep): Step => [ms, { is: 'cutover-begun', step }]
const proves = (ms: number, step: CutoverStep): Step => [ms, { is: 'cutover-proven', step, note: '' }]
const stops = (ms: number, step: CutoverStep, more: object = {}): Step => [
  ms,
  { is: 'cutover-stopped', step, ends: 'back', problem: 'x', ...more } as ActionStepData,
]
const heal = (ms: number): Step => [ms, { is: 'heal-requested' }]

/** What is said of one part of it. */
function told(
  kind: string,
  steps: readonly Step[],
  records: readonly Evidence[] = [],
  run: SmallRun = {},
): readonly string[] {
  const all: readonly Step[] = [[90_000, { is: 'begun', targets: [] }], ...steps]
  const { seen, harm } = actionIn(
    actionOf('go east', cutoverAct),
    all,
    { ...run, target: { cutovers: { eastward } } },
    records,
  )
  return noted(judgeCutover(seen, harm))
    .filter(({ result }) => result.kind === kind)
    .map(
      ({ result, findings }) =>
        findings.map(({ weight, cause }) => `${weight} ${cause}`).join(', ') || (result.held ? 'held' : 'not held'),
    )
}
const unknown = ['gap no-evidence']

describe('a step of a cutover', () => {
  const of = (...steps: readonly Step[]) => told('cutover-step', steps)
  // 5 s are allowed, and 3 s for the last reading.
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['proven in time', () => of(begins(100_000, 'ready'), proves(108_000, 'ready')), ['held']],
    ['proven too late', () => of(begins(100_000, 'ready'), proves(108_001, 'ready')), ['breach cutover-step-late']],
    [
      'at which it was stopped',
      () => of(begins(100_000, 'ready'), stops(101_000, 'ready')),
      ['breach cutover-step-late'],
    ],
    ['that was not seen to end', () => of(begins(100_000, 'ready')), unknown],
    [
      'whose end was not seen, of a cutover that was stopped elsewhere',
      () => of(begins(100_000, 'ready'), stops(101_000, 'drain')),
      unknown,
    ],
    ['that never began', () => of(), []],
    ['whose start was not recorded', () => of(proves(101_000, 'ready')), unknown],
    [
      'before one that was begun',
      () => of(begins(100_000, 'drain'), proves(101_000, 'drain')),
      [...unknown, ...unknown, 'held'],
    ],
    [
      'at which the regions differ',
      () => of(begins(100_000, 'ready'), stops(101_000, 'ready', { differs: true })),
      ['breach region-drift'],
    ],
    [
      'at which they could not be read',
      () => of(begins(100_000, 'ready'), stops(101_000, 'ready')),
      ['breach cutover-step-late'],
    ],
    [
      'of others at which something differs',
      () =>
        of(
          proves(99_000, 'ready'),
          begins(99_000, 'ready'),
          begins(100_000, 'freeze'),
          stops(101_000, 'freeze', { differs: true }),
        ),
      ['held', 'breach cutover-step-late'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('regions', () => {
  const promoted = proves(105_000, 'promote')
  const reads = (from: 'yes' | 'no' | 'unread', to: 'yes' | 'no' = 'yes'): Step => [
    105_100,
    { is: 'regions-read', step: 'promote', from, to },
  ]
  const of = (...steps: readonly Step[]) => told('one-writable', steps)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['of which the old one refuses writes', () => of(promoted, reads('no')), ['held']],
    ['that both accept writes', () => of(promoted, reads('yes')), ['breach split-brain']],
    ['of which the old one alone accepts writes', () => of(promoted, reads('yes', 'no')), ['breach split-brain']],
    ['that could not be read', () => of(promoted, reads('unread')), unknown],
    ['that were once read and once not', () => of(promoted, reads('no'), reads('unread')), unknown],
    ['of which one reading was bad', () => of(promoted, reads('unread'), reads('yes')), ['breach split-brain']],
    ['that were never read', () => of(promoted), unknown],
    ['before the promotion', () => of(), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('writes', () => {
  const thawed = [proves(101_000, 'freeze'), begins(107_000, 'thaw')]
  const writes = (...rows: readonly (readonly [ms: number, good: number])[]) =>
    framesOf(
      'deposit',
      rows.map(([ms, good]) => [ms, { good, bad: 1 }] as const),
    )
  const of = (
    rows: readonly (readonly [ms: number, good: number])[],
    steps: readonly Step[] = thawed,
    run: SmallRun = {},
  ) => told('cutover-rto', steps, writes(...rows), run)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that are good again in time', () => of(listOf([100_000, 1], [101_000, 1], [120_000, 0], [121_000, 1])), ['held']],
    [
      'that are good again too late',
      () => of(listOf([100_000, 1], [101_000, 1], [120_000, 0], [121_001, 1])),
      ['breach cutover-slow'],
    ],
    [
      'that were good as the freeze was proven',
      () => of(listOf([100_000, 1], [101_000, 0], [102_000, 1], [121_001, 1])),
      ['breach cutover-slow'],
    ],
    [
      'that were good in a frame that began before',
      () => of(listOf([99_000, 1], [100_999, 0], [102_000, 1], [122_000, 1])),
      ['held'],
    ],
    [
      'that are good as the thaw begins',
      () => of(listOf([101_000, 1], [106_000, 0], [107_000, 1], [121_001, 0], [122_000, 1])),
      ['breach cutover-slow'],
    ],
    ['that are good right after', () => of(listOf([101_000, 1], [106_000, 0], [107_001, 1], [122_000, 1])), ['held']],
    ['that were never good before', () => of(listOf([100_000, 0], [102_000, 0], [121_000, 1])), unknown],
    [
      'that are never good again, for their time',
      () => of(listOf([101_000, 1], [102_000, 0]), thawed, { until: 121_000 }),
      unknown,
    ],
    [
      'that are never good again, for longer',
      () => of(listOf([101_000, 1], [102_000, 0]), thawed, { until: 121_001 }),
      ['breach cutover-slow'],
    ],
    [
      'that are good again after it was taken back',
      () =>
        of(listOf([101_000, 1], [110_000, 0], [112_000, 1]), [
          proves(101_000, 'freeze'),
          stops(105_000, 'drain'),
          heal(111_000),
        ]),
      ['held'],
    ],
    ['without a freeze', () => of([[101_000, 1]], []), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('the books', () => {
  const book = (
    ms: number,
    region: 'old-drained' | 'old-before' | 'old-after' | 'new',
    shown: readonly CutCells[],
  ): Step => [ms, { is: 'region-book', book: 'wallet', region, cuts: [], cells: shown } as unknown as ActionStepData]
  const frozen = proves(101_000, 'freeze')
  const promoted = proves(105_000, 'promote')
  const leaks = (...steps: readonly Step[]) => told('freeze-holds', [frozen, ...steps])
  const [drained, before] = [book(102_000, 'old-drained', cells(9, 5, 0)), book(102_500, 'old-before', cells(9, 5, 0))]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that do not grow', () => leaks(drained, before), ['held']],
    [
      'with one write after the drain',
      () => leaks(drained, book(102_500, 'old-before', cells(9, 5, 1))),
      ['breach freeze-leaked'],
    ],
    ['that grew by one', () => leaks(drained, book(102_500, 'old-before', cells(9, 6, 0))), ['breach freeze-leaked']],
    ['that shrank by one', () => leaks(drained, book(102_500, 'old-before', cells(9, 4, 0))), ['held']],
    [
      'that grew after the promotion',
      () => leaks(drained, before, book(106_000, 'old-after', cells(9, 6, 0))),
      ['breach freeze-leaked'],
    ],
    ['that were read once', () => leaks(before), unknown],
    ['that were read only after the drain', () => leaks(drained), unknown],
    [
      'that were read once, with a late write',
      () => leaks(book(102_500, 'old-before', cells(9, 5, 1))),
      ['breach freeze-leaked'],
    ],
    [
      'of an operation that is new',
      () =>
        leaks(
          drained,
          book(102_500, 'old-before', [...cells(9, 5, 0), { operation: 'bet', cells: cells(1, 0)[0]?.cells ?? [] }]),
        ),
      ['breach freeze-leaked'],
    ],
    ['before a freeze', () => told('freeze-holds', [drained, before]), []],
  ])('of the old region %s', (_, is, expected) => expect(is()).toEqual(expected))

  const acknowledged = (n: number) => [
    frame(104_000, {
      operations: { deposit: { acknowledged: n, amountCents: 0, digestLow: 0, digestHigh: 0, refused: 0, unknown: 0 } },
    }),
  ]
  const losses = (
    fresh: readonly CutCells[] | undefined,
    old: readonly CutCells[] | undefined = cells(9, 5, 0),
    n = 0,
  ) =>
    told(
      'cutover-rpo',
      [
        promoted,
        ...(old === undefined ? [] : [book(102_500, 'old-before', old)]),
        ...(fresh === undefined ? [] : [book(105_300, 'new', fresh)]),
      ],
      acknowledged(n),
    )
  const other = (changes: object) =>
    cells(9, 5, 0).map((each) => ({
      ...each,
      cells: each.cells.map((cell, index) => (index === 0 ? { ...cell, ...changes } : cell)),
    }))
  const early = ['breach promoted-before-caught-up']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that hold the same', () => losses(cells(9, 5, 0)), ['held']],
    ['of which the new one lacks a write', () => losses(cells(9, 4, 0)), early],
    ['of which the new one has one more', () => losses(cells(9, 6, 0)), early],
    ['with a cent more', () => losses(other({ amountCents: 901 })), early],
    ['with another key', () => losses(other({ digestLow: 1 })), early],
    ['with another half of a key', () => losses(other({ digestHigh: 1 })), early],
    ['with as many in other cells', () => losses(cells(8, 6, 0)), early],
    [
      'of which the new one has an operation of its own',
      () => losses([...cells(9, 5, 0), { operation: 'bet', cells: cells(1, 0)[0]?.cells ?? [] }]),
      ['held'],
    ],
    ['of which one was not read', () => losses(undefined), unknown],
    [
      'of which the old one was not read',
      () => told('cutover-rpo', [promoted, book(105_300, 'new', cells(9, 5, 0))]),
      unknown,
    ],
    ['with what clients saw acknowledged', () => losses(cells(9, 5, 0), cells(9, 5, 0), 14), ['held']],
    ['with one less', () => losses(cells(9, 5, 0), cells(9, 5, 0), 15), ['breach cutover-lost-writes']],
    ['with nothing in them', () => losses(cells(0, 0, 0), cells(0, 0, 0)), unknown],
    ['with one write', () => losses(cells(1, 0, 0), cells(1, 0, 0)), ['held']],
    ['before the promotion', () => told('cutover-rpo', [book(105_300, 'new', cells(9, 5, 0))]), []],
  ])('of both regions %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('reads', () => {
  const warm = [begins(100_000, 'freeze'), proves(107_000, 'thaw')]
  type Reads = readonly [ms: number, p95: number, good?: number]
  const rows = (...all: readonly Reads[]) =>
    framesOf(
      'login',
      all.map(
        ([ms, p95, good = 100]) => [ms, { good, histogram: [[p95, good]] } satisfies Partial<SliCounts>] as const,
      ),
    )
  const of = (all: readonly Reads[], steps: readonly Step[] = warm) => told('warm-after-thaw', steps, rows(...all))
  /** Before the freeze, after the thaw, and at the end. */
  const reads = (was: number, is: number, will: number, counts: readonly [number, number, number] = [100, 100, 100]) =>
    of(
      listOf(
        [90_000, 1, 0],
        [95_000, was, counts[0]],
        [107_000, 1, 0],
        [110_000, is, counts[1]],
        [150_000, 1, 0],
        [155_000, will, counts[2]],
      ),
    )

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that stay fast enough', () => reads(100, 250, 100), ['held']],
    ['that were slow for a while', () => reads(100, 251, 100), ['breach cold-cache']],
    ['that were slow before, too', () => reads(251, 251, 100), unknown],
    ['that were just fast enough before', () => reads(250, 251, 100), ['breach cold-cache']],
    ['that stay slow', () => reads(100, 251, 251), unknown],
    ['that are just fast enough at the end', () => reads(100, 251, 250), ['breach cold-cache']],
    ['of which there are fewer than a hundred before', () => reads(100, 251, 100, [99, 100, 100]), unknown],
    ['of which there are fewer after', () => reads(100, 251, 100, [100, 99, 100]), unknown],
    ['of which there are fewer at the end', () => reads(100, 251, 100, [100, 100, 99]), unknown],
    ['without a thaw', () => of([[95_000, 100]], [begins(100_000, 'freeze')]), []],
    ['without a freeze', () => of([[95_000, 100]], [proves(107_000, 'thaw')]), []],
    [
      'of the 10 s before the freeze',
      () => of(listOf([90_000, 251], [95_000, 100], [107_000, 1, 0], [110_000, 251], [150_000, 1, 0], [155_000, 100])),
      ['breach cold-cache'],
    ],
    [
      'of the 10 s after the thaw',
      () => of(listOf([90_000, 1, 0], [95_000, 100], [107_000, 251], [110_000, 100], [117_000, 1, 0], [118_000, 251])),
      ['held'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('traffic', () => {
  const requests = (side: 'west' | 'east', n: number, fromMs = 112_000, toMs = 150_000) =>
    counted(side, 'http_requests_total', {}, listOf([fromMs, 100], [toMs, 100 + n]))
  const of = (west: readonly Evidence[], east: readonly Evidence[], until = 160_000) =>
    told('traffic-moved', [proves(107_000, 'traffic')], [...west, ...east], { until })
  const astray = ['breach traffic-not-moved']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['of which a hundredth goes astray', () => of(requests('west', 5), requests('east', 495)), ['held']],
    ['of which more goes astray', () => of(requests('west', 5), requests('east', 494)), astray],
    ['of which four go astray', () => of(requests('west', 4), requests('east', 10)), ['held']],
    ['of which all goes astray', () => of(requests('west', 5), requests('east', 0)), astray],
    ['of which there is none', () => of(requests('west', 0), requests('east', 0)), unknown],
    ['of which one came', () => of(requests('west', 0), requests('east', 1)), ['held']],
    [
      'that was counted 5 s after it moved',
      () => of(requests('west', 9, 108_000, 112_000), requests('east', 100)),
      unknown,
    ],
    [
      'that was counted a moment later',
      () => of(requests('west', 0, 108_000, 112_001), requests('east', 100)),
      ['held'],
    ],
    ['that was not counted in the new region', () => of(requests('west', 0), []), unknown],
    ['of a load that ends 5 s after it moved', () => of(requests('west', 0), requests('east', 9), 112_000), unknown],
    [
      'of a load that ends later',
      () => of(requests('west', 0, 111_000), requests('east', 9000, 111_000), 112_100),
      ['held'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('that did not move is no question', () => expect(told('traffic-moved', [])).toEqual([]))
})
