/** KEDA's part of a reaction: trigger active, first pod, enough pods, back at rest. */
import type { Judgment } from '../../domain/verdict.ts'
import { escapeXml } from '../draw/xml.ts'
import { counted } from '../words.ts'
import { stepTable } from './autoscalers.ts'
import { section } from './markup.ts'

export function keda(judgment: Judgment): string {
  if (judgment.keda.length === 0) return ''
  const parts = judgment.keda.map(
    (each) =>
      `<h3>${escapeXml(each.scaledObject)} on ${escapeXml(each.phase)} <span class="${each.held ? 'good' : 'bad'}">${each.held ? '✓ held' : '✗ missed'}</span></h3><p>Up to ${counted(each.peakReady, 'pod')} ready.</p>${stepTable(each.steps)}`,
  )
  return section('keda', 'KEDA reaction', parts.join(''))
}
