/** JUnit XML for CI: a breach is a failure, a gap is an error, and every objective and expectation is a case even when it holds. */
import type { Finding, Judgment } from '../domain/verdict.ts'
import { escapeXml } from './chart.ts'

type Case = { readonly suite: string; readonly name: string; readonly finding?: Finding }

export function junitReport(judgment: Judgment, file: string): string {
  const cases = casesOf(judgment)
  const failures = cases.filter((each) => each.finding?.weight === 'breach').length
  const errors = cases.filter((each) => each.finding?.weight === 'gap').length
  const body = cases.map(
    ({ suite, name, finding }) =>
      `    <testcase classname="${escapeXml(`${judgment.rehearsal}.${suite}`)}" name="${escapeXml(name)}" file="${escapeXml(file)}">${outcome(finding)}</testcase>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="${cases.length}" failures="${failures}" errors="${errors}">
  <testsuite name="${escapeXml(judgment.rehearsal)}" tests="${cases.length}" failures="${failures}" errors="${errors}">
${body.join('\n')}
  </testsuite>
</testsuites>
`
}

function outcome(finding: Finding | undefined): string {
  if (finding === undefined || finding.weight === 'warning') return ''
  const element = finding.weight === 'breach' ? 'failure' : 'error'
  return `<${element} type="${escapeXml(finding.cause)}" message="${escapeXml(finding.sentence)}">${escapeXml(`Next: ${finding.next}`)}</${element}>`
}

/** One case each for what can hold or not; findings that belong to none of them get a case of their own, so that none is lost. */
function casesOf(judgment: Judgment): readonly Case[] {
  const named: Case[] = [
    ...judgment.slos.map((slo) => ({ suite: 'objectives', name: slo.sli })),
    ...judgment.faults.map((fault) => ({ suite: 'faults', name: fault.fault })),
    ...judgment.autoscalers.map((each) => ({ suite: 'autoscalers', name: each.name })),
    ...judgment.budgets.map((each) => ({ suite: 'budgets', name: each.budget })),
  ]
  const used = new Set<Finding>()
  const matched = named.map((each) => {
    const finding = judgment.findings.find(
      (candidate) => candidate.subject === each.name && candidate.weight !== 'warning' && !used.has(candidate),
    )
    if (finding) used.add(finding)
    return finding ? { ...each, finding } : each
  })
  const rest = judgment.findings.filter((finding) => !used.has(finding) && finding.weight !== 'warning')
  return [
    ...matched,
    ...rest.map((finding) => ({ suite: 'findings', name: `${finding.cause}: ${finding.subject}`, finding })),
  ]
}
