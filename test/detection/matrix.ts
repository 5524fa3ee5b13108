/** Which defects are seeded, what traps of the field they stand for, and under which causes each counts as found. */
import type { Seeded } from './outcome.ts'

const CANARY = 'test/canary/canary.rehearsal.yaml'

export const seededDefects: readonly Seeded[] = [
  {
    defect: 'no-failover',
    trap: 'only one payment provider is known',
    rehearsal: CANARY,
    causes: ['failover-missing'],
  },
  {
    defect: 'no-void',
    trap: 'a charge that timed out stands beside the one that replaced it',
    rehearsal: CANARY,
    causes: ['double-charge', 'unreconciled'],
  },
  {
    defect: 'hpa-on-cpu',
    trap: 'HPA only on CPU',
    rehearsal: CANARY,
    causes: ['autoscaler-late', 'autoscaler-blind'],
  },
]

/** Rehearsals that the healthy platform must pass, or at least not be accused in. */
export const healthyTrials: readonly string[] = [...new Set(seededDefects.map(({ rehearsal }) => rehearsal))]
