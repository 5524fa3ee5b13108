/** Takes goods out of the stock for an order: the ledger of the shop. */
import { createBook } from './book.ts'
import { createMetrics, serve } from './serving.ts'

const { book, routes } = createBook('stock')
serve(
  {
    ...routes,
    'POST /reservations': ({ key, amountCents }) => {
      book(String(key), Number(amountCents))
      return { status: 201, body: { key } }
    },
  },
  createMetrics(),
)
