/** Whether enough pods of a workload remain when some are taken away. */
import type { BudgetSeen } from '../../domain/cluster.ts'
import type { ServiceSeen, WorkloadSeen } from '../../domain/posture.ts'
import { covers } from '../seen/budget-lives.ts'
import { type Flaw, flaw } from './flaw.ts'
import { serves } from './serving.ts'

export function redundancyAmiss(
  workloads: readonly WorkloadSeen[],
  services: readonly ServiceSeen[],
  budgets: readonly BudgetSeen[],
): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const { namespace, name, replicas, labels, workloadKind } = workload
    if (workloadKind === 'DaemonSet' || replicas === 0) return []
    const own = budgets.filter((each) => covers(each.name, each, { namespace, app: name, labels }))
    const stuck = own.filter((each) => each.expected > 1 && each.healthy >= each.expected && each.allowed === 0)
    // maxUnavailable: 100% and minAvailable: 0 both come to 0 pods that must stay.
    const empty = own.filter((each) => each.expected > 0 && each.wantedHealthy <= 0)
    const ineffective = empty.map((each) =>
      flaw(
        'budget-ineffective',
        workload,
        `Budget ${each.name} lets all ${each.expected} pods of ${name} go at once: it keeps ${each.wantedHealthy} of ${each.expected}.`,
      ),
    )
    const blocked = stuck.map((each) =>
      flaw(
        'budget-blocks',
        workload,
        `Budget ${each.name} lets no pod of ${name} go, though all ${each.expected} are healthy.`,
      ),
    )
    if (replicas > 1)
      return own.length > 0
        ? [...blocked, ...ineffective]
        : [
            flaw(
              'budget-missing',
              workload,
              `${name} has ${replicas} replicas, and no disruption budget keeps some of them.`,
            ),
          ]
    if (!serves(workload, services)) return []
    // A disruption budget shows that one replica is a decision: users may do without this service for a moment.
    return own.length > 0
      ? [flaw('single-replica', workload, `Others wait for ${name}, and it is one pod.`, 'warning')]
      : [flaw('single-replica', workload, `Others wait for ${name}, and it is one pod without a disruption budget.`)]
  })
}

export const spreadMissing = (workloads: readonly WorkloadSeen[]): readonly Flaw[] =>
  workloads
    .filter(({ replicas, workloadKind }) => replicas > 1 && workloadKind !== 'DaemonSet')
    .filter(({ spreadOver }) => !spreadOver.includes('topology.kubernetes.io/zone'))
    .map((each) =>
      flaw(
        'spread-missing',
        each,
        `Nothing keeps the ${each.replicas} pods of ${each.name} from standing in one zone.`,
      ),
    )
