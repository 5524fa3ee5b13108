import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { progressOf, untilReady } from '../../../src/lab/workload/deploy.ts'
import { Lines, serveSmallApi } from '../../support/small-api-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'

describe('a workload', () => {
  const done = { replicas: 3, readyReplicas: 3, updatedReplicas: 3, observedGeneration: 2 }
  const rolling = { ...done, replicas: 4, updatedReplicas: 1 }
  const at = (status: object, replicas = 3) =>
    progressOf({ metadata: { namespace: 'shop', name: 'web', generation: 2 }, spec: { replicas } as never, status })

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
    expect(at(status)).toEqual({ namespace: 'shop', name: 'web', wanted: 3, ...progress })
  })

  it('scaled to zero is done when the controller has seen that', () => {
    const none = { observedGeneration: 2 }
    expect(at(none, 0).isDone).toBe(true)
    expect(at({ ...none, observedGeneration: 1 }, 0).isDone).toBe(false)
  })
})

describe('the wait for a workload', () => {
  const deployment = (namespace: string, name: string, readyReplicas: number) => ({
    metadata: { namespace, name, generation: 1, resourceVersion: '2' },
    spec: { replicas: 2 },
    status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas },
  })
  const silence = () => new Promise<never>(() => {})

  /** An API server with these Deployments and no StatefulSet, and the events of the first watch of Deployments. */
  async function waiting(deployments: readonly object[], watch: () => unknown, pods: readonly object[] = []) {
    const root = tempFolder()
    const { kubeconfig } = labPaths(root)
    mkdirSync(dirname(kubeconfig), { recursive: true })
    await serveSmallApi(({ path, query }) => {
      if (query.has('watch')) return path.endsWith('/deployments') ? watch() : silence()
      const items = path.endsWith('/deployments') ? deployments : path.endsWith('/pods') ? pods : []
      return { metadata: { resourceVersion: '1' }, items }
    }, kubeconfig)
    const told: string[] = []
    const ended = new AbortController()
    onTestFinished(() => ended.abort())
    const ready = untilReady(root, ['shop'], (text) => told.push(text), ended.signal)
    ready.catch(() => undefined)
    return { ready, told, abort: () => ended.abort(new Error('Ctrl-C')) }
  }

  it('ends when the last pod of its namespaces is ready, and asks no more', async () => {
    let watches = 0
    const changed = new Lines({ type: 'MODIFIED', object: deployment('shop', 'web', 2) })
    const { ready, told } = await waiting([deployment('shop', 'web', 1), deployment('other', 'web', 0)], () => {
      watches += 1
      return changed
    })
    expect(await ready).toBe(2)
    expect(told).toEqual(['1 of 2 pods ready', '2 of 2 pods ready'])
    // This server ends each watch at once, so a follower that was not stopped would ask all the time.
    const asked = watches
    await sleep(300)
    expect(watches - asked).toBeLessThan(2)
  })

  it('ends with the reason of an abort', async () => {
    const { ready, told, abort } = await waiting([deployment('shop', 'web', 1)], silence)
    await vi.waitFor(() => expect(told).toHaveLength(1))
    abort()
    await expect(ready).rejects.toThrow('Ctrl-C')
  })

  it('ends with an error and a next step when the API server goes away', async () => {
    const broken = new Lines({ type: 'ERROR', object: { code: 500, message: 'broken' } })
    const { ready } = await waiting([deployment('shop', 'web', 1)], () => broken)
    await expect(ready).rejects.toThrow(/the API server went away while pods started: .*broken\n.*matchday lab status/)
  })

  it('ends after two minutes with each workload that is not ready, and the reasons of its pods', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const pod = { metadata: { namespace: 'shop', name: 'web-1' }, status: { phase: 'Pending' } }
    const { ready, told } = await waiting([deployment('shop', 'web', 1)], silence, [pod])
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(120_000)
    await expect(ready).rejects.toThrow(/shop\/web 1\/2 not ready after 120 s:\n {2}shop\/web-1: Pending/)
  })
})
