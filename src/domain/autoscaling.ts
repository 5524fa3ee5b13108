/** How long an autoscaler may take to decide, for the plan and for the judge. */
import type { Expectation } from './rehearsal.ts'
import { type Millis, millis } from './units.ts'

/** Between a decision and its record: the scrape, the metrics API's window and the watch, measured below 2 s. */
export const MEASURING_MS = millis(2000)

type Decides = Pick<Extract<Expectation, { kind: 'autoscaler' }>, 'decidesWithinSyncs'>

/** From metric over target to the record of the decision. `hpaSyncMs` is a property of the target. */
export const decidesWithinMs = ({ decidesWithinSyncs }: Decides, target: { readonly hpaSyncMs: Millis }): Millis =>
  millis(decidesWithinSyncs * target.hpaSyncMs + MEASURING_MS)
