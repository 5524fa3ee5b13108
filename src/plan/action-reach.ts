/** What an action may hit: all pods on nodes that lose them, those that scaling takes away, as many as a rollout may miss at one time. */
import type { Act, NodeChoice, Rehearsal, Target, Workload } from '../domain/rehearsal.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import type { SelectableNode } from '../protocols/chaos-mesh/selector.ts'
import { type Inventory, isLiving, type LivePod, podId, podNamespace } from './inventory.ts'
import type { Reach, ReachProblem } from './reach.ts'
import { podsOf, replicasOf, unavailableMost } from './workload.ts'

const ZONE_LABEL = 'topology.kubernetes.io/zone'
const POOL_LABELS = ['matchday.dev/pool', 'node.kubernetes.io/pool']
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

/** Nodes that fit everything given; the first `atMost` of them by name. */
export function chosenNodes<N extends SelectableNode>(choice: NodeChoice, nodes: readonly N[]): readonly N[] {
  const nameOf = (node: N): string => node.metadata?.name ?? ''
  const fits = (node: N): boolean => {
    const labels = node.metadata?.labels ?? {}
    const inPool = choice.pool === undefined || POOL_LABELS.some((label) => labels[label] === choice.pool)
    return inPool && (choice.zone === undefined || labels[ZONE_LABEL] === choice.zone)
  }
  const byName = nodes.filter(fits).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  return choice.atMost === undefined ? byName : byName.slice(0, choice.atMost)
}

/** What a drain evicts: a DaemonSet's pod would come back at once, and the mirror of a static pod can't be evicted. */
export const isEvictable = (pod: LivePod): boolean =>
  isLiving(pod) &&
  pod.metadata?.annotations?.[MIRROR_ANNOTATION] === undefined &&
  !(pod.metadata?.ownerReferences ?? []).some(({ kind }) => kind === 'DaemonSet')

export function actionReach(
  { act }: PlannedAction,
  rehearsal: Rehearsal,
  target: Target,
  inventory: Inventory,
  held: readonly string[],
): Reach {
  switch (act.kind) {
    case 'taint':
    case 'drain':
    case 'power-off':
      return nodesReach(act, rehearsal, target, inventory, held)
    case 'scale':
    case 'rollout':
      return workloadReach(act, rehearsal, target, inventory, held)
    case 'flag':
      return harmless(`ConfigMap/${target.namespace}/${act.configMap}`, target)
    case 'promote':
      return harmless(`Database/${act.database}`, target)
  }
}

/** Of a promotion the one member that stops being the primary is meant by the database's own expectations, not counted as lost. */
const harmless = (changed: string, { namespace }: Target): Reach => ({
  targets: [changed],
  pods: [],
  most: 0,
  drawn: false,
  namespaces: [namespace],
  problems: [],
})

type OnNodes = Extract<Act, { readonly nodes: NodeChoice }>

function nodesReach(
  act: OnNodes,
  rehearsal: Rehearsal,
  target: Target,
  { pods, nodes }: Inventory,
  held: readonly string[],
): Reach {
  const chosen = chosenNodes(act.nodes, nodes).map((node) => node.metadata?.name ?? '')
  const lost = pods.filter((pod) => chosen.includes(pod.spec?.nodeName ?? '') && isLost(pod, act))
  const ids = lost.map(podId).sort()
  return {
    targets: chosen.map((name) => `Node/${name}`),
    pods: ids,
    most: ids.filter((id) => !held.includes(id)).length,
    drawn: false,
    namespaces: [...new Set([target.namespace, ...lost.map(podNamespace)])].sort(),
    problems: [...(chosen.length === 0 ? [noNode(act.nodes)] : []), ...outside(lost.map(podNamespace), rehearsal)],
  }
}

/** A taint that only keeps newcomers away harms nobody who is there. One that evicts spares whom it tolerates; the worst case is counted. */
function isLost(pod: LivePod, act: OnNodes): boolean {
  if (act.kind === 'drain') return isEvictable(pod)
  return isLiving(pod) && (act.kind === 'power-off' || act.effect === 'NoExecute')
}

function noNode({ zone, pool }: NodeChoice): ReachProblem {
  const wanted = [zone && `zone ${zone}`, pool && `pool ${pool}`].filter(Boolean).join(' and ')
  const next = `compare with kubectl get nodes -L ${ZONE_LABEL},${POOL_LABELS.join(',')}.`
  return { code: 'action-selects-nothing', problem: `no node is of ${wanted}`, next }
}

function outside(
  namespaces: readonly string[],
  { blastRadius: { namespaces: allowed, at } }: Rehearsal,
): readonly ReachProblem[] {
  return [...new Set(namespaces)]
    .filter((namespace) => !allowed.includes(namespace))
    .map((namespace) => ({
      code: 'action-outside-blast-radius',
      problem: `it harms pods of the namespace ${namespace}, which the blast radius does not list`,
      next: `choose other nodes, or add ${namespace} to blastRadius in ${at.file}:${at.line}.`,
    }))
}

function workloadReach(
  act: Extract<Act, { readonly workload: Workload }>,
  rehearsal: Rehearsal,
  target: Target,
  { pods, workloads = [] }: Inventory,
  held: readonly string[],
): Reach {
  const { kind, name } = act.workload
  const { namespace } = target
  const live = workloads.find(
    (each) => each.kind === kind && each.metadata?.name === name && each.metadata.namespace === namespace,
  )
  const targets = [`${kind}/${namespace}/${name}`]
  const none: Reach = { targets, pods: [], most: 0, drawn: false, namespaces: [namespace], problems: [] }
  if (live === undefined) return { ...none, problems: [noWorkload(act.workload, namespace)] }
  const away = act.kind === 'scale' ? Math.max(0, replicasOf(live) - act.replicas) : unavailableMost(live)
  const harmed = representatives(podsOf(live, pods), away)
  const problems = away > 0 ? outside([namespace], rehearsal) : []
  return { ...none, pods: harmed, most: harmed.filter((id) => !held.includes(id)).length, problems }
}

/** Which pods go, Kubernetes decides; how many is what counts, so the first by name stand for them. */
const representatives = (pods: readonly LivePod[], count: number): readonly string[] =>
  pods.map(podId).sort().slice(0, count)

const noWorkload = ({ kind, name }: Workload, namespace: string): ReachProblem => ({
  code: 'action-selects-nothing',
  problem: `there is no ${kind} ${name} in the namespace ${namespace}`,
  next: `compare with kubectl -n ${namespace} get ${kind.toLowerCase()}s.`,
})
