/** What every Chaos Mesh object has: group and version, selector and mode, metadata, status. */

import { type PodSelection, type SelectionMode, selectionModes } from '../../domain/fault.ts'

export const GROUP = 'chaos-mesh.org'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`

/** Present while Chaos Mesh still has something to undo. When it is done it removes *all* finalizers, foreign ones too. */
export const RECORDS_FINALIZER = 'chaos-mesh/records'
/** `"true"` recovers the targets; removing it injects the same ones again. The duration's clock keeps running. */
export const PAUSE_ANNOTATION = 'experiment.chaos-mesh.org/pause'
/** `"forced"` on an object that is being deleted drops its finalizers *without* recovery. */
export const CLEAN_FINALIZER_ANNOTATION = 'chaos-mesh.chaos-mesh.org/cleanFinalizer'

export const MODES = selectionModes
export type Mode = SelectionMode
export type PodSelectorSpec = PodSelection

export type PodSelector = { readonly selector: PodSelectorSpec; readonly mode: Mode; readonly value?: string }

/** Go duration, counted from the object's creation. Absent: until deleted. */
export type CommonSpec = PodSelector & { readonly duration?: string; readonly remoteCluster?: string }

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
