import { describe, expect, it } from 'vitest'
import { chaosMeshInjector } from '../../src/adapters/chaos-mesh/injector.ts'
import { platformBooks } from '../../src/adapters/ledger/books.ts'
import { kubernetesProbes } from '../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { performFault } from '../../src/controller/fault.ts'
import { createGates } from '../../src/controller/gates.ts'
import { createHealing } from '../../src/controller/healing.ts'
import { look } from '../../src/controller/sight.ts'
import { createTriggers } from '../../src/controller/triggers.ts'
import type { FaultStepData } from '../../src/domain/evidence.ts'
import { instant, millis } from '../../src/domain/units.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { stockPair } from '../files/stock.ts'
import { type Answers, Lines, Plain, refusal, smallApiServer } from '../support/small-api-server.ts'

const { rehearsal, target } = stockPair()
const DROPPED = 'error trying to reach service: dial tcp 10.0.0.7:8080: i/o timeout'
const dropped = { kind: 'Status', code: 503, message: DROPPED }

const pod = (namespace: string, name: string, labels: object) => ({
  metadata: { name, namespace, labels },
  spec: { nodeName: 'node-a' },
  status: { phase: 'Running', podIP: '10.0.0.7', conditions: [{ type: 'Ready', status: 'True' }] },
})

/** What is in the way of reading one source with two pods, and one book. */
async function issues(metrics: Answers, book: unknown = { entries: [], settled: true, pending: {} }) {
  const api = await smallApiServer((request) => {
    if (request.path.endsWith('/pods'))
      return { items: ['psp-a-1', 'psp-a-2'].map((name) => pod('providers', name, {})) }
    return request.path.includes('/services/') ? book : metrics(request)
  })
  const ports = { probes: kubernetesProbes(api, systemClock), books: platformBooks(api), clock: systemClock }
  const [[name = '', source] = []] = Object.entries(target.sources)
  const [only] = target.books
  if (source === undefined || only === undefined) throw new Error('the stock target has sources and books')
  const sights = await look(ports, { ...target, sources: { [name]: source }, books: [only] }, [only.book])
  expect(sights.map(({ kind }) => kind)).toEqual(['source', 'book'])
  return sights.flatMap(({ issue }) => issue ?? [])
}
/** Every metric that a source may be asked for. */
const exposition = Object.values(target.sources)
  .flatMap(({ metrics }) => metrics)
  .map((metric) => `# TYPE ${metric} counter\n${metric} 1\n`)
  .join('')
describe('the check before the load', () => {
  it('accepts a book that can be read, and a source with one pod that can be read', async () => {
    expect(await issues((request) => (request.path.includes('psp-a-1') ? dropped : new Plain(exposition)))).toEqual([])
  })

  it('reports a source whose pods the API server cannot reach, with the NetworkPolicy that may be the reason', async () => {
    const [issue, ...others] = await issues(() => dropped)
    expect(others).toEqual([])
    expect(issue).toMatchObject({ code: 'source-unreadable', problem: expect.stringContaining(DROPPED) })
    expect(issue?.next).toMatch(/NetworkPolicy.*control plane.*get --raw '\/api\/v1\/namespaces\/\w+\/pods\/psp-a-1:/)
  })

  it('does not explain a missing path by a NetworkPolicy', async () => {
    const [issue] = await issues(() => refusal(404))
    expect(issue).toMatchObject({ code: 'source-unreadable', problem: expect.stringContaining('answered 404') })
    expect(issue?.next).not.toContain('NetworkPolicy')
  })

  it.each([
    ['cannot be reached', dropped, DROPPED],
    ['is not a book', { hello: 'world' }, 'something that is no book'],
  ])('reports a book that %s', async (_, book, said) => {
    const told = await issues(() => new Plain(exposition), book)
    expect(told).toMatchObject([{ code: 'book-unreadable', problem: expect.stringContaining(said) }])
  })
})

describe('a fault that is due', () => {
  /**
   * The steps of the stock fault until it failed, and how often its object was sent to the API server. `stored`: what the server answers to it and then
   * lists; left out, it refuses it.
   */
  async function performed(metrics: unknown, on = target, stored?: (object: object) => object) {
    const planned = planTimeline(rehearsal, target, { run: 'run-1', seed: 1 })
    const fault = planned.ok ? planned.value.faults[0] : undefined
    if (fault === undefined) throw new Error('the stock rehearsal has a fault')
    let created = 0
    let kept: object | undefined
    const failed = new AbortController()
    const api = await smallApiServer(({ method, path, query, body }) => {
      if (path.includes('/proxy')) return metrics
      if (path.endsWith('/nodes')) return { items: [{ metadata: { name: 'node-a' } }] }
      const app = path.includes('/providers/') ? 'psp-a' : 'payments-api'
      const namespace = path.includes('/providers/') ? 'providers' : 'casino'
      if (path.endsWith('/pods')) return { items: [pod(namespace, `${app}-1`, { 'app.kubernetes.io/name': app })] }
      if (method === 'POST') created += 1
      if (method === 'POST' && stored) kept = stored(body as object)
      if (kept && method !== 'DELETE') {
        if (query.get('watch')) return new Lines()
        return method === 'POST' ? kept : { metadata: { resourceVersion: '7' }, items: [kept] }
      }
      return refusal(method === 'POST' ? 422 : 404)
    })
    const steps: FaultStepData[] = []
    const recorder = {
      record: (record: { kind: string; step?: unknown }) => {
        if (record.kind === 'fault-step') steps.push(record.step as FaultStepData)
        if (steps.at(-1)?.is === 'failed') failed.abort()
      },
      flush: async () => undefined,
    }
    const faults = chaosMeshInjector(api, systemClock)
    const owed = createHealing(recorder, faults, { keep: async () => undefined })
    const probes = kubernetesProbes(api, systemClock)
    const ports = {
      clock: systemClock,
      recorder,
      healing: owed,
      faults,
      probes,
      closely: new Set<string>(),
      gates: createGates(systemClock),
      triggers: createTriggers(systemClock, on, { faults: [fault], actions: [] }),
    }
    const zeroAt = instant(systemClock.now() - fault.fromMs)
    const roomy = { ...rehearsal, blastRadius: { ...rehearsal.blastRadius, pods: { kind: 'count', of: 9 } as const } }
    await performFault(ports, fault, { rehearsal: roomy, target: on }, zeroAt, new Set(), failed.signal)
    return { steps, created }
  }

  it('is refused when its witness cannot be read, and nothing is injected', async () => {
    const { steps, created } = await performed(dropped)
    expect(steps).toEqual([{ is: 'refused', problem: expect.stringMatching(/its witness psp-a can't be read/) }])
    expect(created).toBe(0)
  })

  it('is injected when its witness can be read', async () => {
    const { steps, created } = await performed(new Plain(exposition))
    expect(steps[0]).toMatchObject({ is: 'admitted' })
    expect(created).toBe(1)
  })

  it('must be injected within the budget of the target', async () => {
    const record = { id: 'casino/payments-api-1', selectorKey: '.', phase: 'Not Injected' }
    const experiment = { containerRecords: [{ ...record, injectedCount: 0, recoveredCount: 0 }] }
    const slow = { ...target, injectionBudgetMs: millis(1000) }
    const { steps } = await performed(new Plain(exposition), slow, (object) => ({ ...object, status: { experiment } }))
    const problem = 'after 1 s not injected at casino/payments-api-1 (Not Injected, no event yet)'
    expect(steps).toContainEqual({ is: 'failed', problem })
  })
})
