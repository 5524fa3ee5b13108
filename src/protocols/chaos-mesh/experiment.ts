/**
 * The rules of Chaos Mesh's reconcile loop, without its input and output: what an experiment should be doing now, what is to be done
 * to each record, which conditions that gives, and when its finalizers may go.
 */

import { parseGoDuration } from './go-text.ts'
import type {
  ChaosObject,
  ChaosRecord,
  Condition,
  ConditionType,
  DesiredPhase,
  PodSelector,
  RecordEvent,
  RecordPhase,
} from './objects.ts'
import { ask, CLEAN_FINALIZER_ANNOTATION, PAUSE_ANNOTATION } from './objects.ts'

/** Done at once: never stopped, never recovered before it is deleted. */
export const isOneShot = (object: ChaosObject): boolean => ask(object, (kind, spec) => kind.isOneShot?.(spec) ?? false)

export const isDeleted = (object: ChaosObject): boolean => object.metadata.deletionTimestamp !== undefined
/**
 * matchday's own: a number from 0 to 2^32 - 1, with which the lab's chaos daemon draws pods. Chaos Mesh itself ignores it.
 */
export const SEED_ANNOTATION = 'matchday.dev/seed'

export const isPaused = (object: ChaosObject): boolean => object.metadata.annotations?.[PAUSE_ANNOTATION] === 'true'
export const isForced = (object: ChaosObject): boolean =>
  object.metadata.annotations?.[CLEAN_FINALIZER_ANNOTATION] === 'forced'

export const recordsOf = (object: ChaosObject): readonly ChaosRecord[] | undefined =>
  object.status?.experiment?.containerRecords

/** When its duration ends, in epoch milliseconds: counted from creation, which the API server cuts to whole seconds. */
export function endsAtMs(object: ChaosObject): number | undefined {
  const { duration } = object.spec
  if (duration === undefined || object.metadata.creationTimestamp === undefined) return undefined
  const parsed = parseGoDuration(duration)
  return parsed.ok ? Date.parse(object.metadata.creationTimestamp) + parsed.value : undefined
}

export type StopReason = 'Deleted' | 'TimeUp' | 'Paused'
export type Desire = { readonly phase: 'Run' } | { readonly phase: 'Stop'; readonly because: StopReason }

export function desireOf(object: ChaosObject, nowMs: number): Desire {
  if (isDeleted(object)) return { phase: 'Stop', because: 'Deleted' }
  if (isOneShot(object)) return { phase: 'Run' }
  const endMs = endsAtMs(object)
  if (endMs !== undefined && nowMs > endMs) return { phase: 'Stop', because: 'TimeUp' }
  return isPaused(object) ? { phase: 'Stop', because: 'Paused' } : { phase: 'Run' }
}

export type Operation = 'Apply' | 'Recover'

/**
 * Records move in a circle: Not Injected → Not Injected/Wait → Injected → Injected/Wait → Not Injected. One that waits must first
 * arrive, even when the experiment has changed its mind; this is why a stuck injection blocks deletion.
 */
export function operationFor(phase: RecordPhase, desired: DesiredPhase): Operation | undefined {
  if (desired === 'Run' && phase === 'Injected') return undefined
  if (desired === 'Stop' && phase === 'Not Injected') return undefined
  return phase.startsWith('Not Injected') ? 'Apply' : 'Recover'
}

// Chaos Mesh keeps this many events a record and drops the oldest.
const EVENTS_MAX = 100

/** The record after an operation reached `phase` or failed; counts move only on arrival. */
export function recorded(
  record: ChaosRecord,
  operation: Operation,
  outcome: { readonly phase: RecordPhase; readonly error?: string },
  timestamp: string,
): ChaosRecord {
  const { phase, error } = outcome
  if (error !== undefined)
    return withEvent({ ...record, phase }, { type: 'Failed', operation, message: error, timestamp })
  const arrived = { ...record, phase }
  if (operation === 'Apply' && phase === 'Injected')
    return withEvent(
      { ...arrived, injectedCount: record.injectedCount + 1 },
      { type: 'Succeeded', operation, timestamp },
    )
  if (operation === 'Recover' && phase === 'Not Injected')
    return withEvent(
      { ...arrived, recoveredCount: record.recoveredCount + 1 },
      { type: 'Succeeded', operation, timestamp },
    )
  return arrived
}

const withEvent = (record: ChaosRecord, event: RecordEvent): ChaosRecord => ({
  ...record,
  events: [...(record.events ?? []), event].slice(-EVENTS_MAX),
})

export function conditionsOf(object: ChaosObject): readonly Condition[] {
  const records = recordsOf(object)
  const all = (phase: RecordPhase): boolean => records?.every((record) => record.phase === phase) ?? false
  return [
    condition('Selected', records !== undefined),
    condition('AllInjected', all('Injected')),
    condition('AllRecovered', all('Not Injected')),
    condition('Paused', isPaused(object)),
  ]
}

const condition = (type: ConditionType, holds: boolean): Condition => ({ type, status: holds ? 'True' : 'False' })

export const sameConditions = (left: readonly Condition[], right: readonly Condition[]): boolean =>
  left.length === right.length &&
  left.every(({ type, status }) => right.some((other) => other.type === type && other.status === status))

/** True when an object that is being deleted may lose its finalizers: nothing is injected any more, or that was forced. */
export const mayGo = (object: ChaosObject): boolean =>
  isDeleted(object) && (isForced(object) || (recordsOf(object) ?? []).every(({ phase }) => phase === 'Not Injected'))

/** The selectors that an object holds, under the keys that its records carry. */
export function selectorsOf(object: ChaosObject): readonly (readonly [key: string, selector: PodSelector])[] {
  const farEnd = ask(object, (kind, spec) => kind.farEnd?.(spec))
  return [['.', object.spec], ...(farEnd === undefined ? [] : [['.Target', farEnd] as const])]
}

/** Names of the containers that are the targets, none meaning the first of each pod; undefined when whole pods are. */
export const targetedContainers = (object: ChaosObject): readonly string[] | undefined =>
  ask(object, (kind, spec) => kind.containers?.(spec))
