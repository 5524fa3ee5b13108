/**
 * The state of an experiment, from the observed versions of its object. Conditions are not reliable: a failed injection shows AllRecovered, and the
 * last version before deletion may still say that nothing was recovered. So records are used.
 */

import { isDeleted, isOneShot, operationFor, recordsOf } from './experiment.ts'
import type { ChaosObject, ChaosRecord, RecordEvent } from './objects.ts'

/** One observed version of the object; `gone` is the version that came with its deletion. */
export type SeenVersion = { readonly atMs: number; readonly object: ChaosObject; readonly gone?: boolean }

export type FaultState =
  /** Nothing selected yet, within the allowed time. */
  | { readonly kind: 'pending' }
  /** Nothing was selected in time, so nothing will be harmed. */
  | { readonly kind: 'never-selected' }
  /** Selected, being injected. */
  | { readonly kind: 'injecting'; readonly missing: readonly string[] }
  /** The last attempt failed for some targets. Chaos Mesh keeps trying. */
  | { readonly kind: 'failed'; readonly failures: readonly RecordFailure[] }
  | { readonly kind: 'injected'; readonly injectedAtMs: number }
  | { readonly kind: 'recovering'; readonly missing: readonly string[]; readonly injectedAtMs?: number }
  | { readonly kind: 'recovered'; readonly recoveredAtMs: number; readonly injectedAtMs?: number }
  /** Ended, stopped or deleted, and nothing was ever injected. */
  | { readonly kind: 'untouched' }
  /** Deleted while some targets were still injected: somebody forced or removed the finalizers. */
  | { readonly kind: 'gone-unrecovered'; readonly missing: readonly string[] }

export type RecordFailure = { readonly id: string; readonly operation: 'Apply' | 'Recover'; readonly message: string }

export type FaultClock = { readonly nowMs: number; readonly selectionWithinMs: number }

const injected = (record: ChaosRecord): boolean => record.phase === 'Injected' && record.injectedCount >= 1
const touched = (record: ChaosRecord): boolean => record.injectedCount >= 1 || record.phase !== 'Not Injected'
/** Nothing left to undo at this record. */
const settled = (record: ChaosRecord): boolean =>
  record.phase === 'Not Injected' && record.recoveredCount >= record.injectedCount

const every = (version: SeenVersion, holds: (record: ChaosRecord) => boolean): boolean => {
  const records = recordsOf(version.object)
  return records !== undefined && records.length > 0 && records.every(holds)
}

/** Versions in the order of their observation. */
export function faultState(versions: readonly SeenVersion[], clock: FaultClock): FaultState {
  const first = versions[0]
  const last = versions.at(-1)
  if (first === undefined || last === undefined) return { kind: 'pending' }
  const injectedAtMs = versions.find((version) => every(version, injected))?.atMs
  const times = injectedAtMs === undefined ? {} : { injectedAtMs }
  if (last.gone) return goneState(versions, last, times)
  const records = recordsOf(last.object)
  if (records === undefined || records.length === 0) {
    const early = clock.nowMs - first.atMs < clock.selectionWithinMs && !isDeleted(last.object)
    return early ? { kind: 'pending' } : { kind: 'never-selected' }
  }
  const failures = failuresOf(last.object, records)
  if (failures.length > 0) return { kind: 'failed', failures }
  if (records.some(touched) && every(last, settled))
    return { kind: 'recovered', recoveredAtMs: firstSettled(versions), ...times }
  if (stopping(last.object)) {
    if (!records.some(touched)) return { kind: 'untouched' }
    return { kind: 'recovering', missing: idsWithout(records, settled), ...times }
  }
  if (injectedAtMs !== undefined && every(last, injected)) return { kind: 'injected', injectedAtMs }
  return { kind: 'injecting', missing: idsWithout(records, injected) }
}

const stopping = (object: ChaosObject): boolean =>
  isDeleted(object) || object.status?.experiment?.desiredPhase === 'Stop'

function goneState(
  versions: readonly SeenVersion[],
  last: SeenVersion,
  times: { readonly injectedAtMs?: number },
): FaultState {
  const records = recordsOf(last.object) ?? []
  if (!records.some(touched)) return { kind: 'untouched' }
  // A kill cannot be undone: it is over when its object is deleted.
  if (isOneShot(last.object)) return { kind: 'recovered', recoveredAtMs: last.atMs, ...times }
  const missing = idsWithout(records, settled)
  if (missing.length > 0) return { kind: 'gone-unrecovered', missing }
  return { kind: 'recovered', recoveredAtMs: firstSettled(versions), ...times }
}

/** The start of the last continuous period in which everything was settled: a paused fault may be injected again. */
function firstSettled(versions: readonly SeenVersion[]): number {
  const lastHarmed = versions.findLastIndex((version) => !every(version, settled))
  return (versions[lastHarmed + 1] ?? versions.at(-1))?.atMs ?? 0
}

const idsWithout = (records: readonly ChaosRecord[], holds: (record: ChaosRecord) => boolean): string[] =>
  records.filter((record) => !holds(record)).map((record) => record.id)

/** Records that are not settled and whose latest attempt failed. */
function failuresOf(object: ChaosObject, records: readonly ChaosRecord[]): RecordFailure[] {
  const desired = stopping(object) ? 'Stop' : 'Run'
  return records.flatMap((record) => {
    const event: RecordEvent | undefined = record.events?.at(-1)
    if (event?.type !== 'Failed' || operationFor(record.phase, desired) === undefined) return []
    return [{ id: record.id, operation: event.operation, message: event.message ?? 'no reason given' }]
  })
}
