/** A queue of orders and the worker that sends them off. It books an order when the parcel has left. PACKING_MS: the time between two parcels' departures. LOSES_EVERY=20 is a seeded defect. */
import { createBook } from './book.ts'
import { createMetrics, serve } from './serving.ts'

const packingMs = Number(process.env.PACKING_MS ?? 20)
const losesEvery = Number(process.env.LOSES_EVERY ?? 0)

type Order = { readonly key: string; readonly amountCents: number }
const waiting: Order[] = []
const { book, routes } = createBook('dispatch', () => ({ orders: waiting.length }))
const metrics = createMetrics()
metrics.gauge('orders_waiting', () => waiting.length)

let packed = 0
setInterval(() => {
  for (const order of waiting.splice(0)) {
    packed += 1
    if (losesEvery === 0 || packed % losesEvery !== 0) book(order.key, order.amountCents)
  }
}, packingMs)

serve(
  {
    ...routes,
    'POST /orders': ({ key, amountCents }) => {
      waiting.push({ key: String(key), amountCents: Number(amountCents) })
      return { status: 202, body: { key } }
    },
  },
  metrics,
)
