/** Which zone a search for capacity goes without. */
import type { Target } from '../domain/rehearsal.ts'
import { ZONE_LABEL } from '../protocols/kubernetes/nodes.ts'
import { type Inventory, isLiving, podNamespace } from './inventory.ts'

/**
 * The zone with the most living pods in the target's namespace, because its loss takes the most away; of several the first by name. Undefined where the
 * nodes are not in at least two zones.
 */
export function zoneToLose({ nodes, pods }: Inventory, { namespace }: Pick<Target, 'namespace'>): string | undefined {
  const zones = new Map(nodes.map(({ metadata }) => [metadata?.name, metadata?.labels?.[ZONE_LABEL]]))
  const own = pods.filter((pod) => isLiving(pod) && podNamespace(pod) === namespace)
  const podsIn = (zone: string): number => own.filter(({ spec }) => zones.get(spec?.nodeName) === zone).length
  const names = [...new Set(zones.values())].filter((zone) => zone !== undefined).sort()
  if (names.length < 2) return undefined
  return names.reduce((most, zone) => (podsIn(zone) > podsIn(most) ? zone : most))
}
