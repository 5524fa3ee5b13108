/** Money so far: what the client was told, and what each book shows as pending. Whether the books agree is judged at the end. */
import type { BookRead, LoadFrame, OperationCounts } from '../../domain/evidence.ts'

export type MoneyNow = {
  readonly operations: readonly (readonly [name: string, counts: OperationCounts])[]
  readonly books: readonly BookRead[]
}

export function createMoneySoFar() {
  /** The last frame of each generator instance: counts are cumulative. */
  const frames = new Map<string, LoadFrame>()
  const books = new Map<string, BookRead>()
  return {
    addFrame(frame: LoadFrame): void {
      frames.set(frame.instance, frame)
    },
    addBook(book: BookRead): void {
      books.set(book.book, book)
    },
    now(): MoneyNow {
      const sums = new Map<string, OperationCounts>()
      for (const { operations } of frames.values())
        for (const [name, counts] of Object.entries(operations)) sums.set(name, added(sums.get(name), counts))
      return { operations: [...sums], books: [...books.values()] }
    },
  }
}

const added = (sum: OperationCounts | undefined, each: OperationCounts): OperationCounts =>
  sum === undefined
    ? each
    : {
        ...each,
        acknowledged: sum.acknowledged + each.acknowledged,
        amountCents: sum.amountCents + each.amountCents,
        refused: sum.refused + each.refused,
        unknown: sum.unknown + each.unknown,
      }
