/** Findings, the cause first, each with the lines of the journal that show it and what to do next. */
import type { Finding, Judgment } from '../../domain/verdict.ts'
import { escapeXml } from '../draw/xml.ts'
import { section } from './markup.ts'

const weightWords: Readonly<Record<Finding['weight'], string>> = {
  breach: '✗ breach',
  gap: '? gap',
  warning: '! warning',
}

export function causes({ findings }: Judgment): string {
  if (findings.length === 0) {
    const words =
      'Nothing was found: every objective is proven, every fault bit and was healed, all money is accounted for.'
    return section('causes', 'Causes', `<p class="good">${words}</p>`)
  }
  return section('causes', 'Causes', `<ol class="findings">${findings.map(item).join('')}</ol>`)
}

function item(finding: Finding): string {
  const lines = finding.evidence.slice(0, 8).join(', ')
  return `<li class="${finding.weight}"><p><b>${weightWords[finding.weight]}</b> <code>${escapeXml(finding.cause)}</code> ${escapeXml(finding.subject)}</p><p>${escapeXml(finding.sentence)}</p><p class="next">Next: ${escapeXml(finding.next)}</p>${lines ? `<p class="lines">journal.ndjson lines ${lines}</p>` : ''}</li>`
}
