/** Reads what the release checklist looks at. Nothing is touched; what may not be read is an error, for a check must not pass unseen. */
import { EnvironmentError } from '../../controller/ports.ts'
import {
  ApiRefusal,
  demand,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../protocols/kubernetes/api.ts'

export type ReleaseObjects = {
  readonly workloads: readonly KubeObject[]
  readonly budgets: readonly KubeObject[]
  readonly autoscalers: readonly KubeObject[]
  readonly policies: readonly KubeObject[]
}

export async function readRelease(api: KubernetesApi, namespace: string): Promise<ReleaseObjects> {
  const list = (path: string) => listed(api, path)
  const [deployments, statefulSets, budgets, autoscalers, policies] = await Promise.all([
    list(paths.deployments(namespace)),
    list(paths.statefulSets(namespace)),
    list(paths.budgets(namespace)),
    list(paths.autoscalers(namespace)),
    list(paths.networkPolicies(namespace)),
  ])
  // Items of a list carry no kind of their own.
  const as = (kind: string, items: readonly KubeObject[]) => items.map((item) => ({ ...item, kind }))
  const workloads = [...as('Deployment', deployments), ...as('StatefulSet', statefulSets)]
  return { workloads, budgets, autoscalers, policies }
}

async function listed(api: KubernetesApi, path: string): Promise<readonly KubeObject[]> {
  try {
    return itemsOf(await demand(api, { method: 'GET', path }))
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error
    throw new EnvironmentError(
      `cannot read ${path}: ${error.message}`,
      'Grant list there; docs/how-to/rbac.yaml.',
      error,
    )
  }
}
