/**
 * After the load: wait until the books are settled and no longer change, read them as final, and ask them for the keys whose outcome the client does not
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

/**
 * Reads the books until two rounds in a row are equal and all books are settled, and asks for the keys between these two. Then nothing was booked between
 * them, so books and keys agree although they are read one after the other. At the end of the budget the last round is final.
 */
export async function settle(
  ports: { readonly books: Books; readonly clock: Clock },
  target: Target,
  run: string,
  unknown: UnknownKeys,
  budget: Millis,
  recorder: Recorder,
): Promise<void> {
  const { books, clock } = ports
  const deadline = after(clock.now(), budget)
  let before: readonly Look[] | undefined
  for (;;) {
    const isLate = clock.now() >= deadline
    const keys = before || isLate ? await askForKeys(books, target, run, unknown) : []
    const looks = await Promise.all(target.books.map(({ book }) => lookInto(books, target, book, run)))
    if (isLate || (before && areEqual(before, looks))) return recordFinally(looks, keys, recorder)
    for (const { state } of looks) if (state) recorder.record({ kind: 'book-read', ...state, final: false })
    const isFirst = before === undefined
    before = looks.every(({ state }) => state?.settled) ? looks : undefined
    // The second round follows at once. If books still changed in it, the next one waits.
    if (before === undefined || !isFirst) await clock.until(nextRound(clock.now(), deadline))
  }
}

const nextRound = (now: Instant, deadline: Instant): Instant =>
  after(now, millis(Math.max(0, Math.min(READ_EVERY, deadline - now))))

/** One book in one round. Without a state, `problem` says why. */
type Look = { readonly book: string; readonly state?: BookState; readonly problem: string }

/** A service may be restarting while the books settle. One failed read is not a loss; having no reading at the deadline is. */
async function lookInto(books: Books, target: Target, book: string, run: string): Promise<Look> {
  try {
    return { book, state: await books.read(target, book, run), problem: '' }
  } catch (error) {
    return { book, problem: messageOf(error) }
  }
}

/** Books with equal sums count as equal. */
const areEqual = (before: readonly Look[], now: readonly Look[]): boolean =>
  now.every(({ state }, index) => state?.settled && sumsOf(state) === sumsOf(before[index]?.state))

const sumsOf = (state: BookState | undefined): string =>
  (state?.entries ?? [])
    .map(({ operation, count, amountCents, low, high, duplicates }) =>
      [operation, count, amountCents, low, high, duplicates].join(' '),
    )
    .sort()
    .join()

/** The answer of a book about the unknown keys of one operation, or why there is none. */
type KeysAnswer = { readonly book: string; readonly record: Parameters<Recorder['record']>[0] }

function askForKeys(books: Books, target: Target, run: string, unknown: UnknownKeys): Promise<readonly KeysAnswer[]> {
  const asked = target.books.flatMap(({ book }) =>
    [...unknown].map(([operation, keys]) => askOne(books, target, book, run, operation, keys)),
  )
  return Promise.all(asked)
}

async function askOne(
  books: Books,
  target: Target,
  book: string,
  run: string,
  operation: string,
  keys: readonly string[],
): Promise<KeysAnswer> {
  try {
    const committed = await books.committed(target, book, run, keys)
    return { book, record: { kind: 'keys-read', book, operation, asked: keys.length, committed } }
  } catch (error) {
    const about = `unknown keys in book ${book}`
    return { book, record: { kind: 'evidence-lost', about, problem: messageOf(error), of: 'keys-read' } }
  }
}

function recordFinally(looks: readonly Look[], keys: readonly KeysAnswer[], recorder: Recorder): void {
  for (const { book, state, problem } of looks) {
    if (state) recorder.record({ kind: 'book-read', ...state, final: true })
    else recorder.record({ kind: 'evidence-lost', about: `book ${book}`, problem, of: 'book-read' })
    for (const each of keys) if (each.book === book) recorder.record(each.record)
  }
}
