/** Messages to clients, and what follows an operation. */
import { describe, expect } from 'vitest'
import type { BookLine, Evidence } from '../../src/domain/evidence.ts'
import { millis } from '../../src/domain/units.ts'
import { judgeDeliveries } from '../../src/judge/deliveries/deliveries.ts'
import { followUps } from '../../src/judge/money/follow-ups.ts'
import { place as at } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, causesIn, faulted, type SmallRun, seenIn } from '../support/small-run.ts'

describe('messages to clients', () => {
  const expectations = [{ kind: 'delivered', stream: 'results', withinMs: millis(3000), at } as const]
  const cell = (ms: number, count = 1) => ({ fromAt: atMs(ms), count, low: ms, high: 1 })
  type Client = {
    readonly receiver?: string
    readonly open?: readonly (readonly [number, number])[]
    readonly cells?: readonly object[]
    readonly due?: readonly object[] | undefined
    readonly more?: object
  }
  const judged = (clients: readonly Client[], records: readonly Evidence[] = []) => {
    const all = clients.map(
      ({ receiver = 'ann', open = [[0, 160_000]], cells = [{ ...cell(20_000), latestMs: 400 }], more = {} }) => ({
        kind: 'receipts-told',
        at: atMs(161_000),
        stream: 'results',
        receiver,
        part: 0,
        parts: 1,
        watched: clients.length,
        open: open.map(([from, to]) => [atMs(from), atMs(to)]),
        cells,
        again: 0,
        ...more,
      }),
    )
    const read = {
      kind: 'deliveries-read',
      at: atMs(161_001),
      stream: 'results',
      book: 'w',
      receivers: clients.flatMap(({ receiver = 'ann', due = [cell(20_000)] }) =>
        due.length === 0 ? [] : [{ receiver, cells: due }],
      ),
    }
    return causesIn(
      noted(
        judgeDeliveries(
          seenIn([...records, ...(all as unknown as Evidence[]), read as unknown as Evidence], {
            rehearsal: { expectations },
          }),
        ),
      ).findings,
    )
  }
  const lost: Client = { cells: [] }
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that came', () => judged([{}]), []],
    ['that nobody told of', () => judged([]), ['gap no-evidence']],
    ['of which one client told nothing', () => judged([{ more: { watched: 2 } }]), ['gap no-evidence']],
    ['of which one generator told nothing', () => judged([{ more: { parts: 2 } }]), ['gap no-evidence']],
    [
      'of two generators',
      () => judged([{ more: { parts: 2, watched: 1 } }, { receiver: 'bob', more: { part: 1, parts: 2, watched: 1 } }]),
      [],
    ],
    ['whose book was not read', () => judged([{ due: [] }]), ['gap no-evidence']],
    ['that were lost', () => judged([lost]), ['breach results-lost']],
    ['that came again', () => judged([{ more: { again: 2 } }]), ['breach results-duplicated']],
    ['that came as late as they may', () => judged([{ cells: [{ ...cell(20_000), latestMs: 3000 }] }]), []],
    [
      'that came late in two slices',
      () =>
        judged([
          { cells: [20_000, 22_000].map((ms) => ({ ...cell(ms), latestMs: 3001 })), due: [cell(20_000), cell(22_000)] },
        ]),
      ['breach results-late'],
    ],
    [
      'to a client that was connected for 3 s',
      () => judged([{ ...lost, open: [[17_000, 25_000]] }]),
      ['breach results-lost'],
    ],
    ['to one that was connected for less', () => judged([{ ...lost, open: [[17_001, 25_000]] }]), ['gap no-evidence']],
    ['to one that left early', () => judged([{ ...lost, open: [[17_000, 24_999]] }]), ['gap no-evidence']],
    [
      'to one that came twice',
      () =>
        judged([
          {
            ...lost,
            open: [
              [0, 19_000],
              [17_000, 25_000],
            ],
          },
        ]),
      ['breach results-lost'],
    ],
    [
      'to one whose two connections do not add up',
      () =>
        judged([
          {
            ...lost,
            open: [
              [0, 20_000],
              [20_000, 99_000],
            ],
          },
        ]),
      ['gap no-evidence'],
    ],
    [
      'that were not due',
      () => judged([{ cells: [cell(20_000), cell(30_000, 2)].map((each) => ({ ...each, latestMs: 1 })) }]),
      ['breach unreconciled'],
    ],
    ['none of which were due', () => judged([{ cells: [], due: [cell(20_000, 0)] }]), ['gap no-evidence']],
    [
      'that were all wrong',
      () =>
        judged([
          {
            cells: [
              { ...cell(20_000, 1), latestMs: 9000 },
              { ...cell(40_000, 3), latestMs: 1 },
            ],
            due: [cell(20_000, 3)],
            more: { again: 1 },
          },
        ]),
      ['breach results-lost', 'breach unreconciled', 'breach results-duplicated', 'breach results-late'],
    ],
    [
      'that came late in a fault',
      () => judged([{ cells: [{ ...cell(70_000), latestMs: 9000 }], due: [cell(70_000)] }], faulted()),
      [],
    ],
  ])('%s', (_, run, expected) => expect(run()).toEqual(expected))
})

describe('what follows an operation', () => {
  const line = (operation: string, count: number): BookLine => ({
    operation,
    count,
    amountCents: 0,
    low: 0,
    high: 0,
    duplicates: 0,
    duplicateKeys: [],
    buckets: [],
  })
  const judged = (came: number, wanted: number, settled = true, run: SmallRun = {}) => {
    const entries = [line('settlement', came), line('bet', wanted)].filter(({ count }) => count > 0)
    const book = {
      kind: 'book-read',
      at: atMs(170_000),
      book: 'wallet',
      settled: true,
      pending: {},
      entries,
      final: true,
    } as const
    return causesIn(followUps(seenIn([book], run), settled))
  }
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['nine of ten', () => judged(90, 100), []],
    ['less', () => judged(89, 100), ['breach events-lost']],
    ['none at all', () => judged(0, 100), []],
    ['one of a hundred', () => judged(1, 100), ['breach events-lost']],
    ['some, while something is pending', () => judged(1, 100, false), []],
    ['some, of a load that was cut short', () => judged(1, 100, true, { until: undefined }), []],
    ['of none', () => judged(1, 0), []],
  ])('came: %s', (_, run, expected) => expect(run()).toEqual(expected))
  it('is unknown without a ledger', () => expect(followUps(seenIn([]), true)).toEqual([]))
})
