/** What customers of the shop do: look at the catalogue, or fill a cart and order. */
import http from 'k6/http'
import { CLIENT_TIMEOUT_MS, expectStatus, loadOptions, measure, operating, plan } from '../../scenarios/lib/k6.ts'

export { teardown, zero } from '../../scenarios/lib/k6.ts'
export const options = loadOptions()

/** Both requests of an order share the timeout of an attempt. The storefront gives up a checkout before that (storefront.ts), and answers. */
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
