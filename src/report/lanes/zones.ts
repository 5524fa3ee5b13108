/** Zones × time: how many pods are Ready in each zone, what is wrong with its nodes, and how many pods wait for a node. */
import type { NodeSeen, PodSeen } from '../../domain/cluster.ts'
import type { ObjectSeen } from '../../domain/evidence.ts'
import { type Chart, type ChartRow, lowest, type Point, peak, step } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { counted } from '../words.ts'
import { createFlags, type Flags } from './flags.ts'

export const zonesLane: LaneOf = () => {
  const zones = createZoneFold()
  return {
    take: {
      'object-seen': ({ object, change }: ObjectSeen, at) => {
        if (object.resource === 'Pod') zones.pod(object, change === 'deleted', at)
        if (object.resource === 'Node') zones.node(object, change === 'deleted', at)
      },
    },
    charts: ({ seconds }) => zones.charts(seconds),
  }
}

type Zone = { readonly nodes: Map<string, NodeSeen>; readonly ready: Point[]; readonly troubles: Flags }
type Placed = { readonly node: string | undefined; readonly ready: boolean; readonly waits: boolean }

function createZoneFold() {
  const zones = new Map<string, Zone>()
  const zoneOfNode = new Map<string, string>()
  const pods = new Map<string, Placed>()
  const readyOn = new Map<string, number>()
  const waiting: Point[] = []
  let waits = 0

  const zoneOf = (name: string): Zone => {
    const known = zones.get(name) ?? { nodes: new Map(), ready: [], troubles: createFlags() }
    zones.set(name, known)
    return known
  }
  /** Counted by node, so that a pod that is seen before its node is not lost. */
  const count = (name: string | undefined, at: number): void => {
    if (name === undefined) return
    const zone = zoneOf(name)
    step(
      zone.ready,
      at,
      [...zone.nodes.keys()].reduce((sum, node) => sum + (readyOn.get(node) ?? 0), 0),
    )
  }
  const shift = (placed: Placed | undefined, by: number): void => {
    if (placed === undefined) return
    if (placed.waits) waits += by
    if (placed.ready && placed.node !== undefined) readyOn.set(placed.node, (readyOn.get(placed.node) ?? 0) + by)
  }

  return {
    pod(pod: PodSeen, deleted: boolean, at: number): void {
      const before = pods.get(pod.uid)
      const now = deleted ? undefined : placedOf(pod)
      if (before && now && isSame(before, now)) return
      if (now) pods.set(pod.uid, now)
      else pods.delete(pod.uid)
      shift(before, -1)
      shift(now, 1)
      step(waiting, at, waits)
      for (const node of new Set([before?.node, now?.node])) count(node && zoneOfNode.get(node), at)
    },
    node(node: NodeSeen, deleted: boolean, at: number): void {
      const zone = zoneOf(node.zone)
      zoneOfNode.set(node.name, node.zone)
      if (deleted) zone.nodes.delete(node.name)
      else zone.nodes.set(node.name, node)
      zone.troubles.set(at, troublesOf([...zone.nodes.values()]))
      count(node.zone, at)
    },
    charts: (seconds: number): readonly Chart[] => chartsOf(zones, waiting, seconds),
  }
}

/** A pod that is being deleted serves no more, whatever its last probe said. */
const placedOf = ({ node, ready, deleting, podPhase }: PodSeen): Placed => ({
  node,
  ready: ready && !deleting,
  waits: node === undefined && !deleting && podPhase === 'Pending',
})

const isSame = (a: Placed, b: Placed): boolean => a.node === b.node && a.ready === b.ready && a.waits === b.waits

function troublesOf(nodes: readonly NodeSeen[]): readonly string[] {
  const troubled = (is: (node: NodeSeen) => boolean, what: string): readonly string[] => {
    const many = nodes.filter(is).length
    return many === 0 ? [] : [`${many}/${nodes.length} ${what}`]
  }
  return [
    ...troubled((node) => !node.ready, 'not Ready'),
    ...troubled((node) => node.unschedulable, 'cordoned'),
    ...troubled((node) => node.taints.some((taint) => !isKubernetesOwn(taint)), 'tainted'),
  ]
}

/** Taints by which Kubernetes repeats what `ready` and `unschedulable` say already. */
const isKubernetesOwn = (taint: string): boolean => taint.startsWith('node.kubernetes.io/')

function chartsOf(zones: ReadonlyMap<string, Zone>, waiting: readonly Point[], seconds: number): readonly Chart[] {
  if (zones.size === 0) return []
  const sorted = [...zones].sort(([a], [b]) => (a < b ? -1 : 1))
  const max = Math.max(1, ...sorted.map(([, each]) => peak(each.ready)))
  const rows = sorted.flatMap(([name, each]): readonly ChartRow[] => {
    const spans = each.troubles
      .spans(seconds)
      .map(({ from, to, flags: on }) => ({ from, to, look: lookOf(on), text: on.join(', ') }))
    const nodes = spans.length === 0 ? [] : [{ name: `${name} nodes`, spans }]
    return [{ name: name || 'no zone', steps: each.ready, max, noneIsBad: true }, ...nodes]
  })
  return [
    {
      id: 'zones',
      title: 'Ready pods by zone',
      unit: 'pods',
      caption: sentence(sorted, waiting, seconds),
      lines: [],
      limits: [],
      rows: [...rows, ...(peak(waiting) > 0 ? [{ name: 'without a node', steps: waiting }] : [])],
    },
  ]
}

const lookOf = (troubles: readonly string[]): 'bad' | 'warn' =>
  troubles.some((each) => each.endsWith('not Ready')) ? 'bad' : 'warn'

function sentence(zones: readonly (readonly [string, Zone])[], waiting: readonly Point[], seconds: number): string {
  const each = zones.map(([name, { ready }]) => {
    const inside = ready.filter(([at]) => at <= seconds)
    const [least, most] = [inside.length === 0 ? 0 : lowest(inside), peak(inside)]
    return `${name || 'no zone'} ${least === most ? least : `${least} to ${most}`}`
  })
  const most = peak(waiting)
  return `Ready pods: ${each.join(', ')}.${most > 0 ? ` Up to ${counted(most, 'pod')} waited for a node.` : ''}`
}
