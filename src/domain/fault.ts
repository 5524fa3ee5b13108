/**
 * What a fault does, parsed once from its chaos object: the pods, namespaces and zone that it selects, how many pods, and its effect. Plan and judge
 * read this and never the object.
 */
import type { LabelRequirement } from './label-selector.ts'
import type { Some } from './units.ts'

export type Fault = {
  /** Kind and what it does: `NetworkChaos partition`, `HTTPChaos abort`. */
  readonly title: string
  readonly effect: FaultEffect
  /** First the harmed pods; then, for a network fault, the pods at the far end, which get rules too. */
  readonly sides: Some<FaultSide>
  /** For a network fault: the packets it acts on, as seen from the harmed pods. */
  readonly traffic?: FaultTraffic
  /** Behaviour of Chaos Mesh that a reader may not expect. `files` refuses behaviour that would make the fault misleading. */
  readonly caveats: readonly Caveat[]
}

/**
 * `stops-pods`: kills pods or containers, or keeps them from running. `cuts`: no traffic passes. `slows`: all traffic passes, later. `damages`:
 * messages are lost, changed or answered wrongly. `burdens`: uses CPU or memory. `shifts-clock`: the time is wrong.
 */
export type FaultEffect = 'stops-pods' | 'cuts' | 'slows' | 'damages' | 'burdens' | 'shifts-clock'

export type FaultTraffic = {
  readonly direction: 'to' | 'from' | 'both'
  /** Addresses, CIDRs and host names outside the cluster. */
  readonly outside: readonly string[]
  /** The far end names neither pods nor addresses, so the fault acts on all traffic. */
  readonly everything: boolean
}

export type FaultSide = {
  /** Field of the object: `spec.selector` or `spec.target.selector`. */
  readonly field: string
  readonly pods: PodSelection
  /** Namespaces in which it selects. Empty: the namespace of the object, which the target gives. */
  readonly namespaces: readonly string[]
  /** The zone whose nodes it selects by label. */
  readonly zone?: string
  readonly mode: SelectionMode
  /** Count or per cent of `fixed`, `fixed-percent` and `random-max-percent`. */
  readonly value?: string
}

export const selectionModes = ['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'] as const
export type SelectionMode = (typeof selectionModes)[number]

/** All fields must match. `nodes` and `nodeSelectors` are combined first. `pods`, if given, replaces every other field. */
export type PodSelection = {
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

/** `at`: the field of the object that it is about. */
export type Caveat = { readonly at: string; readonly problem: string; readonly next: string }
