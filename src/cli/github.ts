/** In a GitHub job: findings as annotations of the rehearsal file, and the short report as the summary of the step. */
import { appendFileSync } from 'node:fs'
import { messageOf } from '../domain/unknown.ts'
import { annotations } from '../report/annotations.ts'
import { markdownReport } from '../report/markdown.ts'
import type { Judged } from './judging.ts'
import { say, sayCommand, term } from './terminal.ts'

/** GitHub drops larger summaries completely. */
const SUMMARY_MAX_BYTES = 1 << 20

/** On stderr, because stdout may be JSON for another program. The runner reads both. */
export function tellGitHub({ judgment, view }: Judged, env: NodeJS.ProcessEnv): void {
  if (env.GITHUB_ACTIONS !== 'true') return
  for (const line of annotations(judgment, view.started.rehearsal)) sayCommand(line)
  const summary = markdownReport(judgment)
  const path = env.GITHUB_STEP_SUMMARY
  if (!path || Buffer.byteLength(summary) > SUMMARY_MAX_BYTES) return
  try {
    appendFileSync(path, summary)
  } catch (error) {
    // The verdict does not depend on it.
    say(term`the step summary was not written: ${messageOf(error)}`)
  }
}
