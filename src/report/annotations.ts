/** Findings as GitHub shows them beside the rehearsal file: one command per line of the step's output. */
import { noOtherAlerts } from '../domain/alert.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import { stateName } from '../domain/required-state.ts'
import type { Finding, Judgment } from '../domain/verdict.ts'
import { type GitHubCommand, githubCommand } from './escape/github.ts'
import { consequenceWords, rootsOf } from './roots.ts'
import { counted } from './words.ts'

/** GitHub shows ten annotations per step and drops the rest silently. So there are nine, and one that says how many more there are. */
const MOST = 9

const levels = { breach: 'error', gap: 'error', accepted: 'notice', warning: 'warning' } as const

export function annotations({ findings }: Judgment, rehearsal: Rehearsal): readonly GitHubCommand[] {
  const roots = rootsOf(findings)
  const shown = roots.length > MOST + 1 ? roots.slice(0, MOST) : roots
  const left = roots.length - shown.length
  return [
    ...shown.map(({ finding: each, consequences }) =>
      githubCommand(
        levels[each.weight],
        { ...placeOf(each, rehearsal), title: each.cause },
        `${each.sentence}${also(consequences)} Next: ${each.next}`,
      ),
    ),
    ...(left > 0
      ? [githubCommand('notice', { title: 'more' }, `${counted(left, 'more finding')} in the summary and the report.`)]
      : []),
  ]
}

const also = (consequences: readonly Finding[]): string =>
  consequences.length === 0 ? '' : ` (${consequenceWords(consequences)}.)`

/** The line of the rehearsal about the finding's subject; for a reaction, the line of its fault or action. */
function placeOf(finding: Finding, rehearsal: Rehearsal): { readonly file: string; readonly line: number } | undefined {
  const at = pointOf(finding, rehearsal)
  return at && { file: at.file, line: at.line }
}

function pointOf({ cause, subject }: Finding, rehearsal: Rehearsal): SourcePoint | undefined {
  if (cause === 'alert-unexpected') return noOtherAlerts(rehearsal)?.at
  const harms = [...rehearsal.faults, ...rehearsal.actions].map(({ name, at }) => ({ name, at }))
  const expected = rehearsal.expectations.flatMap((each) => namesOf(each).map((name) => ({ name, at: each.at })))
  const slos = rehearsal.slos.map(({ sli, at }) => ({ name: sli, at }))
  const states = (rehearsal.reaches ?? []).map((state) => ({ name: stateName(state), at: state.at }))
  const named = [...harms, ...expected, ...slos, ...states]
  return named.find(
    ({ name }) => subject === name || [`${name}: `, `${name}/`].some((begin) => subject.startsWith(begin)),
  )?.at
}

function namesOf(each: Rehearsal['expectations'][number]): readonly string[] {
  switch (each.kind) {
    case 'autoscaler':
      return [each.name]
    case 'keda':
      return [each.scaledObject]
    case 'connections':
      return [each.of]
    case 'disruption':
      return [each.budget]
    // Subjects are `namespace/object`, or the namespace itself.
    case 'posture':
      return each.namespaces
    case 'human':
      return ['people']
    case 'no-other-alerts':
      return ['alerts']
    case 'delivered':
      return [each.stream]
    case 'ledger':
      return ['ledger']
  }
}
