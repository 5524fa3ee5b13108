// A team's own scenario, in its own repository.
import { expectStatus, loadOptions, measure, plan } from '@matchday-dev/matchday/k6'
import http from 'k6/http'

export { teardown, zero } from '@matchday-dev/matchday/k6'

export const options = loadOptions()

export const browse = measure('browse', () => expectStatus(http.get(`${plan.entry}/features`), 200))
