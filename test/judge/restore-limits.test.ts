/** Restores, to the millisecond and to the single key. */
import { describe, expect } from 'vitest'
import type { ActionStepData } from '../../src/domain/evidence.ts'
import type { CutCells, RestoreStep } from '../../src/domain/restore.ts'
import { judgeRestore } from '../../src/judge/reactions/restore.ts'
import { actionOf } from '../support/evidence.ts'
import { restoreAct } from '../support/evidence-restore.ts'
import { begun, heal, type Step } from '../support/release-run.ts'
import { it } from '../support/reviewed.ts'
import { actionIn, frame, partsOn, type SmallRun } from '../support/small-run.ts'

describe('a restore', () => {
  const place = { restores: { orders: { archived: {} } as never } }
  const cell = (count: number, changes: object = {}) => ({
    count,
    amountCents: count,
    digestLow: count,
    digestHigh: count,
    ...changes,
  })
  const cells = (...all: readonly ReturnType<typeof cell>[]): readonly CutCells[] => [{ operation: 'bet', cells: all }]
  const step = (ms: number, name: RestoreStep): Step => [ms, { is: 'restore-step', step: name, note: '' }]
  const judged = (steps: readonly Step[], run: SmallRun = { target: place }) => {
    const { seen, harm } = actionIn(actionOf('restore', restoreAct), [begun, ...steps], run)
    return partsOn(judgeRestore(seen, harm))
  }
  const [set, asked, ready] = [step(50_000, 'point-set'), step(70_000, 'copy-asked'), step(80_000, 'copy-ready')]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is archived in time', () => judged([set, step(65_000, 'archived')]), ['archives held']],
    ['that is archived too late', () => judged([set, step(65_001, 'archived')]), ['archives breach archive-late']],
    ['that is not archived, and watched for its time', () => judged([set, heal(65_000)]), ['archives gap no-evidence']],
    ['that is not archived, and watched longer', () => judged([set, heal(65_001)]), ['archives breach archive-late']],
    [
      'that is not archived when the run ends',
      () => judged([set], { target: place, until: 65_000 }),
      ['archives gap no-evidence'],
    ],
    [
      'that is not archived when the run ends later',
      () => judged([set], { target: place, until: 65_001 }),
      ['archives breach archive-late'],
    ],
    ['whose archive cannot be asked', () => judged([set], {}), []],
    [
      'that can be read in time',
      () => judged([asked, step(90_000, 'copy-ready')]),
      ['restores held', 'matches gap no-evidence'],
    ],
    [
      'that can be read too late',
      () => judged([asked, step(90_001, 'copy-ready')]),
      ['restores breach restore-slow', 'matches gap no-evidence'],
    ],
    [
      'that cannot be read, and watched for its time',
      () => judged([asked, heal(90_000)]),
      ['restores gap no-evidence'],
    ],
    ['that cannot be read, and watched longer', () => judged([asked, heal(90_001)]), ['restores breach restore-slow']],
    ['that was never asked for', () => judged([]), []],
    [
      'that failed',
      () => judged([asked, [75_000, { is: 'copy-failed', problem: 'x' }]]),
      ['restores breach backup-not-restorable'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const LIVE = cells(cell(10), cell(4), cell(3))
  const read = (copy: readonly CutCells[], more: object = {}, live = LIVE) =>
    judged([
      asked,
      ready,
      [81_000, { is: 'copy-read', book: 'wallet', cuts: [], live, copy, ...more } as unknown as ActionStepData],
    ]).slice(1)
  const incomplete = ['matches breach restore-incomplete']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is the same', () => read(cells(cell(10), cell(4), cell(0))), ['matches held']],
    ['that has fewer around the point', () => read(cells(cell(10), cell(0), cell(0))), ['matches held']],
    ['that has one more around the point', () => read(cells(cell(10), cell(5), cell(0))), incomplete],
    ['that has one less before it', () => read(cells(cell(9), cell(4), cell(0))), incomplete],
    ['that has one more before it', () => read(cells(cell(11), cell(4), cell(0))), incomplete],
    ['with another amount', () => read(cells(cell(10, { amountCents: 9 }), cell(4), cell(0))), incomplete],
    ['with another key', () => read(cells(cell(10, { digestLow: 9 }), cell(4), cell(0))), incomplete],
    ['with another half of a key', () => read(cells(cell(10, { digestHigh: 9 }), cell(4), cell(0))), incomplete],
    [
      'with one from after the point',
      () => read(cells(cell(10), cell(4), cell(1))),
      ['matches breach restore-beyond-point'],
    ],
    [
      'that is off by a cent',
      () => read(cells(cell(10), cell(4), cell(0)), { imbalanceCents: 1 }),
      ['matches breach ledger-unbalanced'],
    ],
    ['that is even', () => read(cells(cell(10), cell(4), cell(0)), { imbalanceCents: 0 }), ['matches held']],
    [
      'of which one was booked before the point',
      () => read(cells(cell(1), cell(0), cell(0)), {}, cells(cell(1), cell(4), cell(3))),
      ['matches held'],
    ],
    [
      'of which none was',
      () => read(cells(cell(0), cell(4), cell(0)), {}, cells(cell(0), cell(4), cell(3))),
      ['matches gap no-evidence'],
    ],
    [
      'that has an operation of its own',
      () => read([...cells(cell(10), cell(4), cell(0)), { operation: 'x', cells: [cell(1)] }]),
      ['matches breach restore-incomplete', 'matches breach restore-beyond-point'],
    ],
    [
      'that is all wrong',
      () => read(cells(cell(9), cell(4), cell(1)), { imbalanceCents: 1 }),
      ['matches breach restore-incomplete', 'matches breach restore-beyond-point', 'matches breach ledger-unbalanced'],
    ],
  ])('has a book %s', (_, is, expected) => expect(is()).toEqual(expected))

  const acknowledged = (n: number) => {
    const operation = { acknowledged: n, amountCents: 0, digestLow: 0, digestHigh: 0, refused: 0, unknown: 0 }
    const steps: readonly Step[] = [
      begun,
      step(49_000, 'point-asked'),
      asked,
      ready,
      [
        81_000,
        {
          is: 'copy-read',
          book: 'wallet',
          cuts: [],
          live: LIVE,
          copy: cells(cell(10), cell(4), cell(0)),
        } as unknown as ActionStepData,
      ],
    ]
    const { seen, harm } = actionIn(actionOf('restore', restoreAct), steps, { target: place }, [
      frame(48_000, { operations: { bet: operation } }),
    ])
    return partsOn(judgeRestore(seen, harm)).slice(1)
  }
  it('has at least what clients had seen acknowledged', () => {
    expect(acknowledged(14)).toEqual(['matches held'])
    expect(acknowledged(15)).toEqual(incomplete)
  })
})
