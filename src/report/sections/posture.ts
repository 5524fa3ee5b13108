/** The posture of the cluster's objects before the load. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { cell, held, row, section, table } from './markup.ts'

export function posture(judgment: Judgment): Html {
  if (judgment.posture.length === 0) return html``
  const rows = judgment.posture.map((each) =>
    row([cell(each.namespace), cell(each.want), cell(each.sentence), held(each.held)]),
  )
  return section('posture', 'Posture', table(['namespace', 'wanted', 'seen', 'held'], rows, 'Posture'))
}
