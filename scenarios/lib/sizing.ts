/** How many VUs a plan needs. Pure, so that it can be used outside k6. */
import { wholeShares } from '../../src/domain/runners.ts'
import type { LoadStage } from '../../src/domain/timeline.ts'
import { peakOf } from './intended-start.ts'

/** The client gives up after this long, and does not learn the outcome. All requests of an attempt share this time. */
export const CLIENT_TIMEOUT_MS = 2000

/**
 * For attempts that are under way when the plan is over. k6 interrupts the others: they are counted nowhere, although the platform may have booked their
 * operations. Two timeouts for two requests in a row (a double click), and one for a machine that is late.
 */
export const LAST_ATTEMPTS_MS = 3 * CLIENT_TIMEOUT_MS

/** One event loop handles this many sockets easily: about 200 messages a second. */
export const SOCKETS_PER_VU = 100

/** An arrival takes at most the timeout. With this many VUs no arrival is dropped. `runners`: instances of k6 that share them. */
export const vusFor = (stages: readonly LoadStage[], runners = 1): number =>
  wholeShares(Math.ceil((peakOf(stages) * (CLIENT_TIMEOUT_MS + 500)) / 1000) + 2, runners)

export const socketVus = (stages: readonly LoadStage[], runners = 1): number =>
  wholeShares(Math.max(1, Math.ceil(peakOf(stages) / SOCKETS_PER_VU)), runners)
