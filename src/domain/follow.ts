/**
 * A release that another controller lets in: Argo Rollouts moves the shares and decides each step, and matchday watches its Rollout. Nothing is
 * changed. The steps of the Rollout are windows, in which the judge compares both releases.
 */
import type { CanaryGate } from './canary.ts'

/** What both releases count. Pods of the new one are told apart by the hash of their template, which is in their names. */
export type FollowGate = Pick<CanaryGate, 'where' | 'errors'> & {
  /** Metric source of the target file: the pods of the Rollout. */
  readonly source: string
}
