/** A release with a route, performed against an API server that keeps its objects; both releases count as many requests as the weights give them. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { routePath } from '../../src/adapters/kubernetes/actions/route-weights.ts'
import { httpVisits } from '../../src/adapters/visits/visits.ts'
import { performAction } from '../../src/controller/action.ts'
import { createCanaries } from '../../src/controller/canary.ts'
import { createHealing } from '../../src/controller/healing.ts'
import type { Books } from '../../src/controller/ports.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { createTriggers } from '../../src/controller/triggers.ts'
import type { Act } from '../../src/domain/action.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { millis } from '../../src/domain/units.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { paths } from '../../src/protocols/kubernetes/api.ts'
import { everythingPair } from '../files/stock.ts'
import { createTraffic, fastClock, type Traffic } from './canary.ts'
import { actionOf } from './evidence-actions.ts'
import { smallApiServer, standing } from './small-api-server.ts'

export const CANARY = `${paths.deployments('casino')}/gateway-canary`
export const ROUTE = routePath('casino', 'gateway')

type Weights = readonly [number, number]
const routeOf = ([stable, canary]: Weights) => ({
  metadata: { name: 'gateway', namespace: 'casino' },
  spec: {
    rules: [
      {
        backendRefs: [
          { name: 'gateway', port: 8080, weight: stable },
          { name: 'gateway-canary', port: 8080, weight: canary },
        ],
      },
    ],
  },
})

const cluster = (): Record<string, unknown> => ({
  [CANARY]: {
    metadata: { name: 'gateway-canary', namespace: 'casino' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'gateway-canary' } },
      template: { spec: { containers: [{ name: 'gateway', image: 'registry.example/gateway:1' }] } },
    },
    status: {},
  },
  [ROUTE]: routeOf([100, 0]),
  [paths.nodes]: { items: [] },
  [paths.pods('casino')]: { items: [] },
})

/** The Deployment's controller is done at once. */
function rolledOut(objects: Record<string, unknown>) {
  const deployment = objects[CANARY] as { spec: { replicas: number }; status: object }
  const { replicas } = deployment.spec
  return { ...deployment, status: { replicas, updatedReplicas: replicas, availableReplicas: replicas } }
}

export const weightsIn = (objects: Record<string, unknown>): Weights => {
  const [rule] = (objects[ROUTE] as ReturnType<typeof routeOf>).spec.rules
  const [stable, canary] = rule?.backendRefs ?? []
  return [stable?.weight ?? 1, canary?.weight ?? 1]
}

/** What stands at the entry: status of the answer to a visit, and its headers. */
export type Entry = (
  headers: Readonly<Record<string, unknown>>,
) => number | readonly [number, Record<string, string>, string?]

export type Performed = {
  readonly act: Act
  readonly traffic?: Partial<Traffic>
  readonly forS?: number
  readonly entry?: Entry
  readonly books?: Books
  /** Called with the objects of the cluster, for traffic that depends on them. */
  readonly onCluster?: (objects: Record<string, unknown>) => void
}

export const noBooks: Books = {
  read: () => Promise.reject(new Error('no book is read')),
  committed: () => Promise.resolve([]),
  due: () => Promise.resolve([]),
}

export async function performRelease({
  act,
  traffic = {},
  forS = 120,
  entry = () => 404,
  books = noBooks,
  onCluster = () => undefined,
}: Performed) {
  const pair = everythingPair()
  const rehearsal = { ...pair.rehearsal, actions: [actionOf('gateway 2', act)] }
  const target = { ...pair.target, entry: await serveEntry(entry) }
  const timeline = planTimeline(rehearsal, target, { run: 'run-1', seed: 1 })
  const action = timeline.ok ? timeline.value.actions[0] : undefined
  if (!timeline.ok || action === undefined) throw new Error('there is no canary in the plan')
  const objects = cluster()
  onCluster(objects)
  const patches: string[] = []
  const answers = standing(objects)
  const api = await smallApiServer((request) => {
    if (request.method === 'PATCH') patches.push(request.path)
    const answer = answers(request)
    return request.path === CANARY ? rolledOut(objects) : answer
  })
  const clock = fastClock(30)
  const records: Evidence[] = []
  const canaries = createCanaries({ clock, visits: httpVisits(), books }, rehearsal, target, 'run-1')
  const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
  const recorder = createRecorder(
    sink,
    clock,
    (record) => canaries.add(record),
    () => {},
  )
  const actions = kubernetesActions(api, clock)
  const stop = createTraffic(clock, recorder, () => weightsIn(objects), traffic)
  try {
    await performAction(
      {
        clock,
        recorder,
        healing: createHealing(recorder, actions, actions),
        actions,
        canaries,
        triggers: createTriggers(clock, target, timeline.value),
      },
      { ...action, fromMs: millis(0), toMs: millis(forS * 1000) },
      { rehearsal, target, timeline: timeline.value },
      clock.now(),
      new Set(),
      new AbortController().signal,
    )
  } finally {
    stop()
  }
  const steps = records.flatMap((record) => (record.kind === 'action-step' ? [record.step] : []))
  return { objects, records, patches, steps, kinds: steps.map(({ is }) => is) }
}

async function serveEntry(entry: Entry): Promise<string> {
  const server = createServer((request, response) => {
    const answer = entry(request.headers)
    const [status, headers, body] = typeof answer === 'number' ? [answer, {}] : answer
    response.writeHead(status, headers).end(body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
