import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BadInput } from '../../src/cli/failure.ts'
import { readInputs, readTarget, usualTargetPath } from '../../src/cli/inputs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const STOCK = 'scenarios/psp-down-at-peak.rehearsal.yaml'
const LAB = 'scenarios/targets/lab.yaml'

function codesOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    return error.issues.map(({ at, code }) => `${at.file} ${code}`)
  }
}

/** As large as it says, with nothing on the disk. */
function sparse(path: string, bytes: number): number {
  const file = openSync(path, 'w')
  ftruncateSync(file, bytes)
  return file
}

describe('the files of a command', () => {
  it.each<[string, () => unknown, readonly string[]]>([
    ['fit', () => readInputs(STOCK, 'lab'), []],
    ['are not there', () => readInputs('scenarios/none.yaml', 'lab'), ['scenarios/none.yaml file-missing']],
    ['can not be read', () => readInputs(STOCK, 'lab', 'scenarios'), ['scenarios file-unreadable']],
    ['lie below a file', () => readInputs(STOCK, 'lab', `${LAB}/x`), [`${LAB}/x file-missing`]],
    ['are of another context', () => readTarget('staging-eu', LAB), [`${LAB} target-of-another-context`]],
    ['are looked for by the context', () => readTarget('a/b'), ['scenarios/targets/a-b.yaml file-missing']],
  ])('%s', (_, read, codes) => {
    expect(codesOf(read)).toEqual(codes)
  })

  it.each<[string, (path: string) => void, string]>([
    ['a FIFO without a writer', (path) => execFileSync('mkfifo', [path]), 'file-unreadable'],
    ['a device without an end', (path) => symlinkSync('/dev/zero', path), 'file-unreadable'],
    ['a file of 8 GB', (path) => closeSync(sparse(path, 8e9)), 'file-too-large'],
    ['a file of 9 MiB', (path) => writeFileSync(path, 'a'.repeat(9 << 20)), 'file-too-large'],
    ['a rehearsal of 300 KiB', (path) => writeFileSync(path, '# long\n'.repeat(45_000)), 'file-too-large'],
  ])('are reported at once and not read if they are %s', (_, make, code) => {
    const path = join(tempFolder(), 'x.rehearsal.yaml')
    make(path)
    const startMs = performance.now()
    expect(codesOf(() => readInputs(path, 'lab', LAB))).toEqual([`${relative('.', path)} ${code}`])
    expect(performance.now() - startMs).toBeLessThan(2_000)
    expect(process.memoryUsage().rss).toBeLessThan(1e9)
  })

  it('are reported at the line of the rehearsal that names them', () => {
    const folder = tempFolder()
    execFileSync('mkfifo', [join(folder, 'script.ts')])
    const path = join(folder, 'x.rehearsal.yaml')
    writeFileSync(path, readFileSync(STOCK, 'utf8').replace(/script: .*/, 'script: script.ts'))
    expect(codesOf(() => readInputs(path, 'lab', LAB))).toContain(`${relative('.', path)} file-unreadable`)
  })

  it('get a name that is valid for every context', () => {
    expect(usualTargetPath('arn:aws:eks:eu/prod')).toBe('scenarios/targets/arn-aws-eks-eu-prod.yaml')
  })
})
