import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectEntry, k6Version } from '../../../src/adapters/k6/inspect.ts'
import { EnvironmentError } from '../../../src/controller/ports.ts'
import { arrivalsBy } from '../../../src/domain/arrivals.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { type Driver, driver, PROMO_PEAK, planOf, stage } from './driving.ts'
import { type SmallPlatform, smallPlatform } from './small-platform.ts'

let k6: Driver
let platform: SmallPlatform
let lib = ''
beforeAll(async () => {
  k6 = await driver()
  platform = await smallPlatform()
  lib = join(import.meta.dirname, '../../../scenarios/lib')
})
afterAll(async () => {
  await platform.close()
  await k6.close()
})

/** A user's script beside no other: `body` after the usual exports. */
async function script(name: string, body: string): Promise<string> {
  const file = join(k6.folder, `${name}.ts`)
  const head = `import { loadOptions } from '${lib}/load.ts'
import { good, measure } from '${lib}/measure.ts'
export { teardown, zero } from '${lib}/load.ts'
export const options = loadOptions()
`
  await writeFile(file, head + body)
  return file
}

const NOTHING = { profiles: [], sockets: false }
const LOBBY = { profiles: ['lobby'], sockets: false }

const short = (rate: number, durationMs = 2000) => planOf(platform.entry, { login: [stage(durationMs, rate)] })

describe('inspecting a script', () => {
  it('finds no problem in the stock scenario, and reports the version of k6', async () => {
    expect(await k6.generator.inspect(PROMO_PEAK, { profiles: ['login', 'deposit', 'bet'], sockets: true })).toEqual({
      version: expect.stringMatching(/^v2\./),
      issues: [],
      notes: [],
      facts: expect.objectContaining({ usesLibrary: true, bundled: true, thresholds: [] }),
    })
  })

  it('reports the line where a script throws while it is loaded', async () => {
    const file = await script('throws', `const nothing: { a?: { b: number } } = {}\nexport const x = nothing.a.b\n`)
    const { issues } = await k6.generator.inspect(file, NOTHING)
    expect(issues).toMatchObject([{ at: { line: 6 }, code: 'load-script-fails' }])
    expect(issues[0]?.at.file).toContain('throws.ts')
  })

  it('does not wait for a script that never ends loading', async () => {
    const { path } = await resolveTool('k6')
    const file = join(k6.folder, 'endless.js')
    await writeFile(file, 'for (;;) {}\n')
    const entry = { file, bundled: true, usesLibrary: true, sources: [file] }
    expect(await inspectEntry(path, entry, 'endless.ts', NOTHING, 1500)).toMatchObject({
      issues: [{ code: 'load-script-hangs' }],
    })
  })

  it('refuses a script that uses the plan and does not report when its load began', async () => {
    const file = await script('bare', `export const options = {}\nexport default () => {}\nvoid [good, measure]\n`)
    await writeFile(file, (await readFile(file, 'utf8')).replace('export const options = loadOptions()\n', ''))
    expect((await k6.generator.inspect(file, NOTHING)).issues).toMatchObject([{ code: 'load-script-unmeasured' }])
  })

  it('reports a function that a load profile calls and the script does not export', async () => {
    const file = await script('unexported', `export const Lobby = measure('lobby', () => good)\n`)
    expect((await k6.generator.inspect(file, LOBBY)).issues).toMatchObject([
      { at: { file }, code: 'load-script-export', problem: expect.stringContaining('lobby calls lobby') },
    ])
  })

  it('returns the thresholds of the script', async () => {
    const file = join(k6.folder, 'thresholds.ts')
    await writeFile(
      file,
      `import { loadOptions } from '${lib}/load.ts'
import { good, measure } from '${lib}/measure.ts'
export { teardown, zero } from '${lib}/load.ts'
export const options = { ...loadOptions(), thresholds: { http_req_failed: ['rate<0.01'], http_req_duration: ['p(95)<1'] } }
export const lobby = measure('lobby', () => good)
`,
    )
    const { issues, facts } = await k6.generator.inspect(file, LOBBY)
    expect(issues).toEqual([])
    expect(facts?.thresholds).toEqual([
      { metric: 'http_req_duration', expression: 'p(95)<1', abortOnFail: false },
      { metric: 'http_req_failed', expression: 'rate<0.01', abortOnFail: false },
    ])
  })

  it('detects a binary that is not k6', async () => {
    expect(await k6Version('/bin/true')).toBeUndefined()
    expect(await k6Version('/no/such/k6')).toBeUndefined()
  })
})

describe('a running load', () => {
  it('finds files that its script opens, relative to the script', async () => {
    await writeFile(join(k6.folder, 'users.csv'), 'u1\nu2\n')
    const file = await script(
      'opening',
      `import { SharedArray } from 'k6/data'
const users = new SharedArray('users', () => open('./users.csv').trim().split('\\n'))
export const lobby = measure('lobby', () => { if (users.length !== 2) throw new Error('no users'); return good })
`,
    )
    expect((await k6.generator.inspect(file, LOBBY)).issues).toEqual([])
    const run = await k6.drive(file, planOf(platform.entry, { lobby: [stage(1000, 5)] }))
    expect(await run.ended()).toMatchObject({ outcome: 'completed', problems: [] })
  })

  it('waits for asynchronous attempts, and counts their results', async () => {
    const file = await script(
      'async',
      `import { bad } from '${lib}/measure.ts'
const later = (ms: number) => new Promise<void>((done) => setTimeout(() => done(), ms))
export const slow = measure('slow', async () => { await later(200); return good })
export const refused = measure('refused', async () => { await later(1); return bad('refused') })
export const broken = measure('broken', async () => { await later(1); throw new Error('late') })
`,
    )
    const stages = [stage(1000, 5)] as const
    const run = await k6.drive(file, planOf(platform.entry, { slow: stages, refused: stages, broken: stages }))
    await run.ended()
    const { slow, refused, broken } = run.frames().at(-1)?.slis ?? {}
    expect(slow).toMatchObject({ bad: 0 })
    expect(slow?.good).toBeGreaterThan(3)
    // In microseconds: the time of the promise counts.
    expect(Math.min(...(slow?.histogram ?? []).map(([bucket]) => bucket))).toBeGreaterThan(0)
    expect(refused).toMatchObject({ good: 0, badBy: { refused: refused?.bad } })
    expect(broken).toMatchObject({ good: 0, badBy: { exception: broken?.bad } })
  })

  it('returns about one frame per second and the health of the generator', async () => {
    const run = await k6.drive(PROMO_PEAK, short(20, 4000))
    expect(await run.ended()).toMatchObject({ outcome: 'completed', problems: [] })
    const frames = run.frames()
    expect(frames.length).toBeGreaterThanOrEqual(4)
    expect(run.health().length).toBeGreaterThanOrEqual(3)
    for (const { cpuCores, hostBusy, rssBytes } of run.health()) {
      expect(cpuCores).toBeGreaterThan(0)
      expect(hostBusy).toBeLessThanOrEqual(1)
      expect(rssBytes).toBeGreaterThan(10_000_000)
    }
    const goods = frames.map(({ slis }) => slis.login?.good ?? 0)
    expect(goods).toEqual(goods.toSorted((a, b) => a - b))
  })

  it('counts an exception in an iteration as bad, and reports it', async () => {
    const file = await script(
      'throwing',
      `export const login = measure('login', () => { throw new Error('no such player') })\n`,
    )
    const run = await k6.drive(file, short(10))
    const { outcome, problems } = await run.ended()
    expect(outcome).toBe('completed')
    expect(run.frames().at(-1)?.slis.login).toMatchObject({ good: 0, bad: 20, badBy: { exception: 20 } })
    expect(problems.join()).toContain('no such player')
    expect(problems.join()).toContain('throwing.ts')
  })

  it('interrupts iterations that hang, soon after the plan is over, and counts none of them as having run', async () => {
    const file = await script(
      'hanging',
      `import { sleep } from 'k6'\nexport const login = measure('login', () => { for (;;) sleep(1) })\n`,
    )
    const startedAt = performance.now()
    const run = await k6.drive(file, short(10))
    expect(await run.ended()).toMatchObject({ outcome: 'completed' })
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    const last = run.frames().at(-1)
    expect(last?.slis.login).toMatchObject({ good: 0 })
    // What was due and did not run counts as bad when it is judged.
    expect((last?.profiles.login?.iterations ?? 0) + (last?.profiles.login?.dropped ?? 0)).toBeLessThan(20)
  })

  it('shows attempts without results for a profile that measures nothing', async () => {
    const run = await k6.drive(
      await script('silent', `export const login = () => {}\nvoid [good, measure]\n`),
      short(10),
    )
    await run.ended()
    const last = run.frames().at(-1)
    expect(last?.profiles.login?.iterations).toBe(20)
    expect([last?.slis.login?.good ?? 0, last?.slis.login?.bad ?? 0]).toEqual([0, 0])
  })

  it('is reported as starved when the generator cannot keep up', async () => {
    // Each arrival burns 50 ms of CPU; 200 a second would take ten cores.
    const busy = `export const login = measure('login', () => { for (const end = Date.now() + 50; Date.now() < end; ); return good })\n`
    const plan = short(200)
    const run = await k6.drive(await script('busy', busy), plan)
    await run.ended()
    const { iterations, dropped } = run.frames().at(-1)?.profiles.login ?? { iterations: 0, dropped: 0 }
    const due = Math.floor(arrivalsBy(plan.profiles[0]?.stages ?? [], 2000))
    expect(due).toBe(400)
    expect(iterations).toBeGreaterThan(10)
    expect(iterations).toBeLessThan(due)
    expect(iterations + dropped).toBeLessThanOrEqual(due)
    expect(Math.max(...run.health().map(({ cpuCores }) => cpuCores))).toBeGreaterThan(0.5)
  })

  it('stops when asked, and keeps the counts until then', async () => {
    const run = await k6.drive(PROMO_PEAK, short(20, 60_000))
    await expect.poll(() => run.frames().at(-1)?.profiles.login?.iterations ?? 0).toBeGreaterThan(40)
    const asked = performance.now()
    await run.load.stop()
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(await run.ended()).toMatchObject({ outcome: 'stopped', exitCode: 105 })
    const { iterations } = run.frames().at(-1)?.profiles.login ?? { iterations: 0 }
    expect(iterations).toBeGreaterThan(40)
    expect(run.frames().at(-1)?.slis.login?.good).toBe(iterations)
  })

  it('is a crash with its reason when k6 is killed', async () => {
    const run = await k6.drive(PROMO_PEAK, short(20, 60_000))
    await sleep(2500)
    process.kill(run.load.pid, 'SIGKILL')
    expect(await run.ended()).toMatchObject({
      outcome: 'crashed',
      exitCode: null,
      problems: ['k6 was killed by SIGKILL'],
    })
    expect(run.frames().at(-1)?.profiles.login?.iterations).toBeGreaterThan(10)
  })

  it('does not start if no player can log in, and shows the message of k6', async () => {
    const nowhere = planOf('http://127.0.0.1:1', { deposit: [stage(1000, 5)] })
    const failing = k6.drive(PROMO_PEAK, nowhere)
    await expect(failing).rejects.toThrow(EnvironmentError)
    await expect(failing).rejects.toThrow(/no player could log in at http:\/\/127\.0\.0\.1:1/)
  })

  it('does not begin with a profile that the script does not have', async () => {
    const plan = planOf(platform.entry, { withdrawal: [stage(1000, 5)] })
    await expect(k6.drive(PROMO_PEAK, plan)).rejects.toThrow(/withdrawal/)
  })

  it('ends with the process that drives it, also if that is killed', async () => {
    const { path: binary } = await resolveTool('k6')
    const source = join(import.meta.dirname, '../../../src')
    const program = `
      const { k6LoadGenerator } = await import('${source}/adapters/k6/load-generator.ts')
      const { systemClock } = await import('${source}/cli/clock.ts')
      const generator = k6LoadGenerator({ binary: '${binary}', clock: systemClock, cacheFolder: '${k6.folder}/bundles' })
      const plan = ${JSON.stringify(short(10, 60_000))}
      const { pid } = await generator.start('${PROMO_PEAK}', plan, '${k6.folder}', () => {})
      console.log(pid)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await new Promise<number>((told) => parent.stdout.once('data', (data) => told(Number(String(data)))))
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain('k6')
    parent.kill('SIGKILL')
    for (let tries = 0; tries < 100 && existsSync(`/proc/${pid}`); tries++) await sleep(20)
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })
})
