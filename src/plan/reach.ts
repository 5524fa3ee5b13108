/** The reach of a harm, computed on data: the pods it may hit, the most that it can hit, and the objects that it changes. */
import type { PlannedFault } from '../domain/timeline.ts'
import { countBounds } from '../protocols/chaos-mesh/mode.ts'
import { matchingPods } from '../protocols/chaos-mesh/selector.ts'
import type { PlanCode } from './codes.ts'
import { namespacesOf } from './fault.ts'
import { type Inventory, podId } from './inventory.ts'

/** `most`: pods that it can harm in addition to those already held; `drawn`: a mode picks only some of `pods`. */
export type Reach = {
  /** Objects that are changed, such as `Node/zone-b-api`. A fault changes only its own object. */
  readonly targets: readonly string[]
  /** `namespace/name` of each pod that may be hit. */
  readonly pods: readonly string[]
  readonly most: number
  readonly drawn?: boolean
  /** Namespaces whose living pods are the base of a share. */
  readonly namespaces: readonly string[]
  readonly problems: readonly ReachProblem[]
}
export type ReachProblem = { readonly code: PlanCode; readonly problem: string; readonly next: string }

/** Both sides of a partition count: Chaos Mesh puts rules into the pods of `target` too. `held`: pods that other harms hold at that time. */
export function faultReach(fault: PlannedFault, { pods, nodes }: Inventory, held: readonly string[]): Reach {
  const namespaces = namespacesOf(fault)
  const hit = new Set<string>()
  const problems: ReachProblem[] = []
  let most = 0
  let drawn = false
  for (const { field, pods: selection, mode, value } of fault.does.sides) {
    const found = matchingPods(selection, pods, nodes, fault.object.metadata.namespace)
    if (!found.ok) problems.push(nothing(`${field}: ${found.reason}`))
    else if (found.pods.length === 0) problems.push(nothing(`${field} matches no live pod`))
    else {
      const fresh = found.pods.map(podId).filter((id) => !hit.has(id) && !held.includes(id))
      const taken = countBounds(mode, value, found.pods.length)?.most ?? found.pods.length
      most += Math.min(taken, fresh.length)
      drawn ||= taken < found.pods.length
      for (const pod of found.pods) hit.add(podId(pod))
    }
  }
  return { targets: [], pods: [...hit].sort(), most, drawn, namespaces, problems }
}

const nothing = (problem: string): ReachProblem => ({
  code: 'fault-selects-nothing',
  problem,
  next: 'compare its labels and namespaces with kubectl get pods --show-labels.',
})
