/** Releases on a cluster: their Deployment is restarted and held at its number of pods while they are compared, and given back to its autoscaler. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFolders } from '../../../src/cli/run-folder.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { readJournal } from '../../../src/journal/read.ts'
import { matchday, type TestLab, testLab } from '../../support/lab.ts'

const HPA = ['get', 'hpa', 'payments-api', '-n', 'casino', '-o', 'jsonpath={.spec.minReplicas}-{.spec.maxReplicas}']
const RESTARTED = [
  'get',
  'deployment',
  'payments-api',
  '-n',
  'casino',
  '-o',
  'jsonpath={.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}',
]

let lab: TestLab
const folder = mkdtempSync(join(tmpdir(), 'md-pin-'))
beforeAll(async () => {
  lab = await testLab()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.down()
})

function files(): { readonly rehearsal: string; readonly target: string } {
  const rehearsal = join(folder, 'pin.rehearsal.yaml')
  const script = join(process.cwd(), 'scenarios/promo-peak.ts')
  writeFileSync(
    rehearsal,
    `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: pin}
spec:
  hypothesis: Nothing is judged here.
  target: {contexts: [lab]}
  load: {script: ${script}, arrivals: {login: 2/s}}
  blastRadius: {namespaces: [casino], pods: 100%, zones: 3}
  timeline:
    - {phase: steady, for: 10s, load: 1x}
  compare: {settle: 1s, measure: 2s, pairs: 2}
  slos:
    - {sli: login, objective: 50%}
`,
  )
  const target = join(folder, 'lab.yaml')
  const stock = readFileSync(lab.target, 'utf8')
  const entry = /^ {2}entry: (.+)$/m.exec(stock)?.[1]
  writeFileSync(
    target,
    stock.replace(
      /^ {2}entry: .+$/m,
      (line) =>
        `${line}\n  releases:\n    stable: {entry: '${entry}', pin: {deployment: payments-api, replicas: 3}}\n    next: {entry: '${entry}', rollOut: {deployment: payments-api, annotations: {release: next}}}`,
    ),
  )
  return { rehearsal, target }
}

describe('a release that is compared with itself on a cluster', () => {
  it('has pods of the same age and number, and its autoscaler back afterwards', async () => {
    const [bounds, restarted] = [await lab.kubectl(...HPA), await lab.kubectl(...RESTARTED)]
    const { rehearsal, target } = files()
    const reports = join(folder, 'reports')
    const { stderr } = await matchday(
      lab,
      'compare',
      rehearsal,
      '--lab',
      '--target',
      target,
      '--a',
      'stable',
      '--aa',
      '--reports',
      reports,
    )
    const [run = ''] = runFolders(reports)
    const records: Evidence[] = []
    for await (const { record } of readJournal(join(run, 'journal.ndjson'))) records.push(record)
    const at = (wanted: (record: Evidence) => boolean): number => records.findIndex(wanted)
    const held = at(
      (record) =>
        record.kind === 'action-step' && record.action === 'pin payments-api at 3' && record.step.is === 'done',
    )
    const fresh = at(
      (record) =>
        record.kind === 'action-step' && record.action === 'rollout payments-api' && record.step.is === 'done',
    )
    const load = at(({ kind }) => kind === 'block-started')
    expect([held >= 0, fresh > held, load > fresh], stderr).toEqual([true, true, true])
    const outcomes = records.flatMap((record) => (record.kind === 'undo-done' ? [record.outcome] : []))
    expect(outcomes).toEqual(['kept', 'undone', 'undone'])
    expect(await lab.kubectl(...HPA)).toBe(bounds)
    expect(await lab.kubectl(...RESTARTED)).not.toBe(restarted)
    expect(readFileSync(join(run, 'journal.ndjson'), 'utf8')).toContain('"spec","maxReplicas"')
  }, 240_000)
})

const RELEASE = [...RESTARTED.slice(0, -1), 'jsonpath={.spec.template.metadata.annotations.release}']

describe('two releases of one Deployment', () => {
  it('are rolled out in turn, each before its blocks, and what was deployed is restored', async () => {
    const { rehearsal, target } = files()
    const reports = join(folder, 'in-turn')
    const flags = ['--lab', '--target', target, '--a', 'stable', '--b', 'next', '--seed', '4', '--reports', reports]
    const { stderr } = await matchday(lab, 'compare', rehearsal, ...flags)
    const [run = ''] = runFolders(reports)
    const course: string[] = []
    for await (const { record } of readJournal(join(run, 'journal.ndjson'))) {
      if (record.kind === 'block-started') course.push(record.pair === undefined ? `warm ${record.of}` : record.of)
      if (record.kind === 'undo-done' && record.id.startsWith('template')) course.push(`template ${record.outcome}`)
      if (record.kind !== 'action-step' || record.step.is !== 'done') continue
      if (record.action === 'release payments-api') course.push('rolled out')
    }
    expect(course.slice(0, 3), stderr).toEqual(['warm a', 'rolled out', 'warm b'])
    // Whatever the order of each pair: a block of B follows a roll-out, one of A a restored template, and new pods are warmed up.
    let serving = 'a'
    for (const [index, each] of course.entries()) {
      if (each === 'rolled out') serving = 'b'
      if (each === 'template undone') serving = 'a'
      if (each === 'a' || each === 'b') expect([index, each]).toEqual([index, serving])
      if (each === 'rolled out') expect(course[index + 1]).toBe('warm b')
      if (each === 'template undone' && index < course.length - 1) expect(course[index + 1]).toBe('warm a')
    }
    expect(course.filter((each) => each === 'a' || each === 'b')).toHaveLength(4)
    expect(await lab.kubectl(...RELEASE)).toBe('')
  }, 240_000)
})
