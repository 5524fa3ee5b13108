import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { judge } from '../../src/judge/judge.ts'
import { escapeXml } from '../../src/report/escape/xml.ts'
import { junitReport } from '../../src/report/junit.ts'
import { evidence, rehearsal, toBad } from '../support/evidence.ts'
import { derbyRehearsal } from '../support/evidence-derby.ts'
import { everything } from '../support/evidence-everything.ts'
import { listed } from '../support/evidence-posture.ts'

type Case = { readonly suite: string; readonly name: string; readonly body: string }

/** Suites and cases, read by a strict parser. The body of a case is what stands in it, as `<element type> message: text`. */
function read(xml: string): { readonly suites: readonly string[]; readonly cases: readonly Case[] } {
  const suites: string[] = []
  const cases: { suite: string; name: string; body: string }[] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const last = cases.at(-1)
    if (name === 'testsuite') suites.push(attributes.name ?? '')
    else if (name === 'testcase') cases.push({ suite: suites.at(-1) ?? '', name: attributes.name ?? '', body: '' })
    else if (last) last.body += `<${name} ${attributes.type ?? ''}> ${attributes.message}: `
  })
  parser.on('text', (text) => {
    const last = cases.at(-1)
    if (last && last.body !== '') last.body += text
  })
  parser.write(xml).close()
  return { suites, cases: cases.map((each) => ({ ...each, body: each.body.trim() })) }
}

const junitOf = (records: readonly Evidence[]) => read(junitReport(judge(records), rehearsal))
const failed = ({ cases }: ReturnType<typeof read>) => cases.filter((each) => each.body !== '')

describe('JUnit', () => {
  it('has a suite for each objective, with the whole run and each phase and fault', () => {
    const { suites, cases } = junitOf(evidence())
    expect(suites).toContain('deposit 99.85 %')
    expect(cases.filter((each) => each.suite === 'deposit 99.85 %').map((each) => each.name)).toEqual([
      'whole run',
      'phase baseline',
      'phase promo peak',
      'phase recovery',
      'fault psp-a down',
    ])
  })

  it('is green throughout for a healthy run', () => {
    expect(failed(junitOf(evidence()))).toEqual([])
  })

  it('makes a breach a failure, with its line of the rehearsal file, and says which window missed the objective', () => {
    const read = failed(
      junitOf(evidence({ load: (second, load) => second > 66 && second < 80 && toBad(load.deposit, 30) })),
    )
    const ofDeposit = read.filter((each) => each.suite === 'deposit 99.85 %')
    expect(ofDeposit.map((each) => each.name)).toEqual(['whole run', 'phase promo peak', 'fault psp-a down'])
    for (const each of ofDeposit)
      expect(each.body).toMatch(/^<failure slo-missed> .*psp-down-at-peak\.rehearsal\.yaml:1/s)
  })

  it('has a case for each check of a namespace, with its findings', () => {
    const at = { file: 'a.rehearsal.yaml', line: 44, column: 1 }
    const wants = ['default-deny', 'pinned-images'] as const
    const wanting: Rehearsal = {
      ...rehearsal,
      expectations: [...rehearsal.expectations, { kind: 'posture', namespaces: ['casino'], wants, at }],
    }
    const records = [...evidence({ rehearsal: wanting }), ...listed({ NetworkPolicy: [] })].sort((a, b) => a.at - b.at)
    const { cases } = read(junitReport(judge(records), wanting))
    const posture = cases.filter((each) => each.name.startsWith('posture of casino: '))
    expect(posture.map((each) => each.name.slice('posture of casino: '.length))).toEqual([...wants])
    expect(posture[0]?.body).toMatch(/^<failure policy-missing> .*a\.rehearsal\.yaml:44/s)
    expect(posture[1]?.body).toBe('')
  })

  it('makes a gap an error', () => {
    const blind = failed(junitOf(evidence({ pspCalls: () => 'unanswered' })))
    const witness = blind.find((each) => each.suite === 'fault psp-a down')
    expect(witness?.name).toBe('takes effect, by its witness')
    expect(witness?.body).toContain('<error fault-unproven>')
  })

  it('loses no finding, whatever its subject', () => {
    const records = evidence({ residue: [{ what: 'a taint', where: 'Node/a1', next: 'remove it' }], healed: false })
    const told = judge(records).findings.filter((each) => each.weight !== 'warning')
    const xml = junitReport(judge(records), rehearsal)
    expect(told.length).toBeGreaterThan(0)
    for (const { cause, follows, sentence } of told)
      expect(xml).toContain(
        follows === undefined ? `type="${cause}"` : escapeXml(`${sentence} (Follows from ${follows.cause}.)`),
      )
  })

  it('fails once for a killed run, and skips what follows from that', () => {
    const judgment = judge(evidence().slice(0, 600))
    const { cases } = read(junitReport(judgment, rehearsal))
    expect(judgment.findings.filter(({ follows }) => follows).length).toBeGreaterThan(3)
    expect(cases.filter(({ body }) => body.startsWith('<error run-incomplete>'))).toHaveLength(1)
    const skipped = cases.filter(({ body }) => body.includes('(Follows from run-incomplete.)'))
    expect(skipped).toHaveLength(judgment.findings.filter(({ follows }) => follows).length)
    for (const each of skipped) expect(each.body).toMatch(/^<skipped/)
  })

  it('never passes a case that was not proven, also without a finding about it', () => {
    const judgment = { ...judge(everything()), findings: [] }
    const { suites, cases } = read(junitReport(judgment, derbyRehearsal))
    const bodyOf = (name: string) => cases.find((each) => each.name === name)?.body
    expect(suites).toContain('action drain a node')
    expect(bodyOf('keda payout-worker on promo peak')).toContain('<error not-held>')
    expect(bodyOf('survives gateway within 5.0 s')).toContain('<error')
    expect(bodyOf('promotes wallet-db within 15.0 s')).toBe('')
  })

  it('counts its own cases', () => {
    const xml = junitReport(judge(everything()), derbyRehearsal)
    const { cases } = read(xml)
    const count = (element: string) => cases.filter((each) => each.body.startsWith(`<${element}`)).length
    expect(xml).toContain(
      `<testsuites name="derby-day" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}">`,
    )
  })
})
