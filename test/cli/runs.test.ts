import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { performed } from '../support/command.ts'
import { wrongIn } from '../support/output-schema.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(() => vi.unstubAllEnvs())

const journal = readFileSync('reports/example/journal.ndjson', 'utf8').trimEnd().split('\n')

/** The example's run under this name; `lines` of its journal, and the verdict if it was judged. */
function run(reports: string, name: string, lines: number | undefined, hasVerdict: boolean): string {
  const folder = join(reports, name)
  mkdirSync(folder, { recursive: true })
  if (lines !== undefined) writeFileSync(join(folder, 'journal.ndjson'), `${journal.slice(0, lines).join('\n')}\n`)
  if (hasVerdict) copyFileSync('reports/example/verdict.json', join(folder, 'verdict.json'))
  return folder
}

describe('matchday list', () => {
  function three(): string {
    const reports = tempFolder()
    run(reports, 'b-20261125-152825', journal.length, true)
    run(reports, 'a-20261126-090000', 50, false)
    run(reports, 'c-20261124-090000', undefined, false)
    return reports
  }

  it('shows when, rehearsal, verdict and duration, newest first', async () => {
    const { code, stdout } = await performed('list', three())
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^ {2}2026-11-25 15:28 UTC {2}psp-down-at-peak +not judged +\S+ +\S+a-20261126-090000$/)
    expect(lines[1]).toMatch(/psp-down-at-peak +pass +\d+:\d\d +\S+b-20261125-152825$/)
    expect(lines[2]).toMatch(/^ {2}- +c-20261124-090000 +not judged +- /)
  })

  it('gives JSON as its schema says', async () => {
    const { stdout } = await performed('list', three(), '-o', 'json')
    const document = JSON.parse(stdout) as { runs: { run: string; durationMs?: number; verdict?: string }[] }
    expect(wrongIn('list', document)).toEqual([])
    expect(document.runs.map(({ run, verdict }) => [run, verdict])).toEqual([
      ['a-20261126-090000', undefined],
      ['b-20261125-152825', 'pass'],
      ['c-20261124-090000', undefined],
    ])
    expect(document.runs[1]?.durationMs).toBeGreaterThan(200_000)
  })

  it('does not count lines that heal added later as part of the run', async () => {
    const reports = tempFolder()
    const folder = run(reports, 'b-20261125-152825', journal.length, true)
    const before = JSON.parse((await performed('list', reports, '-o', 'json')).stdout)
    const later = { kind: 'undo-done', at: Date.now(), id: 'x', by: 'heal', outcome: 'undone' }
    writeFileSync(join(folder, 'journal.ndjson'), `${journal.join('\n')}\n${JSON.stringify(later)}\n`)
    expect(JSON.parse((await performed('list', reports, '-o', 'json')).stdout)).toEqual(before)
  })

  it('reports a folder without runs, and refuses a missing folder', async () => {
    expect(await performed('list', tempFolder())).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('no run in'),
    })
    expect(await performed('list', '/nowhere')).toMatchObject({ code: 2 })
  })
})

describe('matchday open', () => {
  it('prints the path of the report without a display, and renders the report if it is missing', async () => {
    for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'BROWSER']) vi.stubEnv(name, undefined)
    const folder = run(tempFolder(), 'b-20261125-152825', journal.length, false)
    const { code, stdout, stderr } = await performed('open', folder)
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${join(folder, 'report.html')}\n` })
    expect(stderr).toContain('no display')
    expect(existsSync(join(folder, 'report.html'))).toBe(true)
    const { stdout: json } = await performed('open', folder, '-o', 'json')
    expect(wrongIn('open', JSON.parse(json))).toEqual([])
    expect(JSON.parse(json)).toMatchObject({ opened: false })
  })

  it('opens the report with the named browser', async () => {
    const browser = join(tempFolder(), 'browser')
    writeFileSync(browser, `#!/bin/sh\necho "$@" > ${browser}.asked\n`)
    chmodSync(browser, 0o755)
    vi.stubEnv('BROWSER', browser)
    const folder = run(tempFolder(), 'b-20261125-152825', journal.length, false)
    const { stdout } = await performed('open', folder, '-o', 'json')
    expect(JSON.parse(stdout)).toEqual({ format: 1, report: join(folder, 'report.html'), opened: true })
    await expect
      .poll(() => existsSync(`${browser}.asked`) && readFileSync(`${browser}.asked`, 'utf8'))
      .toBe(`${join(folder, 'report.html')}\n`)
  })

  it('reports that a missing browser did not open', async () => {
    vi.stubEnv('BROWSER', '/nowhere/browser')
    const folder = run(tempFolder(), 'b-20261125-152825', journal.length, false)
    expect((await performed('open', folder)).stderr).toContain('no display')
  })
})
