import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { EXCEPTIONS, exceptionFor, type SpecException } from './exceptions.ts'
import { idOf, keepTrial, type Measured, readMeasured, type SpecTrial, writeMeasured } from './kept.ts'
import { conformancePage } from './page.ts'

const at = { commit: 'abc1234', date: '2026-11-30', user: 'root' } as const
const passed: SpecTrial = { outcome: 'passed', seconds: 3, ...at }
const failed: SpecTrial = { outcome: 'failed', seconds: 40, message: 'pod <nil> | is *not* ready', ...at }
const exceptions: readonly SpecException[] = [
  { kind: 'ports', reason: 'Every pod would take the port.', spec: /^b/, networking: 'preload' },
]
const measured: Measured = {
  versions: { kubernetes: '1.37.2', 'cri-tools': '1.36.0' },
  specs: { e2e: ['a [Conformance]', 'b', 'c'], others: ['d'], critest: [] },
  trials: {
    [idOf('namespaces', 'e2e', 'a [Conformance]')]: passed,
    [idOf('namespaces', 'e2e', 'b')]: failed,
    [idOf('preload', 'e2e', 'b')]: { ...failed, user: 'ordinary' },
  },
}

describe('the page of conformance', () => {
  const page = conformancePage(measured, exceptions)

  it('counts what was measured, and claims nothing of the rest', () => {
    expect(page).toContain('| 3 | **1** passed, 1 failed, 1 not measured | **0** passed, 1 failed, 2 not measured |')
    expect(page).toContain('| c | not measured | not measured | - |')
    expect(page).not.toContain('all other')
  })

  it('tells each failure with its kind, and those that nobody has looked at', () => {
    expect(page).toContain('| ports | 1 | Every pod would take the port. |')
    expect(page).toContain('| not examined yet | 1 | - |')
    expect(page).toContain('| ports | b | preload | pod \\<nil\\> \\| is \\*not\\* ready |')
  })

  it('says when and by whom each was measured', () => {
    expect(page).toContain('| a \\[Conformance\\] | passed, 3 s | not measured | abc1234, 2026-11-30, by root |')
    expect(page).toContain('| abc1234, 2026-11-30, by root; abc1234, 2026-11-30 |')
  })

  it('is what the kept measurements say', () => {
    expect(readFileSync('docs/conformance.md', 'utf8')).toBe(conformancePage(readMeasured()))
  })
})

describe('what is kept', () => {
  it('is written the moment a spec has ended, beside what was there', () => {
    const file = join(tempFolder(), 'measured.json')
    writeMeasured(measured, file)
    keepTrial(idOf('preload', 'e2e', 'a [Conformance]'), failed, file)
    const { trials } = readMeasured(file)
    expect(Object.keys(trials)).toHaveLength(4)
    expect(trials[idOf('preload', 'e2e', 'a [Conformance]')]).toEqual(failed)
  })
})

describe('known exceptions', () => {
  it('hold for their spec and their network only', () => {
    expect(exceptionFor('b', 'preload', exceptions)?.kind).toBe('ports')
    expect(exceptionFor('b', 'namespaces', exceptions)).toBeUndefined()
    expect(exceptionFor('a', 'preload', exceptions)).toBeUndefined()
  })

  it('each explain a failure that was measured', () => {
    const { trials } = readMeasured()
    const failures = Object.entries(trials).filter(([, { outcome }]) => outcome === 'failed')
    const idle = EXCEPTIONS.filter(
      ({ spec, networking }) =>
        !failures.some(([id]) => spec.test(id.replace(/^\S+ \S+ /, '')) && id.startsWith(networking ?? '')),
    )
    expect(idle.map(({ spec }) => spec.source)).toEqual([])
  })
})
