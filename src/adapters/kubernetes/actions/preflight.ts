/**
 * Checks before anything is touched: the permissions of the actions, the existence of their objects, and that no controller would revert the change.
 */
import type { Issue } from '../../../domain/issue.ts'
import type { Act, ActionSpec, Rehearsal, Target, Workload } from '../../../domain/rehearsal.ts'
import { itemsOf, type KubeObject, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { chosenNodes } from '../../../protocols/kubernetes/nodes.ts'
import { fields, text } from '../fields.ts'
import { type Need, unique } from '../permission.ts'
import { fieldAt } from './change.ts'
import { configMapPath } from './flag.ts'
import { POWER_CONTROL_LABEL } from './nodes.ts'
import { databasePath } from './promote.ts'
import { type ReleaseAct, whyNotReleased } from './release.ts'
import { workloadPath } from './workloads.ts'

/** Exactly the verbs that the actions need: one PATCH per change, the reads for it, and the search for marks. */
export const actionNeeds = ({ actions, blastRadius }: Rehearsal, target: Target): readonly Need[] =>
  unique(
    actions.flatMap(({ act, at }) =>
      resourcesOf(act, blastRadius.namespaces, target).flatMap(({ verbs, ...resource }) =>
        verbs.map((verb) => ({ ...resource, verb, at })),
      ),
    ),
  )

type Resource = Omit<Need, 'verb' | 'at'> & { readonly verbs: readonly string[] }

function resourcesOf(act: Act, namespaces: readonly string[], target: Target): readonly Resource[] {
  const changed = ['get', 'list', 'patch']
  const { namespace } = target
  const nodes: readonly Resource[] = [
    { group: '', resource: 'nodes', namespace: '', verbs: changed },
    { group: '', resource: 'pods', namespace: '', verbs: ['list'] },
  ]
  switch (act.kind) {
    case 'taint':
    case 'power-off':
      return nodes
    case 'drain':
      return [...nodes, ...namespaces.map((each) => ({ ...EVICTION, namespace: each }))]
    case 'scale':
    case 'rollout':
    case 'release':
      return [{ group: 'apps', resource: `${act.workload.kind.toLowerCase()}s`, namespace, verbs: changed }]
    case 'flag':
      return [{ group: '', resource: 'configmaps', namespace, verbs: changed }]
    case 'promote': {
      const known = target.databases[act.database]
      if (known === undefined) return []
      const group = known.apiVersion.includes('/') ? known.apiVersion.replace(/\/.*/, '') : ''
      return [{ group, resource: known.plural, namespace: known.namespace, verbs: ['get', 'patch'] }]
    }
  }
}

const EVICTION = { group: '', resource: 'pods', subresource: 'eviction', verbs: ['create'] }

export async function actionProblems(
  api: KubernetesApi,
  { actions }: Rehearsal,
  target: Target,
): Promise<readonly Issue[]> {
  const found = await Promise.all(actions.map((action) => problemOf(api, action, target)))
  return found.filter((each) => each !== undefined)
}

function problemOf(api: KubernetesApi, action: ActionSpec, target: Target): Promise<Issue | undefined> {
  const { act } = action
  switch (act.kind) {
    case 'taint':
    case 'drain':
    case 'power-off':
      return nodesProblem(api, action, act)
    case 'scale':
      return scaleProblem(api, action, act.workload, target)
    case 'rollout':
      return missing(api, action, workloadPath(act.workload, target.namespace))
    case 'release':
      return releaseProblem(api, action, act, target)
    case 'flag':
      return missing(api, action, configMapPath(target.namespace, act.configMap))
    case 'promote':
      return databaseProblem(api, action, act.database, target)
  }
}

const issue = ({ name, at }: ActionSpec, code: string, problem: string, next: string): Issue => ({
  at,
  code,
  problem: `"${name}": ${problem}.`,
  next,
})

/** A missing permission is reported by the permission check. */
async function read(api: KubernetesApi, path: string): Promise<KubeObject | 'missing' | 'forbidden'> {
  const response = await api.request({ method: 'GET', path })
  if (response.status === 404) return 'missing'
  return response.status >= 300 ? 'forbidden' : (response.json as KubeObject)
}

async function missing(api: KubernetesApi, action: ActionSpec, path: string): Promise<Issue | undefined> {
  if ((await read(api, path)) !== 'missing') return undefined
  const next = 'Deploy it first, or mend the action.'
  return issue(action, 'object-missing', `the cluster of context ${api.context} has no ${path}`, next)
}

async function nodesProblem(
  api: KubernetesApi,
  action: ActionSpec,
  act: Extract<Act, { kind: 'taint' | 'drain' | 'power-off' }>,
): Promise<Issue | undefined> {
  const response = await api.request({ method: 'GET', path: paths.nodes })
  if (response.status >= 300) return undefined
  const chosen = chosenNodes(act.nodes, itemsOf(response.json))
  if (chosen.length === 0)
    return issue(
      action,
      'object-missing',
      'no node is of that zone and pool',
      'Compare with: kubectl get nodes --show-labels',
    )
  const powerless = chosen.filter((node) => node.metadata.labels?.[POWER_CONTROL_LABEL] !== 'true')
  if (act.kind !== 'power-off' || powerless.length === 0) return undefined
  const names = powerless.map((node) => node.metadata.name).join(', ')
  const next = `Use taint or drain; power is cut only where somebody obeys the annotation and says so by the label ${POWER_CONTROL_LABEL}.`
  return issue(action, 'no-power-control', `nobody switches the power of ${names}`, next)
}

/** An autoscaler would revert the scale at its next sync, so neither the harm nor its undo would be ours. */
async function scaleProblem(
  api: KubernetesApi,
  action: ActionSpec,
  workload: Workload,
  { namespace }: Target,
): Promise<Issue | undefined> {
  const response = await api.request({ method: 'GET', path: paths.autoscalers(namespace) })
  const owner = itemsOf(response.json).find((autoscaler) => {
    const { kind, name } = fields(fields(autoscaler.spec).scaleTargetRef)
    return text(kind) === workload.kind && text(name) === workload.name
  })
  if (owner === undefined) return missing(api, action, workloadPath(workload, namespace))
  const problem = `${workload.kind} ${workload.name} is scaled by the autoscaler ${owner.metadata.name}, which would set it back`
  return issue(action, 'workload-autoscaled', problem, 'Scale another workload, or let the load move the autoscaler.')
}

async function releaseProblem(
  api: KubernetesApi,
  action: ActionSpec,
  act: ReleaseAct,
  { namespace }: Target,
): Promise<Issue | undefined> {
  const path = workloadPath(act.workload, namespace)
  const object = await read(api, path)
  if (object === 'forbidden') return undefined
  if (object === 'missing') return missing(api, action, path)
  const found = whyNotReleased(object, act)
  return found && issue(action, found.code, found.problem, found.next)
}

async function databaseProblem(
  api: KubernetesApi,
  action: ActionSpec,
  database: string,
  { databases, file }: Target,
): Promise<Issue | undefined> {
  const known = databases[database]
  if (known === undefined) return undefined
  const object = await read(api, databasePath(known))
  if (object === 'forbidden') return undefined
  if (object === 'missing') return missing(api, action, databasePath(known))
  if (fieldAt(object, known.observed.split('.')) !== undefined) return undefined
  const problem = `${databasePath(known)} does not show its primary in ${known.observed}`
  return issue(action, 'object-missing', problem, `Is its operator running? Compare with databases in ${file}.`)
}
