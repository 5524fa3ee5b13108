import { describe, expect, it } from 'vitest'
import { chaosMeshInjector } from '../../../src/adapters/chaos-mesh/injector.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { FaultStepData } from '../../../src/domain/evidence.ts'
import { RUN_LABEL } from '../../../src/domain/labels.ts'
import type { PlannedFault } from '../../../src/domain/timeline.ts'
import { seconds } from '../../../src/domain/units.ts'
import { planTimeline } from '../../../src/plan/timeline.ts'
import { stockPair } from '../../files/stock.ts'
import { type Answers, Lines, refusal, smallApiServer } from '../../support/small-api-server.ts'

const CHAOS = '/apis/chaos-mesh.org/v1alpha1'
const { rehearsal, target } = stockPair()

function plannedFault(): PlannedFault {
  const planned = planTimeline(rehearsal, target, { run: 'run-1', seed: 7 })
  const fault = planned.ok ? planned.value.faults[0] : undefined
  if (fault === undefined) throw new Error('the stock rehearsal has no fault')
  return fault
}

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
  it('are found in every namespace, and those of other targets are not requested', async () => {
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

  it('do not exist in a cluster without Chaos Mesh', async () => {
    expect((await found(() => undefined)).left).toEqual([])
  })
})

describe('a fault that Chaos Mesh does not inject as asked', () => {
  const planned = plannedFault()

  /** What is recorded when the API server keeps this of the object, and what the records of the experiment say. */
  async function injected(keeps: (spec: object) => object, containerRecords: readonly object[]) {
    const kept = { ...planned.object, spec: keeps(planned.object.spec) }
    const stored = { ...kept, metadata: { ...kept.metadata, uid: 'u-1', resourceVersion: '7' } }
    const api = await smallApiServer(({ method, query }) => {
      if (method === 'POST') return stored
      if (query.get('watch')) return new Lines()
      return {
        metadata: { resourceVersion: '7' },
        items: [{ ...stored, status: { experiment: { containerRecords } } }],
      }
    })
    const steps: FaultStepData[] = []
    const step = (data: FaultStepData) => steps.push(data)
    const { signal } = new AbortController()
    await chaosMeshInjector(api, systemClock).inject(planned, seconds(1), step, () => undefined, signal)
    return steps
  }

  it('fails after its time budget, with the messages of its records', async () => {
    const record = { selectorKey: '.', phase: 'Not Injected/Wait', injectedCount: 0, recoveredCount: 0 }
    const steps = await injected(
      (spec) => spec,
      [
        {
          ...record,
          id: 'shop/a',
          events: [{ type: 'Succeeded', operation: 'Apply', timestamp: '2026-11-29T10:00:00Z' }],
        },
        { ...record, id: 'shop/b', phase: 'Not Injected' },
      ],
    )
    expect(steps.at(-1)).toEqual({
      is: 'failed',
      problem:
        'after 1 s not injected at shop/a (Not Injected/Wait, last event Apply Succeeded); shop/b (Not Injected, no event yet)',
    })
  })

  it('is refused when an older Chaos Mesh drops a field that matters', async () => {
    const dropped = injected((spec) => ({ ...spec, mode: undefined, selector: {} }), [])
    await expect(dropped).rejects.toThrow(
      "the cluster's Chaos Mesh does not know spec.mode, spec.selector.namespaces, spec.selector.labelSelectors and ignores it",
    )
  })
})
