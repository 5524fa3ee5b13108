import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { discardUnused, makeRunFolder, runFolders } from '../../src/cli/run-folder.ts'
import { tempFolder } from '../support/temp-folder.ts'

let reports = ''
beforeEach(() => {
  reports = tempFolder()
})

const at = (second: number) => makeRunFolder(reports, 'peak', new Date(`2026-01-01T00:00:0${second}Z`))

describe('the folder of a run', () => {
  it('is unique, and `latest` points to the newest', () => {
    const [first, second] = [at(1), at(1)]
    expect([first.run, second.run]).toEqual(['peak-20260101-000001', 'peak-20260101-000001-2'])
    expect(readlinkSync(join(reports, 'latest'))).toBe(second.run)
  })

  it('is removed if the run never began, and `latest` points to the previous run', () => {
    const begun = at(1)
    writeFileSync(begun.file('journal.ndjson'), '{}\n')
    const refused = at(2)
    discardUnused(reports, refused)
    expect(runFolders(reports)).toEqual([begun.path])
    expect(readlinkSync(join(reports, 'latest'))).toBe(begun.run)
    discardUnused(reports, begun)
    expect(runFolders(reports)).toEqual([begun.path])
  })

  it('are listed newest first, for all rehearsals', () => {
    const made = ['wallet', 'derby', 'provider'].map(
      (name, n) => makeRunFolder(reports, name, new Date(n * 1_000)).path,
    )
    expect(runFolders(reports)).toEqual(made.toReversed())
  })

  it('leaves nothing if the first run never began', () => {
    discardUnused(reports, at(1))
    expect(runFolders(reports)).toEqual([])
    expect(existsSync(join(reports, 'latest'))).toBe(false)
  })
})
