/**
 * Selects targets as Chaos Mesh does: once, from the current pods. If the object has a seed (matchday writes one, kubectl does not), the same
 * seed selects the same positions among the same number of pods.
 */
import { createRandom } from '../../domain/random.ts'
import { SEED_ANNOTATION, selectorsOf, targetedContainers } from '../../protocols/chaos-mesh/experiment.ts'
import type { ChaosObject, ChaosRecord, PodSelector } from '../../protocols/chaos-mesh/objects.ts'
import type { SelectableNode, SelectablePod } from '../../protocols/chaos-mesh/selector.ts'
import { selectPods } from '../../protocols/chaos-mesh/selector.ts'
import type { Fields } from '../../protocols/fields.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { fieldsOf, listOf, textOf } from '../machine/json.ts'

export type Selected =
  | { readonly ok: true; readonly records: readonly ChaosRecord[] }
  | { readonly ok: false; readonly reason: string }

/** New records for all of the object's selectors. @throws when the API server cannot be asked */
export async function selectRecords(cluster: ClusterClient, object: ChaosObject): Promise<Selected> {
  const selectors = selectorsOf(object)
  const [pods, nodes] = await Promise.all([podsFor(cluster, object, selectors), nodesFor(cluster, selectors)])
  return recordsAmong(object, pods, nodes)
}

/** The records of a selection among these pods. */
export function recordsAmong(
  object: ChaosObject,
  pods: readonly ListedPod[],
  nodes: readonly SelectableNode[],
): Selected {
  const records: ChaosRecord[] = []
  const inOrder = pods.toSorted((a, b) => placeOf(a).localeCompare(placeOf(b), 'en'))
  for (const [key, { selector, mode, value }] of selectorsOf(object)) {
    const chosen = selectPods(selector, mode, value, inOrder, nodes, object.metadata.namespace, drawsFor(object, key))
    if (!chosen.ok) return chosen
    const ids = chosen.pods.flatMap((pod) => idsOf(object, pod))
    if (ids.length === 0) return { ok: false, reason: 'no target has been selected' }
    records.push(...ids.map((id) => fresh(id, key)))
  }
  return { ok: true, records }
}

/** By node first: names of pods end in random letters, while the scheduler spreads the same number of pods over the same nodes. */
const placeOf = ({ metadata, spec }: ListedPod): string =>
  `${metadata?.namespace} ${spec?.nodeName ?? ''} ${metadata?.name}`

function drawsFor({ metadata }: ChaosObject, selectorKey: string): () => number {
  const seed = Number(metadata.annotations?.[SEED_ANNOTATION])
  return Number.isSafeInteger(seed) ? createRandom(seed, `selector ${selectorKey}`).fraction : Math.random
}

const fresh = (id: string, selectorKey: string): ChaosRecord => ({
  id,
  selectorKey,
  phase: 'Not Injected',
  injectedCount: 0,
  recoveredCount: 0,
})

type KeyedSelector = readonly [key: string, selector: PodSelector]
/** A pod as the API gives it: selectable, and with its containers. */
type ListedPod = SelectablePod & { readonly spec?: { readonly containers?: unknown } }

async function podsFor(
  cluster: ClusterClient,
  object: ChaosObject,
  selectors: readonly KeyedSelector[],
): Promise<ListedPod[]> {
  const namespaces = new Set(selectors.flatMap(([, selector]) => namespacesOf(selector, object.metadata.namespace)))
  const lists = await Promise.all(
    [...namespaces].map((namespace) => cluster.get(`/api/v1/namespaces/${namespace}/pods`)),
  )
  return lists.flatMap(({ items }) => listOf(items).map(fieldsOf).map(listedPod))
}

function namespacesOf({ selector }: PodSelector, own: string): readonly string[] {
  const named = Object.keys(selector.pods ?? {})
  if (named.length > 0) return named
  return selector.namespaces?.length ? selector.namespaces : [own]
}

async function nodesFor(cluster: ClusterClient, selectors: readonly KeyedSelector[]): Promise<SelectableNode[]> {
  const needed = selectors.some(
    ([, { selector }]) => selector.nodes !== undefined || selector.nodeSelectors !== undefined,
  )
  if (!needed) return []
  return listOf((await cluster.get('/api/v1/nodes')).items).map((node) => fieldsOf(node))
}

/** The API server is trusted for the shape of a Pod. */
const listedPod = (pod: Fields): ListedPod => pod

function idsOf(object: ChaosObject, pod: ListedPod): string[] {
  const id = `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`
  const wanted = targetedContainers(object)
  if (wanted === undefined) return [id]
  const names = listOf(pod.spec?.containers).map((container) => textOf(fieldsOf(container).name))
  // Without container names, the first container is used.
  const hit = wanted.length === 0 ? names.slice(0, 1) : names.filter((name) => wanted.includes(name))
  return hit.map((name) => `${id}/${name}`)
}
