/** How much of a limit is used at one load. */
import type { LimitedResource } from '../domain/capacity.ts'

/** Pods wait for a node: none comes, one comes and is not Ready yet, or the pods that kept places warm have none left. The last explains most. */
export const WAITS = ['pods-pending', 'node-late', 'warm-pool-empty'] as const
export type WaitKind = (typeof WAITS)[number]

/** A resource at one load, as a share of its limit: the most of it that was used, or for `utilization` the mean of what is busy. */
export type Use = {
  readonly kind: 'autoscaler-maximum' | WaitKind | 'resource' | 'utilization'
  readonly name: string
  readonly share: number
  readonly sentence: string
}

/** -1: no wait for a node. */
export const rankOf = ({ kind }: Use): number => (WAITS as readonly Use['kind'][]).indexOf(kind)

/** All waits for a node are one limit: only their reasons differ. */
export const isSameLimit = (one: Use, other: Use): boolean =>
  rankOf(one) < 0 ? one.kind === other.kind && one.name === other.name : rankOf(other) >= 0

/** What all pods use together, or the pod that uses most. Undefined if no pod can be read. */
export function overPods(
  { pods }: LimitedResource,
  byPod: ReadonlyMap<string, number> | undefined,
): number | undefined {
  if (byPod === undefined || byPod.size === 0) return undefined
  const values = [...byPod.values()]
  return pods === 'max' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0)
}

export function resourceUse(resource: LimitedResource, used: number | undefined): Use | undefined {
  if (used === undefined) return undefined
  const share = resource.limit === 0 ? 1 : used / resource.limit
  const sentence = `${resource.name}: ${Number(used.toFixed(1))} of ${resource.limit} (${resource.metric})`
  return { kind: 'resource', name: resource.name, share, sentence }
}
