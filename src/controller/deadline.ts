/** Waits that end at a deadline. None leaves a timer running, because that would keep the process alive. */
import type { Instant } from '../domain/units.ts'
import type { Clock } from './ports.ts'

/** `signal` is aborted at the deadline. Call `end` when the deadline is not needed any more. */
export type Deadline = { readonly signal: AbortSignal; end(): Promise<void> }

export function deadlineAt(clock: Clock, at: Instant, why: string): Deadline {
  const [over, waiting] = [new AbortController(), new AbortController()]
  const timer = clock.until(at, waiting.signal).then(
    () => over.abort(new Error(why)),
    () => undefined,
  )
  return {
    signal: over.signal,
    end() {
      waiting.abort()
      return timer
    },
  }
}

/** The answer, or undefined if the deadline comes first. Rejects with the signal's reason when aborted. */
export async function answerBefore<T>(
  clock: Clock,
  deadline: Instant,
  answer: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const over = new AbortController()
  try {
    const late = clock.until(deadline, AbortSignal.any([signal, over.signal])).then(() => undefined)
    return await Promise.race([answer, late])
  } catch (error) {
    // The clock's own error does not say why the wait was aborted.
    signal.throwIfAborted()
    throw error
  } finally {
    over.abort()
  }
}
