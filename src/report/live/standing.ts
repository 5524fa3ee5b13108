/** Where the Ready pods stand now: by zone of their node. Pods that are gone are forgotten. */
import type { EvidenceOf } from '../../domain/evidence.ts'

export type ZoneNow = {
  readonly zone: string
  readonly ready: number
  readonly nodes: number
  readonly nodesReady: number
}

export function createStanding() {
  const nodes = new Map<string, { readonly zone: string; readonly ready: boolean }>()
  const pods = new Map<string, string>()

  const zones = (): readonly ZoneNow[] => {
    const byZone = Map.groupBy(nodes.values(), ({ zone }) => zone)
    const ready = new Map<string, number>()
    for (const node of pods.values()) {
      const zone = nodes.get(node)?.zone
      if (zone !== undefined) ready.set(zone, (ready.get(zone) ?? 0) + 1)
    }
    return [...byZone]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([zone, all]) => ({
        zone,
        ready: ready.get(zone) ?? 0,
        nodes: all.length,
        nodesReady: all.filter((each) => each.ready).length,
      }))
  }

  return {
    add({ object, change }: EvidenceOf<'object-seen'>): void {
      if (object.resource === 'Node') {
        if (change === 'deleted') nodes.delete(object.name)
        else nodes.set(object.name, { zone: object.zone, ready: object.ready })
      }
      if (object.resource === 'Pod') {
        if (change !== 'deleted' && object.ready && object.node !== undefined) pods.set(object.uid, object.node)
        else pods.delete(object.uid)
      }
    },
    zones,
  }
}
