/** Fold over what was pushed to clients: what each watched client told, and what the book said was due to it. */
import type { DeliveriesRead, ReceiptsTold } from '../../domain/evidence.ts'

export type DeliveriesSeen = {
  add(record: ReceiptsTold | DeliveriesRead, line: number): void
  told(stream: string): readonly { readonly receipts: ReceiptsTold; readonly line: number }[]
  due(
    stream: string,
    receiver: string,
  ): { readonly cells: DeliveriesRead['receivers'][number]['cells']; readonly line: number } | undefined
}

export function createDeliveriesSeen(): DeliveriesSeen {
  const told = new Map<string, { receipts: ReceiptsTold; line: number }[]>()
  const due = new Map<string, { cells: DeliveriesRead['receivers'][number]['cells']; line: number }>()
  const keyOf = (stream: string, receiver: string): string => JSON.stringify([stream, receiver])
  return {
    add(record, line) {
      if (record.kind === 'deliveries-read') {
        for (const { receiver, cells } of record.receivers) due.set(keyOf(record.stream, receiver), { cells, line })
        return
      }
      const known = told.get(record.stream) ?? []
      told.set(record.stream, known)
      known.push({ receipts: record, line })
    },
    told: (stream) => told.get(stream) ?? [],
    due: (stream, receiver) => due.get(keyOf(stream, receiver)),
  }
}
