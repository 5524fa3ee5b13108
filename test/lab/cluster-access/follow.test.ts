import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createClusterClient } from '../../../src/lab/cluster-access/cluster.ts'
import { follow } from '../../../src/lab/cluster-access/follow.ts'
import { keepList } from '../../../src/lab/cluster-access/kept-list.ts'
import { readKubeconfig } from '../../../src/lab/cluster-access/kubeconfig.ts'
import { fieldsOf, textOf } from '../../../src/lab/machine/json.ts'
import type { Fields } from '../../../src/protocols/fields.ts'
import { Lines, serveSmallApi } from '../../support/small-api-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const PATH = '/api/v1/nodes'
const node = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } })
const nameOf = (item: Fields): string => textOf(fieldsOf(item.metadata).name)
const silence = () => new Promise<never>(() => {})

/** Follows a server that gives each list and each watch its next answer, and then none. */
async function followed(lists: readonly string[][], watches: readonly Lines[]) {
  const seen: string[] = []
  const troubles: string[] = []
  const left = { lists: [...lists], watches: [...watches] }
  const kubeconfig = await serveSmallApi(
    ({ query }) => {
      if (query.has('watch')) {
        seen.push(`watch from ${query.get('resourceVersion')}`)
        return left.watches.shift() ?? silence()
      }
      const names = left.lists.shift()
      return names ? { metadata: { resourceVersion: '10' }, items: names.map((name) => node(name, '9')) } : silence()
    },
    join(tempFolder(), 'kubeconfig'),
  )
  const cluster = createClusterClient(readKubeconfig(kubeconfig))
  const ended = new AbortController()
  onTestFinished(() => ended.abort())
  const follower = {
    replaced: (items: readonly Fields[]) => void seen.push(`all ${items.map(nameOf)}`),
    changed: (item: Fields) => void seen.push(`changed ${nameOf(item)}`),
    removed: (item: Fields) => void seen.push(`removed ${nameOf(item)}`),
  }
  void follow(
    () => cluster,
    PATH,
    follower,
    ended.signal,
    (problem) => troubles.push(problem),
  )
  return { seen, troubles }
}

const event = (type: string, object: object) => ({ type, object })

it('a follower watches from the version of the list, and continues from the last version when a watch ends', async () => {
  const changes = new Lines(event('MODIFIED', node('a', '11')), event('DELETED', node('b', '12')))
  const { seen, troubles } = await followed([['a', 'b']], [changes, new Lines(event('BOOKMARK', node('', '20')))])
  await vi.waitFor(() => expect(seen.at(-1)).toBe('watch from 20'))
  expect(seen).toEqual(['all a,b', 'watch from 10', 'changed a', 'removed b', 'watch from 12', 'watch from 20'])
  expect(troubles).toEqual([])
})

it.each([
  ['is silent about an expired version', 410, []],
  ['reports any other error', 500, [`${PATH}: broken`]],
])('lists again after an error event, and %s', async (_, code, reported) => {
  const { seen, troubles } = await followed(
    [['a'], ['a', 'b']],
    [new Lines(event('ERROR', { code, message: 'broken' }))],
  )
  await vi.waitFor(() => expect(seen.at(-1)).toBe('watch from 10'))
  await vi.waitFor(() => expect(seen).toEqual(['all a', 'watch from 10', 'all a,b', 'watch from 10']))
  expect(troubles).toEqual(reported)
})

it('reports a problem that lasts only once', async () => {
  const broken = () => new Lines(event('ERROR', { code: 500, message: 'broken' }))
  const { seen, troubles } = await followed([['a'], ['a'], ['a']], [broken(), broken()])
  await vi.waitFor(() => expect(seen).toHaveLength(6), 10_000)
  expect(troubles).toEqual([`${PATH}: broken`])
})

it('a follower waits for the API server, and finds it again at another address', async () => {
  const kubeconfig = join(tempFolder(), 'kubeconfig')
  const logged: string[] = []
  const kept = keepList({ kubeconfig, path: PATH, onChange: () => {}, log: (line) => logged.push(line) })
  onTestFinished(() => kept.stop())
  expect(kept.isSynced()).toBe(false)
  const serve = (name: string, watch: () => unknown) =>
    serveSmallApi(
      ({ query }) => (query.has('watch') ? watch() : { metadata: { resourceVersion: '1' }, items: [node(name, '1')] }),
      kubeconfig,
    )
  const moving = Promise.withResolvers<Lines>()
  await serve('old', () => moving.promise)
  await vi.waitFor(() => expect(kept.items()).toEqual([node('old', '1')]), { timeout: 5_000 })
  expect(logged).toEqual([])
  await serve('new', silence)
  moving.resolve(new Lines(event('ERROR', { code: 410 })))
  await vi.waitFor(() => expect(kept.items()).toEqual([node('new', '1')]), { timeout: 5_000 })
})
