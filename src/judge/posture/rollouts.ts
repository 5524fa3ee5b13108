/** Whether a rollout takes away more pods at once than the workload can miss. */
import type { BudgetSeen } from '../../domain/cluster.ts'
import type { WorkloadSeen } from '../../domain/posture.ts'
import { covers } from '../seen/budget-lives.ts'
import { type Flaw, flaw } from './flaw.ts'

/** A Deployment's controller deletes pods without asking disruption budgets (Kubernetes, "Disruptions"), so its own numbers must hold them. */
export function rolloutsAmiss(workloads: readonly WorkloadSeen[], budgets: readonly BudgetSeen[]): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const { namespace, name, labels, replicas, rollout } = workload
    if (rollout === undefined || replicas < 2) return []
    const own = budgets.filter((each) => covers(each.name, each, { namespace, app: name, labels }))
    const kept = Math.max(0, ...own.map((each) => each.wantedHealthy))
    const left = replicas - rollout.unavailable
    const counted = `${rollout.written} of ${replicas} is ${rollout.unavailable} away at once`
    if (left < kept) {
      const sentence = `A rollout of ${name} leaves ${left} pods, and its disruption budget wants ${kept} healthy (${counted}).`
      return [flaw('rollout-too-wide', workload, sentence)]
    }
    if (rollout.unavailable * 2 <= replicas) return []
    const sentence = `A rollout of ${name} leaves ${left} of ${replicas} pods (${counted}).`
    return [flaw('rollout-too-wide', workload, sentence)]
  })
}
