import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nested } from '../../../src/adapters/kubernetes/actions/change.ts'
import { pinning } from '../../../src/adapters/kubernetes/actions/pin.ts'
import type { KubeObject } from '../../../src/protocols/kubernetes/api.ts'
import { patched } from '../../support/small-api-server.ts'

const object = (spec: object, annotations?: Record<string, string>): KubeObject => ({
  metadata: { name: 'orders', ...(annotations === undefined ? {} : { annotations }) },
  spec,
})

describe('replicas that are pinned', () => {
  it('never give an autoscaler a minimum above its maximum, neither when they are written nor when they are taken back', () => {
    const replicas = fc.integer({ min: 1, max: 50 })
    fc.assert(
      fc.property(replicas, replicas, replicas, (one, other, wanted) => {
        const [minReplicas, maxReplicas] = [Math.min(one, other), Math.max(one, other)]
        const before = object({ minReplicas, maxReplicas })
        const undos = pinning({ kind: 'hpa', path: '/x', object: before }, wanted)
        const states = [before]
        const write = (patch: object) => states.push(patched(states.at(-1) as KubeObject, patch) as KubeObject)
        for (const { field, wrote } of undos) write(nested(field, wrote))
        expect(states.at(-1)?.spec).toEqual({ minReplicas: wanted, maxReplicas: wanted })
        for (const { field, was } of undos.toReversed()) write(nested(field, was))
        expect(states.at(-1)).toEqual(before)
        for (const { spec } of states) {
          const bounds = spec as { minReplicas: number; maxReplicas: number }
          expect(bounds.minReplicas).toBeLessThanOrEqual(bounds.maxReplicas)
        }
      }),
    )
  })

  it.each([
    ['without an autoscaler, are those of the Deployment', 'none', object({ replicas: 2 }), ['spec.replicas', 3, 2]],
    [
      'are a pause of KEDA, which owns the HPA',
      'keda',
      object({ minReplicaCount: 0 }),
      ['metadata.annotations.autoscaling.keda.sh/paused-replicas', '3', null],
    ],
  ] as const)('%s', (_, kind, before, expected) => {
    const [undo, ...more] = pinning({ kind, path: '/x', object: before }, 3)
    expect(more).toEqual([])
    expect([undo?.field.join('.'), undo?.wrote, undo?.was]).toEqual(expected)
  })

  it('need nothing where they are so already', () => {
    expect(pinning({ kind: 'none', path: '/x', object: object({ replicas: 3 }) }, 3)).toEqual([])
  })
})
