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

export async function settle(
  ports: { readonly books: Books; readonly clock: Clock },
  target: Target,
  run: string,
  unknown: UnknownKeys,
  budget: Millis,
  recorder: Recorder,
): Promise<void> {
  const deadline = after(ports.clock.now(), budget)
  await Promise.all(target.books.map(({ book }) => settleBook(ports, target, book, run, unknown, deadline, recorder)))
}

async function settleBook(
  ports: { readonly books: Books; readonly clock: Clock },
  target: Target,
  book: string,
  run: string,
  unknown: UnknownKeys,
  deadline: Instant,
  recorder: Recorder,
): Promise<void> {
  for (;;) {
    const state = await readBook(ports.books, target, book, run)
    const late = ports.clock.now() >= deadline
    if (state.ok) recorder.record({ kind: 'book-read', ...state.value, final: state.value.settled || late })
    else if (late) recorder.record({ kind: 'evidence-lost', about: `book ${book}`, problem: state.problem })
    if (late || (state.ok && state.value.settled)) break
    await ports.clock.until(
      after(ports.clock.now(), millis(Math.min(READ_EVERY, Math.max(0, deadline - ports.clock.now())))),
    )
  }
  for (const [operation, keys] of unknown) await askForKeys(ports.books, target, book, run, operation, keys, recorder)
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
