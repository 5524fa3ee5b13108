/** A queue of orders and the worker that sends them off. It books an order when the parcel has left. PACKING_MS: the time between two parcels' departures. LOSES_EVERY=20 is a seeded defect. */
import { createBook } from './book.ts'
import type { ShopOrder } from './outbox.ts'
import { createMetrics, serve } from './serving.ts'

const packingMs = Number(process.env.PACKING_MS ?? 20)
const losesEvery = Number(process.env.LOSES_EVERY ?? 0)

/** By key: stock sends an order again if it missed the confirmation. */
const waiting = new Map<string, ShopOrder>()
const { book, routes } = createBook('dispatch', () => ({ orders: waiting.size }))
const metrics = createMetrics()
metrics.gauge('orders_waiting', () => waiting.size)

let packed = 0
setInterval(() => {
  for (const order of waiting.values()) {
    packed += 1
    if (losesEvery === 0 || packed % losesEvery !== 0) book(order)
  }
  waiting.clear()
}, packingMs)

serve(
  {
    ...routes,
    'POST /orders': ({ orders }) => {
      for (const { key, amountCents } of Array.isArray(orders) ? orders : [])
        waiting.set(String(key), { key: String(key), amountCents: Number(amountCents) })
      return { status: 202, body: {} }
    },
  },
  metrics,
)
