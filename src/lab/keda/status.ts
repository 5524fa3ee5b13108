import { withCluster } from '../cluster-access/connect.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../machine/json.ts'

export const KEDA_NAMESPACE = 'keda'

/** Ready and wanted pods, by Deployment. */
export type KedaStatus = Readonly<Record<string, { readonly ready: number; readonly wanted: number }>>

/** Undefined without KEDA, and when the API server does not answer, which the lab's own status shows. */
export async function kedaStatus(root: string): Promise<KedaStatus | undefined> {
  try {
    const path = `/apis/apps/v1/namespaces/${KEDA_NAMESPACE}/deployments`
    const { items } = await withCluster(root, (cluster) => cluster.get(path))
    const states = listOf(items).map(fieldsOf).map(stateOf)
    return states.length === 0 ? undefined : Object.fromEntries(states)
  } catch {
    return undefined
  }
}

const stateOf = ({ metadata, spec, status }: Readonly<Record<string, unknown>>) =>
  [
    textOf(fieldsOf(metadata).name),
    { ready: numberOf(fieldsOf(status).readyReplicas), wanted: numberOf(fieldsOf(spec).replicas) },
  ] as const
