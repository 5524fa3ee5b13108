import { describe, expect, it } from 'vitest'
import { fieldAt, merged, nested, restoreOf } from '../../../src/adapters/kubernetes/actions/change.ts'
import {
  hasMark,
  type Mark,
  markedWith,
  marksOf,
  type Reversal,
  unmarked,
} from '../../../src/adapters/kubernetes/actions/marks.ts'
import { whatIsOpen } from '../../../src/adapters/kubernetes/actions/settled.ts'
import type { Settled } from '../../../src/domain/evidence.ts'
import type { KubeObject } from '../../../src/protocols/kubernetes/api.ts'
import { patched } from '../../support/small-api-server.ts'

const node: KubeObject = {
  metadata: { name: 'zone-b-api', labels: { 'matchday.dev/pool': 'api' }, annotations: { of: 'somebody else' } },
  spec: { unschedulable: true },
}
const path = '/api/v1/nodes/zone-b-api'
const taint: Reversal = { does: 'remove-taint', node: 'zone-b-api', key: 'k', effect: 'NoSchedule' }
const power: Reversal = {
  does: 'restore-field',
  path,
  field: ['metadata', 'annotations', 'matchday.dev/power'],
  wrote: 'off',
  was: null,
}

const afterPatch = (object: KubeObject, patch: object) => patched(object, patch) as KubeObject

describe('the mark of a change', () => {
  const mark = (undo: Reversal): Mark => ({ run: 'run-1', target: 'casino', undo })

  it('is on the changed object, and names the run and the undo', () => {
    const marked = afterPatch(node, markedWith(mark(taint)))
    expect(hasMark(marked, taint)).toBe(true)
    expect(marksOf(marked)).toEqual([mark(taint)])
    expect(marked.metadata.labels?.['matchday.dev/run']).toBe('run-1')
    // An annotation's name has at most 63 characters after its prefix.
    const keys = Object.keys(marked.metadata.annotations ?? {}).filter((key) => key.startsWith('matchday.dev/undo.'))
    expect(keys.map((key) => (key.split('/')[1] ?? '').length <= 63)).toEqual([true])
  })

  it('is removed alone, the label with the last mark, and what others wrote is kept', () => {
    const both = afterPatch(afterPatch(node, markedWith(mark(taint))), markedWith(mark(power)))
    const one = afterPatch(both, unmarked(both, taint))
    expect([hasMark(one, taint), hasMark(one, power), one.metadata.labels?.['matchday.dev/run']]).toEqual([
      false,
      true,
      'run-1',
    ])
    expect(afterPatch(one, unmarked(one, power))).toEqual(node)
  })

  it('is not read from an annotation that somebody else wrote under its name', () => {
    const annotations = {
      'matchday.dev/undo.1': 'not JSON',
      'matchday.dev/undo.2': '{"undo":{"does":"delete-everything"}}',
    }
    expect(marksOf({ ...node, metadata: { ...node.metadata, annotations } })).toEqual([])
  })
})

describe('the undo of a field', () => {
  it.each([
    ['what was there', { data: { promo: 'on' } }, 'on'],
    ['that nothing was there', {}, null],
  ])('records %s', (_, data, was) => {
    const undo = restoreOf({ ...node, ...data }, path, ['data', 'promo'], 'off')
    expect(undo).toMatchObject({ wrote: 'off', was })
  })

  it('is not needed if the field holds the value already', () => {
    expect(restoreOf(node, path, ['spec', 'unschedulable'], true)).toBeUndefined()
  })

  it('reads and writes keys with dots', () => {
    const written = afterPatch(node, nested(power.does === 'restore-field' ? power.field : [], 'off'))
    expect(fieldAt(written, ['metadata', 'annotations', 'matchday.dev/power'])).toBe('off')
    expect(written.metadata.annotations?.of).toBe('somebody else')
  })

  it('is one patch with its mark', () => {
    expect(
      merged({ metadata: { labels: { a: '1' } } }, { metadata: { annotations: { b: '2' } }, spec: { c: 3 } }),
    ).toEqual({
      metadata: { labels: { a: '1' }, annotations: { b: '2' } },
      spec: { c: 3 },
    })
  })
})

describe('a change has settled', () => {
  const rollout: Settled = { kind: 'rolled-out', path: '/x' }
  const deployment = (status: object, spec: object = { replicas: 3 }): KubeObject => ({
    metadata: { name: 'gateway', generation: 5 },
    spec,
    status: { observedGeneration: 5, replicas: 3, updatedReplicas: 3, availableReplicas: 3, ...status },
  })
  const database = (status: object): KubeObject => ({
    metadata: { name: 'db', generation: 2 },
    spec: { replicas: 2 },
    status: {
      observedGeneration: 2,
      replicas: 2,
      readyReplicas: 2,
      currentRevision: 'a',
      updateRevision: 'a',
      ...status,
    },
  })

  it.each<[string, KubeObject, string | undefined]>([
    ['all replicas are new and available', deployment({}), undefined],
    [
      'its controller has not looked yet',
      deployment({ observedGeneration: 4 }),
      'its controller has not seen the change',
    ],
    ['an old pod is left', deployment({ replicas: 4 }), '3 of 3 replicas are updated, 3 ready, 4 in all'],
    [
      'a new pod is not available',
      deployment({ availableReplicas: 2 }),
      '3 of 3 replicas are updated, 2 ready, 3 in all',
    ],
    [
      'some are of the old template',
      deployment({ updatedReplicas: 1 }),
      '1 of 3 replicas are updated, 3 ready, 3 in all',
    ],
    [
      'it is scaled to nothing',
      deployment({ replicas: undefined, updatedReplicas: undefined, availableReplicas: undefined }, { replicas: 0 }),
      undefined,
    ],
    ['every member is of the revision', database({}), undefined],
    [
      'a member is of the old revision',
      database({ updateRevision: 'b', updatedReplicas: 1 }),
      '1 of 2 replicas are updated, 2 ready, 2 in all',
    ],
    ['a member is not ready', database({ readyReplicas: 1 }), '2 of 2 replicas are updated, 1 ready, 2 in all'],
  ])('unless %s', (_, object, open) => {
    expect(whatIsOpen(rollout, object)).toBe(open)
  })

  it('when a database has its wanted primary, and not before', () => {
    const moved: Settled = {
      kind: 'fields-equal',
      path: '/x',
      desired: ['data', 'primary'],
      observed: ['data', 'observed'],
    }
    const of = (data: object): KubeObject => ({ metadata: { name: 'role' }, data })
    expect(whatIsOpen(moved, of({ primary: 'db-1', observed: 'db-1' }))).toBeUndefined()
    expect(whatIsOpen(moved, of({ primary: 'db-1', observed: 'db-0' }))).toBe('wanted is db-1, and it is db-0')
    expect(whatIsOpen(moved, of({}))).toBe('wanted is undefined, and it is undefined')
  })

  it('when a node is Ready', () => {
    const ready: Settled = { kind: 'node-ready', path }
    const is = (status: string): KubeObject => ({ ...node, status: { conditions: [{ type: 'Ready', status }] } })
    expect([whatIsOpen(ready, is('True')), whatIsOpen(ready, is('Unknown'))]).toEqual([
      undefined,
      'the node is not Ready',
    ])
  })
})
