/** KEDA's part of a reaction: trigger active, first pod, enough pods, idle again. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { counted } from '../words.ts'
import { stepTable } from './autoscalers.ts'
import { section } from './markup.ts'

export function keda(judgment: Judgment): Html {
  if (judgment.keda.length === 0) return html``
  const parts = judgment.keda.map(
    (each) =>
      html`<h3>${each.scaledObject} on ${each.phase} <span class="${each.held ? 'good' : 'bad'}">${each.held ? '✓ held' : '✗ missed'}</span></h3><p>Up to ${counted(each.peakReady, 'pod')} ready.</p>${stepTable(each.steps, `${each.scaledObject} on ${each.phase}`)}`,
  )
  return section('keda', 'KEDA reaction', html`${parts}`)
}
