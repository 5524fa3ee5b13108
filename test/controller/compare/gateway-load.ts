/** Players of the promo peak, and reads of the feature flags. The gateway answers those itself: many attempts at the new release for little CPU. */
import http from 'k6/http'
import { expectStatus, measure } from '../../../scenarios/lib/measure.ts'
import { plan } from '../../../scenarios/lib/plan.ts'
import { CLIENT_TIMEOUT_MS } from '../../../scenarios/lib/sizing.ts'

export { bet, deposit, login, options, setup, teardown, zero } from '../../../scenarios/promo-peak.ts'

export const features = measure('features', () =>
  expectStatus(http.get(`${plan.entry}/features`, { timeout: CLIENT_TIMEOUT_MS, redirects: 0 }), 200),
)
