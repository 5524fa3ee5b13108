/** A plan as data to show: what `matchday plan` prints, and what `--output json` gives. */

import { actSentence } from '../domain/action.ts'
import { arrivalsBetween } from '../domain/arrivals.ts'
import { decidesWithinMs } from '../domain/autoscaling.ts'
import type { ActionSpec, Expectation, FaultSpec, Rehearsal, Slo, Target } from '../domain/rehearsal.ts'
import type { LoadRunners } from '../domain/runners.ts'
import { CLOSED_MODEL, type ScriptThreshold } from '../domain/script.ts'
import { showCount, showDuration } from '../domain/show.ts'
import type {
  LoadPlan,
  LoadProfile,
  LoadStage,
  PlannedAction,
  PlannedFault,
  PlannedPhase,
  ShownScenario,
  Timeline,
} from '../domain/timeline.ts'
import { triggerSentence } from '../domain/trigger.ts'
import { type Millis, millis } from '../domain/units.ts'
import { describeAcceptances } from './acceptances.ts'
import type { Admission } from './blast-radius.ts'
import { type DescribedStep, stepsOf, stepsSentence } from './canary.ts'
import { type DescribedCurve, describeCurves, speedWarnings } from './curves.ts'
import { isProvable, type Provability, provabilityOf } from './provability.ts'
import {
  countedSentence,
  endsAs,
  expectationSentence,
  guardrailSentence,
  objectiveSentence,
  reactionSentence,
  requiredSentence,
  undoneSentence,
  witnessSentence,
} from './sentences.ts'

export type PlanDescription = {
  readonly format: 1
  readonly rehearsal: string
  readonly file: string
  readonly hypothesis: string
  readonly context: string
  readonly entry: string
  readonly run: string
  readonly seed: number
  readonly totalMs: Millis
  readonly arrivals: number
  /** Where the load is made, if not on this machine: pods in the cluster. */
  readonly runners?: string
  /** The script's own scenarios, where they are the load. */
  readonly scenarios: readonly ShownScenario[]
  /** The script's own thresholds: `http_req_failed: rate<0.01`. */
  readonly thresholds: readonly string[]
  readonly phases: readonly DescribedPhase[]
  /** Of profiles that follow a curve. */
  readonly curves: readonly DescribedCurve[]
  readonly faults: readonly DescribedFault[]
  readonly actions: readonly DescribedAction[]
  readonly objectives: readonly DescribedObjective[]
  readonly expectations: readonly string[]
  /** States without which the run is too easy. */
  readonly reaches: readonly string[]
  readonly guardrails: readonly string[]
  /** Findings that the target file accepts on the day of the plan. */
  readonly accepted: readonly string[]
  readonly warnings: readonly string[]
}

export type DescribedPhase = PlannedPhase & {
  /** Per second at the phase's full load, by load profile; of a curve, the mean after the ramp. */
  readonly rates: Readonly<Record<string, number>>
  readonly sockets?: number
  /** Arrivals of all profiles in the phase, ramp included. */
  readonly arrivals: number
}

/** `fromMs` is when it is armed, and `toMs` the latest end. `forMs`: how long the harm lasts; left out: until the load ends. */
export type DescribedTrigger = { readonly sentence: string; readonly byMs: Millis; readonly forMs?: Millis }

export type DescribedFault = {
  readonly name: string
  readonly phase: string
  readonly fromMs: Millis
  readonly toMs: Millis
  readonly when?: DescribedTrigger
  readonly apply: string
  /** Who must say `go`, from when until `fromMs`. */
  readonly gate?: PlannedFault['gate']
  /** The object that will be created: `NetworkChaos partition shop/carrier-a-down-1k2j3h4`. */
  readonly creates: string
  readonly witness: string
  readonly expects: readonly string[]
  readonly overlaps: readonly string[]
  /** Absent when no cluster was asked. */
  readonly admission?: Admission
}

export type DescribedAction = {
  readonly name: string
  readonly phase: string
  readonly fromMs: Millis
  /** The time of its undo; absent: at the end of the load. */
  readonly toMs?: Millis
  readonly when?: DescribedTrigger
  readonly does: string
  /** Of a canary. */
  readonly steps?: { readonly sentence: string; readonly shares: readonly DescribedStep[] }
  readonly undone: string
  /** What happens at `toMs`. */
  readonly ends: ReturnType<typeof endsAs>
  readonly expects: readonly string[]
  readonly overlaps: readonly string[]
  /** Absent when no cluster was asked. */
  readonly admission?: Admission
}

export type DescribedObjective = Provability & {
  readonly sentence: string
  /** For an indicator of a Prometheus: its series, and how often they are scraped. */
  readonly counted?: string
  readonly provable: boolean
}

export type PlanInputs = {
  readonly rehearsal: Rehearsal
  readonly target: Target
  readonly timeline: Timeline
  readonly admissions?: ReadonlyMap<string, Admission>
  /** When the plan is made, in milliseconds since 1970. */
  readonly at: number
}

export function describePlan({ rehearsal, target, timeline, admissions, at }: PlanInputs): PlanDescription {
  const acceptances = describeAcceptances(target.acceptedFindings ?? [], at)
  const phases = timeline.phases.map((phase) => describePhase(phase, timeline, rehearsal))
  const objectives = rehearsal.slos.map((slo) => describeObjective(slo, timeline, { rehearsal, target }))
  return {
    format: 1,
    rehearsal: rehearsal.name,
    file: rehearsal.file,
    hypothesis: rehearsal.hypothesis,
    context: target.context,
    entry: target.entry,
    run: timeline.run,
    seed: timeline.seed,
    totalMs: timeline.totalMs,
    arrivals: phases.reduce((sum, phase) => sum + phase.arrivals, 0),
    ...(target.load === undefined ? {} : { runners: runnersSentence(target.load, timeline.load) }),
    scenarios: timeline.load.outside?.shown ?? [],
    thresholds: (timeline.load.thresholds ?? []).map(thresholdSentence),
    phases,
    curves: describeCurves(rehearsal, timeline),
    faults: timeline.faults.map((fault) => describeFault(fault, specOf(fault, rehearsal), timeline, admissions)),
    actions: timeline.actions.map((action) =>
      describeAction(action, actionSpecOf(action, rehearsal), timeline, admissions),
    ),
    objectives,
    expectations: rehearsal.expectations.map((each) => expectationSentence(each, target)),
    reaches: (rehearsal.reaches ?? []).map(requiredSentence),
    guardrails: rehearsal.guardrails.map(guardrailSentence),
    accepted: acceptances.holding,
    warnings: [
      ...acceptances.warnings,
      ...objectives.flatMap(objectiveWarning),
      ...loadWarnings(timeline),
      ...rehearsal.expectations.flatMap((each) => expectationWarning(each, target)),
      ...timeline.faults.flatMap(faultWarnings),
      ...speedWarnings(rehearsal),
    ],
  }
}

/** One relay receives what all runners measure. */
function runnersSentence(load: LoadRunners, { entry }: LoadPlan): string {
  const { runners, namespace, image, cpu, memory } = load
  const each = `${image}, ${cpu} CPU and ${memory} each`
  return `${runners} ${runners === 1 ? 'pod' : 'pods'} with k6 in namespace ${namespace} (${each}) and a relay; they enter at ${entry}`
}

const thresholdSentence = ({ metric, expression, abortOnFail }: ScriptThreshold): string =>
  `${metric}: ${expression}${abortOnFail ? ', stops the run when it is missed' : ''}`

function loadWarnings(timeline: Timeline): readonly string[] {
  const { runners, handlesSummary } = timeline.load
  return [
    ...(runners !== undefined && handlesSummary
      ? ['handleSummary of the script is not called: each runner would see a share of the load.']
      : []),
    ...scriptWarnings(timeline),
  ]
}

function scriptWarnings({ load: { outside }, totalMs }: Timeline): readonly string[] {
  if (outside === undefined) return []
  const closed = outside.shown.filter(({ model }) => model === 'closed').map(({ name }) => name)
  const ends = outside.endsMs
  return [
    ...(closed.length > 0 ? [`${closed.join(', ')}: ${CLOSED_MODEL}`] : []),
    ...outside.shown.flatMap(({ warnings }) => warnings),
    ...(ends < totalMs
      ? [
          `the load of the script ends at ${showDuration(ends)}, ${showDuration(millis(totalMs - ends))} before the timeline.`,
        ]
      : []),
  ]
}

function describePhase(phase: PlannedPhase, { load }: Timeline, rehearsal: Rehearsal): DescribedPhase {
  const level = (stages: readonly LoadStage[]): number => rateAt(stages, phase.toMs)
  const held = Math.max(1, phase.toMs - phase.rampEndMs) / 1000
  // A curve has no level: its mean after the ramp.
  const rate = ({ name, stages }: LoadProfile): number =>
    rehearsal.load.curves?.[name] ? arrivalsBetween(stages, phase.rampEndMs, phase.toMs) / held : level(stages)
  return {
    ...phase,
    rates: Object.fromEntries(load.profiles.map((profile) => [profile.name, rate(profile)])),
    ...(load.sockets === undefined ? {} : { sockets: level(load.sockets.stages) }),
    arrivals: load.profiles.reduce((sum, { stages }) => sum + arrivalsBetween(stages, phase.fromMs, phase.toMs), 0),
  }
}

/** Value at the end of the stage that ends at `atMs`. */
function rateAt(stages: readonly LoadStage[], atMs: number): number {
  let end = 0
  for (const stage of stages) {
    end += stage.durationMs
    if (end >= atMs) return stage.to
  }
  return 0
}

function specOf(fault: PlannedFault, rehearsal: Rehearsal): FaultSpec {
  const spec = rehearsal.faults.find(({ name }) => name === fault.name)
  if (spec === undefined) throw new Error(`fault ${fault.name} is not of this rehearsal`)
  return spec
}

function describeFault(
  fault: PlannedFault,
  spec: FaultSpec,
  timeline: Timeline,
  admissions: ReadonlyMap<string, Admission> | undefined,
): DescribedFault {
  const { metadata } = fault.object
  const admission = admissions?.get(fault.name)
  return {
    name: fault.name,
    phase: spec.during,
    fromMs: fault.fromMs,
    toMs: fault.toMs,
    ...triggerOf(fault),
    apply: spec.apply,
    ...(fault.gate === undefined ? {} : { gate: fault.gate }),
    creates: `${fault.does.title} ${metadata.namespace}/${metadata.name}`,
    witness: witnessSentence(spec.witness),
    expects: spec.expect.map(reactionSentence),
    overlaps: overlapsOf(fault, timeline),
    ...(admission === undefined ? {} : { admission }),
  }
}

function actionSpecOf(action: PlannedAction, rehearsal: Rehearsal): ActionSpec {
  const spec = rehearsal.actions.find(({ name }) => name === action.name)
  if (spec === undefined) throw new Error(`action ${action.name} is not of this rehearsal`)
  return spec
}

function describeAction(
  action: PlannedAction,
  spec: ActionSpec,
  timeline: Timeline,
  admissions: ReadonlyMap<string, Admission> | undefined,
): DescribedAction {
  const { name, fromMs, toMs, act } = action
  const admission = admissions?.get(name)
  const steps = stepsOf(action)
  return {
    name,
    phase: spec.during,
    fromMs,
    ...(toMs === undefined ? {} : { toMs }),
    ...triggerOf(action),
    does: actSentence(act),
    ...(steps === undefined ? {} : { steps: { sentence: stepsSentence(action, steps), shares: steps } }),
    undone: undoneSentence(action),
    ends: endsAs(action),
    expects: spec.expect.map(reactionSentence),
    overlaps: overlapsOf(action, timeline),
    ...(admission === undefined ? {} : { admission }),
  }
}

function triggerOf({ trigger }: PlannedFault | PlannedAction): { readonly when?: DescribedTrigger } {
  if (trigger === undefined) return {}
  const { byMs, forMs } = trigger
  return { when: { sentence: triggerSentence(trigger.trigger), byMs, ...(forMs === undefined ? {} : { forMs }) } }
}

/** Other harms that may run at the same time. */
function overlapsOf(harm: PlannedFault | PlannedAction, { faults, actions, totalMs }: Timeline): readonly string[] {
  const end = (each: { readonly toMs?: Millis }): number => each.toMs ?? totalMs
  return [...faults, ...actions]
    .filter((other) => other !== harm && other.fromMs < end(harm) && harm.fromMs < end(other))
    .map(({ name }) => name)
}

function describeObjective(
  slo: Slo,
  timeline: Timeline,
  files: Pick<PlanInputs, 'rehearsal' | 'target'>,
): DescribedObjective {
  const provability = provabilityOf(slo, timeline)
  const counted = countedSentence(slo.sli, files)
  return {
    ...provability,
    sentence: objectiveSentence(slo),
    ...(counted === undefined ? {} : { counted }),
    provable: isProvable(provability),
  }
}

function objectiveWarning({ provable, sentence, expected, needed }: DescribedObjective): readonly string[] {
  if (provable) return []
  return [
    `${sentence} can't be proven: ${showCount(expected ?? 0)} samples are planned, and it takes ${showCount(needed)} without a bad one.`,
  ]
}

/** Syncs are a property of the target, so they are shown only here. */
function expectationWarning(expectation: Expectation, target: Target): readonly string[] {
  if (expectation.kind !== 'autoscaler') return []
  const decidesMs = decidesWithinMs(expectation, target)
  if (decidesMs < expectation.readyWithinMs) return []
  const ready = `pods must be Ready within ${showDuration(expectation.readyWithinMs)}`
  return [
    `autoscaler ${expectation.name} may take ${showDuration(decidesMs)} to decide on this target, and its ${ready}.`,
  ]
}

const faultWarnings = ({ name, does }: PlannedFault): readonly string[] =>
  does.caveats.map(({ at, problem, next }) => `${name}, ${at}: ${problem}; ${next}.`)
