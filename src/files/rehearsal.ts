/**
 * Parses users' files into domain values: rehearsal files, target files, chaos files and flags. Every issue is found in one pass and names the place,
 * the problem and the next step. All reading goes through the given `Files`. The tables (`*-shape.ts`) define what a file may contain, `checks/` the
 * rules between its parts.
 */
import type { Slis } from '../domain/indicators.ts'
import type { Parsed } from '../domain/issue.ts'
import type { Expectation, Guardrail, Phase, Rehearsal, Slo, Target } from '../domain/rehearsal.ts'
import { showPercent } from '../domain/show.ts'
import { isSome, millis, type Ratio, ratio, type Some, seconds } from '../domain/units.ts'
import { type ReadArrivals, readArrivals } from './arrivals.ts'
import { type ChaosFile, readChaosFile } from './chaos-file.ts'
import { checkActions } from './checks/actions.ts'
import { checkBlastRadius } from './checks/blast-radius.ts'
import { checkGates } from './checks/canary.ts'
import { checkHarms } from './checks/harms.ts'
import { checkHuman } from './checks/human.ts'
import { checkIndicators } from './checks/indicators.ts'
import { checkPosture } from './checks/posture.ts'
import { checkReaches } from './checks/reaches.ts'
import { checkTimeline } from './checks/timeline.ts'
import { compareSettings } from './compare-shape.ts'
import { type Files, readText, relativeTo, wholeFile } from './files.ts'
import { checkFit } from './fit.ts'
import { gamedayOf } from './gameday.ts'
import { actionOf, faultOf } from './harm.ts'
import { peopleReactionsOf } from './human.ts'
import { withOpenSlo } from './openslo/among-slos.ts'
import { requiredStateOf } from './reaches.ts'
import { QUANTILES, rehearsalFile, type rehearsalSpec, type slo } from './rehearsal-shape.ts'
import { collectIssues, type Report, settle } from './report.ts'
import { scalingMetricOf } from './scaling-shape.ts'
import type { Decoded, Shape } from './shape.ts'
import { slisOf, socketSli } from './slis.ts'
import { openDocument } from './yaml-node.ts'

/** The parts of `spec` that could be read. */
export type FileDraft = typeof rehearsalSpec extends Shape<infer T> ? T : never
export type SloDraft = typeof slo extends Shape<infer T> ? T : never
/** With the objectives of OpenSLO files among the others. `brought`: indicators that came with them. */
export type Draft = Omit<FileDraft, 'slos'> & { readonly slos: Decoded<Some<SloDraft>>; readonly brought: Slis }
type Whole<K extends keyof Draft> = NonNullable<Draft[K]>['value']
export type FaultDraft = Whole<'faults'>[number]
export type ActionDraft = Whole<'actions'>[number]
export type ReactionDraft = NonNullable<FaultDraft['value']['expect']>[number]
export type ExpectationDraft = Whole<'expect'>[number]

// Outbox, unknown charges and webhooks settle within seconds. A minute leaves room for back-off after a fault.
const LEDGER_SETTLES_WITHIN = seconds(60)

/** With a target, also checks whether the two fit together. */
export function parseRehearsal(files: Files, path: string, target?: Target): Parsed<Rehearsal> {
  const { report, found, warned } = collectIssues()
  const text = readText(files, path, wholeFile(path), 'Rehearsal file', report)
  const root = text === undefined ? undefined : openDocument(path, text, report)
  const file = root && rehearsalFile.decode(root, report)?.value
  const written = file?.spec?.value
  if (written === undefined) return settle<Rehearsal>(found(), undefined, warned())
  const draft = withOpenSlo(files, path, written, lengthOf(written), report)
  if (draft.load !== undefined) {
    const { script } = draft.load.value.value
    readText(files, relativeTo(path, script.value), script.at, 'Scenario', report)
  }
  const chaos = readChaosFiles(files, path, draft, report)
  const load = readArrivals(files, path, draft.load?.value.value.arrivals ?? {}, lengthOf(draft), report)
  checkTimeline(draft, report)
  checkActions(draft, report)
  checkGates(draft, report)
  checkHarms(draft, report)
  checkIndicators(draft, report)
  checkPosture(draft, report)
  checkReaches(draft, report)
  checkHuman(draft, report)
  checkBlastRadius(draft, chaos, report)
  if (found().length > 0) return settle<Rehearsal>(found(), undefined, warned())
  const rehearsal = assemble(path, file?.metadata?.value.name, draft, chaos, load)
  return settle(rehearsal && target ? checkFit(rehearsal, target) : [], rehearsal, warned())
}

/** Length of the phases that could be read. */
const lengthOf = ({ timeline }: Pick<FileDraft, 'timeline'>): number =>
  (timeline?.value ?? []).reduce((sum, { value }) => sum + (value.ramp ?? 0) + value.for, 0)

type ChaosFiles = ReadonlyMap<FaultDraft, ChaosFile>

function readChaosFiles(files: Files, path: string, draft: Draft, report: Report): ChaosFiles {
  const read = new Map<FaultDraft, ChaosFile>()
  for (const fault of draft.faults?.value ?? []) {
    const { apply } = fault.value
    const chaos = readChaosFile(files, relativeTo(path, apply.value), apply.at, report)
    if (chaos !== undefined) read.set(fault, chaos)
  }
  return read
}

/** Only called when no issue was found, so that every needed part is there. */
function assemble(
  file: string,
  name: string | undefined,
  draft: Draft,
  chaos: ChaosFiles,
  { arrivals, curves }: ReadArrivals,
): Rehearsal | undefined {
  const { hypothesis, target, load, blastRadius, timeline, slos } = draft
  if (!name || !hypothesis || !target || !load || !blastRadius || !timeline || !slos) return undefined
  const { script, env, sockets } = load.value.value
  return {
    name,
    file,
    hypothesis: hypothesis.value,
    contexts: target.value.contexts,
    load: {
      script: relativeTo(file, script.value),
      arrivals,
      ...(Object.keys(curves).length > 0 ? { curves } : {}),
      ...(load.value.value.arrivals === undefined ? { own: true as const } : {}),
      ...(env === undefined ? {} : { env }),
      ...(sockets
        ? { sockets: { population: sockets.population, lifetimeMs: sockets.lifetime, sli: socketSli(sockets) } }
        : {}),
      at: load.value.at,
    },
    blastRadius: { ...blastRadius.value.value, at: blastRadius.value.at },
    phases: someMapped(timeline.value, phaseOf),
    faults: (draft.faults?.value ?? []).flatMap((fault) => {
      const read = chaos.get(fault)
      return read === undefined ? [] : [faultOf(fault, read)]
    }),
    actions: (draft.actions?.value ?? []).map(actionOf),
    expectations: (draft.expect?.value ?? []).map(expectationOf),
    ...(draft.reaches === undefined ? {} : { reaches: draft.reaches.value.map(requiredStateOf) }),
    slis: slisOf(draft),
    slos: someMapped(slos.value, sloOf),
    guardrails: (draft.guardrails?.value ?? []).map((guardrail) => guardrailOf(guardrail, slos.value)),
    ...(draft.compare === undefined ? {} : { compare: compareSettings(draft.compare.value) }),
    ...(draft.gameday === undefined ? {} : { gameday: gamedayOf(draft.gameday.value.value) }),
  }
}

function someMapped<T, U>(items: Some<T>, turn: (item: T) => U): Some<U> {
  const turned = items.map(turn)
  if (!isSome(turned)) throw new Error('a list that is not empty became empty')
  return turned
}

const unplaced = <T>({ value }: { readonly value: T }): T => value

const phaseOf = ({ at, value }: Whole<'timeline'>[number]): Phase => ({
  name: value.phase,
  rampMs: value.ramp ?? millis(0),
  forMs: value.for,
  factor: value.load,
  at,
})

function expectationOf({ at, value }: ExpectationDraft): Expectation {
  switch (value.kind) {
    case 'autoscaler': {
      const { name, on, decidesWithin, readyWithin, atLeast, scalesOn, calms } = value.value
      return {
        kind: 'autoscaler',
        name,
        phase: on.value,
        decidesWithinSyncs: decidesWithin,
        readyWithinMs: readyWithin.value,
        atLeast,
        ...(scalesOn === undefined ? {} : { scalesOn: scalingMetricOf(scalesOn) }),
        ...(calms === undefined ? {} : { calms: { withinMs: calms.within.value, turnsMax: calms.flapping } }),
        at,
      }
    }
    case 'keda': {
      const { name, on, activatesWithin, readyWithin, atLeast, idleWithin } = value.value
      return {
        kind: 'keda',
        scaledObject: name,
        phase: on.value,
        activatesWithinMs: activatesWithin.value,
        readyWithinMs: readyWithin.value,
        atLeast,
        ...(idleWithin === undefined ? {} : { idleWithinMs: idleWithin.value }),
        at,
      }
    }
    case 'connections': {
      const { gauge, where, of, pods, atMost } = value.value
      return { kind: 'connections', of: of.value, metric: gauge.value, where: where ?? {}, pods, atMost, at }
    }
    case 'disruption':
      return { kind: 'disruption', budget: value.value.budget, at }
    case 'posture': {
      const { namespaces, checks } = value.value
      const [plain, wanted] = [someMapped(namespaces, unplaced), someMapped(checks, unplaced)]
      return { kind: 'posture', namespaces: plain, wants: wanted, at }
    }
    case 'human':
      return { kind: 'human', reactions: peopleReactionsOf(value.value), at }
    case 'noOtherAlerts':
      return { kind: 'no-other-alerts', allow: value.value.allow ?? [], at }
    case 'delivered':
      return { kind: 'delivered', stream: value.value.stream.value, withinMs: value.value.within.value, at }
    case 'ledger':
      return { kind: 'ledger', settleWithinMs: LEDGER_SETTLES_WITHIN, at }
  }
}

/** The one quantile of a latency objective, with its limit. */
export function latencyOf({
  value,
}: SloDraft): { quantile: Ratio; target: NonNullable<SloDraft['value']['p95']> } | undefined {
  for (const [name, share] of Object.entries(QUANTILES)) {
    const target = value[name as keyof typeof QUANTILES]
    if (target !== undefined) return { quantile: ratio(share), target }
  }
  return undefined
}

function sloOf(draft: SloDraft): Slo {
  const { at, value } = draft
  const latency = latencyOf(draft)
  if (value.objective !== undefined)
    return { kind: 'availability', sli: value.sli.value, objective: value.objective, at }
  if (latency === undefined) throw new Error('an objective without a measure was let through')
  const targetMs = latency.target.value
  const ceilingMs = value.ceiling?.value ?? targetMs
  return { kind: 'latency', sli: value.sli.value, quantile: latency.quantile, targetMs, ceilingMs, at }
}

export type GuardrailDraft = Whole<'guardrails'>[number]

export function guardrailId({ value: { value: draft } }: GuardrailDraft): string {
  const limit = draft.kind === 'burns' ? `burns-${draft.value.burns}x` : `below-${showPercent(draft.value.below)}`
  return `${draft.value.sli.value}-${limit}`
}

/** The objective whose budget a burn rate refers to. */
export const availabilityOf = (sli: string, slos: readonly SloDraft[]): Ratio | undefined =>
  slos.find(({ value }) => value.sli.value === sli && value.objective !== undefined)?.value.objective

function guardrailOf(guardrail: GuardrailDraft, slos: readonly SloDraft[]): Guardrail {
  const { at, value } = guardrail
  const id = guardrailId(guardrail)
  const { kind, value: limits } = value.value
  const sli = limits.sli.value
  if (kind === 'below') return { kind: 'availability', id, sli, below: limits.below, forMs: limits.for, at }
  const objective = availabilityOf(sli, slos)
  if (objective === undefined) throw new Error('a burn rate without an objective was let through')
  const { burns, over, and } = limits
  return { kind: 'burn', id, sli, objective, factor: burns, longMs: over.value, shortMs: and.value, at }
}
