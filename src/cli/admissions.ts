/** The blast radius of a whole plan, computed from the cluster's live objects. */
import type { ControllerPorts } from '../controller/perform.ts'
import type { Timeline } from '../domain/timeline.ts'
import { type Admission, admitTimeline } from '../plan/blast-radius.ts'
import type { Inventory } from '../plan/inventory.ts'
import type { Inputs } from './inputs.ts'

type Ports = Pick<ControllerPorts, 'faults' | 'actions'>

export async function admissionsOf(
  ports: Ports,
  { rehearsal, target }: Inputs,
  timeline: Timeline,
): Promise<ReadonlyMap<string, Admission>> {
  const parts: readonly Inventory[] = await Promise.all([
    ...timeline.faults.map((fault) => ports.faults.inventory(target, fault)),
    ...timeline.actions.map((action) => ports.actions.inventory(target, action)),
  ])
  return admitTimeline(timeline, rehearsal, target, {
    pods: unique(parts.flatMap((part) => [...part.pods])),
    nodes: unique(parts.flatMap((part) => [...part.nodes])),
    workloads: unique(parts.flatMap((part) => [...(part.workloads ?? [])])),
  })
}

type Named = { readonly kind?: string; readonly metadata?: { readonly name?: string; readonly namespace?: string } }

const unique = <T extends Named>(items: readonly T[]): T[] => [
  ...new Map(
    items.map((item) => [[item.kind, item.metadata?.namespace, item.metadata?.name].join('/'), item]),
  ).values(),
]
