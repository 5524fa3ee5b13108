/** The answer of a book to POST /books/cut is read as it must be, or refused: digests that are missing on both sides would look equal. */
import { describe, expect, it } from 'vitest'
import { cellsOf } from '../../../src/adapters/kubernetes/actions/book-cells.ts'

const cell = { count: 2, amountCents: 300, low: 4, high: 5 }
const { low: _, ...undigested } = cell
const read = (...cells: readonly unknown[]) => cellsOf({ operations: [{ operation: 'order', cells }] }, 'wallet', [10])

describe('the cells of a book', () => {
  it('are one more than the cuts', () => {
    const is = { count: 2, amountCents: 300, digestLow: 4, digestHigh: 5 }
    expect(read(cell, cell)).toEqual([{ operation: 'order', cells: [is, is] }])
  })

  it.each([
    ['of a book that knows no cuts', [cell], 'book wallet answered 1 cells of "order", and 2 were asked for'],
    ['without a digest', [cell, undigested], 'book wallet, operation order: low of a cell is no number'],
    ['with an amount as text', [{ ...cell, amountCents: '300' }, cell], 'operation order: amountCents of a cell is no'],
    ['that are none', [null, cell], 'operation order: count of a cell is no number'],
  ])('%s are refused', (_, cells, problem) => expect(() => read(...cells)).toThrow(problem))

  it('are refused where the answer has none', () => {
    expect(() => cellsOf(undefined, 'wallet', [])).toThrow('the answer of book wallet is not a list of operations')
    expect(() => cellsOf({ operations: [{ cells: [cell] }] }, 'wallet', [])).toThrow('cells without the name')
  })
})
