/**
 * The pods that an action may hit: all pods on nodes that lose them, those removed by scaling down, and as many as a rollout may take at one time.
 */
import { changeOf } from '../domain/action.ts'
import type { Change, NodeChange, NodeChoice, Workload } from '../domain/change.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import { chosenNodes, POOL_LABELS, ZONE_LABEL } from '../protocols/kubernetes/nodes.ts'
import { isEvictable } from '../protocols/kubernetes/pods.ts'
import { type Inventory, isLiving, type LivePod, podId, podNamespace } from './inventory.ts'
import type { Reach, ReachProblem } from './reach.ts'
import { podsOf, replicasOf, unavailableMost } from './workload.ts'

export function actionReach(
  { act }: PlannedAction,
  rehearsal: Rehearsal,
  target: Target,
  inventory: Inventory,
  held: readonly string[],
): Reach {
  const change = changeOf(act)
  switch (change.on) {
    case 'nodes':
      return nodesReach(change, rehearsal, target, inventory, held)
    case 'replicas':
    case 'pinned-replicas':
    case 'pods':
    case 'pod-template':
      return workloadReach(change, rehearsal, target, inventory, held)
    case 'traffic':
    case 'mirror':
      return trafficReach(change, target, inventory)
    case 'config-map':
      return harmless(`ConfigMap/${target.namespace}/${change.name}`, target)
    case 'database':
      return harmless(`Database/${change.database}`, target)
    case 'regions':
      return regionsReach(change.plan, rehearsal, target)
    case 'copy':
      return harmless(`Copy/${change.from}`, target)
    case 'nothing':
      return harmless(`Rollout/${target.namespace}/${change.watches}`, target)
  }
}

/** In a promotion, the member that stops being the primary is covered by the expectations about the database and not counted as lost. */
const harmless = (changed: string, { namespace }: Target): Reach => ({
  targets: [changed],
  pods: [],
  most: 0,
  namespaces: [namespace],
  problems: [],
})

/** No pod is removed. Both regions are changed, so both must be listed. */
function regionsReach(plan: string, rehearsal: Rehearsal, target: Target): Reach {
  const place = target.cutovers?.[plan]
  const regions = place === undefined ? [] : [place.from, place.to]
  const namespaces = [...new Set([target.namespace, ...regions.map(({ namespace }) => namespace)])]
  return {
    ...harmless(`Region/${plan}`, target),
    targets: regions.map(({ name, namespace }) => `Region/${namespace}/${name}`),
    namespaces,
    problems: outside(namespaces, rehearsal, 'changes'),
  }
}

function nodesReach(
  { nodes: choice, takes }: NodeChange,
  rehearsal: Rehearsal,
  target: Target,
  { pods, nodes }: Inventory,
  held: readonly string[],
): Reach {
  const chosen = chosenNodes(choice, nodes).map((node) => node.metadata?.name ?? '')
  const lost = pods.filter((pod) => chosen.includes(pod.spec?.nodeName ?? '') && isLost(pod, takes))
  const ids = lost.map(podId).sort()
  return {
    targets: chosen.map((name) => `Node/${name}`),
    pods: ids,
    most: ids.filter((id) => !held.includes(id)).length,
    namespaces: [...new Set([target.namespace, ...lost.map(podNamespace)])].sort(),
    problems: [...(chosen.length === 0 ? [noNode(choice)] : []), ...outside(lost.map(podNamespace), rehearsal)],
  }
}

function isLost(pod: LivePod, takes: NodeChange['takes']): boolean {
  if (takes === 'evictable') return isEvictable(pod)
  return takes === 'living' && isLiving(pod)
}

function noNode({ zone, pool }: NodeChoice): ReachProblem {
  const wanted = [zone && `zone ${zone}`, pool && `pool ${pool}`].filter(Boolean).join(' and ')
  const next = `compare with kubectl get nodes -L ${ZONE_LABEL},${POOL_LABELS.join(',')}.`
  return { code: 'action-selects-nothing', problem: `no node is of ${wanted}`, next }
}

function outside(
  namespaces: readonly string[],
  { blastRadius: { namespaces: allowed, at } }: Rehearsal,
  does = 'harms pods of',
): readonly ReachProblem[] {
  return [...new Set(namespaces)]
    .filter((namespace) => !allowed.includes(namespace))
    .map((namespace) => ({
      code: 'action-outside-blast-radius',
      problem: `it ${does} the namespace ${namespace}, which the blast radius does not list`,
      next: `choose other nodes, or add ${namespace} to blastRadius in ${at.file}:${at.line}.`,
    }))
}

function workloadReach(
  change: Extract<Change, { readonly workload: Workload }>,
  rehearsal: Rehearsal,
  target: Target,
  { pods, workloads = [] }: Inventory,
  held: readonly string[],
): Reach {
  const { kind, name } = change.workload
  const { namespace } = target
  const live = workloads.find(
    (each) => each.kind === kind && each.metadata?.name === name && each.metadata.namespace === namespace,
  )
  const targets = [`${kind}/${namespace}/${name}`]
  const none: Reach = { targets, pods: [], most: 0, namespaces: [namespace], problems: [] }
  if (live === undefined) return { ...none, problems: [noWorkload(change.workload, namespace)] }
  const away = 'replicas' in change ? Math.max(0, replicasOf(live) - change.replicas) : unavailableMost(live)
  const harmed = representatives(podsOf(live, pods), away)
  const problems = away > 0 ? outside([namespace], rehearsal) : []
  return { ...none, pods: harmed, most: harmed.filter((id) => !held.includes(id)).length, problems }
}

/** No serving pod is removed: the new release gets its own pods, and a route sends requests to them. */
function trafficReach(
  { workload, canary }: Extract<Change, { on: 'traffic' | 'mirror' }>,
  target: Target,
  { workloads = [] }: Inventory,
): Reach {
  const { namespace } = target
  const isThere = workloads.some(({ kind, metadata }) => kind === workload.kind && metadata?.name === workload.name)
  const deployed = `${workload.kind}/${namespace}/${workload.name}`
  return {
    ...harmless(deployed, target),
    targets: [deployed, `HTTPRoute/${namespace}/${canary.route}`],
    problems: isThere ? [] : [noWorkload(workload, namespace)],
  }
}

/** Kubernetes decides which pods go. Only their number counts, so the first ones by name represent them. */
const representatives = (pods: readonly LivePod[], count: number): readonly string[] =>
  pods.map(podId).sort().slice(0, count)

const noWorkload = ({ kind, name }: Workload, namespace: string): ReachProblem => ({
  code: 'action-selects-nothing',
  problem: `there is no ${kind} ${name} in the namespace ${namespace}`,
  next: `compare with kubectl -n ${namespace} get ${kind.toLowerCase()}s.`,
})
