import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerTo, type Sources } from '../../../src/lab/metrics-api/answers.ts'
import { labelQuery } from '../../../src/lab/metrics-api/label-query.ts'
import { metricPod } from '../../../src/lab/metrics-api/pods.ts'
import { snapshotOf, usageBetween } from '../../../src/lab/metrics-api/usage.ts'

const pod = (name: string, labels: Record<string, string>, namespace = 'casino') => ({
  uid: `uid-${name}`,
  namespace,
  name,
  labels,
  scrape: undefined,
})
const pods = [
  pod('api-1', { app: 'api' }),
  pod('api-2', { app: 'api' }),
  pod('db-1', { app: 'db' }),
  pod('api-9', { app: 'api' }, 'other'),
]
const running = (name: string, cpuNanos: number) => ({
  uid: `uid-${name}`,
  namespace: 'casino',
  name,
  node: name === 'db-1' ? 'node-b' : 'node-a',
  containers: [{ id: `c-${name}`, name: 'main', state: 'running', cpuNanos, workingSetBytes: 2048 * 1024 }],
})
const usage = usageBetween(
  snapshotOf([running('api-1', 0), running('db-1', 0)], 0),
  snapshotOf([running('api-1', 3e9), running('db-1', 6e9), running('api-2', 1e9)], 3000),
)
const sources: Sources = {
  metricNames: ['rps_per_pod'],
  pods: () => pods,
  usage: () => usage,
  valueOf: (_, { name }) =>
    name === 'api-1' ? { value: 12.3456, atMs: 1_700_000_000_000, windowMs: 5000 } : undefined,
}
const ask = (target: string) => answerTo(target, sources)
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not computed with
const itemsOf = (target: string): any[] => (ask(target).body as any).items

const custom = '/apis/custom.metrics.k8s.io/v1beta2'
const resource = '/apis/metrics.k8s.io/v1beta1'

describe('custom metrics', () => {
  it('give a value for each pod that has one, and none for the others', () => {
    const items = itemsOf(`${custom}/namespaces/casino/pods/*/rps_per_pod?labelSelector=app%3Dapi`)
    expect(items).toEqual([
      {
        describedObject: { kind: 'Pod', namespace: 'casino', name: 'api-1', apiVersion: '/v1' },
        metric: { name: 'rps_per_pod', selector: null },
        timestamp: '2023-11-14T22:13:20Z',
        windowSeconds: 5,
        value: '12346m',
      },
    ])
  })

  it.each([
    ['an unknown metric', `${custom}/namespaces/casino/pods/*/cake`, 404],
    ['a pod without a value', `${custom}/namespaces/casino/pods/api-2/rps_per_pod`, 404],
    ['metrics of services', `${custom}/namespaces/casino/services/*/rps_per_pod`, 404],
    ['an invalid selector', `${custom}/namespaces/casino/pods/*/rps_per_pod?labelSelector=app%3D%3D%3Dx`, 400],
    ['another version', '/apis/custom.metrics.k8s.io/v1/namespaces', 404],
    ['the root', '/', 404],
  ])('refuse %s', (_, target, status) => {
    expect(ask(target)).toMatchObject({ status, body: { kind: 'Status', code: status } })
  })

  it('are listed by discovery', () => {
    expect(ask(custom).body).toMatchObject({ kind: 'APIResourceList', resources: [{ name: 'pods/rps_per_pod' }] })
  })
})

describe('resource metrics', () => {
  it('give processor time and memory of pods that were measured twice', () => {
    const items = itemsOf(`${resource}/namespaces/casino/pods`)
    expect(items.map((item) => [item.metadata.name, item.containers[0].usage])).toEqual([
      ['api-1', { cpu: '1000000000n', memory: '2048Ki' }],
      ['db-1', { cpu: '2000000000n', memory: '2048Ki' }],
    ])
  })

  it('filter by label', () => {
    expect(itemsOf(`${resource}/pods?labelSelector=app%3Ddb`).map((item) => item.metadata.name)).toEqual(['db-1'])
  })

  it('add up a node from its pods', () => {
    expect(ask(`${resource}/nodes/node-a`).body).toMatchObject({ kind: 'NodeMetrics', usage: { cpu: '1000000000n' } })
    expect(ask(`${resource}/nodes/node-z`).status).toBe(404)
  })

  it('are empty before the runtime was asked twice', () => {
    const answer = answerTo(`${resource}/nodes`, { ...sources, usage: () => undefined })
    expect(answer.body).toMatchObject({ kind: 'NodeMetricsList', items: [] })
  })
})

describe('a label selector', () => {
  const labels = { app: 'api', 'matchday.dev/pool': 'realtime' }
  it.each([
    ['', true],
    ['app=api', true],
    ['app==api,matchday.dev/pool=realtime', true],
    ['app!=api', false],
    ['tier!=x', true],
    ['app in (api, db)', true],
    ['app notin (api,db)', false],
    ['app in (api,db),!tier', true],
    ['tier', false],
    ['app=', false],
  ])('%s matches: %s', (text, holds) => {
    expect(labelQuery(text)?.(labels)).toBe(holds)
  })

  it.each(['app=api,', '=api', 'app like api', 'app in api', '()'])('%s is refused', (text) => {
    expect(labelQuery(text)).toBeUndefined()
  })

  it('never throws, and no answer throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.webPath(), (text, path) => {
        labelQuery(text)
        expect(ask(`/apis${path}?labelSelector=${encodeURIComponent(text)}`).status).toBeGreaterThanOrEqual(200)
      }),
    )
  })
})

describe('the address of the metrics of a pod', () => {
  const annotated = (annotations: Record<string, string>, status: object) =>
    metricPod({ metadata: { name: 'a', annotations }, status: { phase: 'Running', podIP: '10.244.1.9', ...status } })
      .scrape
  const wanted = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' }

  it('is the loopback address of the pod', () => {
    expect(annotated(wanted, {})).toEqual({ host: '127.244.1.9', port: 9090, path: '/metrics' })
  })

  it.each<[string, Record<string, string>, object]>([
    ['a pod that does not ask for it', {}, {}],
    ['a pod without an address', wanted, { podIP: undefined }],
    ['a pod that is finished', wanted, { phase: 'Succeeded' }],
    ['a port that is not a number', { ...wanted, 'prometheus.io/port': 'http' }, {}],
    ['a port out of range', { ...wanted, 'prometheus.io/port': '70000' }, {}],
  ])('does not exist for %s', (_, annotations, status) => {
    expect(annotated(annotations, status)).toBeUndefined()
  })
})
