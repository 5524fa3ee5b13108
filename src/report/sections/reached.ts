/** States that the run had to reach, and when it did. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { inSeconds } from '../words.ts'
import { cell, row, section, table } from './markup.ts'

export function reached({ reached: all = [] }: Judgment): Html {
  if (all.length === 0) return html``
  const rows = all.map(({ state, goal, held, afterMs, shown }) =>
    row([
      cell(state),
      cell(goal),
      cell(shown ?? 'never read'),
      cell(inSeconds(afterMs)),
      cell(held ? '✓ reached' : '✗ not reached', held ? 'good' : 'warn'),
    ]),
  )
  const heads = ['state', 'goal', 'shown', 'after the load started', 'reached']
  return section('reached', 'Required states', table(heads, rows, 'Required states'))
}
