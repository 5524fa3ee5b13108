/** What a book answers to POST /books/cut: the operations that it has booked for a run, in cells of time. */
import type { CutCells } from '../../../domain/restore.ts'
import type { CutBook } from '../../../wire/books.ts'

export function cellsOf(answer: unknown, book: string): readonly CutCells[] {
  const { operations } = answer as CutBook
  if (!Array.isArray(operations)) throw new Error(`the answer of book ${book} is not a list of operations in cells`)
  return (operations as CutBook['operations']).map(({ operation, cells }) => ({
    operation,
    cells: cells.map(({ low, high, ...cell }) => ({ ...cell, digestLow: low, digestHigh: high })),
  }))
}
