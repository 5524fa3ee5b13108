/** Whether the load generator can be trusted. */
import { percent } from '../../domain/show.ts'
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { whole } from '../words.ts'
import { cell, facts, row, section } from './markup.ts'

export function generator({ generator: each }: Judgment): Html {
  const rows = [
    row([cell('arrivals due'), cell(whole(each.due))]),
    row([cell('run'), cell(whole(each.ran))]),
    row([cell('dropped'), cell(whole(each.dropped))]),
    row([cell('never started'), cell(whole(each.missing))]),
    row([cell('k6 at most'), cell(`${each.cpuCoresPeak.toFixed(2)} cores`)]),
    row([cell('machine at most'), cell(`${percent(each.hostBusyPeak, 0)} busy`)]),
  ]
  const sentence = html`<p class="${each.trusted ? 'good' : 'bad'}">${each.trusted ? '✓' : '✗'} ${each.sentence}</p>`
  return section('generator-health', 'Load generator', html`${sentence}${facts(rows)}`)
}
