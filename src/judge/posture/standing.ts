/** Whether pods are told apart from pods that can serve, and whether enough of them stand when some go. */
import type { BudgetSeen } from '../../domain/cluster.ts'
import { hasPairs } from '../../domain/label-selector.ts'
import type { ServiceSeen, WorkloadSeen } from '../../domain/posture.ts'
import { duration, listed } from '../findings/words.ts'
import { covers } from '../seen/budget-lives.ts'
import { type Flaw, flaw } from './flaw.ts'

/** Others wait for whatever a Service leads to. */
const serves = ({ labels }: WorkloadSeen, services: readonly ServiceSeen[]): boolean =>
  services.some(({ selector }) => selector !== undefined && isAbout(selector, labels))

/** Some labels are put on pods only when they run (the role of a database): a Service that asks for more still means the workload. */
const isAbout = (selector: Readonly<Record<string, string>>, labels: WorkloadSeen['labels']): boolean => {
  const known = Object.entries(selector).filter(([label]) => label in labels)
  return known.length > 0 && hasPairs(labels, Object.fromEntries(known))
}

export function probesAmiss(workloads: readonly WorkloadSeen[], services: readonly ServiceSeen[]): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const { name, graceMs, containers } = workload
    const serving = containers.filter((each) => !each.init)
    const slow = serving.filter((each) => each.liveness && !each.startup).map((each) => each.name)
    const hook = Math.max(0, ...serving.map((each) => each.preStopMs ?? 0))
    return [
      ...(serves(workload, services) && !serving.some((each) => each.readiness)
        ? [
            flaw(
              'probe-missing',
              workload,
              `${name} gets requests as soon as it has started: no container has a readiness probe.`,
            ),
          ]
        : []),
      ...(slow.length > 0
        ? [
            flaw(
              'probe-missing',
              workload,
              `${name}: ${listed(slow)} may be ended while starting: a liveness probe, and no startup probe.`,
              'warning',
            ),
          ]
        : []),
      ...(hook > 0 && graceMs <= hook
        ? [
            flaw(
              'grace-too-short',
              workload,
              `${name} is killed after ${duration(graceMs)}, and its preStop hook takes ${duration(hook)}.`,
            ),
          ]
        : []),
    ]
  })
}

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
    const blocked = stuck.map((each) =>
      flaw(
        'budget-blocks',
        workload,
        `Budget ${each.name} lets no pod of ${name} go, though all ${each.expected} are healthy.`,
      ),
    )
    if (replicas > 1)
      return own.length > 0
        ? blocked
        : [
            flaw(
              'budget-missing',
              workload,
              `${name} has ${replicas} replicas, and no disruption budget keeps some of them.`,
            ),
          ]
    if (!serves(workload, services)) return []
    // With a budget somebody has thought of it: what is lost for a moment may be what players can do without.
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
