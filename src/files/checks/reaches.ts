/** States that a run must reach: their phases exist, and no state stands there twice. */
import { stateName } from '../../domain/required-state.ts'
import { requiredStateOf } from '../reaches.ts'
import type { Draft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import { planOf, spanOf } from './timeline.ts'

export function checkReaches(draft: Draft, report: Report): void {
  const states = draft.reaches?.value ?? []
  const named = states.map((state) => ({ at: state.at, name: stateName(requiredStateOf(state)) }))
  for (const [index, { at, name }] of named.entries()) {
    const first = named.findIndex((each) => each.name === name)
    if (first === index) continue
    const problem = `A state of ${name} is required in line ${named[first]?.at.line ?? 0} already.`
    report(at, 'duplicate-name', problem, 'keep the one that is harder to reach.')
  }
  const plan = planOf(draft)
  if (plan === undefined) return
  for (const { value } of states) if (value.value.on !== undefined) spanOf(value.value.on, plan, report)
}
