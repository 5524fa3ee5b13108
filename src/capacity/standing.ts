/** Pods, nodes and used-up resources while a load is measured. */
import type { LimitedResource } from '../domain/capacity.ts'
import type { ClusterObject, HpaSeen, NodeSeen, PodSeen } from '../domain/cluster.ts'
import type { Evidence, ObjectSeen, Sample } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'

/** Ready pods by app, and Ready nodes. */
export type Standing = { readonly pods: Readonly<Record<string, number>>; readonly nodes: number }

/** Pods wait for a node: none comes, one comes and is not Ready yet, or the pods that kept places warm have none left. The last explains most. */
const WAITS = ['pods-pending', 'node-late', 'warm-pool-empty'] as const
type WaitKind = (typeof WAITS)[number]

/** A resource at one load, as a share of its limit: the most of it that was used, or for `utilization` the mean of what is busy. */
export type Use = {
  readonly kind: 'autoscaler-maximum' | WaitKind | 'resource' | 'utilization'
  readonly name: string
  readonly share: number
  readonly sentence: string
}

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
  let rates = new Map<string, Map<string, Increase>>()
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
  const count = ({ at, source, pod }: Sample) => {
    for (const { name, of, reading } of resources) {
      const value = gauges.get(name)?.get(pod)
      if (reading !== 'rate' || of !== source || value === undefined) continue
      const byPod = rates.get(name) ?? new Map<string, Increase>()
      rates.set(name, byPod.set(pod, counted(byPod.get(pod), at, value)))
    }
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
        count(record)
      } else return
      look()
    },
    begin() {
      most = new Map()
      rates = new Map()
      look()
    },
    standing: () => (nodes.size + pods.size === 0 ? undefined : { pods: readyByApp(pods), nodes: readyOf(nodes) }),
    uses: () =>
      [...most.values(), ...resources.flatMap((each) => utilization(each, rates.get(each.name)) ?? [])].sort(
        (a, b) => b.share - a.share,
      ),
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

/** -1: no wait for a node. */
const rankOf = ({ kind }: Use): number => (WAITS as readonly Use['kind'][]).indexOf(kind)

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

/** Undefined if no pod can be read. */
function overPods({ pods }: LimitedResource, byPod: ReadonlyMap<string, number> | undefined): number | undefined {
  if (byPod === undefined || byPod.size === 0) return undefined
  const values = [...byPod.values()]
  return pods === 'max' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0)
}

/** Of one pod's counter, since the load began. */
type Increase = { readonly at: Instant; readonly value: number; readonly sum: number; readonly ms: number }

/** A counter that fell began again at 0 with its process. */
function counted(before: Increase | undefined, at: Instant, value: number): Increase {
  if (before === undefined) return { at, value, sum: 0, ms: 0 }
  const more = value < before.value ? value : value - before.value
  return { at, value, sum: before.sum + more, ms: before.ms + (at - before.at) }
}

/** What is busy on average is the increase of its seconds of work per second (Little's law). Undefined before a pod was read twice. */
function utilization(resource: LimitedResource, byPod: ReadonlyMap<string, Increase> | undefined): Use | undefined {
  const read = [...(byPod ?? [])].filter(([, { ms }]) => ms > 0)
  const busy = new Map(read.map(([pod, { sum, ms }]) => [pod, sum / (ms / 1000)]))
  const use = resourceUse(resource, overPods(resource, busy))
  return use && { ...use, kind: 'utilization', sentence: `${use.sentence}, on average` }
}

function resourceUse(resource: LimitedResource, used: number | undefined): Use | undefined {
  if (used === undefined) return undefined
  const share = resource.limit === 0 ? 1 : used / resource.limit
  const sentence = `${resource.name}: ${Number(used.toFixed(1))} of ${resource.limit} (${resource.metric})`
  return { kind: 'resource', name: resource.name, share, sentence }
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
