import { describe, expect, it } from 'vitest'
import type { RequiredState } from '../../src/domain/required-state.ts'
import { judge } from '../../src/judge/judge.ts'
import { annotations } from '../../src/report/annotations.ts'
import { htmlReport } from '../../src/report/html.ts'
import { junitReport } from '../../src/report/junit.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { createViewing } from '../../src/report/view.ts'
import { evidence, rehearsal, scrapes, together } from '../support/evidence.ts'

const at = { file: 'x.rehearsal.yaml', line: 42, column: 5 }
const state = { kind: 'gauge', of: 'broker', where: { queue: '<mail>' }, pods: 'max', at } as const
const reaches: readonly RequiredState[] = [
  { ...state, metric: 'waiting', atLeast: 100 },
  { ...state, metric: 'retried', atLeast: 100 },
]
const required = { ...rehearsal, reaches }
const queue = (metric: string, value: number) =>
  scrapes('broker', 'broker-0', metric, (s) => (s === 70 ? value : 3), { queue: '<mail>' })
const records = together(evidence({ rehearsal: required }), queue('waiting', 130), queue('retried', 90))
const judgment = judge(records)

describe('states that the run had to reach', () => {
  it('are rows of the page, with value and time', () => {
    const view = createViewing()
    for (const record of records) view.add(record)
    const seen = view.result()
    if (!seen) throw new Error('nothing to see')
    const html = htmlReport(judgment, seen)
    const section = html.slice(html.indexOf('<section id="reached">')).split('</section>')[0] ?? ''
    expect(section).toMatch(/waiting.*100 or more.*130.*70\.2 s.*✓ reached/)
    expect(section).toMatch(/retried.*100 or more.*90.*–.*✗ not reached/)
    expect(section).not.toContain('<mail>')
  })

  it('are lines of the Markdown', () => {
    const markdown = markdownReport(judgment)
    expect(markdown).toMatch(/waiting.* reaches 100 or more: 130.*after .*s ✓/)
    expect(markdown).toMatch(/retried.* reaches 100 or more: 90 ✗/)
  })

  it('are test cases and annotations at their line', () => {
    expect(junitReport(judgment, required)).toMatch(/reaches 100 or more"[^>]*>\s*<error[^>]*type="state-not-reached"/)
    const lines = annotations(judgment, required).map(({ text }) => text)
    expect(lines.find((line) => line.includes('state-not-reached'))).toMatch(/file=x\.rehearsal\.yaml,line=42/)
  })
})
