/** Findings, the cause first, each with the lines of the journal that show it and what to do next. */
import type { Finding, Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { section } from './markup.ts'

const weightWords: Readonly<Record<Finding['weight'], string>> = {
  breach: '✗ breach',
  gap: '? gap',
  warning: '! warning',
}

export function causes({ findings }: Judgment): Html {
  if (findings.length === 0) {
    const words =
      'Nothing was found: every objective is proven, every fault bit and was healed, all money is accounted for.'
    return section('causes', 'Causes', html`<p class="good">${words}</p>`)
  }
  return section('causes', 'Causes', html`<ol class="findings">${findings.map(item)}</ol>`)
}

function item(finding: Finding): Html {
  const lines = finding.evidence.slice(0, 8).join(', ')
  return html`<li class="${finding.weight}"><p><b>${weightWords[finding.weight]}</b> <code>${finding.cause}</code> ${finding.subject}</p><p>${finding.sentence}</p><p class="next">Next: ${finding.next}</p>${lines ? html`<p class="lines">journal.ndjson lines ${lines}</p>` : ''}</li>`
}
