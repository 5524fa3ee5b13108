import { describe, expect, it } from 'vitest'
import { type Paint, term } from '../../src/cli/terminal.ts'
import { verdictText } from '../../src/cli/verdict-text.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { annotations } from '../../src/report/annotations.ts'
import { htmlReport } from '../../src/report/html.ts'
import { junitReport } from '../../src/report/junit.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { createViewing } from '../../src/report/view.ts'
import { acceptance, accepting } from '../support/accepting.ts'
import { evidence, rehearsal, toBad } from '../support/evidence.ts'

const plain: Paint = (_, text) => term`${text}`
const missed = evidence({ load: (second, load) => second > 95 && second < 120 && toBad(load.login, 9) })
const records = accepting(missed, ...judge(missed).findings.map((each) => acceptance(each.cause)))
const judgment = judge(records)
const viewOf = (all: readonly Evidence[]) => {
  const view = createViewing()
  for (const record of all) view.add(record)
  const result = view.result()
  if (result === undefined) throw new Error('no run')
  return result
}

describe('a pass with accepted findings', () => {
  it('is a pass', () => {
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.slos.find(({ sli }) => sli === 'login')?.state).toBe('missed')
  })

  it.each([
    [
      'console',
      verdictText(judgment, 'reports/latest', plain, Number.POSITIVE_INFINITY)
        .map(({ text }) => text)
        .join('\n'),
    ],
    ['page', htmlReport(judgment, viewOf(records))],
    ['Markdown', markdownReport(judgment).replaceAll('\\', '')],
  ])('says on the %s what was accepted, by whom, why and until when', (_, text) => {
    expect(text).toContain('✓ PASS with accepted findings'.slice(2))
    expect(text).toContain('accepted')
    expect(text).toContain('slo-missed')
    expect(text).toContain('Accepted by team-payments until 2026-12-30: the new metric comes with PLAY-412.')
  })

  it('has no failure and no error in JUnit, and the accepted cases are skipped with the reason', () => {
    const xml = junitReport(judgment, rehearsal)
    expect(xml).toMatch(/<testsuites name="[^"]+" tests="\d+" failures="0" errors="0">/)
    expect(xml).toMatch(
      /<testcase [^>]*name="whole run"[^>]*><skipped message="[^"]*Accepted by team-payments until 2026-12-30/,
    )
    expect(xml).toMatch(/<testcase [^>]*name="phase promo peak"[^>]*><skipped message="login [^"]*objective/)
  })

  it('is a notice on GitHub and not an error', () => {
    const lines = annotations(judgment, rehearsal).map(({ text }) => text)
    expect(
      lines.some((line) => line.startsWith('::notice file=psp-down-at-peak.rehearsal.yaml,line=1,title=slo-missed')),
    ).toBe(true)
    expect(lines.filter((line) => line.startsWith('::error'))).toEqual([])
  })

  it('fails in JUnit as soon as one finding is not accepted', () => {
    const xml = junitReport(judge(accepting(missed, acceptance('slo-missed', { about: 'deposit' }))), rehearsal)
    expect(xml).toMatch(/failures="[1-9]/)
  })
})
