/**
 * Ctrl-C and other stop signals. The first one asks for an orderly stop. A second one during healing is answered with the undos that are still
 * running. The message fits the command: a command that changed nothing in a cluster does not promise to undo anything.
 */
import { Socket } from 'node:net'
import { say, term } from './terminal.ts'

/** One Ctrl-C may arrive twice (from the terminal and from a parent process). Signals within this time count as one. */
const SAME_PRESS_MS = 500

/** The reason for the end of a command that was asked to stop. */
export class Stopped extends Error {}

export const isStop = (error: unknown): boolean =>
  error instanceof Stopped || (error instanceof Error && error.cause !== undefined && isStop(error.cause))

/** The messages at the first signal and at each further one. */
export type StopWords = { readonly first: string; readonly again: string }

const ofRun: StopWords = {
  first: 'stopping; undoing all changes, then judging what was measured…',
  again: 'still healing; all changes are undone first (after kill -9, run matchday heal).',
}

/** For commands that change nothing that must be healed. */
export const stopsOnly = (first: string): StopWords => ({ first, again: 'still stopping…' })

let stopping: AbortSignal | undefined

/** One per process: signals are handled once, however many parts of a command listen. The first part chooses the messages. */
export const stopSignal = (words: StopWords = ofRun): AbortSignal => {
  stopping ??= listen(words)
  return stopping
}

function listen({ first, again }: StopWords): AbortSignal {
  const controller = new AbortController()
  let pressedAt = Number.NEGATIVE_INFINITY
  const press = (name: string) => {
    const now = performance.now()
    if (now - pressedAt < SAME_PRESS_MS) return
    pressedAt = now
    if (controller.signal.aborted) return say(term`${name} again: ${again}`)
    say(term`${name}: ${first}`)
    controller.abort(new Stopped(name))
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => press(name))
  watchLifeline(() => press('parent process gone'))
  return controller.signal
}

/** bin.mjs holds the other end of this pipe. The pipe closes when the command itself was killed. */
function watchLifeline(gone: () => void): void {
  const descriptor = Number(process.env.MATCHDAY_LIFELINE_FD)
  if (!Number.isInteger(descriptor) || descriptor < 3) return
  // A socket, not a file stream: a blocked file read would keep the process alive once its work is done.
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false })
  pipe.on('end', gone)
  pipe.on('error', () => undefined)
  pipe.resume()
  pipe.unref()
}
