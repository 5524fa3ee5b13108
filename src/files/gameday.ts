/** `spec.gameday`: what the people of a GameDay agree on before it. Nothing of it is judged; the report and the live page show it. */
import type { GameDay } from '../domain/people.ts'
import { name } from './name-shapes.ts'
import { duration } from './quantities.ts'
import { may, record } from './record.ts'
import { list, type Shape } from './shape.ts'

const sentence = (example: string) => name('a sentence', example)
const person = (example: string) => name('the name of a person', example)

export const gameday = record({
  briefing: may(sentence('We lose a provider during the peak'), 'What is going to happen, for everybody in the room.'),
  timebox: may(duration({ min: 60_000 }), 'Time that the people have set aside, from the start of the load.'),
  owner: may(person('Ana'), 'Decides go, no-go and stop.'),
  coordinator: may(person('Bo'), 'Drives the tool.'),
  reporter: may(person('Chris'), 'Writes the notes.'),
  observers: may(list(person('Dora')), 'Watch the dashboards.'),
  checklist: may(list(sentence('on-call knows')), 'What must be true before the run begins.'),
})

type Draft = typeof gameday extends Shape<infer T> ? T : never

export function gamedayOf({ briefing, timebox, owner, coordinator, reporter, observers, checklist }: Draft): GameDay {
  const one = { owner, coordinator, reporter }
  const roles = (['owner', 'coordinator', 'reporter'] as const).flatMap((role) => {
    const name = one[role]
    return name === undefined ? [] : [{ role, name }]
  })
  return {
    ...(briefing === undefined ? {} : { briefing }),
    ...(timebox === undefined ? {} : { timeboxMs: timebox }),
    roles: [...roles, ...(observers ?? []).map((name) => ({ role: 'observer' as const, name }))],
    checklist: checklist ?? [],
  }
}
