/**
 * Causes from general evidence: what no expectation of the rehearsal asked about and the run showed all the same. Each looks for what
 * went on in the cluster and in the load, never for a name, so that a defect that nobody thought of is named sensibly too.
 */
import type { Finding } from '../../domain/verdict.ts'
import type { Seen } from '../seen/seen.ts'
import { budgetBlocks, budgetMissing } from './budgets.ts'
import { backlogGrowing, breakerMissing, callsUnending, forgeryAccepted, timeOutMissing } from './calls.ts'
import { configUnpinned } from './configurations.ts'
import { drainMissing, slowTermination } from './endings.ts'
import { judgeImages } from './images.ts'
import { podErrors } from './pod-errors.ts'
import { readyButFailing } from './readiness.ts'
import { noRedundancy } from './redundancy.ts'
import { refusedAtIngress } from './refusals.ts'
import { containerRestarted } from './restarts.ts'
import { routingNotSticky, socketsNotDrained } from './sockets.ts'
import { headroomMissing, zoneConcentrated } from './zones.ts'

const rules: readonly ((seen: Seen) => readonly Finding[])[] = [
  noRedundancy,
  zoneConcentrated,
  headroomMissing,
  budgetMissing,
  budgetBlocks,
  judgeImages,
  configUnpinned,
  containerRestarted,
  podErrors,
  drainMissing,
  slowTermination,
  readyButFailing,
  socketsNotDrained,
  routingNotSticky,
  refusedAtIngress,
  breakerMissing,
  timeOutMissing,
  callsUnending,
  backlogGrowing,
  forgeryAccepted,
]

export const judgeCauses = (seen: Seen): readonly Finding[] => rules.flatMap((rule) => rule(seen))
