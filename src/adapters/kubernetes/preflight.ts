/** Asks the API server, before anything is touched, for every permission and object that the rehearsal will need. */
import type { Issue, SourcePoint } from '../../domain/issue.ts'
import { type PostureWant, postureKinds } from '../../domain/posture.ts'
import type { Expectation, MetricSource, Rehearsal, Target } from '../../domain/rehearsal.ts'
import { atAddresses } from '../../protocols/chaos-mesh/addresses.ts'
import { selectedNamespaces } from '../../protocols/chaos-mesh/selector.ts'
import {
  ApiRefusal,
  demand,
  find,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../protocols/kubernetes/api.ts'
import { actionNeeds, actionProblems } from './actions/preflight.ts'
import { fields } from './fields.ts'
import { type Need, permission, unique } from './permission.ts'
import { listNeeds } from './posture-lists.ts'
import { servesScaledObjects } from './scaled-objects.ts'

export async function preflight(api: KubernetesApi, rehearsal: Rehearsal, target: Target): Promise<readonly Issue[]> {
  const needs = [...needsOf(rehearsal, target), ...(await scaledObjectNeeds(api, target))]
  const answers = await Promise.all([
    ...needs.map((need) => permission(api, need)),
    ...objectsOf(rehearsal, target).map((object) => presence(api, object)),
    ...Object.keys(target.sources).map((name) => sourceMatches(api, target, name)),
    ...rehearsal.expectations.map((expected) => isThere(api, target, scalerOf(expected))),
    ...[...requiredScalers(rehearsal), ...waitedFor(rehearsal)].map((each) => isThere(api, target, each)),
    identity(api, target),
  ])
  return [...answers.filter((each) => each !== undefined), ...(await actionProblems(api, rehearsal, target))]
}

/** Every permission that a run needs, without duplicates. */
export function needsOf(rehearsal: Rehearsal, target: Target): readonly Need[] {
  const at: SourcePoint = { file: target.file, line: 0, column: 0 }
  const here = (group: string, resource: string, ...verbs: string[]): Need[] =>
    verbs.map((verb) => ({ verb, group, resource, namespace: target.namespace, at }))
  const faults = rehearsal.faults.flatMap((fault) => {
    const namespace = fault.object.metadata.namespace ?? target.namespace
    return ['create', 'get', 'list', 'watch', 'delete'].map((verb) => ({
      verb,
      group: 'chaos-mesh.org',
      resource: fault.object.kind.toLowerCase(),
      namespace,
      at: fault.at,
    }))
  })
  const proxies = [
    ...Object.values(target.sources).map((source) => ({
      verb: 'get',
      group: '',
      resource: 'pods',
      subresource: 'proxy',
      namespace: source.namespace,
      at,
    })),
    ...target.books.flatMap((book) =>
      ['get', 'create'].map((verb) => ({
        verb,
        group: '',
        resource: 'services',
        subresource: 'proxy',
        namespace: book.namespace,
        at,
      })),
    ),
  ]
  return unique([
    ...podNeeds(rehearsal, target),
    ...here('apps', 'deployments', 'list', 'watch'),
    ...here('apps', 'statefulsets', 'list', 'watch'),
    ...here('autoscaling', 'horizontalpodautoscalers', 'list', 'watch'),
    ...here('policy', 'poddisruptionbudgets', 'list', 'watch'),
    ...here('discovery.k8s.io', 'endpointslices', 'list', 'watch'),
    ...here('coordination.k8s.io', 'leases', 'create', 'get', 'update', 'delete'),
    ...['list', 'watch'].map((verb) => ({ verb, group: '', resource: 'nodes', namespace: '', at })),
    ...proxies,
    ...faults,
    ...postureNeeds(rehearsal),
    ...actionNeeds(rehearsal, target),
    ...loadNeeds(target),
  ])
}

/** Pods are watched in the namespaces of the target and its sources, and listed in every namespace that a fault selects. */
function podNeeds({ faults }: Rehearsal, target: Target): readonly Need[] {
  const at: SourcePoint = { file: target.file, line: 0, column: 0 }
  const pods = { group: '', resource: 'pods' }
  const watched = [target, ...Object.values(target.sources)].flatMap(({ namespace }) =>
    ['list', 'watch'].map((verb) => ({ ...pods, verb, namespace, at })),
  )
  const selected = faults.flatMap(({ object, at }) =>
    [object.metadata.namespace ?? target.namespace, ...selectedNamespaces(atAddresses(object, target.addresses))].map(
      (namespace) => ({
        ...pods,
        verb: 'list',
        namespace,
        at,
      }),
    ),
  )
  return [...watched, ...selected]
}

/** What runners in the cluster need. Credentials of the load go into a Secret of the run. */
function loadNeeds({ load, credentials = {} }: Target): readonly Need[] {
  if (load === undefined) return []
  const here = (group: string, resource: string, verbs: readonly string[], subresource?: string): readonly Need[] =>
    verbs.map((verb) => ({
      ...{ verb, group, resource, namespace: load.namespace, at: load.at },
      ...(subresource === undefined ? {} : { subresource }),
    }))
  const objects = ['create', 'get', 'list', 'delete']
  return [
    ...here('batch', 'jobs', objects),
    ...here('', 'configmaps', objects),
    ...(Object.keys(credentials).length === 0 ? [] : here('', 'secrets', objects)),
    ...here('', 'pods', ['list']),
    ...here('', 'pods', ['get'], 'log'),
    ...here('', 'pods', ['get', 'create', 'update', 'patch'], 'proxy'),
  ]
}

const postureNeeds = ({ expectations }: Rehearsal): readonly Need[] =>
  expectations.flatMap((each) =>
    each.kind === 'posture' ? each.namespaces.flatMap((namespace) => needsOfWants(namespace, each.wants, each.at)) : [],
  )

/** The permissions that these posture checks need in a namespace. */
export const needsOfWants = (namespace: string, wants: readonly PostureWant[], at: SourcePoint): readonly Need[] =>
  wants.flatMap((want) => postureKinds[want]).flatMap((kind) => listNeeds(kind, namespace, at))

/** KEDA is watched only if the cluster has it, so the permission is needed only there. */
async function scaledObjectNeeds(api: KubernetesApi, { namespace, file }: Target): Promise<readonly Need[]> {
  if (!(await servesScaledObjects(api))) return []
  const at: SourcePoint = { file, line: 0, column: 0 }
  return ['list', 'watch'].map((verb) => ({ verb, group: 'keda.sh', resource: 'scaledobjects', namespace, at }))
}

/** For a ScaledObject, or for an HPA by the name that KEDA gives it, unless the ScaledObject sets another name. */
const isAboutKeda = (expected: Expectation): boolean =>
  expected.kind === 'keda' || (expected.kind === 'autoscaler' && expected.name.startsWith('keda-hpa-'))

type Presence = { readonly path: string; readonly what: string; readonly next: string; readonly at: SourcePoint }

function objectsOf(rehearsal: Rehearsal, target: Target): readonly Presence[] {
  const file: SourcePoint = { file: target.file, line: 0, column: 0 }
  const namespaces = new Set([
    target.namespace,
    ...(target.load === undefined ? [] : [target.load.namespace]),
    ...Object.values(target.sources).map((each) => each.namespace),
    ...target.books.map((each) => each.namespace),
    ...rehearsal.expectations.flatMap((each) => (each.kind === 'posture' ? each.namespaces : [])),
  ])
  const scaled = rehearsal.expectations.find(isAboutKeda)
  const kinds = new Map(rehearsal.faults.map((fault) => [fault.object.kind, fault.at]))
  return [
    ...[...namespaces].map((name) => ({
      path: paths.namespace(name),
      what: `namespace ${name}`,
      next: 'Deploy the platform first, or mend the target file.',
      at: file,
    })),
    ...(scaled
      ? [
          {
            path: paths.keda,
            what: 'KEDA (keda.sh/v1alpha1), which an expectation is about',
            next: 'Install KEDA in the cluster, or drop the expectation.',
            at: scaled.at,
          },
        ]
      : []),
    ...[...kinds].map(([kind, at]) => ({
      path: paths.chaos(kind.toLowerCase()),
      what: `the Chaos Mesh kind ${kind}`,
      next: 'Install Chaos Mesh in the cluster, or use a fault of a kind it has.',
      at,
    })),
  ]
}

async function presence(api: KubernetesApi, { path, what, next, at }: Presence): Promise<Issue | undefined> {
  try {
    if (
      (await find(api, { method: 'GET', path: `${path}${path.includes('/namespaces/') ? '' : '?limit=1'}` })) !==
      undefined
    )
      return undefined
  } catch (error) {
    // The missing permission is an issue of its own. This check is only about missing objects.
    if (error instanceof ApiRefusal && error.status === 403) return undefined
    throw error
  }
  return { at, code: 'object-missing', problem: `the cluster of context ${api.context} has no ${what}.`, next }
}

/**
 * A list, or undefined if we may not read it or the kind does not exist; other checks report both. @throws ApiError for every other refusal
 */
async function allowedList(api: KubernetesApi, path: string): Promise<readonly KubeObject[] | undefined> {
  const request = { method: 'GET', path } as const
  const response = await api.request(request)
  if (response.status === 403 || response.status === 404) return undefined
  if (response.status >= 300) throw new ApiRefusal(request, response, api)
  return itemsOf(response.json)
}

type Watched = {
  readonly kind: 'ScaledObject' | 'HorizontalPodAutoscaler' | 'Deployment'
  readonly name: string
  readonly at: SourcePoint
}

function scalerOf(expected: Expectation): Watched | undefined {
  if (expected.kind === 'keda') return { kind: 'ScaledObject', name: expected.scaledObject, at: expected.at }
  return expected.kind === 'autoscaler'
    ? { kind: 'HorizontalPodAutoscaler', name: expected.name, at: expected.at }
    : undefined
}

const requiredScalers = ({ reaches = [] }: Rehearsal): readonly Watched[] =>
  reaches.flatMap((each) =>
    each.kind === 'at-maximum' ? [{ kind: 'HorizontalPodAutoscaler', name: each.autoscaler, at: each.at }] : [],
  )

/** Without the autoscaler or the Deployment, the trigger would never come. */
const waitedFor = ({ faults, actions }: Rehearsal): readonly Watched[] =>
  [...faults, ...actions].flatMap(({ when }): readonly Watched[] => {
    if (when?.trigger.kind === 'autoscaler')
      return [{ kind: 'HorizontalPodAutoscaler', name: when.trigger.autoscaler, at: when.trigger.at }]
    return when?.trigger.kind === 'rollout'
      ? [{ kind: 'Deployment', name: when.trigger.deployment, at: when.trigger.at }]
      : []
  })

/** Autoscalers that must reach their maximum, and objects of triggers, that do not exist. */
export async function missingObjects(
  api: KubernetesApi,
  rehearsal: Rehearsal,
  target: Target,
): Promise<readonly Issue[]> {
  const watched = [...requiredScalers(rehearsal), ...waitedFor(rehearsal)]
  const answers = await Promise.all(watched.map((each) => isThere(api, target, each)))
  return answers.filter((each) => each !== undefined)
}

/** A missing object is reported before the load. Uses a list, as the run does. */
async function isThere(
  api: KubernetesApi,
  { namespace }: Target,
  watched: Watched | undefined,
): Promise<Issue | undefined> {
  if (watched === undefined) return undefined
  const { kind, name, at } = watched
  const { path, resource } = listed[kind]
  const items = await allowedList(api, path(namespace))
  if (items === undefined || items.some(({ metadata }) => metadata.name === name)) return undefined
  return {
    at,
    code: 'object-missing',
    problem: `namespace ${namespace} of context ${api.context} has no ${kind} ${name}, which this expects something of.`,
    next: `Compare with: kubectl --context ${api.context} -n ${namespace} get ${resource}; optional parts of the platform are added to the lab with --overlay.`,
  }
}

const listed = {
  ScaledObject: { path: paths.scaledObjects, resource: 'scaledobjects' },
  HorizontalPodAutoscaler: { path: paths.autoscalers, resource: 'hpa' },
  Deployment: { path: paths.deployments, resource: 'deployments' },
} as const

/** A source without pods would leave a witness without data, so it is reported before the load. */
async function sourceMatches(api: KubernetesApi, target: Target, name: string): Promise<Issue | undefined> {
  const source = target.sources[name]
  if (source === undefined) return undefined
  const pods = await allowedList(api, paths.pods(source.namespace, source.selector))
  if (pods === undefined || pods.length > 0) return undefined
  if (await isAtZero(api, source)) return undefined
  const labels = Object.entries(source.selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  return {
    at: { file: target.file, line: 0, column: 0 },
    code: 'source-matches-nothing',
    problem: `source ${name}: no pod in namespace ${source.namespace} has ${labels}.`,
    next: `Compare with: kubectl --context ${api.context} -n ${source.namespace} get pods --show-labels`,
  }
}

/** Whether the pods of the source belong to a Deployment that is scaled to zero on purpose, as KEDA does when nothing is queued. */
async function isAtZero(api: KubernetesApi, { namespace, selector }: MetricSource): Promise<boolean> {
  const deployments = await allowedList(api, paths.deployments(namespace))
  return (deployments ?? []).some((deployment) => {
    const spec = fields(deployment.spec)
    const labels = fields(fields(fields(spec.template).metadata).labels)
    return spec.replicas === 0 && Object.entries(selector).every(([key, value]) => labels[key] === value)
  })
}

/** A target file may pin its cluster, so that the same context name on another machine is not mistaken for it. */
async function identity(api: KubernetesApi, target: Target): Promise<Issue | undefined> {
  if (target.clusterUid === undefined) return undefined
  const system = (await demand(api, { method: 'GET', path: paths.namespace('kube-system') })) as {
    metadata?: { uid?: string }
  }
  if (system.metadata?.uid === target.clusterUid) return undefined
  return {
    at: { file: target.file, line: 0, column: 0 },
    code: 'wrong-cluster',
    problem: `context ${api.context} leads to cluster ${system.metadata?.uid}, but the target file means ${target.clusterUid}.`,
    next: 'Check the kubeconfig; change clusterUid only if the cluster was really replaced.',
  }
}
