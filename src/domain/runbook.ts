/** The steps of the runbook that a rehearsal expects to be ticked. */
import { stepKey } from './people.ts'
import type { Rehearsal } from './rehearsal.ts'

/** Of all faults, actions and the run, each once, in the order of the file. */
export function runbookOf({ faults, actions, expectations }: Rehearsal): readonly string[] {
  const expected = [
    ...[...faults, ...actions].flatMap(({ expect }) => expect),
    ...expectations.flatMap((each) => (each.kind === 'human' ? each.reactions : [])),
  ]
  const steps = expected.flatMap((each) => (each.kind === 'ticks' ? [each.step] : []))
  return [...new Map(steps.toReversed().map((step) => [stepKey(step), step])).values()].reverse()
}
