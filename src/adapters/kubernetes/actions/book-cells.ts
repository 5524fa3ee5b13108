/** What a book answers to POST /books/cut: the operations that it has booked for a run, in cells of time. */
import type { CutCell, CutCells } from '../../../domain/restore.ts'
import type { Fields } from '../../../protocols/fields.ts'
import { fields, list, text } from '../fields.ts'

/** Throws unless each operation has `cuts.length + 1` cells with digests: digests that are missing on both sides would look equal. */
export function cellsOf(answer: unknown, book: string, cuts: readonly number[]): readonly CutCells[] {
  const { operations } = fields(answer)
  const wanted = cuts.length + 1
  if (!Array.isArray(operations)) throw new Error(`the answer of book ${book} is not a list of operations in cells`)
  return list(operations).map(({ operation, cells }) => {
    const name = text(operation)
    const found = list(cells)
    if (name === '') throw new Error(`book ${book} answered cells without the name of their operation`)
    if (found.length !== wanted)
      throw new Error(`book ${book} answered ${found.length} cells of "${name}", and ${wanted} were asked for`)
    return { operation: name, cells: found.map((cell) => cellOf(cell, `book ${book}, operation ${name}`)) }
  })
}

function cellOf(cell: Fields, where: string): CutCell {
  const number = (key: string): number => {
    const value = cell[key]
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw new Error(`${where}: ${key} of a cell is no number`)
  }
  return {
    count: number('count'),
    amountCents: number('amountCents'),
    digestLow: number('low'),
    digestHigh: number('high'),
  }
}
