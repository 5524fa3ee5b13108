/** What `matchday check` found, as people read it: causes first, each with its next step, then what was looked at, then what only they know. */
import type { Finding, PostureResult } from '../domain/verdict.ts'
import { counted } from '../report/words.ts'
import { type Paint, type TerminalText, term } from './terminal.ts'
import { findingText, table } from './verdict-text.ts'

export type Check = { readonly posture: readonly PostureResult[]; readonly findings: readonly Finding[] }

/** The rest of the release checklist. A rehearsal answers some of it with evidence. */
export const QUESTIONS: readonly string[] = [
  'Canary plan: which shares, which gates (p95, error rate, anomalies of deposits and bets), who decides?',
  'Rollback: the command, and when it was last tried (a rehearsal with rollout shows it).',
  'Feature flags for an incident: which, where, and how long until they work (a rehearsal with flag shows it)?',
  'Switch of PSP and of game provider: who does it, and how (a rehearsal with their faults shows it)?',
  'Disaster recovery: was the cutover rehearsed, and a point-in-time restore tested, this quarter?',
  'Secrets: which manager rotates them, and who notices when it does not?',
  'Warm pool: how long until a node more is Ready?',
  'Alerts on the indicators, traces from front to provider: looked at today?',
  'Whom to call?',
]

export function checkText({ posture, findings }: Check, paint: Paint, columns: number): readonly TerminalText[] {
  const rows = posture.map(({ namespace, want, held, sentence }) => [
    held ? paint('green', '✓') : paint('red', '✗'),
    namespace,
    want,
    sentence,
  ])
  const breaches = findings.filter((each) => each.weight === 'breach').length
  const warnings = findings.length - breaches
  const told = [counted(breaches, 'finding'), ...(warnings > 0 ? [counted(warnings, 'warning')] : [])].join(', ')
  return [
    paint(['bold', breaches > 0 ? 'red' : 'green'], breaches > 0 ? told : `in order: ${told}`),
    ...findings.flatMap((each) => findingText(each, paint, columns)),
    term``,
    ...table(rows),
    term``,
    term`Nobody but you can answer these:`,
    ...QUESTIONS.map((each) => term`  ${each}`),
  ]
}
