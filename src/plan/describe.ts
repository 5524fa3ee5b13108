/** A plan as data to show: what `matchday plan` prints, and what `--output json` gives. */
import { arrivalsBetween } from '../domain/arrivals.ts'
import type {
  Expectation,
  FaultSpec,
  Guardrail,
  Reaction,
  Rehearsal,
  Slo,
  Target,
  Witness,
} from '../domain/rehearsal.ts'
import { showCount, showDuration, showPercent } from '../domain/show.ts'
import type { LoadStage, PlannedFault, PlannedPhase, Timeline } from '../domain/timeline.ts'
import type { Millis } from '../domain/units.ts'
import { isChaosObject } from '../protocols/chaos-mesh/objects.ts'
import { strictProblems } from '../protocols/chaos-mesh/strict.ts'
import type { Admission } from './blast-radius.ts'
import { isProvable, type Provability, provabilityOf } from './provability.ts'

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
  readonly phases: readonly DescribedPhase[]
  readonly faults: readonly DescribedFault[]
  readonly objectives: readonly DescribedObjective[]
  readonly expectations: readonly string[]
  readonly guardrails: readonly string[]
  readonly warnings: readonly string[]
}

export type DescribedPhase = PlannedPhase & {
  /** Per second at the phase's full load, by load profile. */
  readonly rates: Readonly<Record<string, number>>
  readonly sockets?: number
  /** Arrivals of all profiles in the phase, ramp included. */
  readonly arrivals: number
}

export type DescribedFault = {
  readonly name: string
  readonly phase: string
  readonly fromMs: Millis
  readonly toMs: Millis
  readonly apply: string
  /** What will be created: `NetworkChaos partition casino/psp-a-down-1k2j3h4`. */
  readonly creates: string
  readonly witness: string
  readonly expects: readonly string[]
  readonly overlaps: readonly string[]
  /** Absent when no cluster was asked. */
  readonly admission?: Admission
}

export type DescribedObjective = Provability & { readonly sentence: string; readonly provable: boolean }

export type PlanInputs = {
  readonly rehearsal: Rehearsal
  readonly target: Target
  readonly timeline: Timeline
  readonly admissions?: ReadonlyMap<string, Admission>
}

export function describePlan({ rehearsal, target, timeline, admissions }: PlanInputs): PlanDescription {
  const phases = timeline.phases.map((phase) => describePhase(phase, timeline))
  const objectives = rehearsal.slos.map((slo) => describeObjective(slo, timeline))
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
    phases,
    faults: timeline.faults.map((fault) => describeFault(fault, specOf(fault, rehearsal), timeline, admissions)),
    objectives,
    expectations: rehearsal.expectations.map((each) => expectationSentence(each, target)),
    guardrails: rehearsal.guardrails.map(guardrailSentence),
    warnings: [
      ...objectives.flatMap(objectiveWarning),
      ...rehearsal.expectations.flatMap((each) => expectationWarning(each, target)),
      ...timeline.faults.flatMap(faultWarnings),
    ],
  }
}

function describePhase(phase: PlannedPhase, { load }: Timeline): DescribedPhase {
  const level = (stages: readonly LoadStage[]): number => rateAt(stages, phase.toMs)
  return {
    ...phase,
    rates: Object.fromEntries(load.profiles.map(({ name, stages }) => [name, level(stages)])),
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
  const { kind, metadata, spec: chaos } = fault.object
  const admission = admissions?.get(fault.name)
  return {
    name: fault.name,
    phase: spec.during,
    fromMs: fault.fromMs,
    toMs: fault.toMs,
    apply: spec.apply,
    creates: [kind, chaos.action, `${metadata.namespace}/${metadata.name}`].filter(Boolean).join(' '),
    witness: witnessSentence(spec.witness),
    expects: spec.expect.map(reactionSentence),
    overlaps: timeline.faults
      .filter((other) => other !== fault && other.fromMs < fault.toMs && fault.fromMs < other.toMs)
      .map(({ name }) => name),
    ...(admission === undefined ? {} : { admission }),
  }
}

function guardrailSentence(guardrail: Guardrail): string {
  if (guardrail.kind === 'availability') {
    const { sli, below, forMs } = guardrail
    return `stops when ${sli} is below ${showPercent(below)} for ${showDuration(forMs)}`
  }
  const { sli, factor, longMs, shortMs } = guardrail
  return `stops when ${sli} burns its budget ${factor}x too fast over ${showDuration(longMs)} and over ${showDuration(shortMs)}`
}

function witnessSentence(witness: Witness): string {
  const within = `within ${showDuration(witness.withinMs)}`
  if (witness.kind === 'ready') {
    const where = [witness.app && ` of ${witness.app}`, witness.zone && ` in ${witness.zone}`].filter(Boolean).join('')
    return `Ready ${witness.what}${where} fall to ${witness.becomes} ${within}`
  }
  const { metric, where, of, direction, becomes } = witness
  return `${metric}${labelText(where)} of ${of} ${direction} to ${becomes}/s ${within}`
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function reactionSentence(reaction: Reaction): string {
  const within = (ms: Millis): string => `within ${showDuration(ms)}`
  switch (reaction.kind) {
    case 'failover':
      return `work moves from ${reaction.from} to ${reaction.to} ${within(reaction.withinMs)}`
    case 'recovers':
      return `${reaction.sli} is good again ${within(reaction.withinMs)} of the healing`
    case 'reconnects': {
      const herd = reaction.herdMax === undefined ? '' : `, at most ${reaction.herdMax}/s`
      return `${showPercent(reaction.share)} of the sockets are open again ${within(reaction.withinMs)}${herd}`
    }
    case 'survives':
      return `${reaction.app} keeps ${reaction.ready} pods Ready, ${within(reaction.withinMs)}`
    case 'spreads':
      return `${reaction.app} stands in ${reaction.zones} zones again ${within(reaction.withinMs)} of the healing`
    case 'backs-off': {
      const calls = `${reaction.metric}${labelText(reaction.where)} of ${reaction.of}`
      return `${calls} comes down to ${reaction.becomes}/s ${within(reaction.withinMs)}`
    }
    case 'amplification':
      return `${reaction.of} makes at most ${reaction.atMost} attempts for each operation`
    case 'undisturbed':
      return `${reaction.sli} has at most ${showCount(reaction.badMax)} bad attempts meanwhile`
    case 'completes':
      return `it comes to its end ${within(reaction.withinMs)}`
    case 'promotes':
      return `${reaction.database} moves without loss, ${reaction.sli} is good again ${within(reaction.rtoMs)}`
  }
}

function expectationSentence(expectation: Expectation, { hpaSyncMs }: Target): string {
  switch (expectation.kind) {
    case 'autoscaler': {
      const { name, phase, decidesWithinSyncs, readyWithinMs, atLeast } = expectation
      const decides = `decides within ${decidesWithinSyncs} syncs (${showDuration(decidesWithinSyncs * hpaSyncMs)})`
      return `autoscaler ${name} follows "${phase}": ${decides}, ${atLeast} pods Ready within ${showDuration(readyWithinMs)}`
    }
    case 'keda': {
      const { scaledObject, phase, activatesWithinMs, readyWithinMs, atLeast } = expectation
      const active = `active within ${showDuration(activatesWithinMs)}`
      return `scaled object ${scaledObject} follows "${phase}": ${active}, ${atLeast} pods Ready within ${showDuration(readyWithinMs)}`
    }
    case 'connections':
      return `${expectation.metric}${labelText(expectation.where)} of ${expectation.of} stays at ${expectation.atMost} or below`
    case 'disruption':
      return `disruption budget ${expectation.budget} holds`
    case 'ledger':
      return `all books agree within ${showDuration(expectation.settleWithinMs)} of the end`
  }
}

function describeObjective(slo: Slo, timeline: Timeline): DescribedObjective {
  const provability = provabilityOf(slo, timeline)
  return { ...provability, sentence: objectiveSentence(slo), provable: isProvable(provability) }
}

function objectiveSentence(slo: Slo): string {
  if (slo.kind === 'availability') return `${slo.sli} ≥ ${showPercent(slo.objective)}`
  const ceiling = slo.ceilingMs > slo.targetMs ? ` (ceiling ${showDuration(slo.ceilingMs)})` : ''
  return `${slo.sli} p${showPercent(slo.quantile).slice(0, -1)} ≤ ${showDuration(slo.targetMs)}${ceiling}`
}

function objectiveWarning({ provable, sentence, expected, needed }: DescribedObjective): readonly string[] {
  if (provable) return []
  return [
    `${sentence} can't be proven: ${showCount(expected ?? 0)} samples are planned, and it takes ${showCount(needed)} without a bad one.`,
  ]
}

/** Syncs are a property of the target, so that this shows only here. */
function expectationWarning(expectation: Expectation, { hpaSyncMs }: Target): readonly string[] {
  if (expectation.kind !== 'autoscaler') return []
  const decidesMs = expectation.decidesWithinSyncs * hpaSyncMs
  if (decidesMs < expectation.readyWithinMs) return []
  const ready = `pods must be Ready within ${showDuration(expectation.readyWithinMs)}`
  return [
    `autoscaler ${expectation.name} may take ${showDuration(decidesMs)} to decide on this target, and its ${ready}.`,
  ]
}

/** What Chaos Mesh does with the object and the user may not expect; what would make the fault untrue was refused by `spec`. */
function faultWarnings({ name, object }: PlannedFault): readonly string[] {
  if (!isChaosObject(object)) return []
  return strictProblems(object)
    .filter(({ code }) => code !== 'duration-ignored')
    .map(({ path, problem, next }) => `${name}, ${path}: ${problem}; ${next}.`)
}
