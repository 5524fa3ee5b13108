import { describe, expect, it } from 'vitest'
import { progressOf } from '../../../src/lab/workload/deploy.ts'

describe('a workload', () => {
  const done = { replicas: 3, readyReplicas: 3, updatedReplicas: 3, observedGeneration: 2 }
  const rolling = { ...done, replicas: 4, updatedReplicas: 1 }
  const at = (status: object, replicas = 3) =>
    progressOf({ metadata: { namespace: 'shop', name: 'wallet', generation: 2 }, spec: { replicas } as never, status })

  it.each<[string, object, { isDone: boolean; ready: number; old: number }]>([
    ['whose pods are all new and ready is done', done, { isDone: true, ready: 3, old: 0 }],
    [
      'that no controller has seen since it was applied is not done',
      { ...done, observedGeneration: 1 },
      { isDone: false, ready: 3, old: 0 },
    ],
    ['in a rolling update counts only its new pods as ready', rolling, { isDone: false, ready: 1, old: 3 }],
    ['whose last old pod serves is not done', { ...rolling, updatedReplicas: 3 }, { isDone: false, ready: 3, old: 1 }],
    ['that starts counts the pods that are ready', { ...done, readyReplicas: 0 }, { isDone: false, ready: 0, old: 0 }],
  ])('%s', (_, status, progress) => {
    expect(at(status)).toEqual({ namespace: 'shop', name: 'wallet', wanted: 3, ...progress })
  })

  it('scaled to zero is done when the controller has seen that', () => {
    const none = { observedGeneration: 2 }
    expect(at(none, 0).isDone).toBe(true)
    expect(at({ ...none, observedGeneration: 1 }, 0).isDone).toBe(false)
  })
})
