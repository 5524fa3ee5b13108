/** Takes goods out of the stock for an order: the ledger of the shop. It hands each order to dispatch, and is not settled until dispatch has it. */
import { createBook } from './book.ts'
import { createOutbox } from './outbox.ts'
import { ask, createMetrics, serve } from './serving.ts'

const PATIENCE_MS = 1000

const outbox = createOutbox(async (orders) => {
  const status = await ask('http://dispatch.shop:8080/orders', { orders }, AbortSignal.timeout(PATIENCE_MS))
  return status === 202
})
const { book, routes } = createBook('stock', () => ({ outbox: outbox.waiting() }))
serve(
  {
    ...routes,
    'POST /reservations': ({ key, amountCents }) => {
      const order = { key: String(key), amountCents: Number(amountCents) }
      // Both in one step: an order that is booked leaves, also if the storefront that asked for it is killed now.
      if (book(order)) outbox.add(order)
      return { status: 201, body: { key } }
    },
  },
  createMetrics(),
)
