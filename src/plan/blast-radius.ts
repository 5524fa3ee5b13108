/**
 * Admission of a harm: the most live pods that a fault or an action can hit, together with the pods that other harms hold at that time, compared with
 * the rehearsal's limit. Computed on data, both right before the harm and in a dry run.
 */
import { replacesPods } from '../domain/action.ts'
import type { Issue, SourcePoint } from '../domain/issue.ts'
import type { BlastRadius, Rehearsal, Target } from '../domain/rehearsal.ts'
import { showPercent } from '../domain/show.ts'
import type { PlannedAction, PlannedFault, Timeline } from '../domain/timeline.ts'
import type { SelectablePod } from '../protocols/chaos-mesh/selector.ts'
import { actionReach } from './action-reach.ts'
import type { PlanCode } from './codes.ts'
import { type Inventory, isLiving, podId, podNamespace } from './inventory.ts'
import { faultReach, type Reach } from './reach.ts'

/**
 * Pods are `namespace/name`. `pods`: those that may be hit; `limit`: the most that may be harmed of `candidates`; `targets`: the objects that an
 * action changes.
 */
export type Admission = {
  readonly ok: boolean
  readonly targets: readonly string[]
  readonly pods: readonly string[]
  readonly candidates: number
  readonly limit: number
  readonly note: string
  readonly problems: readonly Issue[]
}

/** `title` names it in messages: `"carrier-a down" (chaos/carrier-down.yaml)`; `fewer` says how to harm fewer pods. */
type Harm = { readonly title: string; readonly at: SourcePoint; readonly fewer: string }

/** `held`: pods that other harms hold at that time. */
export function admitFault(
  fault: PlannedFault,
  rehearsal: Rehearsal,
  inventory: Inventory,
  held: readonly string[],
): Admission {
  const spec = rehearsal.faults.find(({ name }) => name === fault.name)
  if (spec === undefined) throw new Error(`fault ${fault.name} is not of this rehearsal`)
  const reach = faultReach(fault, living(inventory), held)
  const harm = {
    title: `"${spec.name}" (${spec.apply})`,
    at: spec.at,
    fewer: 'select fewer (mode: fixed with a value)',
  }
  return admit(harm, reach, rehearsal, inventory, held)
}

export function admitAction(
  action: PlannedAction,
  rehearsal: Rehearsal,
  target: Target,
  inventory: Inventory,
  held: readonly string[],
): Admission {
  const spec = rehearsal.actions.find(({ name }) => name === action.name)
  if (spec === undefined) throw new Error(`action ${action.name} is not of this rehearsal`)
  const reach = actionReach(action, rehearsal, target, living(inventory), held)
  const harm = { title: `"${spec.name}"`, at: spec.at, fewer: 'do less at one time (atMost chooses fewer nodes)' }
  return admit(harm, reach, rehearsal, inventory, held)
}

const living = (inventory: Inventory): Inventory => ({ ...inventory, pods: inventory.pods.filter(isLiving) })

function admit(
  harm: Harm,
  reach: Reach,
  rehearsal: Rehearsal,
  inventory: Inventory,
  held: readonly string[],
): Admission {
  const candidates = inventory.pods.filter((pod) => isLiving(pod) && reach.namespaces.includes(podNamespace(pod)))
  const limit = limitOf(rehearsal.blastRadius, candidates.length)
  const harmed = reach.most + held.length
  const zones = zonesLost(candidates, inventory, reach, held)
  // A harm that hits no pod never exceeds the limit, whatever other harms hold.
  const counted =
    reach.most > 0 ? podProblem(harmed, limit, held.length, candidates.length, harm, rehearsal.blastRadius) : []
  const lost = reach.most > 0 ? zoneProblem(zones, harm, rehearsal.blastRadius) : []
  const problems = [
    ...reach.problems.map(({ code, problem, next }) => issue(harm, code, `${harm.title}: ${problem}.`, next)),
    ...counted,
    ...lost,
  ]
  const note = noteOf(reach, harmed, candidates.length, limit, zones)
  return {
    ok: problems.length === 0,
    targets: reach.targets,
    pods: reach.pods,
    candidates: candidates.length,
    limit,
    note,
    problems,
  }
}

/** Admissions of a whole plan. A harm that begins while others run is counted together with the pods that they hold. */
export function admitTimeline(
  timeline: Timeline,
  rehearsal: Rehearsal,
  target: Target,
  inventory: Inventory,
): ReadonlyMap<string, Admission> {
  const admissions = new Map<string, Admission>()
  const faults = timeline.faults.map((fault) => ({
    name: fault.name,
    fromMs: fault.fromMs,
    holdsToMs: fault.toMs,
    admit: (held: readonly string[]) => admitFault(fault, rehearsal, inventory, held),
  }))
  const actions = timeline.actions.map((action) => ({
    name: action.name,
    fromMs: action.fromMs,
    holdsToMs: holdsTo(action, rehearsal, timeline),
    admit: (held: readonly string[]) => admitAction(action, rehearsal, target, inventory, held),
  }))
  // In order of their start, so that earlier harms are admitted first.
  const harms = [...faults, ...actions].sort((a, b) => a.fromMs - b.fromMs)
  for (const harm of harms) {
    const running = harms.filter(({ name, holdsToMs }) => admissions.has(name) && harm.fromMs < holdsToMs)
    const held = new Set(running.flatMap(({ name }) => admissions.get(name)?.pods ?? []))
    admissions.set(harm.name, harm.admit([...held]))
  }
  return admissions
}

/** Pods that were evicted or rolled out are replaced. They are held only until the action is complete, if it is expected to complete. */
function holdsTo(
  { name, act, fromMs, toMs, trigger }: PlannedAction,
  rehearsal: Rehearsal,
  { totalMs }: Timeline,
): number {
  const end = toMs ?? totalMs
  if (!replacesPods(act)) return end
  const reactions = rehearsal.actions.find((spec) => spec.name === name)?.expect ?? []
  const completes = reactions.flatMap((each) =>
    each.kind === 'completes' ? [(trigger?.byMs ?? fromMs) + each.withinMs] : [],
  )
  return Math.min(end, ...completes)
}

// The small step keeps 29 % of 100 pods at 29: binary fractions give 28.999….
const limitOf = ({ pods }: BlastRadius, candidates: number): number =>
  pods.kind === 'count' ? pods.of : Math.floor(pods.of * candidates + 1e-9)

/** The most zones in which every living pod could be harmed, in the worst draw. */
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

const issue = ({ at }: Harm, code: PlanCode, problem: string, next: string): Issue => ({ at, code, problem, next })

function podProblem(
  harmed: number,
  limit: number,
  held: number,
  candidates: number,
  harm: Harm,
  { pods, at }: BlastRadius,
): readonly Issue[] {
  if (harmed <= limit) return []
  const together = held > 0 ? `, ${held} of them held by what else runs at that time` : ''
  const allowed = pods.kind === 'share' ? `${limit} (${showPercent(pods.of)})` : String(limit)
  const problem = `${harm.title} would harm ${harmed} of ${candidates} pods${together}; this rehearsal allows ${allowed}.`
  const next = `${harm.fewer}, or raise blastRadius.pods in ${at.file}:${at.line}.`
  return [issue(harm, 'blast-radius-exceeded', problem, next)]
}

function zoneProblem(zones: number, harm: Harm, { zones: allowed, at }: BlastRadius): readonly Issue[] {
  if (zones <= allowed) return []
  const problem = `${harm.title} would harm every pod in ${zones} zones; this rehearsal allows ${allowed}.`
  return [
    issue(
      harm,
      'blast-radius-exceeded',
      problem,
      `${harm.fewer}, or raise blastRadius.zones in ${at.file}:${at.line}.`,
    ),
  ]
}

function noteOf(reach: Reach, harmed: number, candidates: number, limit: number, zones: number): string {
  if (reach.pods.length === 0 && reach.problems.length === 0) return 'harms no pod'
  const some = reach.drawn ? ` (drawn from ${reach.pods.length})` : ''
  const lost = zones > 0 ? `, ${zones} zone${zones > 1 ? 's' : ''} lost` : ''
  return `${harmed} of ${candidates} pods in ${reach.namespaces.join(', ')}${some}, limit ${limit}${lost}`
}
