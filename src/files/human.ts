/** `human`: what people must do about a fault or an action, or about the first one of the run. */
import type { PeopleReaction } from '../domain/people.ts'
import { name } from './name-shapes.ts'
import { duration } from './quantities.ts'
import { may, need, record } from './record.ts'
import { type Placed, placed, type Shape, someOf } from './shape.ts'

const time = (what: string) => may(placed(duration({ min: 1000 })), what)

const fields = record({
  declared: time('Longest time until a note says that an incident was declared.'),
  mitigated: time('Longest time until a note says that people mitigated.'),
  runbook: may(
    record({
      steps: need(someOf(placed(name('a step of a runbook', 'open the breaker'))), 'Steps that notes must tick.'),
      within: need(placed(duration({ min: 1000 })), 'Longest time until the last of them is ticked.'),
    }),
    'Steps of the runbook.',
  ),
})

const PARTS = ['declared', 'mitigated', 'runbook'] as const

export const human = {
  schema: { ...fields.schema, anyOf: PARTS.map((part) => ({ required: [part] })) },
  decode: fields.decode,
}

export type HumanDraft = typeof human extends Shape<infer T> ? T : never

/** One for each thing that people must do. */
export function peopleReactionsOf({ declared, mitigated, runbook }: HumanDraft): readonly PeopleReaction[] {
  const timed = (kind: 'declares' | 'mitigates', within: Placed<PeopleReaction['withinMs']> | undefined) =>
    within === undefined ? [] : [{ kind, withinMs: within.value, at: within.at }]
  const steps = (runbook?.steps ?? []).flatMap(({ at, value }) =>
    runbook === undefined ? [] : [{ kind: 'ticks' as const, step: value, withinMs: runbook.within.value, at }],
  )
  return [...timed('declares', declared), ...timed('mitigates', mitigated), ...steps]
}
