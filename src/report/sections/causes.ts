/** Findings, the cause first, each with the journal lines that show it and the next step. */
import type { Finding, Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { consequenceWords, type Root, rootsOf } from '../roots.ts'
import { section } from './markup.ts'

const weightWords: Readonly<Record<Finding['weight'], string>> = {
  breach: '✗ breach',
  gap: '? gap',
  accepted: '✓ accepted',
  warning: '! warning',
}

export function causes({ findings }: Judgment): Html {
  if (findings.length === 0) {
    const words =
      'Nothing was found: every objective is proven, every fault took effect and was healed, all money is accounted for.'
    return section('causes', 'Causes', html`<p class="good">${words}</p>`)
  }
  return section('causes', 'Causes', html`<ol class="findings">${rootsOf(findings).map(item)}</ol>`)
}

const item = ({ finding, consequences }: Root): Html =>
  html`<li class="${finding.weight}">${heading(finding)}<p class="next">Next: ${finding.next}</p>${evidenceLines(finding)}${folded(consequences)}</li>`

const heading = ({ weight, cause, subject, sentence }: Finding): Html =>
  html`<p><b>${weightWords[weight]}</b> <code>${cause}</code> ${subject}</p><p>${sentence}</p>`

function evidenceLines({ evidence }: Finding): Html {
  const lines = evidence.slice(0, 8).join(', ')
  return lines ? html`<p class="lines">journal.ndjson lines ${lines}</p>` : html``
}

function folded(consequences: readonly Finding[]): Html {
  if (consequences.length === 0) return html``
  const items = consequences.map((each) => html`<li class="${each.weight}">${heading(each)}${evidenceLines(each)}</li>`)
  return html`<details><summary>${consequenceWords(consequences)}</summary><ol class="findings">${items}</ol></details>`
}
