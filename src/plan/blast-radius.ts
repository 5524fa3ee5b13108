/**
 * Admission of a fault: how many live pods it would harm at most, together with what other running faults hold, against what
 * the rehearsal allows. Counted on data, right before the fault and in a dry run alike.
 */
import type { Issue } from '../domain/issue.ts'
import type { BlastRadius, FaultSpec, Rehearsal } from '../domain/rehearsal.ts'
import { showPercent } from '../domain/show.ts'
import type { PlannedFault, Timeline } from '../domain/timeline.ts'
import { selectorsOf } from '../protocols/chaos-mesh/experiment.ts'
import { countBounds } from '../protocols/chaos-mesh/mode.ts'
import { isChaosObject } from '../protocols/chaos-mesh/objects.ts'
import { matchingPods, type SelectablePod } from '../protocols/chaos-mesh/selector.ts'
import type { PlanCode } from './codes.ts'
import { namespacesOf } from './fault.ts'
import { type Inventory, podId } from './inventory.ts'

/** Pods are `namespace/name`. `pods`: those that the fault may hit; `limit`: most that may be harmed of `candidates`. */
export type Admission = {
  readonly ok: boolean
  readonly pods: readonly string[]
  readonly candidates: number
  readonly limit: number
  readonly note: string
  readonly problems: readonly Issue[]
}

/** What one fault may hit. `most`: pods that it can harm on top of those held already; `drawn`: a mode takes only some. */
type Reach = {
  readonly pods: readonly string[]
  readonly most: number
  readonly drawn: boolean
  readonly problems: readonly string[]
}

/** `held`: pods that other faults hold at that time. */
export function admitFault(
  fault: PlannedFault,
  rehearsal: Rehearsal,
  inventory: Inventory,
  held: readonly string[],
): Admission {
  const spec = rehearsal.faults.find(({ name }) => name === fault.name)
  if (spec === undefined) throw new Error(`fault ${fault.name} is not of this rehearsal`)
  const namespaces = namespacesOf(fault)
  const living = inventory.pods.filter((pod) => namespaces.includes(podNamespace(pod)) && isLiving(pod))
  const reach = reachOf(fault, { ...inventory, pods: living }, held)
  const limit = limitOf(rehearsal.blastRadius, living.length)
  const harmed = reach.most + held.length
  const zones = zonesLost(living, inventory, reach, held)
  const problems = [
    ...reach.problems.map((problem) => selectsNothing(problem, spec)),
    ...podProblem(harmed, limit, held.length, living.length, spec, rehearsal.blastRadius),
    ...zoneProblem(zones, spec, rehearsal.blastRadius),
  ]
  return {
    ok: problems.length === 0,
    pods: reach.pods,
    candidates: living.length,
    limit,
    note: noteOf(reach, harmed, living.length, limit, namespaces, zones),
    problems,
  }
}

/** Admissions of a whole plan: a fault that begins while others run is counted together with the pods they hold. */
export function admitTimeline(
  timeline: Timeline,
  rehearsal: Rehearsal,
  inventory: Inventory,
): ReadonlyMap<string, Admission> {
  const admissions = new Map<string, Admission>()
  // In the order in which they begin, so that the admitted ones are those that began before.
  for (const fault of timeline.faults) {
    const running = timeline.faults.filter(({ name, toMs }) => admissions.has(name) && fault.fromMs < toMs)
    const held = new Set(running.flatMap(({ name }) => admissions.get(name)?.pods ?? []))
    admissions.set(fault.name, admitFault(fault, rehearsal, inventory, [...held]))
  }
  return admissions
}

const podNamespace = (pod: SelectablePod): string => pod.metadata?.namespace ?? 'default'
/** A finished pod can't be harmed, and must not make the share look smaller. */
const isLiving = (pod: SelectablePod): boolean => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'

/** Both sides of a cut count: Chaos Mesh puts rules into the pods of `target` too. */
function reachOf(fault: PlannedFault, { pods, nodes }: Inventory, held: readonly string[]): Reach {
  const { object } = fault
  if (!isChaosObject(object))
    return { pods: [], most: 0, drawn: false, problems: [`${fault.object.kind} is no fault that is known`] }
  const hit = new Set<string>()
  const problems: string[] = []
  let most = 0
  let drawn = false
  for (const [key, { selector, mode, value }] of selectorsOf(object)) {
    const side = key === '.' ? 'spec.selector' : 'spec.target.selector'
    const found = matchingPods(selector, pods, nodes, object.metadata.namespace)
    if (!found.ok) problems.push(`${side}: ${found.reason}`)
    else if (found.pods.length === 0) problems.push(`${side} matches no live pod`)
    else {
      const fresh = found.pods.map(podId).filter((id) => !hit.has(id) && !held.includes(id))
      const taken = countBounds(mode, value, found.pods.length)?.most ?? found.pods.length
      most += Math.min(taken, fresh.length)
      drawn ||= taken < found.pods.length
      for (const pod of found.pods) hit.add(podId(pod))
    }
  }
  return { pods: [...hit].sort(), most, drawn, problems }
}

// The small step keeps 29 % of 100 pods at 29, where binary fractions make 28.999… of it.
const limitOf = ({ pods }: BlastRadius, candidates: number): number =>
  pods.kind === 'count' ? pods.of : Math.floor(pods.of * candidates + 1e-9)

/** Most zones in which no living pod would be left unharmed, if the draw is as bad as it can be. */
function zonesLost(
  living: readonly SelectablePod[],
  { nodes }: Inventory,
  reach: Reach,
  held: readonly string[],
): number {
  const zoneOf = new Map(
    nodes.map((node) => [node.metadata?.name, node.metadata?.labels?.['topology.kubernetes.io/zone']]),
  )
  const zones = Map.groupBy(living, (pod) => zoneOf.get(pod.spec?.nodeName))
  const harmed = new Set([...reach.pods, ...held])
  const costs = [...zones]
    .filter(([zone, pods]) => zone !== undefined && pods.every((pod) => harmed.has(podId(pod))))
    .map(([, pods]) => pods.filter((pod) => !held.includes(podId(pod))).length)
    .sort((a, b) => a - b)
  let [lost, cost] = [0, 0]
  for (const pods of costs) {
    cost += pods
    if (cost <= reach.most) lost++
  }
  return lost
}

const issue = (spec: FaultSpec, code: PlanCode, problem: string, next: string): Issue => ({
  at: spec.at,
  code,
  problem,
  next,
})

const selectsNothing = (problem: string, spec: FaultSpec): Issue =>
  issue(
    spec,
    'fault-selects-nothing',
    `"${spec.name}" (${spec.apply}): ${problem}.`,
    'compare its labels and namespaces with kubectl get pods --show-labels.',
  )

function podProblem(
  harmed: number,
  limit: number,
  held: number,
  candidates: number,
  spec: FaultSpec,
  { pods, at }: BlastRadius,
): readonly Issue[] {
  if (harmed <= limit) return []
  const together = held > 0 ? `, ${held} of them held by faults that run at that time` : ''
  const allowed = pods.kind === 'share' ? `${limit} (${showPercent(pods.of)})` : String(limit)
  const problem = `"${spec.name}" (${spec.apply}) would harm ${harmed} of ${candidates} pods${together}; this rehearsal allows ${allowed}.`
  const next = `select fewer (mode: fixed with a value), or raise blastRadius.pods in ${at.file}:${at.line}.`
  return [issue(spec, 'blast-radius-exceeded', problem, next)]
}

function zoneProblem(zones: number, spec: FaultSpec, { zones: allowed, at }: BlastRadius): readonly Issue[] {
  if (zones <= allowed) return []
  const problem = `"${spec.name}" (${spec.apply}) would leave no pod unharmed in ${zones} zones; this rehearsal allows ${allowed}.`
  return [
    issue(
      spec,
      'blast-radius-exceeded',
      problem,
      `select fewer pods, or raise blastRadius.zones in ${at.file}:${at.line}.`,
    ),
  ]
}

function noteOf(
  reach: Reach,
  harmed: number,
  candidates: number,
  limit: number,
  namespaces: readonly string[],
  zones: number,
): string {
  const some = reach.drawn ? ` (drawn from ${reach.pods.length})` : ''
  const lost = zones > 0 ? `, ${zones} zone${zones > 1 ? 's' : ''} lost` : ''
  return `${harmed} of ${candidates} pods in ${namespaces.join(', ')}${some}, limit ${limit}${lost}`
}
