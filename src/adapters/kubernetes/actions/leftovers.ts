/** Leftovers of dead runs' actions, as the cluster shows them: marked objects, and changes that only matchday makes. */
import { POWER_FIELD } from '../../../domain/action.ts'
import type { ResidueItem } from '../../../domain/evidence.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import {
  ApiRefusal,
  demand,
  isKubeObject,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../../protocols/kubernetes/api.ts'
import { text } from '../fields.ts'
import { fieldAt, pathOf, taintsOf } from './change.ts'
import { changedBy, MARKED, type Mark, marksOf } from './marks.ts'
import { databasePath } from './promote.ts'
import { ROUTE_API } from './route-weights.ts'

const routesPath = (namespace: string): string => `/apis/${ROUTE_API}/namespaces/${namespace}/httproutes`

export async function leftChanges(api: KubernetesApi, target: Target): Promise<readonly Mark[]> {
  const { namespace } = target
  const lists = [
    paths.nodes,
    paths.deployments(namespace),
    paths.statefulSets(namespace),
    paths.configMaps(namespace),
    routesPath(namespace),
    paths.autoscalers(namespace),
    paths.scaledObjects(namespace),
  ]
  const objects = await Promise.all([
    ...lists.map(async (path) => itemsOf(await allowed(api, path + MARKED))),
    ...Object.values(target.databases).map(async (database) => {
      const object = await allowed(api, databasePath(database))
      return isKubeObject(object) ? [object] : []
    }),
  ])
  const marks = objects
    .flat()
    .flatMap(marksOf)
    .filter((mark) => mark.target === namespace)
  return [...new Map(marks.map((mark) => [JSON.stringify(mark), mark])).values()]
}

/** Marks that still exist, and nodes that are powered off or tainted as only matchday does it, even if somebody removed the mark. */
export async function changesLeft(api: KubernetesApi, target: Target): Promise<readonly ResidueItem[]> {
  const next = `matchday heal --context ${target.context}`
  const marked = (await leftChanges(api, target)).map(({ run, undo }) => ({
    what: `a change of run ${run}`,
    where: `${pathOf(undo)}: ${undo.does === 'remove-taint' ? 'taint ' : ''}${changedBy(undo)}`,
    next,
  }))
  const nodes = itemsOf(await demand(api, { method: 'GET', path: paths.nodes }))
  return [...marked, ...nodes.filter((node) => marksOf(node).length === 0).flatMap(orphansOn)]
}

const OURS = 'matchday.dev/'

function orphansOn(node: KubeObject): readonly ResidueItem[] {
  const where = `Node/${node.metadata.name}`
  const taints = taintsOf(node)
    .map((taint) => text(taint.key))
    .filter((key) => key.startsWith(OURS))
    .map((key) => ({ what: `the taint ${key}`, where, next: `kubectl taint node ${node.metadata.name} ${key}-` }))
  if (fieldAt(node, POWER_FIELD) !== 'off') return taints
  const next = `kubectl annotate node ${node.metadata.name} ${POWER_FIELD[2]}-`
  return [...taints, { what: 'a node without power', where, next }]
}

/** 403: a role with least privilege reads only the objects that its rehearsals change. We cannot have changed others. */
export async function allowed(api: KubernetesApi, path: string): Promise<unknown> {
  const request = { method: 'GET', path } as const
  const response = await api.request(request)
  if (response.status === 403 || response.status === 404) return undefined
  if (response.status >= 300) throw new ApiRefusal(request, response)
  return response.json
}
