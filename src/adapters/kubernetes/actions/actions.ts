/**
 * adapters/kubernetes/actions: an operator's changes to a cluster, as steps of a rehearsal. Each change is one PATCH that includes its own undo
 * (marks.ts). So the undo is stored on the object, even if the controller is killed.
 */
import type { Clock, ClusterActions, PreparedAction } from '../../../controller/ports.ts'
import type { Undo } from '../../../domain/evidence.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import type { PlannedAction } from '../../../domain/timeline.ts'
import { demand, find, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { onConfigMap } from './flag.ts'
import { changesLeft, leftChanges } from './leftovers.ts'
import type { Reversal } from './marks.ts'
import { onNodes } from './nodes.ts'
import { onDatabase } from './promote.ts'
import { onRelease } from './release.ts'
import { keepChange, takeBack } from './undo.ts'
import { onWorkload, workloadPath } from './workloads.ts'

export function kubernetesActions(api: KubernetesApi, clock: Clock): ClusterActions {
  const ports = { api, clock }
  return {
    inventory: (target, action) => inventory(api, target, action),
    prepare: (run, target, action, targets) => prepare(ports, run, target, action, targets),
    undo: (undo, budgetMs) => takeBack(ports, reversalOf(undo), budgetMs),
    keep: (undo, budgetMs) => keepChange(ports, reversalOf(undo), budgetMs),
    leftovers: (target) => leftChanges(api, target),
    residue: (target) => changesLeft(api, target),
  }
}

function reversalOf(undo: Undo): Reversal {
  if (undo.does === 'delete-object') throw new Error('a chaos object is not an action')
  return undo
}

function prepare(
  ports: { readonly api: KubernetesApi; readonly clock: Clock },
  run: string,
  target: Target,
  { act }: PlannedAction,
  targets: readonly string[],
): Promise<PreparedAction> {
  const context = { ...ports, run, target: target.namespace }
  switch (act.kind) {
    case 'taint':
    case 'drain':
    case 'power-off':
      return onNodes(context, act, targets)
    case 'scale':
    case 'rollout':
      return onWorkload(context, act)
    case 'release':
      return onRelease(context, act)
    case 'flag':
      return onConfigMap(context, act)
    case 'promote':
      return onDatabase(context, act, target)
  }
}

/** For actions on nodes, pods of every namespace, because nodes are shared; for actions on workloads, pods of the target's namespace. */
async function inventory(api: KubernetesApi, target: Target, { act }: PlannedAction) {
  const list = async (path: string) => itemsOf(await demand(api, { method: 'GET', path }))
  switch (act.kind) {
    case 'taint':
    case 'drain':
    case 'power-off': {
      const [nodes, pods] = await Promise.all([list(paths.nodes), list(paths.allPods())])
      return { nodes, pods }
    }
    case 'scale':
    case 'rollout':
    case 'release': {
      const path = workloadPath(act.workload, target.namespace)
      const [nodes, pods, workload] = await Promise.all([
        list(paths.nodes),
        list(paths.pods(target.namespace)),
        find(api, { method: 'GET', path }) as Promise<KubeObject | undefined>,
      ])
      return { nodes, pods, workloads: workload === undefined ? [] : [{ ...workload, kind: act.workload.kind }] }
    }
    case 'flag':
    case 'promote':
      return { nodes: [], pods: [] }
  }
}
