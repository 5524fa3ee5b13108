/** Policies proven by their effect: matchday tries what they must stop, instead of reading their rules. */
import type { Named } from './cluster.ts'

/**
 * Pods that are created as dry runs. `in-order` must be admitted; otherwise a refusal of the others proves nothing. Each of the others differs from it in
 * one flaw, which a cluster with policies must refuse.
 */
export const triedPods = ['in-order', 'privileged', 'latest-tag', 'without-limits'] as const
export type TriedPod = (typeof triedPods)[number]

/** `corrected`: admitted after a webhook removed the flaw. `unanswered`: the response says nothing about the pod. */
export const dryRunOutcomes = ['accepted', 'corrected', 'refused', 'unanswered'] as const

/** The API server's answer to the dry run of a pod: no pod is created. `said`: the API server's message, if it refused the pod. */
export type DryRunSeen = Named & {
  readonly resource: 'DryRun'
  readonly tried: TriedPod
  readonly outcome: (typeof dryRunOutcomes)[number]
  readonly said: string
}

/** `failed` is any end but a connection. `undialled`: no program in the pod could try to connect, and `said` tells why. */
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
