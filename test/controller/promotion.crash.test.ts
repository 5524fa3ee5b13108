/** The controller dies at every step of a promotion, and the primary is who it was before. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { matchday, startRun, type TestLab, testLab } from '../support/lab.ts'

const rehearsalFor = (seconds: number): string => `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: crash-promote}
spec:
  hypothesis: Whoever dies, the primary is who it was.
  target: {contexts: [lab]}
  load: {script: ${join(process.cwd(), 'test/rehearsals/idle.ts')}, arrivals: {login: 1/s}}
  blastRadius: {namespaces: [casino], pods: 50%, zones: 1}
  timeline: [{phase: steady, for: ${seconds + 8}s, load: 1x}]
  actions:
    - {name: promotion, during: steady, at: 0s, for: ${seconds}s, promote: {database: wallet-db, to: wallet-db-1}}
  slos: [{sli: login, objective: 50%}]
`

type Fits = (record: Evidence) => boolean
const step =
  (is: string): Fits =>
  (record) =>
    record.kind === 'action-step' && record.step.is === is

// Whoever dies before that needs no end, and on a busy machine a promotion may take its time.
const AT_ITS_END = step('heal-requested')

let lab: TestLab
const short = () => join(lab.reports, 'short.rehearsal.yaml')
const endless = () => join(lab.reports, 'endless.rehearsal.yaml')
beforeAll(async () => {
  lab = await testLab()
  writeFileSync(short(), rehearsalFor(12))
  writeFileSync(endless(), rehearsalFor(60))
  mkdirSync(join(lab.reports, 'none'))
  await expectFirstMember()
})
afterAll(() => lab?.down())

const expectFirstMember = () =>
  vi.waitFor(
    async () => {
      const { data, metadata } = JSON.parse(
        await lab.kubectl('get', 'configmap', 'wallet-db-role', '-n', 'casino', '-o', 'json'),
      )
      expect([data.primary, data.observed]).toEqual(['wallet-db-0', 'wallet-db-0'])
      expect(Object.keys({ ...metadata.labels, ...metadata.annotations }).join()).not.toMatch(
        /matchday.dev\/(run|undo)/,
      )
    },
    { timeout: 60_000, interval: 500 },
  )

describe('kill -9 of the controller while a database is promoted', () => {
  it.each<[string, Fits, 'the marks' | 'the journal']>([
    ['undo written', (record) => record.kind === 'undo-written', 'the journal'],
    ['begun', step('begun'), 'the marks'],
    ['done', step('done'), 'the journal'],
    ['heal requested', AT_ITS_END, 'the journal'],
  ])('at "%s": heal promotes the former primary again', async (_, at, source) => {
    const run = startRun(lab, at === AT_ITS_END ? short() : endless())
    await run.until(at)
    run.signal('SIGKILL')
    await run.ended
    const reports = source === 'the journal' ? `${run.folder()}/..` : join(lab.reports, 'none')
    const healed = await matchday(lab, 'heal', '--lab', '--reports', reports, '--output', 'json')
    expect([healed.stderr, healed.code]).toEqual(['', 0])
    expect(JSON.parse(healed.stdout).left).toEqual([])
    await expectFirstMember()
  })
})
