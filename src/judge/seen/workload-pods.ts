/** Which pods are meant by the name of a workload or of an app, and how many of them there were over time. */
import type { MetricSource, Target } from '../../domain/rehearsal.ts'
import type { PodLife } from './pod-lives.ts'

export type WorkloadName = {
  readonly namespace: string
  readonly name: string
  /** `Deployment`, `StatefulSet` …; undefined in journals that were written before it was recorded. */
  readonly kind?: string
}

/** The kinds whose pods name them as their owner. Another kind (a custom resource) owns its pods through one of these. */
const OWNS_PODS = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController', 'DaemonSet', 'Rollout'])

/** By the pod's owner, or by its label where the journal holds no owners; always within the workload's namespace. */
export function isPodOf({ namespace, name, kind }: WorkloadName, life: PodLife): boolean {
  if (life.namespace !== namespace) return false
  if (life.owner === undefined) return life.app === name
  const isKind = kind === undefined || !OWNS_PODS.has(kind) || life.owner.kind === kind
  return life.owner.name === name && isKind
}

/** Pods with this app label, where the target says that the app is: in its own namespace, or in that of the app's metric source. */
export function podsOfApp(lives: readonly PodLife[], target: Target, app: string): readonly PodLife[] {
  const isSourceOf = ([name, source]: readonly [string, MetricSource]) =>
    name === app || Object.values(source.selector).includes(app)
  const sources = Object.entries(target.sources).filter(isSourceOf)
  const namespaces = new Set([target.namespace, ...sources.map(([, source]) => source.namespace)])
  return lives.filter((life) => life.app === app && namespaces.has(life.namespace))
}

export type PodCount = {
  readonly at: number
  readonly line: number
  readonly scheduled: number
  readonly ready: number
}

/** A pod that is being deleted does not serve any more, whatever its last probe said. */
export function podCounts(lives: readonly PodLife[]): readonly PodCount[] {
  const counts: PodCount[] = []
  let [scheduled, ready] = [0, 0]
  const changes = lives.flatMap((life) => [...placements(life), ...readiness(life)])
  for (const change of changes.sort((a, b) => a.at - b.at || a.line - b.line)) {
    scheduled += change.scheduled
    ready += change.ready
    if (counts.at(-1)?.line === change.line) counts.pop()
    counts.push({ at: change.at, line: change.line, scheduled, ready })
  }
  return counts
}

function placements({ placedAt, placedLine = 0, deletingAt, deletingLine = 0 }: PodLife): readonly PodCount[] {
  if (placedAt === undefined || (deletingAt !== undefined && deletingAt <= placedAt)) return []
  const placed = { at: placedAt, line: placedLine, scheduled: 1, ready: 0 }
  return deletingAt === undefined ? [placed] : [placed, { at: deletingAt, line: deletingLine, scheduled: -1, ready: 0 }]
}

const readiness = ({ serving }: PodLife): readonly PodCount[] =>
  serving.map(({ at, line, is }) => ({ at, line, scheduled: 0, ready: is ? 1 : -1 }))
