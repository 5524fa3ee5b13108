import { describe, expect, it } from 'vitest'
import {
  conditionsOf,
  desireOf,
  endsAtMs,
  mayGo,
  operationFor,
  recorded,
  recordsOf,
  sameConditions,
} from '../../../src/protocols/chaos-mesh/experiment.ts'
import type { ChaosObject, ChaosRecord } from '../../../src/protocols/chaos-mesh/objects.ts'
import { recordedAtMs, versionsOf } from './recordings.ts'

const experiments = [
  ['podchaos', 'fail-two'],
  ['podchaos', 'nobody'],
  ['podchaos', 'paused'],
  ['networkchaos', 'psp-cut'],
  ['networkchaos', 'slow'],
] as const

/** Each version with the one before it. */
const steps = (file: (typeof experiments)[number][0], name: string) =>
  versionsOf(file, name)
    .slice(1)
    .flatMap((after, index) => {
      const before = versionsOf(file, name)[index]
      return before === undefined ? [] : [{ before: before.object, after: after.object, t: after.t, gone: after.gone }]
    })

const phaseOf = (object: ChaosObject) => object.status?.experiment?.desiredPhase
const conditionsIn = (object: ChaosObject) => object.status?.conditions ?? []

describe.each(experiments)('the reconcile rules, compared with the recording %s of %s', (file, name) => {
  const all = steps(file, name)

  it('want the same phase as Chaos Mesh at each change', () => {
    const changes = all.filter(({ before, after }) => phaseOf(before) !== phaseOf(after))
    expect(changes.length).toBeGreaterThan(0)
    for (const { before, after, t } of changes)
      expect(desireOf(before, recordedAtMs(file, t)).phase, `at ${t}`).toBe(phaseOf(after))
  })

  it('write the same conditions as Chaos Mesh', () => {
    const changes = all.filter(({ before, after }) => !sameConditions(conditionsIn(before), conditionsIn(after)))
    expect(changes.length).toBeGreaterThan(0)
    for (const { before, after, t } of changes)
      expect(sameConditions(conditionsOf(before), conditionsIn(after)), `at ${t}`).toBe(true)
  })

  it('move the records as Chaos Mesh did, with the same counts and events', () => {
    for (const { before, after } of all) {
      const was = recordsOf(before)
      const is = recordsOf(after)
      if (was === undefined || is === undefined || JSON.stringify(was) === JSON.stringify(is)) continue
      expect(was.map((record, index) => moved(record, is[index], phaseOf(before)))).toEqual(is)
    }
  })

  it('remove the finalizers at the same point as Chaos Mesh', () => {
    for (const { before, gone } of all.filter((step) => step.before.metadata.deletionTimestamp)) {
      expect(mayGo(before)).toBe(gone)
    }
  })
})

function moved(
  record: ChaosRecord,
  arrived: ChaosRecord | undefined,
  desired: 'Run' | 'Stop' | undefined,
): ChaosRecord {
  if (desired === undefined || arrived === undefined) throw new Error('records moved before a phase was desired')
  const operation = operationFor(record.phase, desired)
  if (operation === undefined) return record
  return recorded(record, operation, { phase: arrived.phase }, arrived.events?.at(-1)?.timestamp ?? '')
}

describe('the reconcile loop', () => {
  const [first] = versionsOf('podchaos', 'fail-two')
  const object = first?.object as ChaosObject
  const startMs = Date.parse(object.metadata.creationTimestamp ?? '')

  it('counts the duration from the creation of the object', () => {
    expect(endsAtMs(object)).toBe(startMs + 8000)
    expect(desireOf(object, startMs + 8000).phase).toBe('Run')
    expect(desireOf(object, startMs + 8001)).toEqual({ phase: 'Stop', because: 'TimeUp' })
  })

  it('stops a one-time fault only when it is deleted', () => {
    const kill = { ...object, spec: { ...object.spec, action: 'pod-kill' } } as ChaosObject
    expect(desireOf(kill, startMs + 60_000).phase).toBe('Run')
    const deleted = { ...kill, metadata: { ...kill.metadata, deletionTimestamp: 'now' } } as ChaosObject
    expect(desireOf(deleted, startMs)).toEqual({ phase: 'Stop', because: 'Deleted' })
  })

  it.each([
    ['Not Injected/Wait', 'Stop', 'Apply'],
    ['Injected/Wait', 'Run', 'Recover'],
    ['Injected', 'Stop', 'Recover'],
    ['Not Injected', 'Stop', undefined],
    ['Injected', 'Run', undefined],
  ] as const)('in phase %s with %s desired does %s', (phase, desired, operation) => {
    expect(operationFor(phase, desired)).toBe(operation)
  })

  it('keeps the last hundred events of a record that keeps failing, and counts no injection', () => {
    let record: ChaosRecord = {
      id: 'a/b',
      selectorKey: '.',
      phase: 'Not Injected',
      injectedCount: 0,
      recoveredCount: 0,
    }
    for (let n = 0; n < 120; n++)
      record = recorded(record, 'Apply', { phase: 'Not Injected', error: `try ${n}` }, '2026-01-01T00:00:00Z')
    expect(record.events).toHaveLength(100)
    expect(record.events?.[0]?.message).toBe('try 20')
    expect(record.injectedCount).toBe(0)
  })

  it('releases an object that is deleted by force although it is injected', () => {
    const injected = versionsOf('podchaos', 'paused').find(
      ({ object: { metadata } }) => metadata.deletionTimestamp,
    )?.object
    if (injected === undefined) throw new Error('no deleted version recorded')
    expect(mayGo(injected)).toBe(false)
    const annotations = { 'chaos-mesh.chaos-mesh.org/cleanFinalizer': 'forced' }
    expect(mayGo({ ...injected, metadata: { ...injected.metadata, annotations } } as ChaosObject)).toBe(true)
  })
})
