import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../src/protocols/kubernetes/api.ts'
import { Lines, refusal, smallApiServer } from '../../support/small-api-server.ts'

const pod = (name: string, version: number): KubeObject => ({
  metadata: { name, namespace: 'casino', resourceVersion: String(version) },
  spec: { nodeName: `node-of-${name}`, containers: ['much', 'that', 'nobody', 'reads'] },
})
const list = (version: number, ...items: readonly KubeObject[]) => ({
  metadata: { resourceVersion: String(version) },
  items,
})
const news = (type: string, object: KubeObject) => ({ type, object })
const EXPIRED = { type: 'ERROR', object: { kind: 'Status', code: 410, metadata: {} } }
const nodeOf = ({ metadata, spec }: KubeObject): string => {
  if (metadata.name === 'broken') throw new Error('cannot be read')
  return `${metadata.name} ${metadata.resourceVersion} on ${(spec as { nodeName: string }).nodeName}`
}

/** What a watch tells of one server answer after the other, until there are no more. */
async function told(...answers: readonly unknown[]) {
  const stop = new AbortController()
  const left = [...answers]
  const events: string[] = []
  const lost: string[] = []
  const api = await smallApiServer(() => {
    const next = left.shift()
    if (next === undefined) stop.abort()
    return next ?? refusal(503)
  })
  const onEvent = ({ change, object }: { change: string; object: string }) => void events.push(`${change} ${object}`)
  const onLost = (problem: string) => void lost.push(problem)
  await api.watch({ path: '/api/v1/pods', reduce: nodeOf, onEvent, onLost }, stop.signal)
  return { events, lost }
}

describe('a watch', () => {
  it('reports existing, changed and deleted objects, reduced to the requested fields', async () => {
    const { events, lost } = await told(
      list(5, pod('a', 1), pod('b', 2)),
      new Lines(news('MODIFIED', pod('a', 6)), news('ADDED', pod('c', 7)), news('DELETED', pod('b', 8))),
    )
    expect(events).toEqual([
      'present a 1 on node-of-a',
      'present b 2 on node-of-b',
      'modified a 6 on node-of-a',
      'added c 7 on node-of-c',
      'deleted b 8 on node-of-b',
    ])
    expect(lost).toEqual([])
  })

  it('reports after a gap only changes, and deleted objects in their last state', async () => {
    const { events } = await told(
      list(5, pod('a', 1), pod('b', 2)),
      new Lines(news('MODIFIED', pod('b', 6)), EXPIRED),
      list(9, pod('a', 1), pod('c', 9)),
    )
    expect(events.slice(2)).toEqual([
      'modified b 6 on node-of-b',
      'present c 9 on node-of-c',
      'deleted b 6 on node-of-b',
    ])
  })

  it('reports lost evidence when an object cannot be read', async () => {
    const { events, lost } = await told(list(5), new Lines(news('ADDED', pod('broken', 6)), news('ADDED', pod('a', 7))))
    expect(lost[0]).toBe('cannot be read')
    expect(events).not.toContain('added broken')
  })

  it('backs off while each connection ends at once', async () => {
    const stop = new AbortController()
    const watchedAt: number[] = []
    const api = await smallApiServer(({ query }) => {
      if (!query.has('watch')) return list(5)
      watchedAt.push(performance.now())
      return new Lines()
    })
    const nothing = () => undefined
    const watching = { path: '/api/v1/pods', reduce: nodeOf, onEvent: nothing, onLost: nothing }
    const watched = api.watch(watching, stop.signal)
    await expect.poll(() => watchedAt.length).toBe(3)
    stop.abort()
    await watched
    const [first = 0, second = 0, third = 0] = watchedAt
    expect(second - first).toBeGreaterThan(450)
    expect(third - second).toBeGreaterThan(900)
  })
})
