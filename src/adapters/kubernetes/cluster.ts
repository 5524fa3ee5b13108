/** The Cluster port: who the cluster is, whether we may do what the rehearsal needs, and the watches that fill the journal. */
import type { Cluster } from '../../controller/ports.ts'
import { EnvironmentError } from '../../controller/ports.ts'
import type { ClusterObject } from '../../domain/cluster.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { demand, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { messageOf } from './connect.ts'
import { preflight } from './preflight.ts'
import { budgetSeen, deploymentSeen, endpointsSeen, hpaSeen, nodeSeen, podSeen } from './snapshots.ts'

export function kubernetesCluster(api: KubernetesApi): Cluster {
  return {
    identify: () => identify(api),
    preflight: (rehearsal, target) => preflight(api, rehearsal, target),
    watch: async (target, onSeen, onLost, signal) => {
      await Promise.all(
        watchesOf(target).map(({ about, path, reduce }) =>
          api.watch(
            path,
            ({ change, object }) => onSeen(change, reduce(object)),
            (problem) => onLost(about, problem),
            signal,
          ),
        ),
      )
    },
  }
}

async function identify(api: KubernetesApi): Promise<{ kubernetes: string; uid: string }> {
  try {
    const version = (await demand(api, { method: 'GET', path: '/version' })) as { gitVersion?: string }
    const system = (await demand(api, { method: 'GET', path: paths.namespace('kube-system') })) as KubeObject
    return { kubernetes: version.gitVersion ?? 'unknown', uid: system.metadata.uid ?? '' }
  } catch (error) {
    throw new EnvironmentError(
      `the cluster of context ${api.context} at ${api.server} does not answer as it should: ${messageOf(error)}`,
      `Try: kubectl --context ${api.context} get namespace kube-system`,
      error,
    )
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
    { about: 'autoscalers', path: paths.autoscalers(namespace), reduce: hpaSeen },
    { about: 'disruption budgets', path: paths.budgets(namespace), reduce: budgetSeen },
    { about: 'endpoint slices', path: paths.endpointSlices(namespace), reduce: endpointsSeen },
    ...[...sources].sort().map((each) => ({ about: `pods of ${each}`, path: paths.pods(each), reduce: podSeen })),
  ]
}
