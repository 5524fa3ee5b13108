import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readCredentials } from '../../../src/adapters/kubernetes/load-credentials.ts'
import type { CredentialPlace } from '../../../src/domain/rehearsal.ts'
import { target } from '../../support/evidence-rehearsal.ts'
import { tempFolder } from '../../support/temp-folder.ts'

afterEach(() => vi.unstubAllEnvs())

const at = { file: 'targets/shop.yaml', line: 12, column: 5 }
const asked = (credentials: Readonly<Record<string, CredentialPlace>>) => {
  const placed = Object.entries(credentials).map(([name, from]) => [name, { at, from }] as const)
  return readCredentials(undefined, { ...target, credentials: Object.fromEntries(placed) })
}

describe('the credentials of the load', () => {
  it('come from the environment and from files, without the line end', async () => {
    const path = join(tempFolder(), 'token')
    writeFileSync(path, 'from-a-file\n')
    vi.stubEnv('MATCHDAY_TEST_TOKEN', 'from-the-environment')
    const read = await asked({ A: { kind: 'env', name: 'MATCHDAY_TEST_TOKEN' }, B: { kind: 'file', path } })
    expect(read).toEqual({ values: { A: 'from-the-environment', B: 'from-a-file' }, issues: [] })
  })

  it('that are missing are all reported at once, each at its line, without their values', async () => {
    vi.stubEnv('MATCHDAY_TEST_SHORT', 'hush!')
    const { values, issues } = await asked({
      A: { kind: 'env', name: 'MATCHDAY_TEST_UNSET' },
      B: { kind: 'file', path: join(tempFolder(), 'none') },
      C: { kind: 'env', name: 'MATCHDAY_TEST_SHORT' },
      D: { kind: 'secret', namespace: 'shop', name: 'load', key: 'token' },
    })
    expect(values).toEqual({})
    expect(issues.map(({ code, at: place }) => [code, place])).toEqual(Array(4).fill(['credential-missing', at]))
    expect(issues.map(({ problem }) => problem).join('\n')).toMatch(
      /A: the environment variable MATCHDAY_TEST_UNSET is not set\.\n.*B: the file .* cannot be read \(ENOENT\)\.\n.*C: it has fewer than 6 characters.*\n.*D: it is in a Secret, and no cluster/,
    )
    expect(JSON.stringify(issues)).not.toContain('hush!')
  })
})
