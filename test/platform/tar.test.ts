import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackInto } from '../../src/platform/services/db-keeper/tar.ts'

let folder: string
const SIZES = [0, 1, 511, 512, 513, 8_192, 100_000]
const contentOf = (size: number): Buffer => Buffer.alloc(size, `${size} `)
const archiveOf = (name: string): Buffer =>
  execFileSync('tar', ['--format=ustar', '-cf', '-', '-C', join(folder, name), '.'])

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'matchday-tar-'))
  mkdirSync(join(folder, 'from/base/1'), { recursive: true })
  mkdirSync(join(folder, 'from/pg_wal'))
  for (const size of SIZES) writeFileSync(join(folder, 'from/base/1', String(size)), contentOf(size))
  mkdirSync(join(folder, 'links'))
  symlinkSync('/etc', join(folder, 'links/pg_tblspc'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a base backup', () => {
  it('is unpacked as it was packed, however its bytes are split', async () => {
    const archive = archiveOf('from')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1 }), async (pieces) => {
        const at = mkdtempSync(join(folder, 'to-'))
        const unpacking = unpackInto(at)
        for (let from = 0, n = 0; from < archive.length; n += 1) {
          const length = pieces[n % pieces.length] ?? 1
          unpacking.write(archive.subarray(from, from + length))
          from += length
        }
        await unpacking.end()
        expect(statSync(join(at, 'pg_wal')).isDirectory()).toBe(true)
        for (const size of SIZES)
          expect(readFileSync(join(at, 'base/1', String(size))).equals(contentOf(size))).toBe(true)
        rmSync(at, { recursive: true })
      }),
      { numRuns: 20 },
    )
  })

  const unpack = async (archive: Buffer) => {
    const unpacking = unpackInto(mkdtempSync(join(folder, 'to-')))
    unpacking.write(archive)
    await unpacking.end()
  }

  it('with links is refused, because a tablespace would be missing or shared with the primary', async () => {
    await expect(unpack(archiveOf('links'))).rejects.toThrow('tablespaces')
  })

  it('with a file outside of the folder is refused', async () => {
    const outside = execFileSync('tar', ['-cPf', '-', '-C', join(folder, 'from/base'), '../base/1/512'])
    await expect(unpack(outside)).rejects.toThrow('outside')
  })

  it('that is cut off is refused', async () => {
    await expect(unpack(archiveOf('from').subarray(0, 5_000))).rejects.toThrow('Unexpected end')
  })
})
