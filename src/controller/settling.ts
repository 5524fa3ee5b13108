/** After the load: wait until the books are settled, then read them once more as final, with the client's unknown keys asked for by name. */
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import { after, type Instant, type Millis, millis, seconds } from '../domain/units.ts'
import type { BookState, Books, Clock } from './ports.ts'
import { problemOf } from './problem.ts'
import type { Recorder } from './recorder.ts'

const READ_EVERY = seconds(1)
const SETTLE_DEFAULT = seconds(30)
/** After a stop the operator waits: one look, no patience. */
const SETTLE_AFTER_STOP = seconds(2)

export type UnknownKeys = ReadonlyMap<string, readonly string[]>

/** How long the books may take, as the rehearsal's `ledger` expectation says; undefined when it has none: then nothing is read. */
export function settleBudget(rehearsal: Rehearsal, stopped: boolean): Millis | undefined {
  const expectation = rehearsal.expectations.find((each) => each.kind === 'ledger')
  if (!expectation) return undefined
  return stopped ? SETTLE_AFTER_STOP : (expectation.settleWithinMs ?? SETTLE_DEFAULT)
}

/** The books that a run reads: none where nothing is expected of them. */
export const booksRead = (rehearsal: Rehearsal, { books }: Target): readonly string[] =>
  settleBudget(rehearsal, false) === undefined ? [] : books.map(({ book }) => book)

export async function settle(
  ports: { readonly books: Books; readonly clock: Clock },
  target: Target,
  run: string,
  unknown: UnknownKeys,
  budget: Millis,
  recorder: Recorder,
): Promise<void> {
  const books = target.books.map(({ book }) => book)
  await untilSettled(ports, target, books, run, after(ports.clock.now(), budget), recorder)
  await Promise.all(
    books.map(async (book) => {
      await readFinally(ports.books, target, book, run, recorder)
      for (const [operation, keys] of unknown)
        await askForKeys(ports.books, target, book, run, operation, keys, recorder)
    }),
  )
}

/**
 * What is pending in one book may still move another one: they have settled when all have in the same round. What was read in that round is
 * not final, because one of them may have been read a moment before the last movement.
 */
async function untilSettled(
  ports: { readonly books: Books; readonly clock: Clock },
  target: Target,
  books: readonly string[],
  run: string,
  deadline: Instant,
  recorder: Recorder,
): Promise<void> {
  for (;;) {
    const states = await Promise.all(books.map((book) => readBook(ports.books, target, book, run)))
    for (const state of states) if (state.ok) recorder.record({ kind: 'book-read', ...state.value, final: false })
    const left = deadline - ports.clock.now()
    if (left <= 0 || states.every((state) => state.ok && state.value.settled)) return
    await ports.clock.until(after(ports.clock.now(), millis(Math.min(READ_EVERY, left))))
  }
}

async function readFinally(books: Books, target: Target, book: string, run: string, recorder: Recorder): Promise<void> {
  const state = await readBook(books, target, book, run)
  if (state.ok) recorder.record({ kind: 'book-read', ...state.value, final: true })
  else recorder.record({ kind: 'evidence-lost', about: `book ${book}`, problem: state.problem })
}

/** A service may be restarting while the books settle: one failed read is no loss yet, having none at the deadline is. */
async function readBook(
  books: Books,
  target: Target,
  book: string,
  run: string,
): Promise<{ ok: true; value: BookState } | { ok: false; problem: string }> {
  try {
    return { ok: true, value: await books.read(target, book, run) }
  } catch (error) {
    return { ok: false, problem: problemOf(error) }
  }
}

async function askForKeys(
  books: Books,
  target: Target,
  book: string,
  run: string,
  operation: string,
  keys: readonly string[],
  recorder: Recorder,
): Promise<void> {
  try {
    const committed = await books.committed(target, book, run, keys)
    recorder.record({ kind: 'keys-read', book, operation, asked: keys.length, committed })
  } catch (error) {
    recorder.record({ kind: 'evidence-lost', about: `unknown keys in book ${book}`, problem: problemOf(error) })
  }
}
