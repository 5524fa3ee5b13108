/** The migration of a release in its files: what does not fit together is reported before anything is changed. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { migrationOf } from '../../src/domain/action.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { codesOf } from './stock.ts'

const REHEARSAL = 'test/detection/schema.rehearsal.yaml'
const TARGET = 'scenarios/targets/lab.yaml'

function parsed(file = '', from = '', to = '') {
  const read = (path: string) => {
    const text = readFileSync(path, 'utf8')
    if (path === file) expect(text).toContain(from)
    return path === file ? text.replace(from, to) : text
  }
  const target = parseTarget({ read }, TARGET)
  return target.ok ? parseRehearsal({ read }, REHEARSAL, target.value) : target
}

describe('a migration', () => {
  it('has its own times', () => {
    const rehearsal = parsed()
    expect(rehearsal.ok && 'actions' in rehearsal.value && migrationOf(rehearsal.value.actions[0]?.act)).toEqual({
      run: 'wallet-references',
      withinMs: 15_000,
      waitsMs: 1_000,
    })
  })

  it.each([
    ['that the target does not describe', REHEARSAL, 'run: wallet-references', 'run: orders', ['unknown-migration']],
    ['without a limit of waits', REHEARSAL, ', waits: 1s', '', ['missing-key']],
    ['that leaves no time for the release', REHEARSAL, 'within: 15s', 'within: 25s', ['expectation-unobservable']],
    ['that is no Job', TARGET, 'kind: Job', 'kind: CronJob', ['wrong-value']],
    ['whose waits nobody shows', TARGET, 'db_lock_wait_seconds}', 'lock_waits}', ['unknown-metric']],
  ])('%s is refused', (_, file, from, to, codes) => {
    expect(codesOf(parsed(file, from, to)).map((each) => each.replace(/:.*/, ''))).toEqual(codes)
  })
})
