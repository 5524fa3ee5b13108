/** Healing must get through a moment in which the API server does not answer, or answers that it can't now. */
import { ApiRefusal } from './api.ts'

/** `late`: no more attempts; `rest`: the pause between two. Refusals that would come again are thrown at once. */
export async function insist<T>(attempt: () => Promise<T>, late: () => boolean, rest: () => Promise<void>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (isFinal(error) || late()) throw error
      await rest()
    }
  }
}

/** What no further attempt would change. */
export class Final extends Error {}

/** 409 is somebody else's change between our read and our write; 429 and 5xx are the server's own trouble. */
const isFinal = (error: unknown): boolean =>
  error instanceof Final ||
  (error instanceof ApiRefusal && error.status !== 409 && error.status !== 429 && error.status < 500)
