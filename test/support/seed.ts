/**
 * The seed of a test run: REHEARSAL_SEED, or a new one that vitest.config.ts draws. Property tests draw with it, and rehearsals that tests start. In
 * CI it is the commit (`all.ts`), so that the same commit is tested with the same choices. A test that fails prints how to repeat it.
 */
import fc from 'fast-check'
import { beforeEach } from 'vitest'
import { seedFor } from '../../src/domain/random.ts'

const seed = Number(process.env.REHEARSAL_SEED)
if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`REHEARSAL_SEED=${process.env.REHEARSAL_SEED} is no seed`)

// fast-check takes 32 bits with a sign.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seedFor(seed, 'property tests') | 0 })

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(() => {
    console.error(
      `repeat with: REHEARSAL_SEED=${seed} npx vitest run ${task.file.name} -t ${JSON.stringify(task.name)}`,
    )
  })
})
