/** One kind of change in the cluster: the permissions that it needs, its preflight, the pods that it may affect, and how it is made. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { Issue } from '../../../domain/issue.ts'
import type { ActionSpec, Target } from '../../../domain/rehearsal.ts'
import { ApiRefusal, demand, itemsOf, type KubeObject, type KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import type { Need } from '../permission.ts'
import type { ActionContext } from './change.ts'

/** Verbs on one resource. */
export type Resource = Omit<Need, 'verb' | 'at'> & { readonly verbs: readonly string[] }

export type LiveInventory = {
  readonly nodes: readonly KubeObject[]
  readonly pods: readonly KubeObject[]
  readonly workloads?: readonly KubeObject[]
}

/** `targets`: the objects that were admitted. `note` is what the journal says once it is done. */
export type Enacting<C> = ActionContext & {
  readonly change: C
  readonly targets: readonly string[]
  readonly settings: Target
  readonly note: (evicted: number) => string
}

export type Checked<C> = {
  readonly api: KubernetesApi
  readonly action: ActionSpec
  readonly change: C
  readonly target: Target
}

export type ChangeEnactor<C> = {
  /** `namespaces`: those of the blast radius. */
  readonly needs: (change: C, target: Target, namespaces: readonly string[]) => readonly Resource[]
  /** Why it could not be made. Checked before anything is changed. */
  readonly problem: (checked: Checked<C>) => Promise<Issue | undefined>
  /** The pods that it may hit. */
  readonly inventory: (api: KubernetesApi, change: C, target: Target) => Promise<LiveInventory>
  readonly prepare: (enacting: Enacting<C>) => Promise<PreparedAction>
}

export const CHANGED = ['get', 'list', 'patch']

export const listAt = async (api: KubernetesApi, path: string): Promise<readonly KubeObject[]> =>
  itemsOf(await demand(api, { method: 'GET', path }))

export const issueOf = ({ name, at }: ActionSpec, code: string, problem: string, next: string): Issue => ({
  at,
  code,
  problem: `"${name}": ${problem}.`,
  next,
})

/** A missing permission is reported by the permission check. Any other refusal is an ApiRefusal. */
export async function readIfAllowed(api: KubernetesApi, path: string): Promise<KubeObject | 'missing' | 'forbidden'> {
  const request = { method: 'GET', path } as const
  const response = await api.request(request)
  if (response.status === 404) return 'missing'
  if (response.status === 403) return 'forbidden'
  if (response.status >= 300) throw new ApiRefusal(request, response, api)
  return response.json as KubeObject
}

export const noSuchObject = (api: KubernetesApi, action: ActionSpec, path: string): Issue =>
  issueOf(
    action,
    'object-missing',
    `the cluster of context ${api.context} has no ${path}`,
    'Deploy it first, or correct the action.',
  )

export async function missing(api: KubernetesApi, action: ActionSpec, path: string): Promise<Issue | undefined> {
  return (await readIfAllowed(api, path)) === 'missing' ? noSuchObject(api, action, path) : undefined
}
