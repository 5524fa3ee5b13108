/** Messages pushed to clients, compared with what was due to them. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { cell, held, row, section, table } from './markup.ts'

const COLUMNS = ['stream', 'clients', 'due', 'lost', 'twice', 'late', 'not judged', 'held']

export function deliveries({ deliveries: all = [] }: Judgment): Html {
  if (all.length === 0) return html``
  const rows = all.map((each) => {
    const counts = [each.clients, each.judged, each.lost, each.again, each.late, each.notJudged]
    return row([cell(each.stream), ...counts.map((count) => cell(String(count))), held(each.held)])
  })
  return section('deliveries', 'What clients received', table(COLUMNS, rows, 'Deliveries'))
}
