/** Policies proven by their effect: something is tried that they must stop, instead of reading what they say. */
import type { Named } from './cluster.ts'

/**
 * Pods that are tried as dry runs. `in-order` must be let in; without it, a refusal of the others proves nothing. Each other one differs from it in
 * one thing, which no cluster with policies lets in.
 */
export const triedPods = ['in-order', 'privileged', 'latest-tag', 'without-limits'] as const
export type TriedPod = (typeof triedPods)[number]

/** `corrected`: let in after admission took the flaw out. `unanswered`: the answer says nothing about the pod. */
export const dryRunOutcomes = ['accepted', 'corrected', 'refused', 'unanswered'] as const

/** The API server's answer to the dry run of a pod: no pod is created. `said`: the API server's words, if it did not let the pod in. */
export type DryRunSeen = Named & {
  readonly resource: 'DryRun'
  readonly tried: TriedPod
  readonly outcome: (typeof dryRunOutcomes)[number]
  readonly said: string
}

/** `failed` is any end but a connection. `undialled`: nothing in the pod could connect, and `said` tells why. */
export const dialOutcomes = ['connected', 'failed', 'undialled'] as const

/** A TCP connection that a pod of workload `from` made to a Ready pod of workload `to`. `allowed`: what the NetworkPolicies say of it. */
export type DialSeen = Named & {
  readonly resource: 'Dial'
  readonly from: string
  readonly to: string
  readonly port: number
  readonly allowed: boolean
  readonly outcome: (typeof dialOutcomes)[number]
  readonly said: string
}
