/** How to get the same verdict again, and another run. */
import type { Judgment } from '../../domain/verdict.ts'
import { escapeXml } from '../draw/xml.ts'
import type { RunView } from '../view.ts'
import { section } from './markup.ts'

export function again(judgment: Judgment, view: RunView): string {
  const { environment, rehearsal } = view.started
  return section(
    'again',
    'Judge it again',
    `<p>The verdict follows from <code>journal.ndjson</code> alone: <code>matchday judge reports/${escapeXml(judgment.run)}</code> gives the same one to the byte. The line numbers above are lines of that file.</p>
<p>Run it again: <code>${escapeXml(environment.command)}</code> (${escapeXml(rehearsal.file)}, seed ${environment.seed}, matchday ${escapeXml(environment.matchday)}, Node ${escapeXml(environment.node)}, ${environment.cores} cores).</p>`,
  )
}
