/**
 * Where customers enter: the catalogue, the stock of an item, carts and the checkout. A label comes from carrier-a, or from carrier-b if the first does not
 * answer: after three failures in a row it is asked again only every five seconds. FALLBACK=off is a seeded defect.
 */
import { ask, createMetrics, serve } from './serving.ts'

const CARRIERS = ['carrier-a', 'carrier-b'] as const
const CARRIER_PATIENCE_MS = 400
const PATIENCE_MS = 2000
const TRIES = 10
const OPEN_AFTER = 3
const OPEN_MS = 5000

const metrics = createMetrics()
for (const carrier of CARRIERS)
  for (const outcome of ['done', 'error', 'unknown', 'open'])
    metrics.declare('carrier_calls_total', { carrier, outcome })
const used = process.env.FALLBACK === 'off' ? CARRIERS.slice(0, 1) : CARRIERS
const failures = new Map<string, { inARow: number; at: number }>()

async function hasLabel(key: string): Promise<boolean> {
  for (const carrier of used) {
    const state = failures.get(carrier)
    const isOpen = state !== undefined && state.inARow >= OPEN_AFTER && Date.now() - state.at < OPEN_MS
    const status = isOpen
      ? undefined
      : await ask(`http://${carrier}.carriers:8080/labels`, { key }, CARRIER_PATIENCE_MS)
    const outcome = status === undefined ? 'open' : status === 201 ? 'done' : status === 0 ? 'unknown' : 'error'
    metrics.count('carrier_calls_total', { carrier, outcome })
    if (outcome === 'done') {
      failures.delete(carrier)
      return true
    }
    if (outcome !== 'open') failures.set(carrier, { inARow: (state?.inARow ?? 0) + 1, at: Date.now() })
  }
  return false
}

/** Asked again while there is no answer: what stock has reserved must leave, also when the machine is busy. Both books take a key once. */
async function insist(url: string, order: Record<string, unknown>): Promise<number> {
  for (let left = TRIES - 1; ; left -= 1) {
    const status = await ask(url, order, PATIENCE_MS)
    if (status !== 0 || left === 0) return status
  }
}

serve(
  {
    'GET /': () => ({ status: 200, body: { items: ['shoe', 'hat'] } }),
    'GET /api/stock': () => ({ status: 200, body: { shoe: 7, hat: 3 } }),
    'POST /api/cart': () => ({ status: 201, body: { cart: 'made' } }),
    'POST /api/checkout': async (order) => {
      if (!(await hasLabel(String(order.key)))) return { status: 503, body: { error: 'no carrier' } }
      const reserved = await insist('http://stock.shop:8080/reservations', order)
      const queued = reserved === 201 ? await insist('http://dispatch.shop:8080/orders', order) : 0
      return { status: queued === 202 ? 201 : 500, body: { key: order.key } }
    },
  },
  metrics,
)
