/** After the load: asks the books what was due to the clients that were watched. */
import { SLICE_MS } from '../domain/deliveries.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import { messageOf } from '../domain/unknown.ts'
import type { Books } from './ports.ts'
import type { Recorder } from './recorder.ts'

/** A request with more receivers would exceed the body size that a service reads. */
const RECEIVERS_A_REQUEST = 500

export async function readDeliveries(
  books: Books,
  { rehearsal, target, run }: { readonly rehearsal: Rehearsal; readonly target: Target; readonly run: string },
  watched: ReadonlyMap<string, readonly string[]>,
  recorder: Recorder,
): Promise<void> {
  for (const each of rehearsal.expectations) {
    const place = each.kind === 'delivered' ? target.streams?.[each.stream] : undefined
    if (each.kind !== 'delivered' || place === undefined) continue
    const { stream } = each
    const receivers = [...new Set(watched.get(stream) ?? [])]
    for (let from = 0; from < receivers.length; from += RECEIVERS_A_REQUEST) {
      const some = receivers.slice(from, from + RECEIVERS_A_REQUEST)
      try {
        const due = await books.due(target, place.book, run, {
          operation: place.operation,
          receivers: some,
          sliceMs: SLICE_MS,
        })
        const cellsOf = new Map(due.map(({ receiver, cells }) => [receiver, cells]))
        // A receiver with nothing due is recorded too. If it were absent, its evidence would count as lost.
        const told = some.map((receiver) => ({ receiver, cells: cellsOf.get(receiver) ?? [] }))
        recorder.record({ kind: 'deliveries-read', stream, book: place.book, receivers: told })
      } catch (error) {
        const about = `deliveries of ${stream} in book ${place.book}`
        recorder.record({ kind: 'evidence-lost', about, problem: messageOf(error), of: 'deliveries-read' })
      }
    }
  }
}
