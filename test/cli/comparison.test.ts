/** A stored comparison is judged and drawn as one, and never as a run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { sessionRecords } from '../support/evidence-blocks.ts'
import { journalText } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

function stored(): string {
  const folder = tempFolder()
  writeFileSync(join(folder, 'journal.ndjson'), journalText(sessionRecords()))
  return folder
}

describe('the folder of a comparison', () => {
  it('is judged as a comparison', async () => {
    const { code, stdout } = await performed('judge', stored())
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining('UNDECIDED') })
  })

  it('is rendered as a comparison', async () => {
    const folder = stored()
    const { code, stdout } = await performed('report', folder)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('comparison.html') })
    expect(existsSync(join(folder, 'comparison.md')) && !existsSync(join(folder, 'report.html'))).toBe(true)
  })

  it('is refused as one run of a comparison', async () => {
    const { code, stderr } = await performed('compare', stored(), stored())
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('not-a-run') })
  })

  it('needs to know which run belongs to which release', async () => {
    const { code, stderr } = await performed('compare', 'a', 'b', 'c')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--a RUN') })
  })
})

describe('two releases of one Deployment', () => {
  const REHEARSAL = 'test/controller/compare/shop.rehearsal.yaml'
  const RELEASES = `  releases:
    deployed: {entry: 'http://127.0.0.1:1'}
    again: {entry: 'http://127.0.0.1:1'}
    next: {entry: 'http://127.0.0.1:1', rollOut: {deployment: shop, image: {app: 'shop:2'}}}
`
  function refused(...flags: readonly string[]) {
    const target = join(tempFolder(), 'target.yaml')
    writeFileSync(target, readFileSync('test/controller/compare/shop.target.yaml', 'utf8') + RELEASES)
    return performed('compare', REHEARSAL, '--target', target, ...flags)
  }

  it('need a cluster, and cannot be measured both at once', async () => {
    const { code, stderr } = await refused('--a', 'deployed', '--b', 'next', '--duet')
    expect(code).toBe(2)
    expect(stderr).toContain('a target file alone only sends load')
    expect(stderr).toContain('cannot run both releases at the same time')
  })

  it('must differ', async () => {
    const { code, stderr } = await refused('--a', 'deployed', '--b', 'again')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('and run the same pods') })
  })
})
