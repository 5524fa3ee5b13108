/** States that the run must reach, while it is under way: what was shown so far, and what is not reached yet. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { cell, plainTable, row, rowHead } from '../sections/markup.ts'
import { inSeconds } from '../words.ts'
import type { RunState } from './fold.ts'

/** Empty where the rehearsal requires no state. */
export function reachedPanel({ judgment, run }: { readonly judgment: Judgment; readonly run: RunState }): Html {
  const { reached = [] } = judgment
  if (reached.length === 0) return html``
  const open = run === 'running' ? '… not yet' : '✗ not reached'
  const rows = reached.map(({ state, goal, held, afterMs, shown }) =>
    row([
      rowHead(state),
      cell(goal),
      cell(shown ?? 'not read yet'),
      held ? cell(`✓ reached after ${inSeconds(afterMs)}`, 'good') : cell(open, 'warn'),
    ]),
  )
  return plainTable(['state', 'goal', 'nearest so far', 'reached'], rows, 'Required states')
}
