/** What customers of the shop do: look at the catalogue, or fill a cart and order. */
import http from 'k6/http'
import { CLIENT_TIMEOUT_MS, expectStatus, loadOptions, measure, operating, plan } from '../../scenarios/lib/k6.ts'

export { teardown, zero } from '../../scenarios/lib/k6.ts'
export const options = loadOptions()

/** Both requests of an order take as long as one attempt may, and no longer. A checkout that the storefront gives up (storefront.ts) is answered before. */
const CART_MS = 500
const CHECKOUT_MS = CLIENT_TIMEOUT_MS - CART_MS

const ordering = operating({ name: 'order', acknowledges: [201], refuses: [503] })
const headers = { 'content-type': 'application/json' }

export const browse = measure('browse', () => expectStatus(http.get(plan.entry, { timeout: CLIENT_TIMEOUT_MS }), 200))

export const order = measure('order', (arrival) => {
  http.post(`${plan.entry}/api/cart`, '{"item":"shoe"}', { headers, timeout: CART_MS })
  return ordering(arrival, (each) =>
    http.post(`${plan.entry}/api/checkout`, JSON.stringify(each), { headers, timeout: CHECKOUT_MS }),
  )
})
