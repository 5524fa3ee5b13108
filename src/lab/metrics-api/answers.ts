/** The two metrics APIs: paths in, Kubernetes objects out. Pure except for its sources. */

import type { MetricValue } from './evaluate.ts'
import { type LabelQuery, labelQuery } from './label-query.ts'
import type { MetricPod } from './pods.ts'
import type { PodUsage, Usage } from './usage.ts'

export const CUSTOM = 'custom.metrics.k8s.io'
/** The autoscaler of Kubernetes 1.37 prefers v1beta2 and still supports v1beta1. */
export const CUSTOM_VERSION = 'v1beta2'
export const RESOURCE = 'metrics.k8s.io'
export const RESOURCE_VERSION = 'v1beta1'

export type Sources = {
  readonly metricNames: readonly string[]
  pods(): Iterable<MetricPod>
  valueOf(metric: string, pod: MetricPod): MetricValue | undefined
  usage(): Usage | undefined
}

export type MetricsAnswer = { readonly status: number; readonly body: unknown }
const ok = (body: unknown): MetricsAnswer => ({ status: 200, body })
const problem = (status: number, reason: string, message: string): MetricsAnswer => ({
  status,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status },
})

/** `target` is the request's path with its query. */
export function answerTo(target: string, sources: Sources): MetricsAnswer {
  const url = new URL(target, 'https://metrics-api')
  const [apis, group, version, ...rest] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  const query = labelQuery(url.searchParams.get('labelSelector') ?? '')
  if (query === undefined) return problem(400, 'BadRequest', 'labelSelector is not a label selector')
  if (apis === 'apis' && group === CUSTOM && version === CUSTOM_VERSION) return customAnswer(rest, query, sources)
  if (apis === 'apis' && group === RESOURCE && version === RESOURCE_VERSION) return resourceAnswer(rest, query, sources)
  return problem(404, 'NotFound', `not found: ${url.pathname}`)
}

function customAnswer(parts: readonly string[], query: LabelQuery, sources: Sources): MetricsAnswer {
  if (parts.length === 0)
    return ok(resourceList(`${CUSTOM}/${CUSTOM_VERSION}`, sources.metricNames.map(customResource)))
  const [scope, namespace, kind, name, metric, ...more] = parts
  if (scope !== 'namespaces' || kind !== 'pods' || name === undefined || metric === undefined || more.length > 0)
    return problem(404, 'NotFound', 'only metrics of pods are served')
  if (!sources.metricNames.includes(metric))
    return problem(
      404,
      'NotFound',
      `the metric ${metric} is not known for pods; known are ${sources.metricNames.join(', ')}`,
    )
  const pods = [...sources.pods()].filter((pod) => pod.namespace === namespace && query(pod.labels))
  const chosen = name === '*' ? pods : pods.filter((pod) => pod.name === name)
  const items = chosen.flatMap((pod) => {
    const value = sources.valueOf(metric, pod)
    return value === undefined ? [] : [metricValue(metric, pod, value)]
  })
  if (items.length === 0 && name !== '*')
    return problem(404, 'NotFound', `the metric ${metric} has no value for pod ${namespace}/${name}`)
  return ok({ kind: 'MetricValueList', apiVersion: `${CUSTOM}/${CUSTOM_VERSION}`, metadata: {}, items })
}

const customResource = (metric: string) => ({
  name: `pods/${metric}`,
  singularName: '',
  namespaced: true,
  kind: 'MetricValueList',
  verbs: ['get'],
})

const resourceList = (groupVersion: string, resources: readonly unknown[]) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources,
})

const timestamp = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z')

const metricValue = (metric: string, pod: MetricPod, { value, atMs, windowMs }: MetricValue) => ({
  describedObject: { kind: 'Pod', namespace: pod.namespace, name: pod.name, apiVersion: '/v1' },
  metric: { name: metric, selector: null },
  timestamp: timestamp(atMs),
  ...(windowMs > 0 && { windowSeconds: Math.round(windowMs / 1000) }),
  // Quantities have at most three decimals here: 12.345 requests a second are 12345m.
  value: `${Math.round(value * 1000)}m`,
})

function resourceAnswer(parts: readonly string[], query: LabelQuery, sources: Sources): MetricsAnswer {
  if (parts.length === 0) return ok(resourceList(`${RESOURCE}/${RESOURCE_VERSION}`, RESOURCE_KINDS))
  const usage = sources.usage() ?? { atMs: Date.now(), windowMs: 0, pods: [] }
  const [first, second, third, fourth, ...more] = parts
  if (first === 'nodes' && third === undefined) return nodeAnswer(usage, second)
  const known = new Map([...sources.pods()].map((pod) => [pod.uid, pod]))
  const all = usage.pods.filter((pod) => query(known.get(pod.uid)?.labels ?? {}))
  const labelled = (pod: PodUsage) => podMetrics(pod, usage, known.get(pod.uid)?.labels ?? {})
  if (first === 'pods' && second === undefined) return listAnswer('PodMetricsList', all.map(labelled))
  if (first !== 'namespaces' || third !== 'pods' || more.length > 0) return problem(404, 'NotFound', 'no such resource')
  const own = all.filter((pod) => pod.namespace === second)
  if (fourth === undefined) return listAnswer('PodMetricsList', own.map(labelled))
  const named = own.find((pod) => pod.name === fourth)
  if (named === undefined) return problem(404, 'NotFound', `podmetrics.${RESOURCE} "${fourth}" not found`)
  return ok({ kind: 'PodMetrics', apiVersion: `${RESOURCE}/${RESOURCE_VERSION}`, ...labelled(named) })
}

const RESOURCE_KINDS = [
  { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
  { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
]

const listAnswer = (kind: string, items: readonly unknown[]): MetricsAnswer =>
  ok({ kind, apiVersion: `${RESOURCE}/${RESOURCE_VERSION}`, metadata: {}, items })

const usageOf = (cpuNanosPerSecond: number, memoryBytes: number) => ({
  cpu: `${Math.round(cpuNanosPerSecond)}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
})

const podMetrics = (pod: PodUsage, usage: Usage, labels: Readonly<Record<string, string>>) => ({
  metadata: { name: pod.name, namespace: pod.namespace, labels, creationTimestamp: timestamp(usage.atMs) },
  timestamp: timestamp(usage.atMs),
  window: `${Math.max(1, Math.round(usage.windowMs / 1000))}s`,
  containers: pod.containers.map((container) => ({
    name: container.name,
    usage: usageOf(container.cpuNanosPerSecond, container.memoryBytes),
  })),
})

/** The use of a node is the sum of its pods: nothing else runs on it. */
function nodeAnswer(usage: Usage, wanted: string | undefined): MetricsAnswer {
  const names = [...new Set(usage.pods.map((pod) => pod.node))].filter(
    (name) => wanted === undefined || name === wanted,
  )
  const items = names.map((name) => nodeMetrics(name, usage))
  if (wanted === undefined) return listAnswer('NodeMetricsList', items)
  if (items.length === 0) return problem(404, 'NotFound', `nodemetrics.${RESOURCE} "${wanted}" not found`)
  return ok({ kind: 'NodeMetrics', apiVersion: `${RESOURCE}/${RESOURCE_VERSION}`, ...items[0] })
}

function nodeMetrics(name: string, usage: Usage) {
  const containers = usage.pods.filter((pod) => pod.node === name).flatMap((pod) => pod.containers)
  const cpu = containers.reduce((total, container) => total + container.cpuNanosPerSecond, 0)
  const memory = containers.reduce((total, container) => total + container.memoryBytes, 0)
  return {
    metadata: { name, creationTimestamp: timestamp(usage.atMs) },
    timestamp: timestamp(usage.atMs),
    window: `${Math.max(1, Math.round(usage.windowMs / 1000))}s`,
    usage: usageOf(cpu, memory),
  }
}
