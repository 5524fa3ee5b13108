/**
 * Chaos Mesh (`chaos-mesh.org/v1alpha1`) as pure code: its objects, what its admission says, how it selects pods, and the state
 * machine by which an experiment is applied and recovered. Spec and plan ask it before anything is touched, the client reads
 * status by it, and the lab's daemon acts by it, so that one file means the same on a laptop and in staging.
 *
 * Facts are from Chaos Mesh 608b61e; the recordings in test/protocols/chaos-mesh/observed hold this code to them.
 */

import type { LabelRequirement } from '../kubernetes/label-selector.ts'

export const GROUP = 'chaos-mesh.org'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`

/** Every kind that this code knows, with its plural, which is the lower-case kind. */
export const KINDS = [
  'PodChaos',
  'NetworkChaos',
  'HTTPChaos',
  'DNSChaos',
  'StressChaos',
  'IOChaos',
  'TimeChaos',
] as const
export type ChaosKind = (typeof KINDS)[number]

export const pluralOf = (kind: ChaosKind): string => kind.toLowerCase()

/** Present while Chaos Mesh still has something to undo. When it is done it removes *all* finalizers, foreign ones too. */
export const RECORDS_FINALIZER = 'chaos-mesh/records'
/** `"true"` recovers the targets; removing it injects the same ones again. The duration's clock keeps running. */
export const PAUSE_ANNOTATION = 'experiment.chaos-mesh.org/pause'
/** `"forced"` on an object that is being deleted drops its finalizers *without* recovery. */
export const CLEAN_FINALIZER_ANNOTATION = 'chaos-mesh.chaos-mesh.org/cleanFinalizer'

export const MODES = ['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'] as const
export type Mode = (typeof MODES)[number]

/** All fields must match; `nodes` and `nodeSelectors` are joined first; `pods`, when given, replaces every other field. */
export type PodSelectorSpec = {
  readonly namespaces?: readonly string[]
  readonly labelSelectors?: Readonly<Record<string, string>>
  readonly expressionSelectors?: readonly LabelRequirement[]
  readonly annotationSelectors?: Readonly<Record<string, string>>
  readonly fieldSelectors?: Readonly<Record<string, string>>
  readonly nodes?: readonly string[]
  readonly nodeSelectors?: Readonly<Record<string, string>>
  /** `Running` includes, `!Running` excludes. */
  readonly podPhaseSelectors?: readonly string[]
  readonly pods?: Readonly<Record<string, readonly string[]>>
}

export type PodSelector = { readonly selector: PodSelectorSpec; readonly mode: Mode; readonly value?: string }

/** Go duration, counted from the object's creation. Absent: until deleted. */
type Common = PodSelector & { readonly duration?: string; readonly remoteCluster?: string }

export type PodChaosSpec = Common & {
  readonly action: 'pod-kill' | 'pod-failure' | 'container-kill'
  readonly containerNames?: readonly string[]
  readonly gracePeriod?: number
}

export type Direction = 'to' | 'from' | 'both'

export type DelaySpec = {
  readonly latency: string
  readonly jitter?: string
  /** Per cent, as text. */
  readonly correlation?: string
  readonly reorder?: { readonly reorder: string; readonly gap: number; readonly correlation?: string }
}
export type BandwidthSpec = {
  readonly rate: string
  readonly limit: number
  readonly buffer: number
  readonly peakrate?: number
  readonly minburst?: number
}

export type NetworkChaosSpec = Common & {
  readonly action: 'netem' | 'delay' | 'loss' | 'duplicate' | 'corrupt' | 'partition' | 'bandwidth'
  readonly direction?: Direction
  readonly target?: PodSelector
  /** IP addresses, CIDRs and host names, each with an optional `:port`; resolved once, at apply, IPv4 only. */
  readonly externalTargets?: readonly string[]
  readonly device?: string
  readonly targetDevice?: string
  readonly delay?: DelaySpec
  readonly loss?: { readonly loss: string; readonly correlation?: string }
  readonly duplicate?: { readonly duplicate: string; readonly correlation?: string }
  readonly corrupt?: { readonly corrupt: string; readonly correlation?: string }
  readonly rate?: { readonly rate: string }
  readonly bandwidth?: BandwidthSpec
}

type Texts = Readonly<Record<string, string>>

/** Selection first, then what is done. `code` and `response_headers` select answers only. */
export type HTTPChaosSpec = Common & {
  readonly target: 'Request' | 'Response'
  readonly port?: number
  readonly path?: string
  readonly method?: string
  readonly code?: number
  readonly request_headers?: Texts
  readonly response_headers?: Texts
  readonly abort?: boolean
  readonly delay?: string
  /** `body` is base64. */
  readonly replace?: {
    readonly path?: string
    readonly method?: string
    readonly code?: number
    readonly body?: string
    readonly queries?: Texts
    readonly headers?: Texts
  }
  readonly patch?: {
    readonly body?: { readonly type: string; readonly value: string }
    readonly queries?: readonly (readonly string[])[]
    readonly headers?: readonly (readonly string[])[]
  }
  readonly tls?: Readonly<Record<string, unknown>>
}

export type DNSChaosSpec = Common & {
  readonly action: 'error' | 'random'
  /** `*` at the end only; none means every name. */
  readonly patterns?: readonly string[]
  readonly containerNames?: readonly string[]
}

export type StressChaosSpec = Common & {
  readonly stressors?: {
    readonly cpu?: { readonly workers: number; readonly load?: number }
    readonly memory?: { readonly workers: number; readonly size?: string }
  }
  readonly stressngStressors?: string
}

export type IOChaosSpec = Common & { readonly action: string; readonly volumePath: string }
export type TimeChaosSpec = Common & { readonly timeOffset: string; readonly clockIds?: readonly string[] }

export type ObjectMeta = {
  readonly name: string
  readonly namespace: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly finalizers?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

type ChaosOf<K extends ChaosKind, S> = {
  readonly apiVersion: typeof API_VERSION
  readonly kind: K
  readonly metadata: ObjectMeta
  readonly spec: S
  readonly status?: ChaosStatus
}

export type PodChaos = ChaosOf<'PodChaos', PodChaosSpec>
export type NetworkChaos = ChaosOf<'NetworkChaos', NetworkChaosSpec>
export type HTTPChaos = ChaosOf<'HTTPChaos', HTTPChaosSpec>
export type DNSChaos = ChaosOf<'DNSChaos', DNSChaosSpec>
export type StressChaos = ChaosOf<'StressChaos', StressChaosSpec>
export type IOChaos = ChaosOf<'IOChaos', IOChaosSpec>
export type TimeChaos = ChaosOf<'TimeChaos', TimeChaosSpec>
export type ChaosObject = PodChaos | NetworkChaos | HTTPChaos | DNSChaos | StressChaos | IOChaos | TimeChaos

export type DesiredPhase = 'Run' | 'Stop'
export type ConditionType = 'Selected' | 'AllInjected' | 'AllRecovered' | 'Paused'
/** Unordered and without a time. Read the records: a failed injection shows AllRecovered True. */
export type Condition = {
  readonly type: ConditionType
  readonly status: 'True' | 'False'
  readonly reason?: string
}

/** `…/Wait`: asked for at the pod, not yet acknowledged. Network, HTTP and IO faults only. */
export type RecordPhase = 'Not Injected' | 'Not Injected/Wait' | 'Injected' | 'Injected/Wait'
export type RecordEvent = {
  readonly type: 'Succeeded' | 'Failed'
  readonly operation: 'Apply' | 'Recover'
  readonly timestamp: string
  readonly message?: string
}
/** One harmed thing: a pod (`ns/pod`) or a container (`ns/pod/container`), as source (`.`) or as `.Target`. */
export type ChaosRecord = {
  readonly id: string
  readonly selectorKey: string
  readonly phase: RecordPhase
  readonly injectedCount: number
  readonly recoveredCount: number
  readonly events?: readonly RecordEvent[]
}

export type ChaosStatus = {
  readonly conditions?: readonly Condition[]
  readonly experiment?: { readonly desiredPhase?: DesiredPhase; readonly containerRecords?: readonly ChaosRecord[] }
  readonly instances?: Readonly<Record<string, number>>
}

export const isChaosKind = (kind: unknown): kind is ChaosKind => KINDS.some((known) => known === kind)

/** Of an object that is being watched or was admitted, so that its shape is the API server's promise. */
export function isChaosObject(object: unknown): object is ChaosObject {
  if (typeof object !== 'object' || object === null) return false
  return 'kind' in object && isChaosKind(object.kind) && 'apiVersion' in object && object.apiVersion === API_VERSION
}
