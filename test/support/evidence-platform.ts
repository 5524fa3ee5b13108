/** What cluster and platform show of the stock run: the fault's steps, versions of objects, and scrapes. */
import type { Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import { named } from './evidence-cluster.ts'
import { FAULT, RUN, secondAt } from './evidence-rehearsal.ts'
import type { Story } from './evidence-story.ts'

const undo = {
  does: 'delete-object',
  apiVersion: 'chaos-mesh.org/v1alpha1',
  objectKind: 'NetworkChaos',
  plural: 'networkchaos',
  namespace: 'casino',
  name: 'psp-down',
} as const

export function faultRecords(story: Story): Evidence[] {
  const reached = story.steps.filter(([second]) => second <= story.lasts)
  const steps = reached.map(
    ([second, step]): Evidence => ({ kind: 'fault-step', at: secondAt(second), fault: FAULT, step }),
  )
  const created = reached.find(([, step]) => step.is === 'created')?.[0]
  if (created === undefined) return steps
  const healed = reached.find(([, step]) => step.is === 'healed')?.[0]
  return [
    { kind: 'undo-written', at: secondAt(created - 0.05), id: `${RUN}/psp-down`, undo },
    ...steps,
    ...(healed === undefined
      ? []
      : [{ kind: 'undo-done', at: secondAt(healed), id: `${RUN}/psp-down`, by: 'run', outcome: 'undone' } as const]),
  ]
}

/** A version of each object every second; pods only when their number changes. */
export function clusterRecords(story: Story): Evidence[] {
  const records: Evidence[] = []
  const seen = (at: number, object: EvidenceOf<'object-seen'>['object'], change: 'added' | 'modified' = 'modified') =>
    records.push({ kind: 'object-seen', at: secondAt(at), change, object })
  for (let second = -1; second < story.lasts; second++) {
    const { scheduled, ready } = story.pods(second)
    const before = second < 0 ? { scheduled: 0, ready: 0 } : story.pods(second - 1)
    for (let n = 1; n <= scheduled; n++) {
      const [isNew, isReady, wasReady] = [n > before.scheduled, n <= ready, n <= before.ready]
      if (isNew || isReady !== wasReady) seen(second + 0.3, pod(n, isReady), isNew ? 'added' : 'modified')
    }
    const hpa = story.hpa(second)
    if (hpa) {
      const counts = { of: 'payments-api', min: 2, max: 6, current: ready, conditions: [] }
      seen(second + 0.4, { resource: 'HorizontalPodAutoscaler', ...named('payments-api'), ...counts, ...hpa })
    }
    const budget = story.budget(second)
    if (budget) {
      const { healthy, wanted, expected } = budget
      const counts = { healthy, wantedHealthy: wanted, expected, allowed: Math.max(0, healthy - wanted) }
      seen(second + 0.5, { resource: 'PodDisruptionBudget', ...named('payments-api'), ...counts })
    }
  }
  return records
}

const pod = (n: number, ready: boolean) =>
  ({
    resource: 'Pod',
    ...named(`payments-api-${n}`),
    app: 'payments-api',
    labels: {},
    node: `zone-${'abc'[n % 3]}-api`,
    podPhase: 'Running',
    ready,
    deleting: false,
    restarts: 0,
    images: [
      { container: 'app', image: 'payments-api:1', id: `registry.example/payments-api@sha256:${'a'.repeat(64)}` },
    ],
  }) as const

/** Scrapes every half second from ten seconds before the load on; counters have counted before. */
export function samples(story: Story): Evidence[] {
  const records: Evidence[] = []
  const counted = { calls: 5000, a: 4000, b: 10, requests: 9000 }
  for (let second = 0; second <= story.lasts; second += 0.5) {
    const at = secondAt(second)
    const calls = story.pspCalls(second)
    if (calls === 'unanswered') {
      records.push({ kind: 'sample', at, source: 'psp-a', pod: 'psp-a-0', ok: false, problem: 'timeout' })
    } else {
      counted.calls += calls / 2
      const series = [{ name: 'psp_requests_total', labels: { psp: 'psp-a' }, value: counted.calls }]
      records.push({ kind: 'sample', at, source: 'psp-a', pod: 'psp-a-0', ok: true, series })
    }
    const { a, b } = story.approved(second)
    counted.a += a / 2
    counted.b += b / 2
    counted.requests += (a + b) / 2
    records.push({
      kind: 'sample',
      at,
      source: 'payments-api',
      pod: 'payments-api-1',
      ok: true,
      series: charges(counted),
    })
  }
  return records
}

const charges = ({ a, b, requests }: { a: number; b: number; requests: number }) => [
  { name: 'payments_charges_total', labels: { psp: 'psp-a', outcome: 'approved' }, value: a },
  { name: 'payments_charges_total', labels: { psp: 'psp-a', outcome: 'unknown' }, value: 3 },
  { name: 'payments_charges_total', labels: { psp: 'psp-b', outcome: 'approved' }, value: b },
  { name: 'http_requests_total', labels: { route: '/charges', code: '201' }, value: requests },
]
