/** Gauges that were never to go above a limit. */
import type { Judgment } from '../../domain/verdict.ts'
import { cell, held, row, section, table } from './markup.ts'

export function connections(judgment: Judgment): string {
  if (judgment.connections.length === 0) return ''
  const rows = judgment.connections.map((each) =>
    row([
      cell(each.of),
      cell(each.metric),
      cell(each.highest === undefined ? 'never measured' : String(each.highest)),
      cell(String(each.atMost)),
      held(each.held),
    ]),
  )
  return section('connections', 'Limits', table(['of', 'metric', 'highest', 'at most', ''], rows))
}
