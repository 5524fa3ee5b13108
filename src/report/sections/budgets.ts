/** Disruption budgets that had to hold. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { cell, held, row, section, table } from './markup.ts'

export function budgets(judgment: Judgment): Html {
  if (judgment.budgets.length === 0) return html``
  const rows = judgment.budgets.map((each) =>
    row([
      cell(each.budget),
      cell(String(each.lowestHealthy ?? '–')),
      cell(String(each.wantedHealthy ?? '–')),
      cell(String(each.refusedEvictions)),
      held(each.held),
    ]),
  )
  const heads = ['budget', 'lowest healthy', 'must be healthy', 'refused evictions', 'held']
  return section('budgets', 'Disruption budgets', table(heads, rows, 'Disruption budgets'))
}
