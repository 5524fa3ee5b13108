import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { auditOf } from '../../src/cli/audit.ts'
import { readInputs } from '../../src/cli/inputs.ts'

const inputs = readInputs('scenarios/psp-down-at-peak.rehearsal.yaml', 'lab')

describe('the audit record of a run', () => {
  it('lists every input file of the run with its digest', () => {
    const { files } = auditOf(inputs, {})
    const paths = files.map(({ path }) => path)
    expect(paths).toEqual(
      expect.arrayContaining([
        'scenarios/psp-down-at-peak.rehearsal.yaml',
        'scenarios/targets/lab.yaml',
        'scenarios/promo-peak.ts',
        'chaos/psp-down.yaml',
      ]),
    )
    expect(paths.some((path) => path.startsWith('scenarios/lib/'))).toBe(true)
    expect(new Set(paths).size).toBe(paths.length)
    for (const { path, sha256 } of files)
      expect(sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'))
  })

  it('names the user and the host, or the value of MATCHDAY_ACTOR, or nobody', () => {
    expect(auditOf(inputs, {})).toMatchObject({ user: expect.any(String), host: expect.any(String) })
    const named = auditOf(inputs, { MATCHDAY_ACTOR: 'release pipeline' })
    expect(named).toMatchObject({ user: 'release pipeline' })
    expect(named).not.toHaveProperty('host')
    expect(Object.keys(auditOf(inputs, { MATCHDAY_ACTOR: '' }))).toEqual(['files'])
  })
})
