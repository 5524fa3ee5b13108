/** All lanes, in the order of the page. A new lane is a file here and a line in this list. */
import type { LaneOf } from '../lane.ts'
import { availabilityLane } from './availability.ts'
import { canaryLane } from './canary.ts'
import { connectionsLane } from './connections.ts'
import { cutoverLane } from './cutover.ts'
import { databasesLane } from './databases.ts'
import { disruptionLane } from './disruption.ts'
import { errorBudgetLane } from './error-budget.ts'
import { errorsLane } from './errors.ts'
import { followLane } from './follow.ts'
import { generatorLane } from './generator.ts'
import { latencyLane } from './latency.ts'
import { loadLane } from './load.ts'
import { nodesLane } from './nodes.ts'
import { planLane } from './plan.ts'
import { providerCallsLane } from './provider-calls.ts'
import { replicasLane } from './replicas.ts'
import { socketsLane } from './sockets.ts'
import { zonesLane } from './zones.ts'

export const lanes: readonly LaneOf[] = [
  planLane,
  loadLane,
  availabilityLane,
  errorsLane,
  errorBudgetLane,
  latencyLane,
  socketsLane,
  canaryLane,
  followLane,
  cutoverLane,
  replicasLane,
  zonesLane,
  nodesLane,
  disruptionLane,
  databasesLane,
  connectionsLane,
  providerCallsLane,
  generatorLane,
]
