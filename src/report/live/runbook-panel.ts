/** The runbook on the live page: steps that are done, with who and when, and a button for each of the others. */
import { stepKey } from '../../domain/people.ts'
import { runbookOf } from '../../domain/runbook.ts'
import { type Html, html } from '../escape/html.ts'
import type { RunView } from '../view.ts'
import { utcTime } from '../words.ts'
import { speaker } from './event-words.ts'
import type { RunState } from './fold.ts'

/** Empty where the rehearsal has no runbook. */
export function runbookPanel({ seen, run }: { readonly seen: RunView; readonly run: RunState }): Html {
  const steps = runbookOf(seen.started.rehearsal)
  if (steps.length === 0) return html``
  const items = steps.map((step) => {
    const tick = seen.people.ticks.find(({ text }) => stepKey(text) === stepKey(step))
    if (tick !== undefined) return html`<li class="good">✓ ${step} (${speaker(tick)}, ${utcTime(tick.at)} UTC)</li>`
    return run === 'running'
      ? html`<li>${step} <button type="button" data-step="${step}">Done</button></li>`
      : html`<li class="warn">${step}: not ticked</li>`
  })
  return html`<h3>Runbook</h3><ul>${items}</ul>`
}
