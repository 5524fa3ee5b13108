import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seedFor } from '../../src/domain/random.ts'
import { seedOfChecks, seedOfCommit } from './commit-seed.ts'
import { tempFolder } from './temp-folder.ts'

describe('the seed', () => {
  it('of all checks is the commit, unless one is given', () => {
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
    expect(seedOfChecks(undefined)).toBe(String(seedOfCommit(head)))
    expect(Number.isSafeInteger(seedOfCommit('f'.repeat(40)))).toBe(true)
    expect(seedOfChecks('7')).toBe('7')
    expect(readFileSync('test/support/all.ts', 'utf8')).toContain('seedOfChecks(process.env.REHEARSAL_SEED)')
  })

  it('is what property tests draw with', () => {
    const seed = Number(process.env.REHEARSAL_SEED)
    expect(fc.readConfigureGlobal().seed).toBe(seedFor(seed, 'property tests') | 0)
  })

  it('of a failing test is printed, with how to repeat it', () => {
    const folder = tempFolder()
    writeFileSync(
      join(folder, 'red.test.ts'),
      `import { expect, it } from 'vitest'\nit('is red', () => expect(1).toBe(2))\n`,
    )
    const config = `export default { test: { include: ['red.test.ts'], setupFiles: [${JSON.stringify(resolve('test/support/seed.ts'))}] } }`
    writeFileSync(join(folder, 'vitest.config.mjs'), config)
    const vitest = resolve('node_modules/vitest/vitest.mjs')
    const { status, stderr, stdout } = spawnSync(process.execPath, [vitest, 'run', '--root', folder], {
      encoding: 'utf8',
      env: { ...process.env, REHEARSAL_SEED: '4711', NO_COLOR: '1' },
      timeout: 60_000,
    })
    expect(status).toBe(1)
    expect(stderr + stdout).toContain('REHEARSAL_SEED=4711 npx vitest run red.test.ts -t "is red"')
  }, 90_000)
})

/** Where chance may act outside the seed, and why. */
const UNSEEDED: Readonly<Record<string, string>> = {
  'src/cli/seed.ts': 'draws the seed itself where none is given',
  'src/lab/chaos-daemon/targets.ts': 'objects without a seed, which somebody created by hand',
  'src/lab/pod-network/': 'each packet, connection and name is drawn by the network, as on a real cluster',
  'src/lab/ingress/': 'where a round begins; requests arrive in an order that no seed fixes',
  'src/notify/round.ts': 'spreads the retries of notifications; their receivers are no part of the run',
  'src/platform/': 'the system under test: jitter of its retries and loops, and latency of the simulated providers',
}

describe('what is random', () => {
  it('comes from the seed in matchday and in the scenarios', () => {
    const files = [...globSync('src/**/*.ts'), ...globSync('scenarios/**/*.ts')]
    const random = files.filter((file) => /Math\.random|\brandomInt\b/.test(readFileSync(file, 'utf8')))
    expect(random.length).toBeGreaterThan(5)
    expect(random.filter((file) => !Object.keys(UNSEEDED).some((known) => file.startsWith(known)))).toEqual([])
  })
})
