/** What is expected of people: something, each step once, and in a time that fits into the run. */
import type { SourcePoint } from '../../domain/issue.ts'
import { stepKey } from '../../domain/people.ts'
import { showDuration } from '../../domain/show.ts'
import { startsBetween } from '../../domain/trigger.ts'
import type { HumanDraft } from '../human.ts'
import type { Draft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'
import { startOf } from '../trigger.ts'
import { type PhaseSpan, planOf } from './timeline.ts'

type Timed = { readonly what: string; readonly within: Placed<number> }

export function humanTimes({ declared, mitigated, runbook }: HumanDraft): readonly Timed[] {
  return [
    ...(declared ? [{ what: 'Declaring', within: declared }] : []),
    ...(mitigated ? [{ what: 'Mitigation', within: mitigated }] : []),
    ...(runbook ? [{ what: 'The runbook', within: runbook.within }] : []),
  ]
}

export function checkHumanParts({ declared, mitigated, runbook }: HumanDraft, at: SourcePoint, report: Report): void {
  if (declared === undefined && mitigated === undefined && runbook === undefined)
    report(at, 'missing-key', 'Nothing is expected of people here.', 'add declared, mitigated or runbook.')
  const keys = (runbook?.steps ?? []).map(({ value }) => stepKey(value))
  for (const [index, step] of (runbook?.steps ?? []).entries())
    if (keys.indexOf(stepKey(step.value)) < index)
      report(step.at, 'duplicate-name', `"${step.value}" is a step already.`, 'give each step its own words.')
}

/** Of the rehearsal: its times count from the first fault or action, which must leave enough of the load. */
export function checkHuman(draft: Draft, report: Report): void {
  const plan = planOf(draft)
  const starts = plan === undefined ? [] : startsOf(draft, plan.spans)
  for (const { at, value } of draft.expect?.value ?? []) {
    if (value.kind !== 'human') continue
    checkHumanParts(value.value, at, report)
    if (plan === undefined) continue
    if (starts.length === 0) {
      const next = 'add a fault or an action, or remove this.'
      report(at, 'expectation-unobservable', 'There is no fault and no action to which people could react.', next)
      continue
    }
    const leftMs = plan.totalMs - Math.min(...starts)
    for (const { what, within } of humanTimes(value.value)) {
      if (within.value <= leftMs) continue
      const problem = `${what} has ${showDuration(within.value)}, and the load ends ${showDuration(leftMs)} after the first fault or action begins.`
      report(within.at, 'expectation-unobservable', problem, 'begin it sooner, or expect it sooner.')
    }
  }
}

function startsOf({ faults, actions }: Draft, spans: readonly PhaseSpan[]) {
  return [...(faults?.value ?? []), ...(actions?.value ?? [])].flatMap(({ value }) => {
    const span = spans.find(({ name }) => name === value.during.value)
    return span === undefined ? [] : [startsBetween(startOf(value), span).latestMs]
  })
}
