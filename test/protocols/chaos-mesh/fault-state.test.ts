import { describe, expect, it } from 'vitest'
import type { FaultState, SeenVersion } from '../../../src/protocols/chaos-mesh/fault-state.ts'
import { faultState } from '../../../src/protocols/chaos-mesh/fault-state.ts'
import type { ChaosObject, ChaosRecord } from '../../../src/protocols/chaos-mesh/objects.ts'
import { versionsOf } from './recordings.ts'

const seen = (file: 'podchaos' | 'networkchaos', name: string): SeenVersion[] =>
  versionsOf(file, name).map(({ t, object, gone }) => ({ atMs: t, object, gone }))

/** Every state that a client passes through while it sees the recording, without repetitions. */
function course(versions: readonly SeenVersion[]): FaultState[] {
  const states = versions.map((version, index) =>
    faultState(versions.slice(0, index + 1), { nowMs: version.atMs, selectionWithinMs: 5000 }),
  )
  return states.filter((state, index) => JSON.stringify(state) !== JSON.stringify(states[index - 1]))
}

describe('the client, on recordings of Chaos Mesh', () => {
  it('sees two pods fail and recover', () => {
    expect(course(seen('podchaos', 'fail-two'))).toEqual([
      { kind: 'pending' },
      { kind: 'injected', injectedAtMs: 767 },
      { kind: 'recovering', missing: ['default/api-1', 'default/api-2'], injectedAtMs: 767 },
      { kind: 'recovered', recoveredAtMs: 7556, injectedAtMs: 767 },
    ])
  })

  it('sees that no pod was selected and none was harmed', () => {
    expect(course(seen('podchaos', 'nobody')).map(({ kind }) => kind)).toEqual([
      'pending',
      'never-selected',
      'untouched',
    ])
  })

  it('sees a fault recover when it is paused and return when it is resumed', () => {
    expect(course(seen('podchaos', 'paused')).map(({ kind }) => kind)).toEqual([
      'pending',
      'injected',
      'recovering',
      'recovered',
      'injected',
      'recovering',
      'recovered',
    ])
  })

  it('waits for the pods’ acknowledgement of a partition', () => {
    expect(course(seen('networkchaos', 'psp-cut')).map(({ kind }) => kind)).toEqual([
      'pending',
      'injecting',
      'injected',
      'recovering',
      'recovered',
    ])
  })

  it('reads recovery from the records although the last conditions contradict it', () => {
    const versions = seen('networkchaos', 'slow')
    const last = versions.at(-1)?.object.status?.conditions
    expect(last?.find(({ type }) => type === 'AllRecovered')?.status).toBe('False')
    expect(course(versions).at(-1)).toEqual({ kind: 'recovered', recoveredAtMs: 14895, injectedAtMs: 827 })
  })
})

describe('the client', () => {
  const [base] = seen('podchaos', 'fail-two')
  const version = (
    records: readonly ChaosRecord[],
    more: Partial<ChaosObject['metadata']> = {},
    gone = false,
  ): SeenVersion => {
    if (base === undefined) throw new Error('empty recording')
    const { object } = base
    const status = { experiment: { desiredPhase: 'Run' as const, containerRecords: records } }
    return { atMs: 10, gone, object: { ...object, metadata: { ...object.metadata, ...more }, status } as ChaosObject }
  }
  const record: ChaosRecord = {
    id: 'default/api-1',
    selectorKey: '.',
    phase: 'Not Injected',
    injectedCount: 0,
    recoveredCount: 0,
  }
  const state = (...versions: SeenVersion[]) => faultState(versions, { nowMs: 20, selectionWithinMs: 5000 })

  it('does not take AllRecovered after a failed injection for a recovery', () => {
    const event = {
      type: 'Failed',
      operation: 'Apply',
      message: 'no route',
      timestamp: '2026-01-01T00:00:00Z',
    } as const
    expect(state(version([{ ...record, events: [event] }]))).toEqual({
      kind: 'failed',
      failures: [{ id: 'default/api-1', operation: 'Apply', message: 'no route' }],
    })
  })

  it('drops the failures of a fault that is stopped before it was injected', () => {
    const event = {
      type: 'Failed',
      operation: 'Apply',
      message: 'no route',
      timestamp: '2026-01-01T00:00:00Z',
    } as const
    const stopped = version([{ ...record, events: [event] }], { deletionTimestamp: '2026-01-01T00:00:00Z' })
    expect(state(stopped)).toEqual({ kind: 'untouched' })
  })

  it('reports a fault that was deleted while injected as not recovered', () => {
    const injected = { ...record, phase: 'Injected', injectedCount: 1 } as const
    expect(state(version([injected], {}, true))).toEqual({ kind: 'gone-unrecovered', missing: ['default/api-1'] })
  })

  it('reports a fault as injecting while one of two pods is injected', () => {
    const injected = { ...record, phase: 'Injected', injectedCount: 1 } as const
    expect(state(version([injected, { ...record, id: 'default/api-2' }]))).toEqual({
      kind: 'injecting',
      missing: ['default/api-2'],
    })
  })

  it('does not report a phase without a count as injected', () => {
    expect(state(version([{ ...record, phase: 'Injected' }])).kind).toBe('injecting')
  })

  it('has no state before the first version of the object', () => {
    expect(state()).toEqual({ kind: 'pending' })
  })
})
