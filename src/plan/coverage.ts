/**
 * Chaos Mesh selects pods once, so pods that start during a fault are not covered. If the fault means every matching pod (mode `all`), new pods get a
 * second object of the same fault that names them. Otherwise they count as matching but not meant.
 */
import type { PlannedFault } from '../domain/timeline.ts'
import { matchingPods, type SelectablePod } from '../protocols/chaos-mesh/selector.ts'
import { type Inventory, podId } from './inventory.ts'

export type Coverage = {
  /** Live pods that the fault's own selector matches now and that have an address. */
  readonly matching: readonly string[]
  /** Those of them that should be covered now, and the fault that covers them. */
  readonly newcomers: readonly string[]
  readonly fault?: PlannedFault
}

/** `sequence` numbers the objects of one fault, so that their names differ. */
export function coverNewcomers(
  fault: PlannedFault,
  inventory: Inventory,
  covered: ReadonlySet<string>,
  sequence: number,
): Coverage {
  const [harmed] = fault.does.sides
  if (harmed.mode !== 'all') return { matching: [...covered], newcomers: [] }
  const found = matchingPods(harmed.pods, inventory.pods, inventory.nodes, fault.object.metadata.namespace)
  const pods = found.ok ? found.pods.filter(isFaultable) : []
  const newcomers = pods.filter((pod) => !covered.has(podId(pod)))
  const matching = pods.map(podId)
  if (newcomers.length === 0) return { matching, newcomers: [] }
  return { matching, newcomers: newcomers.map(podId), fault: faultOf(fault, newcomers, sequence) }
}

const isFaultable = (pod: SelectablePod): boolean =>
  pod.status?.podIP !== undefined &&
  pod.status.phase !== 'Succeeded' &&
  pod.status.phase !== 'Failed' &&
  !isDeleting(pod)

const isDeleting = (pod: SelectablePod): boolean => pod.metadata !== undefined && 'deletionTimestamp' in pod.metadata

function faultOf(fault: PlannedFault, newcomers: readonly SelectablePod[], sequence: number): PlannedFault {
  const { metadata, spec } = fault.object
  const [harmed, ...farEnd] = fault.does.sides
  const pods: Record<string, string[]> = {}
  for (const pod of newcomers) {
    const namespace = pod.metadata?.namespace ?? 'default'
    pods[namespace] = [...(pods[namespace] ?? []), pod.metadata?.name ?? '']
  }
  return {
    ...fault,
    does: { ...fault.does, sides: [{ ...harmed, pods: { pods }, namespaces: Object.keys(pods) }, ...farEnd] },
    object: {
      ...fault.object,
      metadata: { ...metadata, name: `${metadata.name}-${sequence}` },
      spec: { ...spec, selector: { pods } },
    },
  }
}
