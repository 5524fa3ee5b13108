import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { validateXML } from 'xmllint-wasm'
import type { Judgment } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { junitReport } from '../../src/report/junit.ts'
import { evidence } from '../support/evidence.ts'
import { derbyRehearsal } from '../support/evidence-derby.ts'
import { everything } from '../support/evidence-everything.ts'
import { hostileNames } from '../support/hostile.ts'

const schema = (name: string): string => readFileSync(`test/report/schemas/${name}.xsd`, 'utf8')

/** libxml2's own words, none where the file is valid. */
async function problemsOf(xml: string, name: string): Promise<readonly string[]> {
  const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents: xml }, schema: schema(name) })
  return errors.map((each) => each.message)
}

const suitesOf = (xml: string): readonly string[] => xml.match(/<testsuite .*?<\/testsuite>/gs) ?? []

const whole = judge(everything())
const cutOff = judge(everything().slice(0, 400))
const withSkips: Judgment = {
  ...whole,
  slos: whole.slos.map((slo) => ({
    ...slo,
    windows: slo.windows.map((each) => ({ ...each, counts: { ...each.counts, attempts: 0 } })),
  })),
}
const hostile: Judgment = {
  ...whole,
  findings: hostileNames.map((text) => ({
    weight: 'breach',
    cause: 'slo-missed',
    subject: text,
    sentence: text,
    next: text,
    evidence: [],
  })),
}

describe.each([
  ['a run without findings', judge(evidence())],
  ['a run with findings of all kinds', whole],
  ['a run that was cut off', cutOff],
  ['windows without attempts', withSkips],
  ['hostile names', hostile],
])('junit.xml of %s', (_, judgment) => {
  const xml = junitReport(judgment, derbyRehearsal)

  it('is valid by the schema of Jenkins’ xUnit plugin', async () => {
    expect(await problemsOf(xml, 'jenkins-xunit')).toEqual([])
  })

  it('has suites that are each valid by Surefire’s schema', async () => {
    const suites = suitesOf(xml)
    expect(suites.length).toBeGreaterThan(0)
    for (const suite of suites) expect(await problemsOf(suite, 'surefire'), suite).toEqual([])
  })
})

describe('the schemas', () => {
  it.each([
    [
      'jenkins-xunit',
      'file',
      '<testsuites><testsuite name="a" tests="1" failures="0" errors="0"><testcase name="b" file="c"/></testsuite></testsuites>',
    ],
    ['jenkins-xunit', 'skipped', '<testsuites skipped="0"/>'],
    [
      'surefire',
      'time',
      '<testsuite name="a" tests="1" failures="0" errors="0" skipped="0"><testcase name="b"/></testsuite>',
    ],
    [
      'surefire',
      'type',
      '<testsuite name="a" tests="1" failures="0" errors="0" skipped="0"><testcase name="b" time="0"><failure message="c"/></testcase></testsuite>',
    ],
  ])('%s refuses what the original refuses about %s', async (name, attribute, xml) => {
    expect((await problemsOf(xml, name)).join(' ')).toContain(`'${attribute}'`)
  })
})
