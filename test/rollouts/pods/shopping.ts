/** The load on the shop. */
import http from 'k6/http'
import { loadOptions } from '../../../scenarios/lib/load.ts'
import { expectStatus, measure } from '../../../scenarios/lib/measure.ts'
import { plan } from '../../../scenarios/lib/plan.ts'

export { teardown, zero } from '../../../scenarios/lib/load.ts'

export const options = loadOptions()

export const order = measure('order', () => expectStatus(http.get(`${plan.entry}/order`, { timeout: '5s' }), 200))
