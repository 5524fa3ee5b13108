/** Alerts of the team's Prometheus that fired while the load ran: when, for how long, and whether somebody expected them. */
import type { FiredAlert, Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import type { RunView } from '../view.ts'
import { clock, type Look } from '../words.ts'
import { cell, row, rowHead, section, table } from './markup.ts'

export const alertSorts: Readonly<Record<FiredAlert['is'], readonly [words: string, look: Look | '']>> = {
  expected: ['✓ expected', 'good'],
  allowed: ['allowed', ''],
  other: ['✗ not expected', 'bad'],
  before: ['was firing before the load', ''],
}

export function alerts({ alerts: result }: Judgment, { zeroAt }: RunView): Html {
  if (result === undefined) return html``
  const since = (at: number): string => clock(Math.max(0, at - zeroAt) / 1000)
  const rows = result.fired.map(({ alert, labels, is, firedAt, resolvedAt }) => {
    const [words, look] = alertSorts[is]
    return row([
      rowHead(alert),
      cell(labelWords(labels)),
      cell(is === 'before' ? '–' : since(firedAt)),
      cell(resolvedAt === undefined ? 'not in the run' : since(resolvedAt)),
      cell(words, look),
    ])
  })
  const shown =
    rows.length === 0
      ? html`<p>No alert fired while the load ran.</p>`
      : table(['alert', 'labels', 'fired', 'resolved', 'expected'], rows, 'Alerts')
  const others = result.others === undefined ? html`` : html`<p>${result.others.sentence}</p>`
  return section('alerts', 'Alerts', html`${shown}${others}`)
}

export const labelWords = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
