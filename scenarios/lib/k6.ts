/**
 * The library for scenarios, as `import { measure } from '@matchday-dev/matchday/k6'`. What a script needs for its own journeys is here; what belongs to
 * the reference platform (its players and their log-in) is not.
 */
export { loadOptions, teardown, zero } from './load.ts'
export {
  type Arrival,
  bad,
  expectRefusal,
  expectStatus,
  good,
  isTimeout,
  measure,
  type Outcome,
  type Reason,
  reasonOf,
} from './measure.ts'
export { type Operation, type Order, operating } from './money.ts'
export { plan } from './plan.ts'
export { CLIENT_TIMEOUT_MS } from './sizing.ts'
