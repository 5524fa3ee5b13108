/** Decisions with what was known, follow-ups, and people and machine in one timeline. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { speaker } from '../live/event-words.ts'
import type { RunView } from '../view.ts'
import { clock, utcTime } from '../words.ts'
import { cell, facts, row, rowHead, section, table } from './markup.ts'
import { reactionTable } from './reactions.ts'

const since = (at: number, { zeroAt }: RunView): string => (at < zeroAt ? '–' : clock((at - zeroAt) / 1000))

export function decisions(_: Judgment, view: RunView): Html {
  const { decisions: all } = view.people
  if (all.length === 0) return html``
  const rows = all.map(({ decision, known }) =>
    row([
      cell(since(decision.at, view)),
      cell(utcTime(decision.at)),
      cell(speaker(decision)),
      cell(decision.about === undefined ? decision.what : `${decision.what} for ${decision.about}`),
      cell(decision.reason ?? '–'),
      cell(known),
    ]),
  )
  return section(
    'decisions',
    'Decisions',
    table(['time', 'UTC', 'who', 'decision', 'reason', 'what was known'], rows, 'Decisions'),
  )
}

/** What was agreed on before: briefing, roles, checklist, and the time box against the length of the run. */
export function gameday(_: Judgment, view: RunView): Html {
  const agreed = view.started.rehearsal.gameday
  if (agreed === undefined) return html``
  const { briefing, timeboxMs, roles, checklist } = agreed
  const rows = [
    ...roles.map(({ role, name }) => row([rowHead(role), cell(name)])),
    ...(timeboxMs === undefined
      ? []
      : [row([rowHead('time box'), cell(`${clock(timeboxMs / 1000)} min, used ${clock(view.seconds)}`)])]),
  ]
  const said = briefing === undefined ? html`` : html`<p>${briefing}</p>`
  const checked =
    checklist.length === 0
      ? html``
      : html`<h3>Go/no-go checklist</h3><ul>${checklist.map((each) => html`<li>${each}</li>`)}</ul>`
  return section(
    'gameday',
    'GameDay',
    html`${said}${rows.length === 0 ? html`` : facts(rows, 'What was agreed on')}${checked}`,
  )
}

/** What the rehearsal as a whole expected of people, about the first fault or action. */
export function reactionsOfPeople({ people: all = [] }: Judgment): Html {
  return all.length === 0
    ? html``
    : section('human', 'What people had to do', reactionTable(all, 'What people had to do'))
}

export function people(_: Judgment, view: RunView): Html {
  const { timeline, followUps } = view.people
  if (timeline.length === 0) return html``
  const rows = timeline.map(
    ({ at, line, words, said }) =>
      html`<tr${said ? html` class="said"` : html``}>${cell(since(at, view))}${cell(utcTime(at))}<td><b>${words.subject}</b>${words.text}</td>${cell(String(line))}</tr>`,
  )
  const items = followUps.map((note) => html`<li>${note.text} (${speaker(note)})</li>`)
  const open = items.length === 0 ? html`` : html`<h3>Follow-ups</h3><ul>${items}</ul>`
  return section(
    'people',
    'People and machine',
    html`${open}${table(['time', 'UTC', 'what happened', 'journal line'], rows, 'People and machine')}`,
  )
}
