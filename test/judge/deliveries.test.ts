import { describe, expect } from 'vitest'
import type { DeliveryCell, ReceivedCell } from '../../src/domain/deliveries.ts'
import type { Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { instant, millis } from '../../src/domain/units.ts'
import { evidence, rehearsal } from '../support/evidence.ts'
import { it, judge } from '../support/reviewed.ts'

const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
const expecting: Rehearsal = {
  ...rehearsal,
  expectations: [...rehearsal.expectations, { kind: 'delivered', stream: 'results', withinMs: millis(3000), at }],
}
const run = evidence({ rehearsal: expecting })
const zeroAt = run.find((record) => record.kind === 'load-started')?.zeroAt ?? instant(0)
const lastAt = run.at(-1)?.at ?? instant(0)

/** Slices begin at even seconds of the platform's clock. */
const slice = (second: number): number => Math.floor((zeroAt + second * 1000) / 2000) * 2000
const due = (second: number, count = 1): DeliveryCell => ({ fromAt: slice(second), count, low: second, high: 1 })
const came = (second: number, more: Partial<ReceivedCell> = {}): ReceivedCell => ({
  ...due(second),
  latestMs: 400,
  ...more,
})
/** Before, during and after the fault of the stock run, which lasts from 65 s to 90 s. */
const SECONDS = [20, 40, 70, 130]

type Told = Partial<EvidenceOf<'receipts-told'>>
const told = (more: Told = {}): EvidenceOf<'receipts-told'> => ({
  kind: 'receipts-told',
  at: lastAt,
  stream: 'results',
  receiver: 'ann',
  part: 0,
  parts: 1,
  watched: 1,
  open: [[zeroAt, zeroAt + 160_000]],
  cells: SECONDS.map((second) => came(second)),
  again: 0,
  ...more,
})
const read = (cells: readonly DeliveryCell[] = SECONDS.map((second) => due(second))): Evidence => ({
  kind: 'deliveries-read',
  at: lastAt,
  stream: 'results',
  book: 'wallet',
  receivers: [{ receiver: 'ann', cells }],
})

function judged(...records: readonly Evidence[]) {
  const judgment = judge([...run.slice(0, -1), ...records, ...run.slice(-1)])
  const own = judgment.findings.filter(({ subject }) => subject === 'results')
  return {
    verdict: judgment.verdict.kind,
    result: judgment.deliveries?.[0],
    causes: own.map(({ cause }) => cause),
    own,
  }
}
const without = (second: number): readonly ReceivedCell[] =>
  SECONDS.filter((each) => each !== second).map((each) => came(each))

describe('what is pushed to clients', () => {
  it('holds if every key that was due to a client came once and in time', () => {
    expect(judged(told(), read())).toMatchObject({
      verdict: 'pass',
      causes: [],
      result: { clients: 1, judged: 4, received: 4, lost: 0, again: 0, late: 0, notJudged: 0, held: true },
    })
  })

  it.each<[string, Told, readonly string[]]>([
    ['a key that never came is lost', { cells: without(40) }, ['results-lost']],
    ['a key lost during a fault is lost all the same', { cells: without(70) }, ['results-lost']],
    [
      'another key in place of one that was due is a loss',
      { cells: [...without(40), came(40, { low: 7 })] },
      ['results-lost'],
    ],
    ['a key that came again over one connection is duplicated', { again: 1 }, ['results-duplicated']],
    [
      'a key that came after its time is late',
      { cells: [...without(40), came(40, { latestMs: 3001 })] },
      ['results-late'],
    ],
    ['a key at its limit is in time', { cells: [...without(40), came(40, { latestMs: 3000 })] }, []],
    ['a fault excuses a key that came late', { cells: [...without(70), came(70, { latestMs: 20_000 })] }, []],
    [
      'a key that the book does not hold is not reconciled',
      { cells: [...SECONDS.map((second) => came(second)), came(50)] },
      ['unreconciled'],
    ],
  ])('%s', (_, more, causes) => expect(judged(told(more), read()).causes).toEqual(causes))

  it.each<[string, EvidenceOf<'receipts-told'>['open']]>([
    ['was not connected', [[zeroAt, zeroAt + 30_000]]],
    ['had connected only just before', [[slice(40) - 2999, zeroAt + 160_000]]],
    ['was not heard until the key was due', [[zeroAt, slice(40) + 4999]]],
  ])('a key is not judged while its client %s', (_, open) => {
    const { causes, result } = judged(told({ cells: [], open }), read([due(20), due(40)].slice(1)))
    expect(result).toMatchObject({ judged: 0, lost: 0, notJudged: 1, held: false })
    expect(causes).toEqual(['no-evidence'])
  })

  it('is judged from the moment on at which a connection is known everywhere, and until the key was due', () => {
    const open = [[slice(40) - 3000, slice(40) + 5000]] as const
    expect(judged(told({ cells: [], open }), read([due(40)])).causes).toEqual(['results-lost'])
  })

  it.each<[string, readonly Evidence[], RegExp]>([
    ['no client told anything', [read()], /No client reported/],
    ['a client of a part did not tell', [told({ watched: 2 }), read()], /1 client that were watched did not report/],
    ['a part of the generator did not tell', [told({ parts: 2 }), read()], /did not report/],
    ['the book was not read', [told()], /What was due to 1 client of results could not be read/],
    ['nothing was due', [told({ cells: [] }), read([])], /none was due/],
  ])('is inconclusive if %s', (_, records, sentence) => {
    const { verdict, own } = judged(...records)
    expect(verdict).toBe('inconclusive')
    expect(own.map(({ cause }) => cause)).toEqual(['no-evidence'])
    expect(own[0]?.sentence).toMatch(sentence)
  })
})
