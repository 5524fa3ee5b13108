/**
 * What the cluster itself provides for rehearsals: zones, pools, storage, a way in, metrics APIs, Chaos Mesh, KEDA (docs/how-to/prepare-a-cluster.md).
 * Each item is read by itself and with the least permission: discovery, which every authenticated user may read, or one list.
 */
import type { Target } from '../../domain/rehearsal.ts'
import { ApiRefusal, find, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { nodeSeen } from './snapshots.ts'
import { createSurveyReader, type SurveyReader } from './survey.ts'

/** `unknown`: this login may not read it. `next` says what it is for and how to get it. */
export type Provision = {
  readonly item: string
  readonly state: 'there' | 'missing' | 'unknown'
  readonly sentence: string
  readonly next?: string
}

type Ask = (api: KubernetesApi, reader: SurveyReader) => Promise<Provision | readonly Provision[]>

/** Without a target, the namespaces are left out. */
export async function provisionsOf(api: KubernetesApi, target: Target | undefined): Promise<readonly Provision[]> {
  const asks: readonly Ask[] = [
    nodes,
    storage,
    wayIn,
    served('metrics API', 'metrics.k8s.io/v1beta1', 'Autoscalers on CPU or memory need it: install metrics-server.'),
    served(
      'custom metrics API',
      'custom.metrics.k8s.io/v1beta2',
      'Autoscalers on requests or latency need it: install prometheus-adapter, or use KEDA.',
    ),
    served(
      'Chaos Mesh',
      'chaos-mesh.org/v1alpha1',
      'Faults need it: install Chaos Mesh. Actions (drain, rollout, scale) work without.',
    ),
    served('KEDA', 'keda.sh/v1alpha1', 'Only expectations about ScaledObjects need it.'),
    ...(target === undefined ? [] : namespacesOf(target).map(namespace)),
  ]
  const answers = await Promise.all(asks.map((ask) => ask(api, createSurveyReader(api))))
  return answers.flat()
}

const namespacesOf = ({ namespace, sources, books }: Target): readonly string[] => [
  ...new Set([namespace, ...[...Object.values(sources), ...books].map((each) => each.namespace)]),
]

const unknown = (item: string, what: string): Provision => ({
  item,
  state: 'unknown',
  sentence: `${what} may not be listed with this login.`,
})

/** The items that nodes show by their labels. */
async function nodes(_: KubernetesApi, reader: SurveyReader): Promise<readonly Provision[]> {
  const found = await reader.list(paths.nodes, 'nodes', '', nodeSeen)
  if (reader.unread.length > 0) return ['zones', 'node pools'].map((item) => unknown(item, 'Nodes'))
  const labels = (item: string, label: string, values: readonly string[], next: string): Provision => {
    const all = [...new Set(values.filter((value) => value !== ''))].sort()
    const bare = values.filter((value) => value === '').length
    if (all.length === 0) return { item, state: 'missing', sentence: `no node has the label ${label}.`, next }
    const rest = bare === 0 ? '' : `; ${bare} of ${values.length} nodes have none`
    return { item, state: 'there', sentence: `${all.join(', ')}${rest}.` }
  }
  return [
    labels(
      'zones',
      'topology.kubernetes.io/zone',
      found.map(({ zone }) => zone),
      'Losing a zone and spreading over zones need it: label the nodes.',
    ),
    labels(
      'node pools',
      'matchday.dev/pool',
      found.map(({ pool }) => pool),
      'Choosing nodes by pool needs it: label the nodes with matchday.dev/pool or node.kubernetes.io/pool.',
    ),
  ]
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

async function storage(_: KubernetesApi, reader: SurveyReader): Promise<Provision> {
  const item = 'storage class'
  const classes = await reader.list('/apis/storage.k8s.io/v1/storageclasses', 'storageclasses', '', ({ metadata }) => ({
    name: metadata.name,
    isDefault: metadata.annotations?.[DEFAULT_CLASS] === 'true',
  }))
  if (reader.unread.length > 0) return unknown(item, 'Storage classes')
  const next = 'Databases with volumes of their own need one.'
  if (classes.length === 0) return { item, state: 'missing', sentence: 'there is no StorageClass.', next }
  const names = classes.map(({ name, isDefault }) => (isDefault ? `${name} (default)` : name)).join(', ')
  if (classes.some(({ isDefault }) => isDefault)) return { item, state: 'there', sentence: `${names}.` }
  return {
    item,
    state: 'missing',
    sentence: `${names}; none is the default.`,
    next: `Name one in each claim, or annotate one with ${DEFAULT_CLASS}=true.`,
  }
}

/** Classes of Ingresses and of Gateways. */
async function wayIn(_: KubernetesApi, reader: SurveyReader): Promise<Provision> {
  const item = 'way in'
  const found = await Promise.all([
    reader.list(
      '/apis/networking.k8s.io/v1/ingressclasses',
      'ingressclasses',
      '',
      ({ metadata }) => `ingress class ${metadata.name}`,
    ),
    reader.list(
      '/apis/gateway.networking.k8s.io/v1/gatewayclasses',
      'gatewayclasses',
      '',
      ({ metadata }) => `gateway class ${metadata.name}`,
    ),
  ])
  const names = found.flat()
  if (names.length > 0) return { item, state: 'there', sentence: `${names.join(', ')}.` }
  if (reader.unread.length > 0) return unknown(item, 'Classes of Ingresses or Gateways')
  const next = "The load comes from outside: the target's entry must lead in some other way, such as a load balancer."
  return { item, state: 'missing', sentence: 'there is neither an IngressClass nor a GatewayClass.', next }
}

const served =
  (item: string, groupVersion: string, next: string): Ask =>
  async (api) => {
    try {
      const found = await find(api, { method: 'GET', path: `/apis/${groupVersion}` })
      if (found !== undefined) return { item, state: 'there', sentence: `${groupVersion} is served.` }
      return { item, state: 'missing', sentence: `the cluster does not serve ${groupVersion}.`, next }
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error
      if (error.status === 403) return { item, state: 'unknown', sentence: 'discovery is closed to this login.' }
      // An API of an adapter whose pod is down.
      if (error.status === 503)
        return { item, state: 'missing', sentence: `${groupVersion} does not answer (503).`, next }
      throw error
    }
  }

const namespace =
  (name: string): Ask =>
  async (api) => {
    const item = `namespace ${name}`
    try {
      if ((await find(api, { method: 'GET', path: paths.namespace(name) })) !== undefined)
        return { item, state: 'there', sentence: 'is there.' }
      return {
        item,
        state: 'missing',
        sentence: 'is not there.',
        next: 'Deploy the platform first, or mend the target file.',
      }
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 403) throw error
      return { item, state: 'unknown', sentence: 'may not be read with this login.' }
    }
  }
