import { describe, expect, it } from 'vitest'
import { chaosMeshInjector } from '../../../src/adapters/chaos-mesh/injector.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { RUN_LABEL } from '../../../src/domain/labels.ts'
import { stockPair } from '../../files/stock.ts'
import { type Answers, refusal, smallApiServer } from '../../support/small-api-server.ts'

const CHAOS = '/apis/chaos-mesh.org/v1alpha1'
const { target } = stockPair()

const cut = (namespace: string, name: string) => ({
  metadata: { name, namespace, labels: { [RUN_LABEL]: 'run-1' } },
})

/** What is found of dead runs, as `namespace/name`, and what was asked for. */
async function found(
  answers: Answers,
): Promise<{ readonly left: readonly string[]; readonly asked: readonly string[] }> {
  const asked: string[] = []
  const api = await smallApiServer((request) => {
    asked.push(`${request.path}?${request.query.get('labelSelector')}`)
    return answers(request)
  })
  const injector = chaosMeshInjector(api, systemClock)
  const left = (await injector.leftovers(target)).map(({ undo, run }) =>
    undo.does === 'delete-object' ? `${run} ${undo.plural} ${undo.namespace}/${undo.name}` : undo.does,
  )
  expect(await injector.residue(target)).toHaveLength(left.length)
  return { left, asked }
}

describe('faults of dead runs', () => {
  it('are found wherever in the cluster their files put them, and those of other targets are not asked for', async () => {
    const { left, asked } = await found(({ path }) => {
      if (path === `${CHAOS}/networkchaos`) return { items: [cut('elsewhere', 'cut-1')] }
      return path.startsWith(CHAOS) && !path.includes('/namespaces/') ? { items: [] } : undefined
    })
    expect(left).toEqual(['run-1 networkchaos elsewhere/cut-1'])
    for (const each of asked) expect(each.split('?')[1]).toBe('matchday.dev/run,matchday.dev/target=casino')
  })

  it('are found in the namespaces of the target by a role that may not list the cluster', async () => {
    const { left } = await found(({ path }) => {
      if (!path.includes('/namespaces/')) return refusal(403)
      const [, namespace] = /namespaces\/([^/]+)\/networkchaos$/.exec(path) ?? []
      return namespace === undefined ? refusal(403) : { items: [cut(namespace, 'cut-1')] }
    })
    expect(left).toEqual(['run-1 networkchaos casino/cut-1', 'run-1 networkchaos providers/cut-1'])
  })

  it('are none where the cluster has no Chaos Mesh', async () => {
    expect((await found(() => undefined)).left).toEqual([])
  })
})
