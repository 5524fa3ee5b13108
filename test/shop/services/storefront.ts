/**
 * Where customers enter: the catalogue, the stock of an item, carts and the checkout. A label comes from carrier-a, or from carrier-b if the first does not
 * answer: after three failures in a row it is asked again only every five seconds. FALLBACK=off is a seeded defect.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, createMetrics, serve } from './serving.ts'

const CARRIERS = ['carrier-a', 'carrier-b'] as const
const CARRIER_PATIENCE_MS = 400
/** For a checkout. Shorter than customers wait (shopping.ts), so that they learn the outcome of their order. */
const PATIENCE_MS = 1300
const PAUSE_MS = 100
const OPEN_AFTER = 3
const OPEN_MS = 5000

const metrics = createMetrics()
for (const carrier of CARRIERS)
  for (const outcome of ['done', 'error', 'unknown', 'open'])
    metrics.declare('carrier_calls_total', { carrier, outcome })
const used = process.env.FALLBACK === 'off' ? CARRIERS.slice(0, 1) : CARRIERS
const failures = new Map<string, { inARow: number; at: number }>()

async function hasLabel(key: string, gone: AbortSignal): Promise<boolean> {
  for (const carrier of used) {
    const state = failures.get(carrier)
    const isOpen = state !== undefined && state.inARow >= OPEN_AFTER && Date.now() - state.at < OPEN_MS
    const patience = AbortSignal.any([gone, AbortSignal.timeout(CARRIER_PATIENCE_MS)])
    const status = isOpen ? undefined : await ask(`http://${carrier}.carriers:8080/labels`, { key }, patience)
    const outcome = status === undefined ? 'open' : status === 201 ? 'done' : status === 0 ? 'unknown' : 'error'
    metrics.count('carrier_calls_total', { carrier, outcome })
    if (outcome === 'done') {
      failures.delete(carrier)
      return true
    }
    // A customer who left is no failure of the carrier.
    if (gone.aborted) return false
    if (outcome !== 'open') failures.set(carrier, { inARow: (state?.inARow ?? 0) + 1, at: Date.now() })
  }
  return false
}

/**
 * Retries while there is no answer, but not after the customer has given up: a later booking could come between two readings of the books.
 * Stock takes a key once.
 */
async function reserve(order: Record<string, unknown>, gone: AbortSignal): Promise<number> {
  for (;;) {
    const status = await ask('http://stock.shop:8080/reservations', order, gone)
    if (status !== 0 || gone.aborted) return status
    await sleep(PAUSE_MS)
  }
}

serve(
  {
    'GET /': () => ({ status: 200, body: { items: ['shoe', 'hat'] } }),
    'GET /api/stock': () => ({ status: 200, body: { shoe: 7, hat: 3 } }),
    'POST /api/cart': () => ({ status: 201, body: { cart: 'made' } }),
    'POST /api/checkout': async (order, _, left) => {
      const gone = AbortSignal.any([left, AbortSignal.timeout(PATIENCE_MS)])
      if (!(await hasLabel(String(order.key), gone))) return { status: 503, body: { error: 'no carrier' } }
      const reserved = (await reserve(order, gone)) === 201
      return { status: reserved ? 201 : 504, body: { key: order.key } }
    },
  },
  metrics,
)
