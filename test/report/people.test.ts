import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { millis } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import { annotations } from '../../src/report/annotations.ts'
import { htmlReport } from '../../src/report/html.ts'
import { junitReport } from '../../src/report/junit.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { createViewing } from '../../src/report/view.ts'
import { evidence, mapped, rehearsal, secondAt, together } from '../support/evidence.ts'

const spoken = { by: 'Ana <b>', role: 'owner', via: 'page' } as const
const said: readonly Evidence[] = [
  { kind: 'note', at: secondAt(80), ...spoken, is: 'note', text: 'the dashboard is | green' },
  { kind: 'decision', at: secondAt(81), ...spoken, what: 'stop', about: 'psp-a-down', reason: 'enough', seen: 250 },
  { kind: 'note', at: secondAt(82), ...spoken, is: 'follow-up', text: 'alert on open breakers' },
]

function reportOf(records: readonly Evidence[]) {
  const view = createViewing()
  for (const record of records) view.add(record)
  const seen = view.result()
  if (!seen) throw new Error('nothing to see')
  const judgment = judge(records)
  return { html: htmlReport(judgment, seen), markdown: markdownReport(judgment, seen.people), judgment }
}

describe('notes and decisions of people', () => {
  const { html, markdown, judgment } = reportOf(together(evidence(), said))

  it('change no verdict', () => {
    expect(judgment).toEqual({ ...judge(evidence()), findings: judgment.findings, faults: judgment.faults })
    expect(judgment.findings).toEqual([])
  })

  it('are listed before the causes, each decision with what was known then', () => {
    expect(html.indexOf('<section id="decisions">')).toBeGreaterThan(0)
    expect(html.indexOf('<section id="decisions">')).toBeLessThan(html.indexOf('<section id="causes">'))
    expect(html).toMatch(/stop for psp-a-down<\/td><td>enough<\/td><td>line 250, after “/)
    expect(html).not.toContain('Ana <b>')
  })

  it('are in one timeline with the events of the run', () => {
    const timeline = html.slice(html.indexOf('<section id="people">'))
    expect(timeline.indexOf('injected at')).toBeLessThan(timeline.indexOf('the dashboard is | green'))
    expect(timeline.indexOf('the dashboard is | green')).toBeLessThan(timeline.indexOf(': healed'))
  })

  it('become a task list of follow-ups', () => {
    expect(markdown).toContain('- [ ] alert on open breakers (Ana')
    expect(markdown).toMatch(/## Decisions\n\n.*\n.*\n\| \d\d:\d\d:\d\d \|/)
  })

  it('leave no trace if there are none', () => {
    const silent = reportOf(evidence())
    for (const word of ['Decisions', 'People and machine', 'Follow-ups']) {
      expect(silent.html).not.toContain(`<h2>${word}`)
      expect(silent.markdown).not.toContain(word)
    }
  })
})

describe('the agreements before a GameDay', () => {
  it('are in the report, with names escaped', () => {
    const gameday = {
      briefing: 'A provider disappears.',
      timeboxMs: millis(5_400_000),
      roles: [{ role: 'owner', name: '<i>Ana</i>' }],
      checklist: ['on-call knows'],
    } as const
    const { html } = reportOf(
      mapped(evidence(), 'run-started', (head) => ({ ...head, rehearsal: { ...head.rehearsal, gameday } })),
    )
    for (const words of ['A provider disappears.', '90:00 min, used', '<li>on-call knows</li>', 'href="#gameday"'])
      expect(html).toContain(words)
    expect(html).not.toContain('<i>Ana')
    expect(html).toContain('i&#62;Ana')
  })
})

describe('the expected reactions of people', () => {
  const place = { file: 'x.rehearsal.yaml', line: 7, column: 3 }
  const reactions = [
    { kind: 'declares', withinMs: millis(60_000), at: place },
    { kind: 'ticks', step: 'open <the> breaker', withinMs: millis(60_000), at: place },
  ] as const
  const expected = {
    ...rehearsal,
    faults: rehearsal.faults.map((fault) => ({ ...fault, expect: [...fault.expect, ...reactions] })),
    expectations: [...rehearsal.expectations, { kind: 'human' as const, reactions, at: place }],
  }
  const notes: readonly Evidence[] = [
    { kind: 'note', at: secondAt(90), ...spoken, is: 'declared', text: 'SEV2' },
    { kind: 'note', at: secondAt(150), ...spoken, is: 'step', text: 'Open <the> breaker', about: 'psp-a down' },
  ]
  const { html, markdown, judgment } = reportOf(together(evidence({ rehearsal: expected }), notes))

  it('are listed at their fault, and separately for the whole run, with times', () => {
    const rows = (part: string) => part.match(/people declare an incident.*?24\.\d s of 60\.0 s ✓|runbook: open.*?✗/g)
    const ofRun = html.slice(html.indexOf('<section id="human">')).split('</section>')[0] ?? ''
    const ofFault = html.slice(html.indexOf('<section id="faults">')).split('</section>')[0] ?? ''
    expect(rows(ofRun)).toHaveLength(2)
    expect(rows(ofFault)).toHaveLength(2)
    expect(html).not.toContain('<the>')
    expect(markdown).toContain('## What people had to do')
  })

  it('are in the timeline, with the subject of each step', () => {
    expect(html).toMatch(/has done for psp-a down: Open .*the.* breaker/)
  })

  it('fail their test cases and are annotated at their line', () => {
    const cases = junitReport(judgment, expected).match(/<testcase[^>]*runbook[^>]*>\s*<failure[^>]*people-late/g)
    expect(cases).toHaveLength(2)
    const lines = annotations(judgment, expected).map(({ text }) => text)
    expect(lines.filter((line) => line.includes('people-late') && line.includes('line=7,'))).toHaveLength(1)
  })
})
