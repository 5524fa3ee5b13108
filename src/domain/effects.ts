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

/**
 * What is dialled beyond the namespace: pods of another namespace, the cluster DNS, the API server, an endpoint outside the cluster that the target file
 * names, or an address that nobody has.
 */
export const dialsOutside = ['namespace', 'dns', 'api-server', 'endpoint', 'nobody'] as const

/** How far pods dial: into other namespaces, and to addresses outside the cluster. */
export type DialReach = {
  readonly namespaces: readonly string[]
  readonly endpoints: readonly { readonly name: string; readonly ip: string; readonly port: number }[]
}

/**
 * A TCP connection that a pod of workload `from` tried to make to `to`: a Ready pod of that workload, or what `outside` says. `allowed`: what the
 * NetworkPolicies say of it. `from` is empty where the target was not found, so that no pod tried; `said` tells why.
 */
export type DialSeen = Named & {
  readonly resource: 'Dial'
  readonly from: string
  readonly to: string
  readonly port: number
  readonly outside?: (typeof dialsOutside)[number]
  readonly allowed: boolean
  readonly outcome: (typeof dialOutcomes)[number]
  readonly said: string
}
