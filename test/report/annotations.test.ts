import { describe, expect, it } from 'vitest'
import type { Finding } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { annotations } from '../../src/report/annotations.ts'
import { evidence } from '../support/evidence.ts'
import { derbyRehearsal } from '../support/evidence-derby.ts'
import { everything } from '../support/evidence-everything.ts'

const healthy = judge(evidence())
const finding = (change: Partial<Finding>): Finding => ({
  weight: 'breach',
  cause: 'slo-missed',
  subject: 'deposit',
  sentence: 'missed.',
  next: 'look.',
  evidence: [],
  ...change,
})
const linesOf = (...findings: Finding[]) =>
  annotations({ ...healthy, findings }, derbyRehearsal).map(({ text }) => text)

describe('annotations', () => {
  it('are empty for a run without findings', () => {
    expect(annotations(healthy, derbyRehearsal)).toEqual([])
  })

  it('are at the line of the objective, of the expectation, or of the harm whose reaction failed', () => {
    const told = annotations(judge(everything()), derbyRehearsal).map(({ text }) => text)
    const of = (cause: string) => told.find((line) => line.includes(`title=${cause}`))
    expect(of('slo-missed')).toMatch(/^::error file=psp-down-at-peak\.rehearsal\.yaml,line=1,/)
    expect(of('queue-scaler-late')).toMatch(/^::error file=derby-day\.rehearsal\.yaml,line=40,/)
    expect(of('too-few-survivors')).toMatch(/^::error file=derby-day\.rehearsal\.yaml,line=40,/)
  })

  it('escape characters that would end a line or a property', () => {
    const [slo] = derbyRehearsal.slos
    const rehearsal = { ...derbyRehearsal, slos: [{ ...slo, at: { file: 'a:b,c', line: 3, column: 1 } }] } as const
    const judgment = { ...healthy, findings: [finding({ sentence: '100 %\nof it', subject: slo.sli })] }
    const [line] = annotations(judgment, rehearsal)
    expect(line?.text).toBe('::error file=a%3Ab%2Cc,line=3,title=slo-missed::100 %25%0Aof it Next: look.')
  })

  it('are at most ten, and the last one gives the number of the others', () => {
    const many = (count: number) => linesOf(...Array.from({ length: count }, () => finding({})))
    expect(many(10)).toHaveLength(10)
    expect(many(10).at(-1)).toMatch(/^::error/)
    expect(many(14)).toHaveLength(10)
    expect(many(14).at(-1)).toBe('::notice title=more::5 more findings in the summary and the report.')
  })

  it('use warnings for warnings', () => {
    expect(linesOf(finding({ weight: 'warning' }))[0]).toMatch(/^::warning /)
  })
})
