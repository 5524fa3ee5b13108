/** Rules between faults, actions, their phases, and the reactions expected of the platform. */
import type { SourcePoint } from '../../domain/issue.ts'
import { showDuration } from '../../domain/show.ts'
import { startsBetween } from '../../domain/trigger.ts'
import { GATE_OPENS } from '../harm.ts'
import type { ActionDraft, Draft, FaultDraft, ReactionDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'
import { type BeginDraft, startOf } from '../trigger.ts'
import { checkActTimes, checkReaction } from './reactions.ts'
import { type PhaseSpan, type Plan, planOf, reportTwins, spanOf } from './timeline.ts'
import { checkBegin } from './triggers.ts'

/** The common part of a fault and an action. */
export type HarmDraft = {
  readonly is: 'fault' | 'action'
  readonly name: string
  readonly at: SourcePoint
  readonly during: Placed<string>
  readonly begins: BeginDraft
  readonly lasts?: Placed<number>
  readonly expect: readonly ReactionDraft[]
  readonly witness?: FaultDraft['value']['witness']
  readonly action?: ActionDraft
  readonly gate?: { readonly at: SourcePoint; readonly opensMs: number }
}

/**
 * A harm with its place in the plan. Without an end of its own it lasts until the end of the load. With a trigger it begins between `fromMs` and
 * `latestMs`, and `toMs` is the latest end.
 */
export type Strike = {
  readonly harm: HarmDraft
  readonly fromMs: number
  readonly latestMs: number
  readonly toMs: number
  readonly totalMs: number
}

// The witness compares with the traffic before the fault: two seconds to reach it and a few scrapes at 0.5 s.
const TRAFFIC_BEFORE_FAULT_MS = 5000

export function checkHarms(draft: Draft, report: Report): void {
  const harms = [...(draft.faults?.value ?? []).map(ofFault), ...(draft.actions?.value ?? []).map(ofAction)]
  reportTwins(harms, 'a fault or an action', report)
  const plan = planOf(draft)
  const strikes = plan === undefined ? [] : harms.flatMap((harm) => strikeOf(harm, plan, report) ?? [])
  for (const harm of harms) {
    const strike = strikes.find((each) => each.harm === harm)
    checkBegin(harm.begins, harm.at, report)
    checkWitness(harm, report)
    checkGate(harm, report)
    checkActTimes(harm, strike, report)
    for (const reaction of harm.expect) checkReaction(reaction, harm, strike, draft, report)
  }
  checkOverlaps(strikes, report)
}

const ofFault = ({ at, value }: FaultDraft): HarmDraft => ({
  is: 'fault',
  name: value.name,
  at,
  during: value.during,
  begins: value,
  lasts: value.for,
  expect: value.expect ?? [],
  witness: value.witness,
  ...(value.gate === undefined ? {} : { gate: { at: value.gate.at, opensMs: value.gateOpens ?? GATE_OPENS } }),
})

const ofAction = (action: ActionDraft): HarmDraft => ({
  is: 'action',
  name: action.value.name,
  at: action.at,
  during: action.value.during,
  begins: action.value,
  ...(action.value.for === undefined ? {} : { lasts: action.value.for }),
  expect: action.value.expect ?? [],
  action,
})

/** People decide about a fault while its phase has load that they can see, and before its trigger is armed. */
function checkGate({ gate, begins: { at, when } }: HarmDraft, report: Report): void {
  const closesMs = when === undefined ? at : (when.value.value.from?.value ?? 0)
  if (gate === undefined || closesMs === undefined || gate.opensMs <= closesMs) return
  const [what, key] = when === undefined ? ['fault, which begins', 'at'] : ['trigger, which is armed', 'when.from']
  const problem = `The gate opens ${showDuration(gate.opensMs)} before the ${what} ${showDuration(closesMs)} after the ramp of its phase.`
  const next =
    key === 'at'
      ? `let the fault begin at ${showDuration(gate.opensMs)} or later, or shorten gateOpens.`
      : `write from: ${showDuration(gate.opensMs)} or later under when, or shorten gateOpens.`
  report(gate.at, 'gate-outside-phase', problem, next)
}

function strikeOf(harm: HarmDraft, plan: Plan, report: Report): Strike | undefined {
  const span = spanOf(harm.during, plan, report)
  if (span === undefined) return undefined
  const { fromMs, latestMs } = startsBetween(startOf(harm.begins), span)
  const toMs = harm.lasts === undefined ? plan.totalMs : latestMs + harm.lasts.value
  if (harm.lasts === undefined ? latestMs >= span.toMs : toMs > span.toMs)
    reportOutlasting(harm, latestMs, toMs, span, report)
  if (harm.witness !== undefined && harm.witness.value.kind !== 'ready' && fromMs < TRAFFIC_BEFORE_FAULT_MS) {
    const isArmed = harm.begins.when !== undefined
    const what = isArmed ? 'The trigger is armed' : 'The fault begins'
    const problem = `${what} ${showDuration(fromMs)} after the start of the load, before its witness has seen traffic.`
    const next = `let it ${isArmed ? 'be armed (from)' : 'begin'} at least ${showDuration(TRAFFIC_BEFORE_FAULT_MS)} after the start of the load.`
    report(harm.at, 'fault-too-early', problem, next)
  }
  return { harm, fromMs, latestMs, toMs, totalMs: plan.totalMs }
}

function reportOutlasting(
  { is, at, lasts, begins: { when } }: HarmDraft,
  latestMs: number,
  toMs: number,
  span: PhaseSpan,
  report: Report,
): void {
  const length = `whose full load lasts ${showDuration(span.toMs - span.rampEndMs)}`
  const how =
    lasts === undefined ? `begins ${showDuration(latestMs - span.toMs)}` : `ends ${showDuration(toMs - span.toMs)}`
  const next =
    when === undefined
      ? 'begin it sooner, shorten it, or let the phase last longer.'
      : 'give the trigger an earlier deadline (by), shorten it, or let the phase last longer.'
  report(
    lasts?.at ?? at,
    is === 'fault' ? 'fault-outlasts-phase' : 'action-outlasts-phase',
    `The ${is} ${how} after its phase "${span.name}"${when === undefined ? '' : ' if its trigger fires at the deadline'}, ${length}.`,
    next,
  )
}

function checkWitness({ witness, lasts }: HarmDraft, report: Report): void {
  if (witness === undefined || lasts === undefined) return
  const { kind, value } = witness.value
  if (value.within.value >= lasts.value) {
    const problem = `The witness has ${showDuration(value.within.value)}, and the fault lasts ${showDuration(lasts.value)}.`
    report(value.within.at, 'expectation-unobservable', problem, 'let the fault last longer, or expect it sooner.')
  }
  if (kind === 'ready' && value.ready === 'nodes' && value.app !== undefined)
    report(value.app.at, 'wrong-value', 'Nodes are of no app.', 'remove the app, or write ready: pods.')
}

/** Faults may overlap: the blast radius counts them together. But then each needs a witness that the other does not affect. */
function checkOverlaps(strikes: readonly Strike[], report: Report): void {
  strikes.forEach((strike, index) => {
    for (const earlier of strikes.slice(0, index)) {
      const together = strike.fromMs < earlier.toMs && earlier.fromMs < strike.toMs
      const shared = together ? sharedWitness(strike.harm, earlier.harm) : undefined
      if (shared === undefined) continue
      const problem = `"${strike.harm.name}" and "${earlier.harm.name}" overlap, and both are witnessed by ${shared.value}, which could not tell them apart.`
      report(shared.at, 'faults-overlap', problem, 'let one follow the other, or give them different witnesses.')
    }
  })
}

/** The witness that both share: the same source, unless a label separates the series; or pods or nodes that both may select. */
function sharedWitness(harm: HarmDraft, other: HarmDraft): Placed<string> | undefined {
  const [mine, theirs] = [harm.witness, other.witness]
  if (mine === undefined || theirs === undefined) return undefined
  const [a, b] = [mine.value, theirs.value]
  if (a.kind === 'ready' || b.kind === 'ready') {
    if (a.kind !== 'ready' || b.kind !== 'ready' || a.value.ready !== b.value.ready) return undefined
    const apart = differ(a.value.app?.value, b.value.app?.value) || differ(a.value.zone, b.value.zone)
    return apart ? undefined : { at: mine.at, value: `the Ready ${a.value.ready}` }
  }
  const [where, others] = [a.value.where ?? {}, b.value.where ?? {}]
  const apart = Object.keys(where).some((label) => differ(where[label], others[label]))
  return a.value.of.value === b.value.of.value && !apart ? a.value.of : undefined
}

const differ = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b
