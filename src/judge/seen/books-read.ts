/** Fold over the books: the last look at each, and which of the client's unknown keys it holds. */
import type { BookRead, KeysRead } from '../../domain/evidence.ts'
import type { Seen } from './seen.ts'

export type BooksRead = {
  add(record: BookRead | KeysRead, line: number): void
  /** The final read of each book, or the last one when none was final. */
  readonly books: ReadonlyMap<string, { readonly read: BookRead; readonly line: number }>
  keysOf(book: string, operation: string): { readonly read: KeysRead; readonly line: number } | undefined
}

export function createBooksRead(): BooksRead {
  const books = new Map<string, { read: BookRead; line: number }>()
  const keys = new Map<string, { read: KeysRead; line: number }>()
  return {
    add(record, line) {
      if (record.kind === 'keys-read') {
        keys.set(`${record.book}\0${record.operation}`, { read: record, line })
        return
      }
      if (record.final || !books.get(record.book)?.read.final) books.set(record.book, { read: record, line })
    },
    books,
    keysOf: (book, operation) => keys.get(`${book}\0${operation}`),
  }
}

/** The book against which the others are held: the one that the target file calls the ledger, else the one with a double-entry check. */
export function ledgerBook({ books, run }: Seen): { readonly read: BookRead; readonly line: number } | undefined {
  const ledger = run.head.target.books.find((each) => each.ledger)?.book
  const final = [...books.books.values()].filter(({ read }) => read.final)
  return final.find(({ read }) => read.book === ledger) ?? final.find(({ read }) => read.imbalanceCents !== undefined)
}
