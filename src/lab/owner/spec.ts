import type { ProcessId } from '../machine/processes.ts'
import type { LabNetwork } from '../machine/state.ts'
import type { Place } from '../topology/place.ts'

/** What the owner reads from the first line of its standard input. */
export type OwnerSpec = {
  readonly root: string
  readonly nodes: number
  readonly place: Place
  readonly ingressPort: number
  readonly tools: LabTools
  readonly network: LabNetwork
  /** The owner as the one who started it sees it: labnet, in a lab with a PID namespace of its own. */
  readonly self: ProcessId
}

/** Paths of the programs that make up a lab. */
export type LabTools = {
  readonly etcd: string
  readonly 'kube-apiserver': string
  readonly 'kube-controller-manager': string
  readonly 'kube-scheduler': string
  readonly kubelet: string
  readonly kubectl: string
  /** Makes network namespaces; only for labs that may use them. */
  readonly labnet?: string
  /** The folder with the definitions of the Gateway API. Without it the ingress serves Ingresses only. */
  readonly gatewayDefinitions?: string
}

/** What the owner writes to its standard output, one line of JSON each. `ms` counts from the owner's start. */
export type OwnerEvent =
  | { readonly kind: 'stage'; readonly name: string; readonly startMs: number; readonly ms: number }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'api'; readonly url: string }
  | { readonly kind: 'up' }
  | { readonly kind: 'refused'; readonly code: string; readonly problem: string; readonly next: string }

/** The line on standard input that lets the owner outlive the process that started it. */
export const KEEP = 'keep'
