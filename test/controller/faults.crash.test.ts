/** Whoever dies in the middle of a rehearsal, and at whatever record of the journal: what was done is undone, and the next one can run. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { controlComponent } from '../../src/lab/lab.ts'
import { causesOf, matchday, recordsOf, startRun, type TestLab, testLab, verdictOf } from '../support/lab.ts'

const CRASH = 'test/rehearsals/crash.rehearsal.yaml'

let lab: TestLab
beforeAll(async () => {
  lab = await testLab()
})
afterAll(() => lab?.down())

const step =
  (is: string) =>
  (record: Evidence): boolean =>
    record.kind === 'fault-step' && record.step.is === is
const chaosObjects = async (): Promise<string> => (await lab.kubectl('get', 'networkchaos', '-A', '-o', 'name')).trim()
const heldRules = async (): Promise<string> => {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: `${lab.root}/net/agent.sock`, path: '/rules' }, (response) => {
      let text = ''
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => resolve(text))
    })
    call.on('error', reject)
    call.end()
  })
}

async function expectNothingLeft(): Promise<void> {
  expect(await chaosObjects()).toBe('')
  expect(await heldRules()).not.toContain('psp-down')
  expect((await lab.kubectl('get', 'lease', '-n', 'casino', '-o', 'name')).trim()).toBe('')
}

beforeEach(async () => {
  expect(await chaosObjects()).toBe('')
})

describe('kill -9 of the controller', () => {
  it.each([
    ['after the undo is written and before the fault exists', (record: Evidence) => record.kind === 'undo-written'],
    ['when the fault is created', step('created')],
    ['when the fault is injected', step('injected')],
    ['when healing has begun', step('heal-requested')],
  ])('%s leaves a readable journal, and heal undoes all of it', async (_, at) => {
    const run = startRun(lab, CRASH)
    await run.until(at)
    run.signal('SIGKILL')
    await run.ended
    const healed = await matchday(lab, 'heal', '--lab', '--reports', `${run.folder()}/..`, '--output', 'json')
    expect(healed.stderr).not.toContain('defect')
    expect(healed.code).toBe(0)
    await expectNothingLeft()
    const records = await recordsOf(run)
    expect(records.some((record) => record.kind === 'undo-done')).toBe(true)
    const again = await matchday(lab, 'judge', run.folder(), '--output', 'json')
    expect(again.code).not.toBe(0)
  })

  it('is also noticed by the next run, which undoes the fault before it begins', async () => {
    const dead = startRun(lab, CRASH)
    await dead.until(step('injected'))
    dead.signal('SIGKILL')
    await dead.ended
    const next = startRun(lab, CRASH)
    await next.until((record) => record.kind === 'load-started')
    expect(await chaosObjects()).toBe('')
    next.signal('SIGINT')
    expect((await next.ended).code).not.toBe(6)
    await expectNothingLeft()
  })
})

describe('an interruption from outside', () => {
  it('k6 killed: the fault is healed and the run does not pass', async () => {
    const run = startRun(lab, CRASH)
    const started = await run.until((record) => record.kind === 'load-started')
    await run.until(step('injected'))
    if (started.kind === 'load-started' && started.pid > 0) process.kill(started.pid, 'SIGKILL')
    const { code } = await run.ended
    expect([1, 3, 4]).toContain(code)
    expect(causesOf(verdictOf(run))).toContain('load-crashed')
    await expectNothingLeft()
  })

  it('the chaos daemon killed during the fault: it is restarted and the fault is healed', async () => {
    const run = startRun(lab, CRASH)
    await run.until(step('injected'))
    await controlComponent(lab.root, 'chaos-daemon', 'restart')
    const { code } = await run.ended
    expect(code).not.toBe(6)
    expect((await recordsOf(run)).some(step('healed'))).toBe(true)
    await expectNothingLeft()
  })

  it('Ctrl-C heals, judges the evidence so far, and ends as aborted within seconds', async () => {
    const run = startRun(lab, CRASH)
    await run.until(step('injected'))
    const pressedAt = performance.now()
    run.signal('SIGINT')
    const { code } = await run.ended
    expect(code).toBe(4)
    expect(performance.now() - pressedAt).toBeLessThan(15_000)
    expect(verdictOf(run).verdict.kind).toBe('aborted')
    await expectNothingLeft()
  })

  it('a workload other than the running one is refused', async () => {
    const refused = await matchday(lab, 'run', CRASH, '--lab', '--target', lab.target, '--workload', 'test/rehearsals')
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('runs what it was booted with')])
  })

  it('a second run on the same target is refused, and the first is not disturbed', async () => {
    const first = startRun(lab, CRASH)
    await first.until(step('injected'))
    const [second, heal] = await Promise.all([startRun(lab, CRASH).ended, matchday(lab, 'heal', '--lab')])
    expect(second.code).toBe(5)
    expect(second.stderr).toContain('another rehearsal holds')
    expect(heal.code).toBe(5)
    expect((await first.ended).code).not.toBe(6)
    expect((await recordsOf(first)).some(step('healed'))).toBe(true)
    await expectNothingLeft()
  })
})
