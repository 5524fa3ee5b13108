import { describe, expect, it } from 'vitest'
import { whyNotReleased } from '../../../src/adapters/kubernetes/actions/release.ts'
import {
  heldBefore,
  holdsAny,
  otherThan,
  templatePatch,
  valuesNow,
} from '../../../src/adapters/kubernetes/actions/template.ts'
import type { Undo } from '../../../src/domain/evidence.ts'
import { millis } from '../../../src/domain/units.ts'
import type { KubeObject } from '../../../src/protocols/kubernetes/api.ts'
import { patched } from '../../support/small-api-server.ts'

const wallet = (image: string, annotations?: object, paused?: boolean): KubeObject => ({
  metadata: { name: 'wallet' },
  spec: {
    ...(paused === undefined ? {} : { paused }),
    template: {
      metadata: { labels: { app: 'wallet' }, ...(annotations === undefined ? {} : { annotations }) },
      spec: {
        containers: [
          { name: 'proxy', image: 'proxy:7', ports: [{ containerPort: 1 }] },
          { name: 'app', image, env: [{ name: 'A', value: '1' }] },
        ],
      },
    },
  },
})

const undo: Extract<Undo, { does: 'restore-template' }> = {
  does: 'restore-template',
  path: '/x',
  wrote: { images: { app: 'wallet:2' }, annotations: { sum: 'new' } },
  was: { images: { app: 'wallet:1' }, annotations: { sum: null } },
  settled: { kind: 'rolled-out', path: '/x' },
}
const afterPatch = (object: KubeObject, patch: object) => patched(object, patch) as KubeObject

describe('the pod template of a release', () => {
  it('is changed in one patch, and keeps what others wrote', () => {
    const before = wallet('wallet:1', { by: 'somebody else' })
    expect(valuesNow(before, undo.wrote)).toEqual(undo.was)
    const after = afterPatch(before, templatePatch(before, undo.wrote))
    expect(after).toEqual(wallet('wallet:2', { by: 'somebody else', sum: 'new' }))
    expect([holdsAny(before, undo), holdsAny(after, undo)]).toEqual([false, true])
    expect(afterPatch(after, templatePatch(after, heldBefore(after, undo)))).toEqual(before)
  })

  it('is restored only where it still holds what was written', () => {
    const moved = wallet('wallet:3', { sum: 'new' })
    expect(otherThan(moved, undo)).toBe('app is wallet:3')
    expect(heldBefore(moved, undo)).toEqual({ images: {}, annotations: { sum: null } })
    expect(afterPatch(moved, templatePatch(moved, heldBefore(moved, undo)))).toEqual(wallet('wallet:3', {}))
  })

  it.each([
    ['before', wallet('wallet:1')],
    ['after the change whose answer was lost', wallet('wallet:2', { sum: 'new' })],
  ])('has not changed since it was read %s', (_, object) => {
    expect(otherThan(object, undo)).toBeUndefined()
  })
})

describe('a release', () => {
  const release = (images: Record<string, string>, annotations: Record<string, string> = {}) =>
    ({
      kind: 'release',
      shape: 'rolling',
      workload: { kind: 'Deployment', name: 'wallet' },
      images,
      annotations,
      withinMs: millis(1000),
      backWithinMs: millis(1000),
    }) as const

  it.each([
    [
      'of a container that is not there',
      wallet('wallet:1'),
      release({ ap: 'wallet:2' }),
      'object-missing',
      'no container ap',
    ],
    [
      'of what is there already',
      wallet('wallet:2', { sum: 'a' }),
      release({ app: 'wallet:2' }, { sum: 'a' }),
      'release-changes-nothing',
      'holds all of this',
    ],
    [
      'of a Deployment whose rollout is paused',
      wallet('wallet:1', {}, true),
      release({ app: 'wallet:2' }),
      'rollout-paused',
      'is paused',
    ],
  ])('%s is refused', (_, object, act, code, problem) => {
    expect(whyNotReleased(object, act)).toMatchObject({ code, problem: expect.stringContaining(problem) })
  })

  it.each([
    ['another image', release({ app: 'wallet:2' })],
    ['another annotation', release({ app: 'wallet:1' }, { sum: 'b' })],
  ])('of %s is accepted', (_, act) => {
    expect(whyNotReleased(wallet('wallet:1', { sum: 'a' }), act)).toBeUndefined()
  })
})
