/** Two releases on the lab, compared both at once: equal, a fifth slower, and failing 0.3 % of its requests. Each has the machine alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestLab, testLab } from '../../support/lab.ts'
import { compareDuet, duets, objectiveOf } from './duet.ts'

/** Eight minutes for two releases at once. */
const SECONDS_MOST = 480

let lab: TestLab
const folder = mkdtempSync(join(tmpdir(), 'md-releases-'))
beforeAll(async () => {
  lab = await testLab()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.down()
})

describe('two releases on the lab', () => {
  it.each(duets)(
    '$name: $expected',
    async (duet) => {
      const { code, seconds, comparison } = await compareDuet(lab, duet, folder)
      expect([comparison.outcome, code], comparison.summary).toEqual([
        duet.expected,
        duet.expected === 'regressed' ? 1 : 0,
      ])
      if (duet.worse) expect(objectiveOf(comparison, duet.worse)).toMatchObject({ state: 'regressed' })
      expect(seconds).toBeLessThan(SECONDS_MOST)
    },
    900_000,
  )
})
