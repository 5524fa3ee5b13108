/** adapters/ledger: reads the books that the platform's services show (`wire/books.ts`), through the API server's proxy. */
import { createHash } from 'node:crypto'
import { type Books, EnvironmentError } from '../../controller/ports.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { demand, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { type Book, type CommittedKeys, type Deliveries, digestOf } from '../../wire/books.ts'

const READ_TIMEOUT_MS = 5000
/** Keys per request: at about 40 bytes each they stay far below the API server's body limit of 3 MiB. */
const KEYS_A_REQUEST = 2000

export function platformBooks(api: KubernetesApi): Books {
  return {
    read: async (target, book, run) => {
      const path = `${bookPath(target, book)}?run=${encodeURIComponent(run)}`
      const answer = (await demand(api, { method: 'GET', path, timeoutMs: READ_TIMEOUT_MS })) as Book
      if (!Array.isArray(answer?.entries) || typeof answer.settled !== 'boolean') {
        throw new EnvironmentError(
          `book ${book} answered something that is no book`,
          `Look at: kubectl get --raw '${path}'`,
        )
      }
      const { settled, pending, entries, imbalanceCents } = answer
      return { book, settled, pending, entries, ...(imbalanceCents === undefined ? {} : { imbalanceCents }) }
    },
    committed: async (target, book, run, keys) => {
      const found: CommittedKeys['committed'][number][] = []
      for (let from = 0; from < keys.length; from += KEYS_A_REQUEST) {
        const body = { run, keys: keys.slice(from, from + KEYS_A_REQUEST) }
        const answer = (await demand(api, {
          method: 'POST',
          path: `${bookPath(target, book)}/keys`,
          body,
          timeoutMs: READ_TIMEOUT_MS,
        })) as CommittedKeys
        found.push(...answer.committed)
      }
      return found.map(({ key, amountCents, times }) => {
        const { low, high } = digestOf(createHash('md5').update(key).digest('hex'))
        return { key, amountCents, times, low, high }
      })
    },
    due: async (target, book, run, wanted) => {
      const path = `${bookPath(target, book)}/deliveries`
      const body = { run, ...wanted }
      const answer = (await demand(api, { method: 'POST', path, body, timeoutMs: READ_TIMEOUT_MS })) as Deliveries
      if (!Array.isArray(answer?.receivers))
        throw new EnvironmentError(`the answer of book ${book} is not a list of deliveries`, `Look at ${path}.`)
      return answer.receivers
    },
  }
}

function bookPath(target: Target, book: string): string {
  const place = target.books.find((each) => each.book === book)
  if (!place)
    throw new EnvironmentError(`the target file names no book ${book}`, `Add it below books in ${target.file}.`)
  return paths.serviceProxy(place.namespace, place.service, place.port, '/books')
}
