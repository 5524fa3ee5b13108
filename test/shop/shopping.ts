/** What customers of the shop do: look at the catalogue, or fill a cart and order. */
import http from 'k6/http'
import { expectStatus, loadOptions, measure, operating, plan } from '../../scenarios/lib/k6.ts'

export { teardown, zero } from '../../scenarios/lib/k6.ts'
export const options = loadOptions()

const ordering = operating({ name: 'order', acknowledges: [201], refuses: [503] })
const params = { headers: { 'content-type': 'application/json' }, timeout: 5000 }

export const browse = measure('browse', () => expectStatus(http.get(plan.entry, { timeout: 5000 }), 200))

export const order = measure('order', (arrival) => {
  http.post(`${plan.entry}/api/cart`, '{"item":"shoe"}', params)
  return ordering(arrival, (each) => http.post(`${plan.entry}/api/checkout`, JSON.stringify(each), params))
})
