/**
 * What a cluster has that a first rehearsal needs to know: workloads, what scales and protects them, how requests come in, and which tools are
 * installed. Reads only, and each list by itself: what may not be read is part of the result.
 */
import type { BudgetSeen, HpaSeen, ScaledObjectSeen } from '../../domain/cluster.ts'
import {
  ApiRefusal,
  find,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../protocols/kubernetes/api.ts'
import { fields, list, named, text } from './fields.ts'
import { scaledObjectSeen } from './scaled-objects.ts'
import { budgetSeen, hpaSeen } from './snapshots.ts'

/** A list that may not be read; all namespaces if `namespace` is empty. */
export type Unread = { readonly what: string; readonly namespace: string }

export type FoundWorkload = {
  readonly kind: 'Deployment' | 'StatefulSet'
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  /** Labels by which it selects its pods. */
  readonly selector: Readonly<Record<string, string>>
  /** Labels of its pods. */
  readonly labels: Readonly<Record<string, string>>
  /** What its pods say of their metrics by the annotations `prometheus.io/…`. */
  readonly metrics?: { readonly port: number; readonly path?: string }
}

export type FoundService = { readonly name: string; readonly selector: Readonly<Record<string, string>> }

/** A route into the cluster. `host` and `address` are absent if the object has none. */
export type FoundRoute = {
  readonly kind: 'Ingress' | 'HTTPRoute'
  readonly name: string
  readonly className: string
  readonly host?: string
  readonly address?: string
  readonly tls: boolean
  readonly path: string
  readonly service: string
}

export type FoundPrometheus = { readonly namespace: string; readonly service: string; readonly port: number }

/** A kind that the cluster does not have, or that may not be read, is an empty list. `unread` tells the two apart. */
export type Survey = {
  readonly context: string
  readonly namespace: string
  /** Other namespaces with workloads of users. */
  readonly others: readonly string[]
  readonly clusterUid?: string
  readonly workloads: readonly FoundWorkload[]
  readonly services: readonly FoundService[]
  readonly routes: readonly FoundRoute[]
  readonly autoscalers: readonly HpaSeen[]
  readonly budgets: readonly BudgetSeen[]
  readonly scaledObjects: readonly ScaledObjectSeen[]
  readonly prometheus: readonly FoundPrometheus[]
  readonly hasChaosMesh: boolean
  readonly unread: readonly Unread[]
}

/** Namespaces of the cluster itself and of what is usually installed in it. */
const SYSTEM =
  /^(kube-.*|gke-.*|cattle-.*|openshift(-.*)?|chaos-mesh|chaos-testing|keda|monitoring|observability|prometheus|cert-manager|ingress-nginx|ingress|traefik|envoy-gateway-system|istio-system|linkerd|local-path-storage|metallb-system|argocd|flux-system|tigera-operator|calico-.*)$/

/**
 * Without a namespace, the one with a route or else with most workloads. Undefined if there is none. @throws ApiError when the cluster does not
 * answer
 */
export async function surveyCluster(api: KubernetesApi, wanted: string | undefined): Promise<Survey | undefined> {
  const reader = createSurveyReader(api)
  const everywhere = await reader.list('/apis/apps/v1/deployments', 'deployments', '', foundWorkload('Deployment'))
  const homes = everywhere.map(({ namespace }) => namespace).filter((name) => !SYSTEM.test(name))
  const namespace = wanted ?? (await mostLikely(api, homes))
  if (namespace === undefined) return undefined
  const others = [...new Set(homes)].filter((name) => name !== namespace).sort()
  return surveyNamespace(api, reader, namespace, others)
}

async function surveyNamespace(
  api: KubernetesApi,
  reader: SurveyReader,
  namespace: string,
  others: readonly string[],
): Promise<Survey> {
  const read = <T>(path: string, what: string, make: (object: KubeObject) => T): Promise<readonly T[]> =>
    reader.list(path, what, namespace, make)
  const [uid, deployments, statefulSets, services, routes, autoscalers, budgets, scaledObjects, prometheus, chaosMesh] =
    await Promise.all([
      clusterUid(api),
      read(paths.deployments(namespace), 'deployments', foundWorkload('Deployment')),
      read(paths.statefulSets(namespace), 'statefulsets', foundWorkload('StatefulSet')),
      read(paths.services(namespace), 'services', foundService),
      routesOf(reader, namespace),
      read(paths.autoscalers(namespace), 'horizontalpodautoscalers', hpaSeen),
      read(paths.budgets(namespace), 'poddisruptionbudgets', budgetSeen),
      read(paths.scaledObjects(namespace), 'scaledobjects', scaledObjectSeen),
      prometheusOf(reader),
      find(api, { method: 'GET', path: CHAOS_MESH }),
    ])
  return {
    context: api.context,
    namespace,
    others,
    ...(uid === undefined ? {} : { clusterUid: uid }),
    workloads: [...deployments, ...statefulSets],
    services,
    routes,
    autoscalers,
    budgets,
    scaledObjects,
    prometheus,
    hasChaosMesh: chaosMesh !== undefined,
    unread: reader.unread,
  }
}

/** Discovery, which every authenticated user may read. */
const CHAOS_MESH = '/apis/chaos-mesh.org/v1alpha1'

export type SurveyReader = {
  /** Every list that was refused so far. */
  readonly unread: readonly Unread[]
  /** @throws ApiError for every refusal but a missing permission */
  list<T>(path: string, what: string, namespace: string, make: (object: KubeObject) => T): Promise<readonly T[]>
}

export function createSurveyReader(api: KubernetesApi): SurveyReader {
  const unread: Unread[] = []
  return {
    unread,
    list: async (path, what, namespace, make) => {
      try {
        return itemsOf(await find(api, { method: 'GET', path })).map(make)
      } catch (error) {
        if (!isForbidden(error)) throw error
        unread.push({ what, namespace })
        return []
      }
    },
  }
}

const isForbidden = (error: unknown): boolean => error instanceof ApiRefusal && error.status === 403

async function mostLikely(api: KubernetesApi, homes: readonly string[]): Promise<string | undefined> {
  // A missing permission in other namespaces does not matter here.
  const reader = createSurveyReader(api)
  const count = (name: string): number => homes.filter((home) => home === name).length
  const ranked = await Promise.all(
    [...new Set(homes)].map(async (name) => ({ name, isOpen: (await routesOf(reader, name)).length > 0 })),
  )
  ranked.sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || count(b.name) - count(a.name))
  return ranked[0]?.name
}

async function clusterUid(api: KubernetesApi): Promise<string | undefined> {
  try {
    const system = fields(await find(api, { method: 'GET', path: paths.namespace('kube-system') }))
    return text(fields(system.metadata).uid) || undefined
  } catch (error) {
    if (isForbidden(error)) return undefined
    throw error
  }
}

const labelsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields(value)).flatMap(([key, each]) => (typeof each === 'string' ? [[key, each]] : [])),
  )

const foundWorkload =
  (kind: FoundWorkload['kind']) =>
  (object: KubeObject): FoundWorkload => {
    const spec = fields(object.spec)
    const template = fields(fields(spec.template).metadata)
    const annotations = labelsOf(template.annotations)
    const port = Number(annotations['prometheus.io/port'])
    const path = annotations['prometheus.io/path']
    const scraped = annotations['prometheus.io/scrape'] === 'true' && Number.isInteger(port) && port > 0
    return {
      kind,
      namespace: named(object).namespace,
      name: object.metadata.name,
      replicas: typeof spec.replicas === 'number' ? spec.replicas : 1,
      selector: labelsOf(fields(spec.selector).matchLabels),
      labels: labelsOf(template.labels),
      ...(scraped ? { metrics: { port, ...(path === undefined ? {} : { path }) } } : {}),
    }
  }

const foundService = (object: KubeObject): FoundService => ({
  name: object.metadata.name,
  selector: labelsOf(fields(object.spec).selector),
})

/** Ingresses, and HTTPRoutes where the cluster has the Gateway API. */
async function routesOf(reader: SurveyReader, namespace: string): Promise<readonly FoundRoute[]> {
  const of = (group: string, plural: string, make: (object: KubeObject) => readonly FoundRoute[]) =>
    reader.list(`/apis/${group}/v1/namespaces/${namespace}/${plural}`, plural, namespace, make)
  const all = await Promise.all([
    of('networking.k8s.io', 'ingresses', ingressRoutes),
    of('gateway.networking.k8s.io', 'httproutes', httpRoutes),
  ])
  return all.flat(2)
}

function ingressRoutes(object: KubeObject): readonly FoundRoute[] {
  const spec = fields(object.spec)
  const secured = list(spec.tls).flatMap(({ hosts }) => (Array.isArray(hosts) ? hosts.map(text) : []))
  const [balancer] = list(fields(fields(object.status).loadBalancer).ingress)
  const address = text(balancer?.hostname) || text(balancer?.ip)
  return list(spec.rules).flatMap((rule) =>
    list(fields(rule.http).paths).map((each) => ({
      kind: 'Ingress' as const,
      name: object.metadata.name,
      className: text(spec.ingressClassName),
      ...(text(rule.host) === '' ? {} : { host: text(rule.host) }),
      ...(address === '' ? {} : { address }),
      tls: secured.includes(text(rule.host)),
      path: text(each.path) || '/',
      service: text(fields(fields(each.backend).service).name),
    })),
  )
}

function httpRoutes(object: KubeObject): readonly FoundRoute[] {
  const spec = fields(object.spec)
  const [host] = Array.isArray(spec.hostnames) ? spec.hostnames.map(text) : []
  return list(spec.rules).flatMap((rule) => {
    const [backend] = list(rule.backendRefs)
    const matches = list(rule.matches)
    return (matches.length > 0 ? matches : [{}]).map((match) => ({
      kind: 'HTTPRoute' as const,
      name: object.metadata.name,
      className: '',
      ...(host === undefined || host === '' ? {} : { host }),
      tls: false,
      path: text(fields(fields(match).path).value) || '/',
      service: text(backend?.name),
    }))
  })
}

/** Services that are labelled as Prometheus. */
const prometheusOf = (reader: SurveyReader): Promise<readonly FoundPrometheus[]> =>
  reader.list(
    `/api/v1/services?labelSelector=${encodeURIComponent('app.kubernetes.io/name=prometheus')}`,
    'services',
    '',
    (object) => ({
      namespace: named(object).namespace,
      service: object.metadata.name,
      port: Number(list(fields(object.spec).ports)[0]?.port ?? 9090),
    }),
  )
