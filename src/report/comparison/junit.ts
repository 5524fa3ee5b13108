/** A comparison for CI: a case for each objective that gates. Worse is a failure, undecided an error; what does not gate is skipped. */
import type { Comparison, Measure } from '../../domain/comparison.ts'
import { type Xml, xml } from '../escape/xml.ts'
import { lossText } from './words.ts'

export function comparisonJunit(comparison: Comparison): string {
  const { objectives, others, rehearsal, outcome, summary } = comparison
  const all = [...objectives, ...others]
  const whole = xml`    <testcase classname="${`${rehearsal}.compare`}" name="the comparison" time="0">${wholeOutcome(comparison)}</testcase>`
  const failures = objectives.filter(({ state }) => state === 'regressed').length + (outcome === 'regressed' ? 1 : 0)
  const errors = objectives.filter(({ state }) => state === 'undecided').length + (outcome === 'undecided' ? 1 : 0)
  const totals = xml`tests="${all.length + 1}" failures="${failures}" errors="${errors}"`
  return xml`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${rehearsal}" ${totals}>
  <testsuite name="compare" ${totals} skipped="${others.length}">
${whole}
${xml.join(all.map((each) => caseOf(each, rehearsal)))}
  </testsuite>
</testsuites>
`.text

  function wholeOutcome({ gaps }: Comparison): Xml {
    if (outcome === 'not-worse') return xml``
    const body = [summary, ...gaps].join('\n')
    return outcome === 'regressed'
      ? xml`<failure type="regressed" message="${summary}">${body}</failure>`
      : xml`<error type="undecided" message="${summary}">${body}</error>`
  }
}

function caseOf(measure: Measure, rehearsal: string): Xml {
  const { sli, statistic, gates, state } = measure
  const head = xml`    <testcase classname="${`${rehearsal}.compare`}" name="${`${sli} ${statistic}`}" time="0"`
  const text = lossText(measure)
  if (!gates) return xml`${head}><skipped message="${`does not gate: ${text}`}"/></testcase>`
  switch (state) {
    case 'not-worse':
      return xml`${head}/>`
    case 'regressed':
      return xml`${head}><failure type="regressed" message="${text}">${text}</failure></testcase>`
    case 'undecided':
      return xml`${head}><error type="undecided" message="${text}">${text}</error></testcase>`
  }
}
