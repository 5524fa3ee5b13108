/**
 * The windows of a mirror: copies are made in one and not in the other. Between two windows the books are counted, so that what a copy wrote shows beside
 * what clients asked for.
 */
import type { Canary } from '../domain/canary.ts'
import type { ActionStepData } from '../domain/evidence.ts'
import type { Target } from '../domain/rehearsal.ts'
import type { BookCount } from '../domain/shadow.ts'
import { after } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import type { CanaryWatch } from '../judge/canary/watch.ts'
import { nextLook } from './next-look.ts'
import type { Books, Clock, StepGate } from './ports.ts'

type Counting = { readonly books: Books; readonly target: Target; readonly run: string }

/** A new release that answers copies with errors is taken back at once, because it takes capacity from users. Everything else is judged after the run. */
export function performWindows(
  clock: Clock,
  { holdMs }: Canary,
  watch: CanaryWatch,
  counting: Counting,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
): StepGate {
  return async (step, share) => {
    if (step === 1) record(await countBooks(counting))
    const begunAt = clock.now()
    watch.begin(step, begunAt)
    record({ is: 'step-set', step, share })
    const overAt = after(begunAt, holdMs)
    for (;;) {
      await clock.until(nextLook(clock.now(), begunAt, overAt), signal)
      const isOver = clock.now() >= overAt
      const decided = watch.decide(step, clock.now(), { isOver, mayHold: false })
      if (decided.outcome === 'hold') continue
      record({ is: 'step-decided', step, ...decided })
      record(await countBooks(counting))
      return decided.outcome
    }
  }
}

async function countBooks({ books, target, run }: Counting): Promise<ActionStepData> {
  try {
    const all = await Promise.all(target.books.map(({ book }) => books.read(target, book, run)))
    return {
      is: 'books-counted',
      books: all.flatMap(({ book, entries }) => entries.map((each) => countOf(book, each))),
    }
  } catch (error) {
    return { is: 'books-counted', books: [], problem: messageOf(error) }
  }
}

const countOf = (book: string, { operation, count, amountCents, low, high }: Omit<BookCount, 'book'>): BookCount => ({
  book,
  operation,
  count,
  amountCents,
  low,
  high,
})
