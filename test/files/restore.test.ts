/** A rehearsal with a restore and its target file: what does not fit together is reported before anything is changed. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { codesOf } from './stock.ts'

const REHEARSAL = 'scenarios/restore-the-wallet.rehearsal.yaml'
const TARGET = 'scenarios/targets/lab.yaml'

function codesWith(file: string, from: string, to: string): readonly string[] {
  const read = (path: string) => {
    const text = readFileSync(path, 'utf8')
    if (path === file) expect(text).toContain(from)
    return path === file ? text.replace(from, to) : text
  }
  const target = parseTarget({ read }, TARGET)
  if (!target.ok) return codesOf(target).map((code) => code.replace(/:.*/, ''))
  return codesOf(parseRehearsal({ read }, REHEARSAL, target.value)).map((code) => code.replace(/:.*/, ''))
}

describe('a restore', () => {
  it.each([
    [
      'of a database that the target does not restore',
      REHEARSAL,
      'from: wallet-db',
      'from: orders',
      ['unknown-restore'],
    ],
    ['without a time for the archive', REHEARSAL, 'archivedWithin: 20s, ', '', ['missing-key']],
    ['that may need more time than it lasts', REHEARSAL, 'within: 30s', 'within: 70s', ['expectation-unobservable']],
    [
      'with a book that the target does not list',
      TARGET,
      '      book: wallet\n',
      '      book: purse\n',
      ['unknown-restore', 'unknown-restore'],
    ],
    ['with an object without a name', TARGET, 'metadata: {name: wallet-db-copy, ', 'metadata: {', ['wrong-type']],
    ['with a path that does not begin with /', TARGET, 'path: /backups', 'path: backups', ['wrong-value']],
  ])('%s is refused', (_, file, from, to, codes) => {
    expect(codesWith(file, from, to)).toEqual(codes)
  })
})
