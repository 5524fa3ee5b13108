/** The Cluster port: the cluster's identity, our permissions for the rehearsal, and the watches that fill the journal. */
import type { Cluster, ClusterIdentity } from '../../controller/ports.ts'
import type { ClusterObject } from '../../domain/cluster.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { demand, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { listPosture } from './posture-lists.ts'
import { preflight } from './preflight.ts'
import { scaledObjectSeen, servesScaledObjects } from './scaled-objects.ts'
import { budgetSeen, deploymentSeen, endpointsSeen, hpaSeen, nodeSeen, podSeen, statefulSetSeen } from './snapshots.ts'

export function kubernetesCluster(api: KubernetesApi): Cluster {
  return {
    identify: () => identify(api),
    preflight: (rehearsal, target) => preflight(api, rehearsal, target),
    list: (namespace, resource, reach) => listPosture(api, namespace, resource, reach),
    watch: async (target, onSeen, onLost, signal) => {
      const follow = ({ about, path, reduce }: WatchPlan) =>
        api.watch(
          {
            path,
            reduce,
            onEvent: ({ change, object }) => onSeen(change, object),
            onLost: (problem) => onLost(about, problem),
          },
          signal,
        )
      await Promise.all([...watchesOf(target).map(follow), followScaledObjects(api, target, follow)])
    },
  }
}

// The operator of a cluster may record the kind of its pod network there; the lab does.
const POD_NETWORK = 'matchday.dev/pod-network'

async function identify(api: KubernetesApi): Promise<ClusterIdentity> {
  const version = (await demand(api, { method: 'GET', path: '/version' })) as { gitVersion?: string }
  const system = (await demand(api, { method: 'GET', path: paths.namespace('kube-system') })) as KubeObject
  const podNetwork = system.metadata.annotations?.[POD_NETWORK]
  return {
    kubernetes: version.gitVersion ?? 'unknown',
    uid: system.metadata.uid ?? '',
    ...(podNetwork === undefined ? {} : { podNetwork }),
  }
}

type WatchPlan = {
  readonly about: string
  readonly path: string
  readonly reduce: (object: KubeObject) => ClusterObject
}

/** The target's own namespace in full, the namespaces of its metric sources for pods only, and the nodes. */
function watchesOf(target: Target): readonly WatchPlan[] {
  const { namespace } = target
  const sources = new Set(Object.values(target.sources).map((each) => each.namespace))
  sources.add(namespace)
  return [
    { about: 'nodes', path: paths.nodes, reduce: nodeSeen },
    { about: 'deployments', path: paths.deployments(namespace), reduce: deploymentSeen },
    { about: 'stateful sets', path: paths.statefulSets(namespace), reduce: statefulSetSeen },
    { about: 'autoscalers', path: paths.autoscalers(namespace), reduce: hpaSeen },
    { about: 'disruption budgets', path: paths.budgets(namespace), reduce: budgetSeen },
    { about: 'endpoint slices', path: paths.endpointSlices(namespace), reduce: endpointsSeen },
    ...[...sources].sort().map((each) => ({ about: `pods of ${each}`, path: paths.pods(each), reduce: podSeen })),
  ]
}

/** Nothing if the cluster has no KEDA. If that is unknown, the watch itself reports what it could not see. */
async function followScaledObjects(
  api: KubernetesApi,
  { namespace }: Target,
  follow: (plan: WatchPlan) => Promise<void>,
): Promise<void> {
  if (!(await servesScaledObjects(api).catch(() => true))) return
  await follow({ about: 'scaled objects', path: paths.scaledObjects(namespace), reduce: scaledObjectSeen })
}
