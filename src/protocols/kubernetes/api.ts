/**
 * What adapters need of the Kubernetes API: plain requests and a watch that says when it broke. The one implementation is
 * `adapters/kubernetes`; the shape lives here so that adapters that speak through the API server need not know it.
 */
import { ApiRefusal } from './api-error.ts'

export { ApiRefusal } from './api-error.ts'

export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with query, from the root of the API server. */
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  /** Another form of the answer than the whole objects. */
  readonly accept?: string
  readonly timeoutMs?: number
  /** A larger answer is refused: no answer. Pods and services behind the proxy have a limit of their own. */
  readonly bytesMax?: number
  readonly signal?: AbortSignal
  /** 429 is the answer, not a wish to be asked again: so an eviction says that a disruption budget is spent. */
  readonly once?: boolean
}

/** `json` is undefined when the answer is not JSON; `text` always holds the body. */
export type ApiResponse = {
  readonly status: number
  readonly text: string
  readonly json: unknown
  readonly contentType?: string
  /** Where a redirect leads. */
  readonly location?: string
}

export type WatchEvent<T> = { readonly change: 'present' | 'added' | 'modified' | 'deleted'; readonly object: T }

/** What is watched, and what of each object: no more is kept of those that are there. `reduce` gives what JSON can hold. */
export type WatchRequest<T> = {
  readonly path: string
  reduce(object: KubeObject): T
  onEvent(event: WatchEvent<T>): void
  /** A break that may have lost events. */
  onLost(problem: string): void
}

export type KubeObject = {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly finalizers?: readonly string[]
    readonly generation?: number
    readonly ownerReferences?: readonly {
      readonly kind?: string
      readonly name?: string
      readonly controller?: boolean
    }[]
  }
  readonly [field: string]: unknown
}

export type ExecRequest = {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly command: readonly string[]
  readonly timeoutMs: number
}

/** `problem`: why the command did not run, or did not end well. */
export type ExecAnswer = { readonly output: string; readonly problem?: string }

export interface KubernetesApi {
  readonly context: string
  readonly server: string
  /**
   * Any HTTP status of an API server is an answer. Rejects with ApiError when no answer came or something that is no API server answered,
   * and with the signal's reason when aborted.
   */
  request(request: ApiRequest): Promise<ApiResponse>
  /** Runs a command in a container and waits for its end. Never rejects. */
  exec(request: ExecRequest): Promise<ExecAnswer>
  /** Lists, then watches until aborted; resumes after breaks without a gap where the server allows it. */
  watch<T>(watching: WatchRequest<T>, signal: AbortSignal): Promise<void>
}

/** A request whose answer must be a success: the parsed body, or ApiRefusal. */
export async function demand(api: KubernetesApi, request: ApiRequest): Promise<unknown> {
  const response = await api.request(request)
  if (response.status >= 300) throw new ApiRefusal(request, response, api)
  return response.json
}

/** Like `demand`, for answers that are text. */
export async function demandText(api: KubernetesApi, request: ApiRequest): Promise<string> {
  const response = await api.request(request)
  if (response.status >= 300) throw new ApiRefusal(request, response, api)
  return response.text
}

/** Like `demand`, but undefined when the object is not there. */
export async function find(api: KubernetesApi, request: ApiRequest): Promise<unknown> {
  const response = await api.request(request)
  if (response.status === 404) return undefined
  if (response.status >= 300) throw new ApiRefusal(request, response, api)
  return response.json
}

export const isKubeObject = (value: unknown): value is KubeObject =>
  typeof value === 'object' &&
  value !== null &&
  'metadata' in value &&
  typeof (value as KubeObject).metadata?.name === 'string'

/** Items of a list answer. */
export function itemsOf(list: unknown): readonly KubeObject[] {
  const items = (list as { items?: unknown } | undefined)?.items
  return Array.isArray(items) ? items.filter(isKubeObject) : []
}

const selectorText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

export const paths = {
  namespaces: '/api/v1/namespaces',
  namespace: (name: string) => `/api/v1/namespaces/${name}`,
  nodes: '/api/v1/nodes',
  node: (name: string) => `/api/v1/nodes/${name}`,
  allPods: (query = '') => `/api/v1/pods${query}`,
  eviction: (namespace: string, pod: string) => `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`,
  configMaps: (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`,
  /** Any object of a namespace: `apps/v1`, `deployments`, … */
  object: (apiVersion: string, plural: string, namespace: string, name: string): string =>
    `${paths.objects(apiVersion, plural, namespace)}/${name}`,
  /** All objects of a kind in a namespace, for lists and for POST. */
  objects: (apiVersion: string, plural: string, namespace: string): string =>
    `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/namespaces/${namespace}/${plural}`,
  pods: (namespace: string, labels?: Readonly<Record<string, string>>) =>
    `/api/v1/namespaces/${namespace}/pods${labels ? `?labelSelector=${encodeURIComponent(selectorText(labels))}` : ''}`,
  podProxy: (namespace: string, pod: string, port: number, path: string) =>
    `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`,
  serviceProxy: (namespace: string, service: string, port: number, path: string) =>
    `/api/v1/namespaces/${namespace}/services/${service}:${port}/proxy${path}`,
  podLog: (namespace: string, pod: string, query: string) => `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`,
  jobs: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`,
  deployments: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  statefulSets: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  daemonSets: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
  services: (namespace: string) => `/api/v1/namespaces/${namespace}/services`,
  secrets: (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`,
  autoscalers: (namespace: string) => `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
  keda: '/apis/keda.sh/v1alpha1',
  scaledObjects: (namespace: string) => `/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`,
  rollouts: (namespace: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`,
  budgets: (namespace: string) => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
  endpointSlices: (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
  networkPolicies: (namespace: string) => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
  leases: (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
  accessReviews: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  chaos: (plural: string, namespace?: string) =>
    namespace
      ? `/apis/chaos-mesh.org/v1alpha1/namespaces/${namespace}/${plural}`
      : `/apis/chaos-mesh.org/v1alpha1/${plural}`,
} as const
