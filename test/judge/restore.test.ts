/** The judgment of a restore: the archive holds the point in time, the copy can be read in time, and its book is that of the point. */
import { describe, expect } from 'vitest'
import type { ActionStepData } from '../../src/domain/evidence.ts'
import type { CutCells, RestoreStep } from '../../src/domain/restore.ts'
import { actionSteps, secondAt, together } from '../support/evidence.ts'
import { cells } from '../support/evidence-cutover.ts'
import { restoreRun } from '../support/evidence-restore.ts'
import { causesOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

type Moments = { [K in RestoreStep]?: number }
const healthy: Moments = { 'point-asked': 80, 'point-set': 80.2, archived: 88, 'copy-asked': 88.2, 'copy-ready': 95 }

const { 'copy-ready': _, ...unready } = healthy

/** More than any client of these runs had acknowledged by then. */
const LIVE = cells(9_000, 20, 3, 4, 500)
const COPY = cells(9_000, 15, 1, 0, 0)

const readAt = (copy: readonly CutCells[], change: object = {}): readonly [number, ActionStepData] => [
  96,
  {
    is: 'copy-read',
    book: 'wallet',
    cuts: [77, 80, 80.2, 80.7].map(secondAt),
    live: LIVE,
    copy,
    imbalanceCents: 0,
    ...change,
  },
]

function judged(moments: Moments, ...more: (readonly [number, ActionStepData])[]) {
  const told = Object.entries(moments).map(([step, at]): [number, ActionStepData] => [
    at,
    { is: 'restore-step', step: step as RestoreStep, note: '' },
  ])
  const steps = actionSteps('restore', [70, { is: 'begun', targets: ['Copy/orders'] }], ...told, ...more)
  const judgment = judge(together(restoreRun('restore'), steps))
  return { causes: causesOf(judgment), reactions: judgment.actions[0]?.reactions ?? [] }
}

const done: readonly [number, ActionStepData] = [97, { is: 'done', note: '' }]

it.each(Object.keys(healthy) as RestoreStep[])(
  'a restore without a record of %s is no pass, and accuses nobody',
  (step) => {
    const { [step]: __, ...moments } = healthy
    const { causes } = judged(moments, readAt(COPY), done)
    expect(new Set(causes)).toEqual(new Set(['no-evidence']))
  },
)

describe('a restore', () => {
  it('whose copy has the book of the point passes, with its figures', () => {
    const { causes, reactions } = judged(healthy, readAt(COPY), done)
    expect(causes).toEqual([])
    expect(reactions).toMatchObject([
      { kind: 'archives', subject: 'archive of orders', held: true, tookMs: 7_800, withinMs: 15_000 },
      { kind: 'restores', subject: 'copy of orders', held: true, tookMs: 6_800, withinMs: 20_000 },
      { kind: 'matches', subject: 'book of orders', held: true },
    ])
    expect(reactions.map(({ sentence }) => sentence)).toEqual([
      'The archive held the point 7.8 s after it was set; 15.0 s were allowed.',
      'The copy could be read 6.8 s after it was requested; 20.0 s were allowed.',
      'The copy holds the same 9000 deposits as the live database, compared by digests of their keys, and none from after the point; the 27 booked in the 3.5 s around it are compared by number.',
    ])
  })

  it.each<[string, Moments, (readonly [number, ActionStepData])[], string[]]>([
    [
      'whose archive is late',
      { ...healthy, archived: 99, 'copy-asked': 99.2, 'copy-ready': 105 },
      [readAt(COPY), done],
      ['archive-late'],
    ],
    [
      'whose archive never holds the point',
      { 'point-asked': 80, 'point-set': 80.2 },
      [[120, { is: 'heal-requested' }]],
      ['archive-late'],
    ],
    [
      'that is healed before the archive is late is inconclusive',
      { 'point-asked': 80, 'point-set': 80.2 },
      [[85, { is: 'heal-requested' }]],
      ['no-evidence'],
    ],
    [
      'whose copy fails',
      unready,
      [
        [92, { is: 'copy-failed', problem: 'the archive ends before the point' }],
        [92, { is: 'failed', problem: 'the archive ends before the point' }],
      ],
      ['backup-not-restorable'],
    ],
    ['that is ready too late', { ...healthy, 'copy-ready': 110 }, [readAt(COPY), done], ['restore-slow']],
    ['that is never ready', unready, [[130, { is: 'heal-requested' }]], ['restore-slow']],
    [
      'whose book could not be read is inconclusive',
      healthy,
      [[96, { is: 'failed', problem: '503' }]],
      ['no-evidence'],
    ],
    [
      'that lacks what was booked before the point',
      healthy,
      [readAt(cells(8_990, 15, 1, 0, 0)), done],
      ['restore-incomplete'],
    ],
    [
      'with another amount under the same number of keys',
      healthy,
      [
        readAt([
          {
            operation: 'deposit',
            cells: COPY[0]?.cells.map((each, index) => (index === 0 ? { ...each, amountCents: 1 } : each)) ?? [],
          },
        ]),
        done,
      ],
      ['restore-incomplete'],
    ],
    [
      'with other keys',
      healthy,
      [
        readAt([
          {
            operation: 'deposit',
            cells: COPY[0]?.cells.map((each, index) => (index === 0 ? { ...each, digestHigh: 1 } : each)) ?? [],
          },
        ]),
        done,
      ],
      ['restore-incomplete'],
    ],
    [
      'that has more around the point than was booked',
      healthy,
      [readAt(cells(9_000, 15, 9, 0, 0)), done],
      ['restore-incomplete'],
    ],
    ['that lacks all of one operation', healthy, [readAt([]), done], ['restore-incomplete']],
    [
      'that holds what came after the point',
      healthy,
      [readAt(cells(9_000, 20, 3, 4, 2)), done],
      ['restore-beyond-point'],
    ],
    ['that does not balance', healthy, [readAt(COPY, { imbalanceCents: 300 }), done], ['ledger-unbalanced']],
    [
      'with fewer operations than the client had seen acknowledged',
      healthy,
      [readAt(cells(1, 0, 0, 0, 0), { live: cells(1, 20, 3, 4, 500) }), done],
      ['restore-incomplete'],
    ],
    [
      'with nothing booked before the point is inconclusive',
      healthy,
      [readAt(cells(0, 9_000, 0, 0, 0), { live: cells(0, 9_000, 0, 0, 500) }), done],
      ['no-evidence'],
    ],
  ])('%s', (_, moments, more, expected) => {
    expect(judged(moments, ...more).causes).toEqual(expected)
  })
})
