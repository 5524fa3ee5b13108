/** Rules between phases, and between phases and the autoscalers that follow them. */
import type { SourcePoint } from '../../domain/issue.ts'
import { showDuration } from '../../domain/show.ts'
import { chooseAmong } from '../did-you-mean.ts'
import type { Draft, ExpectationDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'

/** A phase with its place in the plan, in ms from the start of the load. */
export type PhaseSpan = {
  readonly name: string
  readonly fromMs: number
  readonly rampEndMs: number
  readonly toMs: number
  readonly load: number
}
export type Plan = { readonly spans: readonly PhaseSpan[]; readonly totalMs: number }

export function checkTimeline(draft: Draft, report: Report): void {
  reportTwins(draft.timeline?.value.map(({ at, value }) => ({ at, name: value.phase })) ?? [], 'a phase', report)
  const plan = planOf(draft)
  if (plan === undefined) return
  const harmed = harmedIn(draft)
  for (const { value } of draft.expect?.value ?? []) {
    if (value.kind === 'autoscaler' || value.kind === 'keda') checkFollower(value, plan, harmed, report)
  }
}

/** If a phase is missing, every later time would be wrong, so there is no plan. */
export function planOf({ timeline }: Draft): Plan | undefined {
  if (timeline?.whole !== true) return undefined
  let fromMs = 0
  const spans = timeline.value.map(({ value }): PhaseSpan => {
    const rampEndMs = fromMs + (value.ramp ?? 0)
    const span = { name: value.phase, fromMs, rampEndMs, toMs: rampEndMs + value.for, load: value.load }
    fromMs = span.toMs
    return span
  })
  return { spans, totalMs: fromMs }
}

/** The phase of that name, or an issue if there is none. */
export function spanOf({ at, value }: Placed<string>, { spans }: Plan, report: Report): PhaseSpan | undefined {
  const span = spans.find(({ name }) => name === value)
  const names = spans.map(({ name }) => name)
  if (span === undefined)
    report(at, 'unknown-phase', `There is no phase "${value}".`, chooseAmong(value, names, 'phases'))
  return span
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

type Follower = Extract<ExpectationDraft['value'], { kind: 'autoscaler' | 'keda' }>

/** Names of the phases with faults or actions: answers may become slow, and queues grow, at the same load. */
const harmedIn = ({ faults, actions }: Draft): ReadonlySet<string> =>
  new Set([...(faults?.value ?? []), ...(actions?.value ?? [])].map(({ value }) => value.during.value))

/** An expectation of scaling in a phase: something in that phase must cause it, and every time must fit into the run. */
function checkFollower({ kind, value }: Follower, plan: Plan, harmed: ReadonlySet<string>, report: Report): void {
  const { on, readyWithin } = value
  const span = spanOf(on, plan, report)
  if (span === undefined) return
  const before = plan.spans[plan.spans.indexOf(span) - 1]
  if (span.load <= (before?.load ?? 0) && !harmed.has(on.value))
    report(
      on.at,
      'expectation-unobservable',
      `The load does not rise in "${on.value}", and nothing is done to the platform, so that nothing scales up.`,
      'name the phase in which it rises, or one with a fault or an action.',
    )
  for (const within of kind === 'keda' ? [value.activatesWithin, readyWithin] : [readyWithin]) {
    if (within.value <= span.toMs - span.fromMs) continue
    const problem = `"${on.value}" is over before ${showDuration(within.value)} have passed.`
    report(within.at, 'expectation-unobservable', problem, 'let the phase last longer, or expect pods sooner.')
  }
  const rests = kind === 'keda' ? value.idleWithin : value.calms?.within
  if (rests === undefined || span.toMs + rests.value <= plan.totalMs) return
  const left = showDuration(plan.totalMs - span.toMs)
  const problem = `It has ${showDuration(rests.value)} to come down, and the load ends ${left} after "${on.value}".`
  report(rests.at, 'expectation-unobservable', problem, 'add time after the phase, or expect it sooner.')
}
