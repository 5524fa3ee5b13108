/** Deployments and StatefulSets: how scaling and rolling them out harms pods. */

import { type LabelSelector, selects } from '../protocols/kubernetes/label-selector.ts'
import { isLiving, type LivePod, podNamespace } from './inventory.ts'

/** Accepts a Deployment or StatefulSet of any Kubernetes client. */
export type LiveWorkload = {
  readonly kind?: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly spec?: {
    readonly replicas?: number
    readonly selector?: LabelSelector
    readonly strategy?: Strategy
    readonly updateStrategy?: Strategy
  }
}
type Strategy = {
  readonly type?: string
  readonly rollingUpdate?: { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string }
}

export const replicasOf = ({ spec }: LiveWorkload): number => spec?.replicas ?? 1

export const podsOf = ({ metadata, spec }: LiveWorkload, pods: readonly LivePod[]): readonly LivePod[] =>
  pods.filter(
    (pod) =>
      podNamespace(pod) === metadata?.namespace &&
      isLiving(pod) &&
      selects(spec?.selector ?? {}, pod.metadata?.labels ?? {}),
  )

/**
 * The most pods that are unavailable at one time during a rollout. A Deployment's default is 25 %, rounded down. If this and the surge both round to
 * 0, Kubernetes uses 1 (ResolveFenceposts). A StatefulSet replaces one pod at a time.
 */
export function unavailableMost(workload: LiveWorkload): number {
  const { kind, spec } = workload
  const replicas = replicasOf(workload)
  if (kind === 'StatefulSet')
    return Math.min(replicas, amount(spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, replicas))
  if (spec?.strategy?.type === 'Recreate') return replicas
  const { maxUnavailable = '25%', maxSurge = '25%' } = spec?.strategy?.rollingUpdate ?? {}
  const away = amount(maxUnavailable, replicas)
  const more = Math.ceil(amountOf(maxSurge, replicas))
  return Math.min(replicas, away === 0 && more === 0 ? 1 : away)
}

const amount = (written: number | string, of: number): number => Math.floor(amountOf(written, of) + 1e-9)
const amountOf = (written: number | string, of: number): number =>
  typeof written === 'number' ? written : (Number.parseFloat(written) / 100) * of
