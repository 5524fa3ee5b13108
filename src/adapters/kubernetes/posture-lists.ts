/** The lists that make up the posture of a namespace, and the permission for each. Of Secrets only metadata. */
import type { DialReach } from '../../domain/effects.ts'
import type { SourcePoint } from '../../domain/issue.ts'
import type { PostureKind, PostureObject } from '../../domain/posture.ts'
import { demand, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { dialPods } from './dials.ts'
import { tryPods } from './dry-runs.ts'
import type { Need } from './permission.ts'
import { networkPolicySeen, secretSeen, serviceSeen, workloadSeen } from './posture.ts'
import { scaledObjectSeen, servesScaledObjects } from './scaled-objects.ts'
import { budgetSeen, hpaSeen } from './snapshots.ts'

/** The API server leaves the data out itself, so that no secret ever travels (Kubernetes API concepts, "Metadata-only fetches"). */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/**
 * Secrets that are rotated automatically: tokens by the API server, certificates by their issuer. Helm releases are not secrets. The type of a Secret
 * is not metadata, so the API server must filter by it.
 */
const NOT_ROTATED = ['kubernetes.io/service-account-token', 'kubernetes.io/tls', 'helm.sh/release.v1']
const ROTATED = NOT_ROTATED.map((type) => `type!=${type}`).join(',')

type Asked = Pick<Need, 'group' | 'resource' | 'subresource'> & { readonly verb?: string }
type Listed = Asked & { readonly path: (namespace: string) => string }
const ofApps = (resource: string, path: Listed['path']): Listed => ({ group: 'apps', resource, path })

const workloads = {
  Deployment: ofApps('deployments', paths.deployments),
  StatefulSet: ofApps('statefulsets', paths.statefulSets),
  DaemonSet: ofApps('daemonsets', paths.daemonSets),
}
const POLICIES: Asked = { group: 'networking.k8s.io', resource: 'networkpolicies' }
const EXEC: Asked = { group: '', resource: 'pods', subresource: 'exec' }

/** Without a verb, `list`. */
const asks: Readonly<Record<PostureKind, readonly Asked[]>> = {
  Workload: Object.values(workloads),
  Service: [{ group: '', resource: 'services' }],
  NetworkPolicy: [POLICIES],
  Secret: [{ group: '', resource: 'secrets' }],
  PodDisruptionBudget: [{ group: 'policy', resource: 'poddisruptionbudgets' }],
  HorizontalPodAutoscaler: [{ group: 'autoscaling', resource: 'horizontalpodautoscalers' }],
  // Permission for a kind that may be missing is requested only if the cluster has the kind.
  ScaledObject: [],
  // Kubernetes has no permission for dry runs alone.
  DryRun: [{ group: '', resource: 'pods', verb: 'create' }, workloads.Deployment],
  // A WebSocket begins with a GET. Since Kubernetes 1.35 it needs `create` too (feature AuthorizePodWebsocketUpgradeCreatePermission).
  Dial: [
    { ...EXEC, verb: 'get' },
    { ...EXEC, verb: 'create' },
    { group: '', resource: 'pods' },
    POLICIES,
    { group: '', resource: 'namespaces', verb: 'get' },
  ],
}

/** Every permission that the lists of this kind need in a namespace. */
export const listNeeds = (kind: PostureKind, namespace: string, at: SourcePoint): readonly Need[] =>
  asks[kind].map(({ group, resource, subresource, verb = 'list' }) => ({
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    namespace,
    at,
  }))

export async function listPosture(
  api: KubernetesApi,
  namespace: string,
  resource: PostureKind,
  reach?: DialReach,
): Promise<readonly PostureObject[]> {
  const list = async (path: string, accept?: string): Promise<readonly KubeObject[]> =>
    itemsOf(await demand(api, { method: 'GET', path, ...(accept === undefined ? {} : { accept }) }))
  switch (resource) {
    case 'Workload': {
      const kinds = Object.entries(workloads).map(async ([kind, { path }]) =>
        (await list(path(namespace))).map((object) => workloadSeen(kind, object)),
      )
      return (await Promise.all(kinds)).flat()
    }
    case 'Service':
      return (await list(paths.services(namespace))).map(serviceSeen)
    case 'NetworkPolicy':
      return (await list(paths.networkPolicies(namespace))).map(networkPolicySeen)
    case 'Secret': {
      const path = `${paths.secrets(namespace)}?fieldSelector=${encodeURIComponent(ROTATED)}`
      return (await list(path, METADATA_ONLY)).map(secretSeen)
    }
    case 'PodDisruptionBudget':
      return (await list(paths.budgets(namespace))).map(budgetSeen)
    case 'HorizontalPodAutoscaler':
      return (await list(paths.autoscalers(namespace))).map(hpaSeen)
    case 'ScaledObject':
      if (!(await servesScaledObjects(api))) return []
      return (await list(paths.scaledObjects(namespace))).map(scaledObjectSeen)
    case 'DryRun':
      return tryPods(api, namespace)
    case 'Dial':
      return dialPods(api, namespace, reach)
  }
}
