/** Whether the load generator can be trusted. */
import { showMeasuredPercent } from '../../domain/show.ts'
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { whole } from '../words.ts'
import { cell, facts, row, rowHead, section } from './markup.ts'

export function generator({ generator: each }: Judgment): Html {
  const rows = [
    row([rowHead('arrivals due'), cell(whole(each.due))]),
    row([rowHead('run'), cell(whole(each.ran))]),
    row([rowHead('dropped'), cell(whole(each.dropped))]),
    row([rowHead('never started'), cell(whole(each.missing))]),
    row([rowHead('k6 at most'), cell(`${each.cpuCoresPeak.toFixed(2)} cores`)]),
    row([rowHead('machine at most'), cell(`${showMeasuredPercent(each.hostBusyPeak, 0)} busy`)]),
  ]
  const sentence = html`<p class="${each.trusted ? 'good' : 'bad'}">${each.trusted ? '✓' : '✗'} ${each.sentence}</p>`
  return section('generator-health', 'Load generator', html`${sentence}${facts(rows, 'Load generator')}`)
}
