/**
 * JUnit XML for CI: a suite for each objective (the whole run, then each phase and fault), each fault, each action, and one for the
 * expectations. A breach is a failure, a gap is an error, and what holds is a case too, with its line of the rehearsal file.
 */
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { Judgment } from '../domain/verdict.ts'
import { escapeXml } from './draw/xml.ts'
import { type Case, type Outcome, suitesOf } from './junit-cases.ts'

export function junitReport(judgment: Judgment, rehearsal: Rehearsal): string {
  const suites = suitesOf(judgment, rehearsal)
  const all = suites.flatMap((suite) => suite.cases)
  const body = suites.map(
    (suite) =>
      `  <testsuite name="${escapeXml(suite.name)}" ${totals(suite.cases)}>\n${suite.cases.map((each) => caseXml(each, suite.name, judgment.rehearsal, rehearsal.file)).join('\n')}\n  </testsuite>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escapeXml(judgment.rehearsal)}" ${totals(all)}>
${body.join('\n')}
</testsuites>
`
}

function totals(cases: readonly Case[]): string {
  const count = (is: Outcome['is']): number => cases.filter((each) => each.outcome?.is === is).length
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

function caseXml({ name, at, timeMs, outcome }: Case, suite: string, rehearsal: string, file: string): string {
  const place = ` file="${escapeXml(at?.file ?? file)}"${at === undefined ? '' : ` line="${at.line}"`}`
  const time = timeMs === undefined ? '' : ` time="${(timeMs / 1000).toFixed(3)}"`
  const head = `    <testcase classname="${escapeXml(`${rehearsal}.${suite}`)}" name="${escapeXml(name)}"${place}${time}`
  if (outcome === undefined) return `${head}/>`
  const { is, type, message, body = '' } = outcome
  const kind = is === 'skipped' ? '' : ` type="${escapeXml(type)}"`
  return `${head}><${is}${kind} message="${escapeXml(message)}">${escapeXml(body)}</${is}></testcase>`
}
