/**
 * After the load: wait until the books are settled, then read them once more as final, and ask them for the keys whose outcome the client does not
 * know.
 */
import { prometheusIn } from '../domain/indicators.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import { after, type Instant, type Millis, millis, seconds } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import type { BookState, Books, Clock } from './ports.ts'
import type { Recorder } from './recorder.ts'

const READ_EVERY = seconds(1)
const SETTLE_DEFAULT = seconds(30)
/** After a stop the operator waits, so the books are read only once. */
const SETTLE_AFTER_STOP = seconds(2)

export type UnknownKeys = ReadonlyMap<string, readonly string[]>

/** The time that the books may take, from the rehearsal's `ledger` expectation. Undefined without one: then no book is read. */
export function settleBudget(rehearsal: Rehearsal, stopped: boolean): Millis | undefined {
  const expectation = rehearsal.expectations.find((each) => each.kind === 'ledger')
  if (!expectation) return undefined
  return stopped ? SETTLE_AFTER_STOP : (expectation.settleWithinMs ?? SETTLE_DEFAULT)
}

/** The books that a run reads: none if the rehearsal expects nothing of them. */
export const booksRead = (rehearsal: Rehearsal, { books }: Target): readonly string[] =>
  settleBudget(rehearsal, false) === undefined ? [] : books.map(({ book }) => book)

/** A scrape takes its time, is visible after up to 2 s, and is read in the next round or the one after it. */
const VISIBLE = seconds(4)

/**
 * Time after the load until a Prometheus has scraped once more. Without that scrape the last interval of its indicators would not be read. Undefined if
 * it counts no indicator.
 */
export function lastScrape({ slis }: Rehearsal, { prometheus }: Target): Millis | undefined {
  if (prometheus === undefined || Object.keys(prometheusIn(slis)).length === 0) return undefined
  return millis(prometheus.scrapeMs + VISIBLE)
}

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
 * A pending entry in one book may still change another book, so all books must be settled in the same round. That round is not the final reading,
 * because one book may have been read just before the last change.
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
  else recorder.record({ kind: 'evidence-lost', about: `book ${book}`, problem: state.problem, of: 'book-read' })
}

/** A service may be restarting while the books settle. One failed read is not a loss; having no reading at the deadline is. */
async function readBook(
  books: Books,
  target: Target,
  book: string,
  run: string,
): Promise<{ ok: true; value: BookState } | { ok: false; problem: string }> {
  try {
    return { ok: true, value: await books.read(target, book, run) }
  } catch (error) {
    return { ok: false, problem: messageOf(error) }
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
    const about = `unknown keys in book ${book}`
    recorder.record({ kind: 'evidence-lost', about, problem: messageOf(error), of: 'keys-read' })
  }
}
