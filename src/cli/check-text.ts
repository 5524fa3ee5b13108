/**
 * The console output of `matchday check`: causes first, each with its next step, then what was checked, then questions that only people can answer.
 */
import type { Provision } from '../adapters/kubernetes/provisions.ts'
import type { Sight } from '../controller/sight.ts'
import type { Issue } from '../domain/issue.ts'
import type { PostureWant } from '../domain/posture.ts'
import type { Finding, PostureResult } from '../domain/verdict.ts'
import { counted } from '../report/words.ts'
import { issueText } from './failure.ts'
import { type Paint, type TerminalText, term } from './terminal.ts'
import { findingText, table } from './verdict-text.ts'

export type Check = {
  readonly posture: readonly PostureResult[]
  readonly findings: readonly Finding[]
  /** Sources and books of the target that were each read once. */
  readonly sights: readonly Sight[]
  /** What the cluster itself provides. A missing item is no finding: the rehearsal may not need it. */
  readonly provisions: readonly Provision[]
  /** Checks that could not be made, with the reason, and what would keep the rehearsal from running. */
  readonly issues: readonly Issue[]
  /** Checks, or parts of them, that were not made. */
  readonly notMade?: readonly NotMade[]
}

/**
 * Why a check was not made: `not-asked`, it is only made where it is asked for; `unread`, something could not be read (an issue says it too); `untried`, the
 * check was made, but a part of what it tries was not.
 */
export type NotMade = {
  readonly want: PostureWant
  readonly namespace?: string
  readonly why: 'not-asked' | 'unread' | 'untried'
  readonly reason: string
}

export const UNREAD = 'posture-unread'

/** The rest of the release checklist. A rehearsal answers part of it with evidence. */
export const QUESTIONS: readonly string[] = [
  'Canary plan: which shares, which gates (p95, error rate, anomalies of business metrics), who decides?',
  'Rollback: the command, and when it was last tried (a rehearsal with rollout shows it).',
  'Feature flags for an incident: which, where, and how long until they work (a rehearsal with flag shows it)?',
  'Switch to another provider: who does it, and how (a rehearsal with their faults shows it)?',
  'Disaster recovery: was the cutover rehearsed, and a point-in-time restore tested, this quarter?',
  'Secrets: which manager rotates them, and who notices when it does not?',
  'Warm pool: how long until a node more is Ready?',
  'Alerts on the indicators, traces from front to provider: looked at today?',
  'Whom to call?',
]

export function checkText(check: Check, paint: Paint, columns: number): readonly TerminalText[] {
  const { posture, sights, issues } = check
  const unread = new Set(check.findings.filter(({ cause }) => cause === UNREAD).map(({ subject }) => subject))
  const findings = check.findings.filter(({ cause }) => cause !== UNREAD)
  const unknown = paint('yellow', '?')
  const rows = [
    ...posture.map(({ namespace, want, held, sentence }) => [
      unread.has(`${namespace}: ${want}`) ? unknown : held ? paint('green', '✓') : paint('red', '✗'),
      namespace,
      want,
      sentence,
    ]),
    ...sights.map((sight) => [...sightCells(sight, paint)]),
  ]
  const breaches = findings.filter((each) => each.weight === 'breach').length
  const accepted = findings.filter((each) => each.weight === 'accepted').length
  const warnings = findings.length - breaches - accepted
  const told = [
    counted(breaches, 'finding'),
    ...(accepted > 0 ? [`${counted(accepted, 'more', 'more')} accepted`] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ].join(', ')
  const open = issues.length > 0 ? `; not everything could be checked: ${counted(issues.length, 'reason')}` : ''
  const [colour, verdict] =
    breaches > 0
      ? (['red', told] as const)
      : open
        ? (['yellow', told] as const)
        : (['green', `in order: ${told}`] as const)
  return [
    paint(['bold', colour], verdict + open),
    ...issues.map(issueText),
    ...findings.flatMap((each) => findingText(each, paint, columns)),
    term``,
    ...table(rows),
    ...notMadeText(check.notMade ?? []),
    ...provisionText(check.provisions, paint),
    term``,
    term`Nobody but you can answer these:`,
    ...QUESTIONS.map((each) => term`  ${each}`),
  ]
}

function notMadeText(all: readonly NotMade[]): readonly TerminalText[] {
  const notAsked = all.filter(({ why }) => why === 'not-asked').map(({ want }) => want)
  const untried = all.filter(({ why }) => why === 'untried')
  return [
    ...untried.map(({ namespace = '', want, reason }) => term`Not tried (${namespace}, ${want}): ${reason}`),
    ...(notAsked.length === 0
      ? []
      : [
          term`Not checked, because it needs a role of its own (docs/how-to/rbac.yaml): ${notAsked.join(', ')}. Ask with --want.`,
        ]),
  ]
}

export function provisionText(provisions: readonly Provision[], paint: Paint): readonly TerminalText[] {
  if (provisions.length === 0) return []
  const marks = { there: paint('green', '✓'), missing: paint('dim', '–'), unknown: paint('yellow', '?') }
  const rows = provisions.map(({ item, state, sentence, next }) => [
    marks[state],
    item,
    next === undefined ? sentence : `${sentence} ${next}`,
  ])
  return [term``, term`The cluster provides (docs/how-to/prepare-a-cluster.md):`, ...table(rows)]
}

function sightCells({ kind, name, state, issue }: Sight, paint: Paint): readonly (string | TerminalText)[] {
  switch (state) {
    case 'read':
      return [paint('green', '✓'), kind, name, 'can be read.']
    case 'nobody':
      return [paint('dim', '–'), kind, name, 'has nothing to read now: no running pod, or no series yet.']
    case 'unreadable':
      return [paint('yellow', '?'), kind, name, issue?.problem ?? '']
  }
}
