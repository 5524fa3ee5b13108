/** What must hold between phases, faults and the times that are expected of them. */
import type { SourcePoint } from '../../domain/issue.ts'
import { showDuration } from '../../domain/show.ts'
import { chooseAmong } from '../did-you-mean.ts'
import type { Draft, FaultDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'

/** A phase with its place in the plan, in ms from the start of the load. */
type Span = {
  readonly name: string
  readonly fromMs: number
  readonly rampEndMs: number
  readonly toMs: number
  readonly load: number
}
type Plan = { readonly spans: readonly Span[]; readonly totalMs: number }

/** A fault with its place in the plan. */
type Strike = { readonly fault: FaultDraft; readonly fromMs: number; readonly toMs: number }

// The witness compares with the traffic before the fault: two seconds to reach it and a few scrapes at 0.5 s.
const TRAFFIC_BEFORE_FAULT_MS = 5000

export function checkTimeline(draft: Draft, report: Report): void {
  reportTwins(draft.timeline?.value.map(({ at, value }) => ({ at, name: value.phase })) ?? [], 'a phase', report)
  reportTwins(draft.faults?.value.map(({ at, value }) => ({ at, name: value.name })) ?? [], 'a fault', report)
  for (const fault of draft.faults?.value ?? []) checkWithinFault(fault, report)
  // With a phase missing, every time after it would be wrong.
  if (draft.timeline?.whole !== true) return
  const plan = planOf(draft.timeline.value)
  const strikes = (draft.faults?.value ?? []).flatMap((fault) => strikeOf(fault, plan, report) ?? [])
  for (const strike of strikes) checkRecovery(strike, plan, report)
  checkOverlaps(strikes, report)
  checkAutoscalers(draft, plan, report)
}

function planOf(phases: NonNullable<Draft['timeline']>['value']): Plan {
  let fromMs = 0
  const spans = phases.map(({ value }): Span => {
    const rampEndMs = fromMs + (value.ramp ?? 0)
    const span = { name: value.phase, fromMs, rampEndMs, toMs: rampEndMs + value.for, load: value.load }
    fromMs = span.toMs
    return span
  })
  return { spans, totalMs: fromMs }
}

export function reportTwins(named: readonly { at: SourcePoint; name: string }[], what: string, report: Report): void {
  const seen = new Map<string, SourcePoint>()
  for (const { at, name } of named) {
    const first = seen.get(name)
    if (first === undefined) seen.set(name, at)
    else
      report(
        at,
        'duplicate-name',
        `There is ${what} "${name}" already, in line ${first.line}.`,
        'give each its own name.',
      )
  }
}

function checkWithinFault({ value }: FaultDraft, report: Report): void {
  const tooLate = (at: SourcePoint, what: string, withinMs: number): void =>
    report(
      at,
      'expectation-unobservable',
      `${what} has ${showDuration(withinMs)}, and the fault lasts ${showDuration(value.for.value)}.`,
      'let the fault last longer, or expect it sooner.',
    )
  const { within } = value.witness.value
  if (within.value >= value.for.value) tooLate(within.at, 'The witness', within.value)
  for (const { value: expectation } of value.expect ?? []) {
    if (expectation.kind !== 'failover') continue
    const { from, to, within: limit } = expectation.value
    if (limit.value >= value.for.value) tooLate(limit.at, 'The failover', limit.value)
    if (from.value === to.value)
      report(to.at, 'wrong-value', `A failover from ${from.value} to itself is none.`, 'name another source.')
  }
}

function strikeOf(fault: FaultDraft, plan: Plan, report: Report): Strike | undefined {
  const { during, at, for: lasts } = fault.value
  const span = plan.spans.find(({ name }) => name === during.value)
  if (span === undefined) {
    const names = plan.spans.map(({ name }) => name)
    report(
      during.at,
      'unknown-phase',
      `There is no phase "${during.value}".`,
      chooseAmong(during.value, names, 'phases'),
    )
    return undefined
  }
  const strike = { fault, fromMs: span.rampEndMs + at, toMs: span.rampEndMs + at + lasts.value }
  if (strike.toMs > span.toMs) reportOutlasting(strike, span, report)
  if (strike.fromMs < TRAFFIC_BEFORE_FAULT_MS) {
    const problem = `The fault begins ${showDuration(strike.fromMs)} after the load, before its witness has seen traffic.`
    report(
      fault.at,
      'fault-too-early',
      problem,
      `let it begin at least ${showDuration(TRAFFIC_BEFORE_FAULT_MS)} after the load.`,
    )
  }
  return strike
}

function reportOutlasting({ fault, toMs }: Strike, span: Span, report: Report): void {
  const over = showDuration(toMs - span.toMs)
  const problem = `The fault ends ${over} after its phase "${span.name}", whose full load lasts ${showDuration(span.toMs - span.rampEndMs)}.`
  report(
    fault.value.for.at,
    'fault-outlasts-phase',
    problem,
    'begin it sooner, shorten it, or let the phase last longer.',
  )
}

function checkRecovery({ fault, toMs }: Strike, plan: Plan, report: Report): void {
  for (const { value } of fault.value.expect ?? []) {
    if (value.kind !== 'recovers' || toMs + value.value.within.value <= plan.totalMs) continue
    const left = showDuration(Math.max(0, plan.totalMs - toMs))
    const problem = `Recovery has ${showDuration(value.value.within.value)}, and the load ends ${left} after the fault.`
    report(
      value.value.within.at,
      'expectation-unobservable',
      problem,
      'add a phase after the fault, or expect recovery sooner.',
    )
  }
}

/** Faults may overlap: the blast radius counts them together. But then each needs a witness that the other does not move. */
function checkOverlaps(strikes: readonly Strike[], report: Report): void {
  strikes.forEach((strike, index) => {
    for (const earlier of strikes.slice(0, index)) {
      const together = strike.fromMs < earlier.toMs && earlier.fromMs < strike.toMs
      const { of } = strike.fault.value.witness.value
      if (!together || of.value !== earlier.fault.value.witness.value.of.value) continue
      const problem = `"${strike.fault.value.name}" and "${earlier.fault.value.name}" overlap, and both are witnessed by ${of.value}, which could not tell them apart.`
      report(of.at, 'faults-overlap', problem, 'let one follow the other, or give them different witnesses.')
    }
  })
}

function checkAutoscalers(draft: Draft, plan: Plan, report: Report): void {
  for (const { value } of draft.expect?.value ?? []) {
    if (value.kind !== 'autoscaler') continue
    const { on, readyWithin } = value.value
    const index = plan.spans.findIndex(({ name }) => name === on.value)
    const span = plan.spans[index]
    if (span === undefined) {
      const names = plan.spans.map(({ name }) => name)
      report(on.at, 'unknown-phase', `There is no phase "${on.value}".`, chooseAmong(on.value, names, 'phases'))
      continue
    }
    if (span.load <= (plan.spans[index - 1]?.load ?? 0))
      report(
        on.at,
        'expectation-unobservable',
        `The load does not rise in "${on.value}", so that nothing scales up.`,
        'name the phase in which it rises.',
      )
    if (readyWithin.value > span.toMs - span.fromMs)
      report(
        readyWithin.at,
        'expectation-unobservable',
        `"${on.value}" is over before ${showDuration(readyWithin.value)} have passed.`,
        'let the phase last longer, or expect pods sooner.',
      )
  }
}
