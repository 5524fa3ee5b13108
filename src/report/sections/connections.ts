/** Gauges with a limit. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { cell, held, row, section, table } from './markup.ts'

export function connections(judgment: Judgment): Html {
  if (judgment.connections.length === 0) return html``
  const rows = judgment.connections.map((each) =>
    row([
      cell(each.of),
      cell(each.metric),
      cell(each.highest === undefined ? 'never measured' : String(each.highest)),
      cell(String(each.atMost)),
      held(each.held),
    ]),
  )
  return section('connections', 'Limits', table(['of', 'metric', 'highest', 'at most', 'held'], rows, 'Limits'))
}
