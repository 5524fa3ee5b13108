/**
 * JUnit XML for CI: a suite for each objective (the whole run, then each phase and fault), each fault, each action, and one for the
 * expectations. A breach is a failure, a gap is an error, and what holds is a case too. The file is valid by the schema of Jenkins'
 * xUnit plugin (junit-10.xsd), and each of its suites alone by Surefire's (surefire-test-report.xsd, which wants a time for each case
 * and totals for each suite). Neither knows `file` or `line`: the line of the rehearsal file stands in the text of a failed case.
 */
import { point } from '../domain/issue.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { Judgment } from '../domain/verdict.ts'
import { type Xml, xml } from './escape/xml.ts'
import { type Case, type CaseOutcome, suitesOf } from './junit-cases.ts'

export function junitReport(judgment: Judgment, rehearsal: Rehearsal): string {
  const suites = suitesOf(judgment, rehearsal)
  const all = suites.flatMap((suite) => suite.cases)
  const body = suites.map(
    ({ name, cases }) =>
      xml`  <testsuite name="${name}" ${totals(cases)} skipped="${count(cases, 'skipped')}">
${xml.join(cases.map((each) => caseXml(each, `${judgment.rehearsal}.${name}`)))}
  </testsuite>`,
  )
  return xml`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${judgment.rehearsal}" ${totals(all)}>
${xml.join(body)}
</testsuites>
`.text
}

const count = (cases: readonly Case[], is: CaseOutcome['is']): number =>
  cases.filter((each) => each.outcome?.is === is).length

const totals = (cases: readonly Case[]): Xml =>
  xml`tests="${cases.length}" failures="${count(cases, 'failure')}" errors="${count(cases, 'error')}"`

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

function caseXml({ name, at, timeMs = 0, outcome }: Case, classname: string): Xml {
  const head = xml`    <testcase classname="${classname}" name="${name}" time="${seconds(timeMs)}"`
  if (outcome === undefined) return xml`${head}/>`
  const { is, type, message, body = '' } = outcome
  if (is === 'skipped') return xml`${head}><skipped message="${message}"/></testcase>`
  const text = [...(at === undefined ? [] : [point(at)]), ...(body === '' ? [] : [body])].join('\n')
  const element = xml.own(is)
  return xml`${head}><${element} type="${type}" message="${message}">${text}</${element}></testcase>`
}
