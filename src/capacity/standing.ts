/** Pods, nodes and used-up resources while a load is measured. */
import type { LimitedResource } from '../domain/capacity.ts'
import type { ClusterObject, HpaSeen, NodeSeen, PodSeen } from '../domain/cluster.ts'
import type { Evidence, ObjectSeen, Sample } from '../domain/evidence.ts'
import { createRates } from './rates.ts'
import { overPods, rankOf, resourceUse, type Use, type WaitKind } from './use.ts'

/** Ready pods by app, and Ready nodes. */
export type Standing = { readonly pods: Readonly<Record<string, number>>; readonly nodes: number }

export type Standings = {
  add(record: Evidence): void
  /** Forgets the uses so far: a load begins to be measured. */
  begin(): void
  standing(): Standing | undefined
  /** Since `begin`. */
  uses(): readonly Use[]
}

export function createStandings(resources: readonly LimitedResource[]): Standings {
  const pods = new Map<string, PodSeen>()
  const nodes = new Map<string, NodeSeen>()
  /** Nodes that came while it was watched. One that was there and is not Ready has lost its power, or more. */
  const came = new Set<string>()
  const scalers = new Map<string, HpaSeen>()
  const gauges = new Map<string, Map<string, number>>()
  let rates = createRates(resources)
  let most = new Map<string, Use>()

  const note = (use: Use | undefined) => {
    if (use === undefined) return
    const key = rankOf(use) < 0 ? `${use.kind} ${use.name}` : 'wait'
    const before = most.get(key)
    if (before === undefined || use.share > before.share || rankOf(use) > rankOf(before)) most.set(key, use)
  }
  const look = () => {
    for (const scaler of scalers.values()) note(scalerUse(scaler))
    note(
      pendingUse(
        [...pods.values()],
        [...nodes.values()].filter(({ uid }) => came.has(uid)),
      ),
    )
    for (const resource of resources)
      if (resource.reading !== 'rate') note(resourceUse(resource, overPods(resource, gauges.get(resource.name))))
  }
  const addObject = (object: ClusterObject, change: ObjectSeen['change']) => {
    const deleted = change === 'deleted'
    if (object.resource === 'Node' && change === 'added') came.add(object.uid)
    const keep = <T extends ClusterObject>(all: Map<string, T>, each: T) =>
      deleted ? all.delete(each.uid) : all.set(each.uid, each)
    if (object.resource === 'Pod') keep(pods, object)
    if (object.resource === 'Node') keep(nodes, object)
    if (object.resource === 'HorizontalPodAutoscaler') keep(scalers, object)
  }
  return {
    add(record) {
      if (record.kind === 'object-seen') addObject(record.object, record.change)
      else if (record.kind === 'sample') {
        addSample(record, resources, gauges)
        rates.add(record, gauges)
      } else return
      look()
    },
    begin() {
      most = new Map()
      rates = createRates(resources)
      look()
    },
    standing: () => (nodes.size + pods.size === 0 ? undefined : { pods: readyByApp(pods), nodes: readyOf(nodes) }),
    uses: () => [...most.values(), ...rates.uses()].sort((a, b) => b.share - a.share),
  }
}

const readyOf = (nodes: ReadonlyMap<string, NodeSeen>): number =>
  [...nodes.values()].filter(({ ready, unschedulable }) => ready && !unschedulable).length

function readyByApp(pods: ReadonlyMap<string, PodSeen>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { app, ready, deleting } of pods.values()) if (ready && !deleting) counts[app] = (counts[app] ?? 0) + 1
  return counts
}

/**
 * An autoscaler that wants its maximum cannot follow any further. One that is pinned to a single number never could, and one that only waits until its
 * scale-down window is over does not want those pods any longer.
 */
function scalerUse({ name, min, max, desired, conditions }: HpaSeen): Use | undefined {
  if (min === max || conditions.some(({ reason }) => reason === 'ScaleDownStabilized')) return undefined
  return {
    kind: 'autoscaler-maximum',
    name,
    share: desired / max,
    sentence: `${name} wants ${desired} of at most ${max} pods`,
  }
}

function pendingUse(pods: readonly PodSeen[], came: readonly NodeSeen[]): Use | undefined {
  const waiting = pods.filter((pod) => !isWarm(pod) && pod.node === undefined && isPending(pod))
  const [first] = waiting
  if (first === undefined) return undefined
  const { kind, more } = whyNoNode(pods.filter(isWarm), came)
  return {
    kind,
    name: 'pods',
    share: 1,
    sentence: `${waiting.length === 1 ? 'a pod waits' : `${waiting.length} pods wait`} for a node, such as ${first.name}${more}`,
  }
}

const isPending = ({ podPhase, deleting }: PodSeen): boolean => podPhase === 'Pending' && !deleting
/** It keeps a place until a pod that serves needs it. That it waits itself takes nothing from the platform. */
const isWarm = ({ priority = 0 }: PodSeen): boolean => priority < 0

function whyNoNode(warm: readonly PodSeen[], came: readonly NodeSeen[]): { kind: WaitKind; more: string } {
  const keepsPlace = warm.some(({ node, deleting }) => node !== undefined && !deleting)
  if (warm.length > 0 && !keepsPlace)
    return { kind: 'warm-pool-empty', more: `; the warm pool of ${warm.length} has no place left` }
  const coming = came.find(({ ready }) => !ready)
  if (coming) return { kind: 'node-late', more: `; node ${coming.name} is not Ready yet` }
  return { kind: 'pods-pending', more: '' }
}

function addSample(
  sample: Sample,
  resources: readonly LimitedResource[],
  gauges: Map<string, Map<string, number>>,
): void {
  for (const { name, of, metric, where } of resources) {
    if (of !== sample.source) continue
    const byPod = gauges.get(name) ?? new Map<string, number>()
    gauges.set(name, byPod)
    // A pod that cannot be read may be gone: what it used does not count any longer.
    byPod.delete(sample.pod)
    if (!sample.ok) continue
    const wanted = sample.series.filter(
      (series) => series.name === metric && Object.entries(where).every(([key, value]) => series.labels[key] === value),
    )
    if (wanted.length > 0)
      byPod.set(
        sample.pod,
        wanted.reduce((sum, { value }) => sum + value, 0),
      )
  }
}
