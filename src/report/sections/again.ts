/** How to compute the same verdict again, and how to repeat the run. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import type { RunView } from '../view.ts'
import { sealWords } from '../words.ts'
import { section } from './markup.ts'

export function again(judgment: Judgment, view: RunView): Html {
  const { environment, rehearsal } = view.started
  const seal = sealWords(judgment)
  return section(
    'again',
    'Judge it again',
    html`<p>The verdict follows from <code>journal.ndjson</code> alone: <code>matchday judge reports/${judgment.run}</code> gives the same one to the byte. The line numbers above are lines of that file${seal === undefined ? '' : ` (${seal})`}.</p>
<p>Run it again: <code>${environment.command}</code> (${rehearsal.file}, seed ${environment.seed}, matchday ${environment.matchday}, Node ${environment.node}, ${environment.cores} cores).</p>`,
  )
}
