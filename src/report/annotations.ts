/** Findings as GitHub shows them beside the rehearsal file: one command a line, which the runner picks out of a step's output. */
import type { SourcePoint } from '../domain/issue.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { Finding, Judgment } from '../domain/verdict.ts'
import { counted } from './words.ts'

/** GitHub shows ten annotations a step and drops the rest without a word: nine, and one that says how many more there are. */
const MOST = 9

const levels = { breach: 'error', gap: 'error', warning: 'warning' } as const

export function annotations({ findings }: Judgment, rehearsal: Rehearsal): readonly string[] {
  const shown = findings.length > MOST + 1 ? findings.slice(0, MOST) : findings
  const left = findings.length - shown.length
  return [
    ...shown.map((each) =>
      command(levels[each.weight], each.cause, placeOf(each, rehearsal), `${each.sentence} Next: ${each.next}`),
    ),
    ...(left > 0
      ? [command('notice', 'more', undefined, `${counted(left, 'more finding')} in the summary and the report.`)]
      : []),
  ]
}

/** The line of the rehearsal that speaks of the finding's subject; the harm's own where a reaction of it is meant. */
function placeOf({ subject }: Finding, rehearsal: Rehearsal): SourcePoint | undefined {
  const harms = [...rehearsal.faults, ...rehearsal.actions].map(({ name, at }) => ({ name, at }))
  const expected = rehearsal.expectations.flatMap((each) => namesOf(each).map((name) => ({ name, at: each.at })))
  const slos = rehearsal.slos.map(({ sli, at }) => ({ name: sli, at }))
  const named = [...harms, ...expected, ...slos]
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
    case 'ledger':
      return ['ledger']
  }
}

function command(level: string, title: string, at: SourcePoint | undefined, message: string): string {
  const place = at === undefined ? [] : [`file=${property(at.file)}`, `line=${at.line}`]
  return `::${level} ${[...place, `title=${property(title)}`].join(',')}::${data(message)}`
}

/** As the runner reads them: a message ends with its line, a property also at a comma or a colon. */
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
