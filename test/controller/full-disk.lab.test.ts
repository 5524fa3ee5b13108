/** A disk that fills up while a fault is in. The kernel's limit of a file's size plays it, put on the process from outside. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordsOf, startRun, type TestLab, testLab } from '../support/lab.ts'

let lab: TestLab
beforeAll(async () => {
  lab = await testLab()
})
afterAll(() => lab?.down())

const named = (...parameters: string[]) => lab.kubectl('get', ...parameters, '-o', 'name').then((text) => text.trim())

describe('a journal that can no longer be written', () => {
  it('heals and ends the run at once with the reason and exit code 5, and stays readable', async () => {
    const run = startRun(lab, 'test/rehearsals/crash.rehearsal.yaml', '--quiet')
    await run.until((record) => record.kind === 'fault-step' && record.step.is === 'injected')
    const { size } = statSync(join(run.folder(), 'journal.ndjson'))
    execFileSync('prlimit', ['--pid', String(run.pid), `--fsize=${size}:`])
    const filledAt = performance.now()
    const { code, stderr } = await run.ended
    expect(performance.now() - filledAt).toBeLessThan(15_000)
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('may not grow further (EFBIG)') })
    expect(stderr).toContain('Next: Make room')
    expect(stderr).not.toContain('defect')
    expect(await named('networkchaos', '-A')).toBe('')
    expect(await named('leases', '-n', 'casino')).toBe('')
    const kinds = (await recordsOf(run)).map(({ kind }) => kind)
    expect(kinds).toContain('undo-written')
    expect(kinds).not.toContain('undo-done')
  })
})
