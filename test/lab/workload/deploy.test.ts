import { describe, expect, it } from 'vitest'
import { progressOf } from '../../../src/lab/workload/deploy.ts'

describe('a workload', () => {
  const rolling = { replicas: 4, readyReplicas: 3, updatedReplicas: 1, observedGeneration: 2 }
  const at = (status: object) =>
    progressOf({ metadata: { name: 'wallet', generation: 2 }, spec: { replicas: 3 } as never, status })

  it.each<[string, object, { isSeen: boolean; ready: number; old: number }]>([
    [
      'that nobody has looked at since it was applied says nothing',
      { ...rolling, observedGeneration: 1 },
      { isSeen: false, ready: 1, old: 3 },
    ],
    ['in a rolling update has its new pods only', rolling, { isSeen: true, ready: 1, old: 3 }],
    ['whose last old pod serves is not done', { ...rolling, updatedReplicas: 3 }, { isSeen: true, ready: 3, old: 1 }],
    ['without old pods is', { ...rolling, replicas: 3, updatedReplicas: 3 }, { isSeen: true, ready: 3, old: 0 }],
    [
      'that starts has those that are ready',
      { replicas: 3, updatedReplicas: 3, observedGeneration: 2 },
      { isSeen: true, ready: 0, old: 0 },
    ],
  ])('%s', (_, status, progress) => {
    expect(at(status)).toEqual({ name: 'wallet', wanted: 3, ...progress })
  })
})
