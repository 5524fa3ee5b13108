import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { iterationDueMs } from '../../scenarios/lib/intended-start.ts'
import { resolveTool } from '../../src/toolchain/toolchain.ts'
import { digestOf, operationKey } from '../../src/wire/books.ts'
import { type Driver, driver, PROMO_PEAK, planOf, stage } from '../adapters/k6/driving.ts'
import { type Order, type SmallPlatform, smallPlatform } from '../adapters/k6/small-platform.ts'

let k6: Driver
let platform: SmallPlatform
beforeAll(async () => {
  k6 = await driver()
})
afterAll(() => k6.close())

/** Each test has a platform of its own. */
async function withPlatform<T>(use: () => Promise<T>): Promise<T> {
  platform = await smallPlatform()
  try {
    return await use()
  } finally {
    await platform.close()
  }
}

/** Sums as a book keeps them. */
function sumsOf(orders: readonly Order[]) {
  const digests = orders.map(({ key }) => digestOf(createHash('md5').update(key).digest('hex')))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    amountCents: sum(orders.map(({ amountCents }) => amountCents)),
    digestLow: sum(digests.map(({ low }) => low)),
    digestHigh: sum(digests.map(({ high }) => high)),
  }
}

const ramp = [stage(1000, 20), stage(1000, 20, 40), stage(1000, 40)] as const
const ARRIVALS = 20 + 30 + 40

describe('the promo peak on a healthy platform', () => {
  it('sends what the plan says, counts it exactly, and its digests equal those of the ledger', () =>
    withPlatform(async () => {
      const profiles = { login: ramp, deposit: ramp, bet: ramp }
      const run = await k6.drive(
        PROMO_PEAK,
        planOf(platform.entry, profiles, { unions: { api: ['login', 'deposit', 'bet'] } }),
      )
      expect(await run.ended()).toEqual({ kind: 'ended', outcome: 'completed', exitCode: 0, problems: [] })

      const last = run.frames().at(-1)
      for (const sli of ['login', 'deposit', 'bet']) {
        expect(last?.slis[sli]).toMatchObject({ good: ARRIVALS, bad: 0 })
        expect(last?.profiles[sli]).toEqual({ iterations: ARRIVALS, dropped: 0 })
      }
      expect(last?.slis.api).toMatchObject({ good: 3 * ARRIVALS, bad: 0 })
      for (const operation of ['deposit', 'bet'] as const) {
        const committed = platform.committed.get(`/${operation}s`) ?? []
        const keys = Array.from({ length: ARRIVALS }, (_, n) => operationKey('test-1', operation, n))
        expect(new Set(committed.map(({ key }) => key))).toEqual(new Set(keys))
        expect(last?.operations[operation]).toEqual({
          acknowledged: ARRIVALS,
          ...sumsOf(committed),
          refused: 0,
          unknown: 0,
        })
      }
      const histogrammed = run.frames().flatMap(({ slis }) => slis.login?.histogram ?? [])
      expect(histogrammed.reduce((sum, [, count]) => sum + count, 0)).toBe(ARRIVALS)
      expect(new Set(platform.committed.get('/deposits')?.map(({ authorization }) => authorization)).size).toBe(
        ARRIVALS,
      )
    }))

  it('reports its start within 50 ms, so that arrivals come when the plan says', () =>
    withPlatform(async () => {
      // 200 ms lie between two arrivals, so that a count from the wrong one would show.
      const stages = [stage(2000, 5), stage(0, 5, 10), stage(1000, 10)] as const
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { deposit: stages }))
      await run.ended()
      const late = (platform.arrivals.get('/deposits') ?? [])
        .sort((a, b) => a - b)
        .map((at, n) => at - (run.load.zeroAt + iterationDueMs(stages, n)))
      expect(late).toHaveLength(20)
      expect(Math.min(...late)).toBeGreaterThan(-2)
      // A busy machine makes some of them late; a wrong time zero makes all of them so.
      expect(late.toSorted((a, b) => a - b)[2]).toBeLessThan(50)
    }))

  it('holds the planned population of sockets, replaces them, and measures their round trips', () =>
    withPlatform(async () => {
      const stages = [stage(2000, 0, 30), stage(3000, 30)] as const
      const plan = planOf(
        platform.entry,
        { login: [stage(5000, 1)] },
        { sockets: { lifetimeMs: stage(2000, 1).durationMs, stages, sli: 'ws-rtt' } },
      )
      const run = await k6.drive(PROMO_PEAK, plan)
      expect(await run.ended()).toMatchObject({ outcome: 'completed', problems: [] })
      const last = run.frames().at(-1)
      expect(Math.max(...run.frames().map(({ sockets }) => sockets?.open ?? 0))).toBe(30)
      expect(last?.sockets).toMatchObject({ open: 0, connected: platform.socketCounts.opened, failed: 0, dropped: 0 })
      expect(platform.socketCounts.opened).toBeGreaterThan(45)
      expect(platform.sockets.size).toBe(0)
      // About (0 + 30)/2 sockets for 2 s and 30 for 3 s; of the three seconds from one socket to its successor, one passes connecting.
      expect(last?.slis['ws-rtt']?.good).toBeGreaterThan(35)
      expect(last?.slis['ws-rtt']).toMatchObject({ bad: 0 })
    }))
})

describe('optional load profiles of the promo peak', () => {
  const few = [stage(2000, 5)] as const

  it('are payouts, lobbies, large deposits and double clicks, each with its own keys, and run only if the plan lists them', () =>
    withPlatform(async () => {
      platform.behaviour.status = (path) =>
        path === '/payouts' ? 202 : path === '/login' || path === '/lobby' ? 200 : 201
      const profiles = { payout: few, lobby: few, 'high-roller': few, 'double-click': few }
      const run = await k6.drive(
        PROMO_PEAK,
        planOf(platform.entry, profiles, { unions: { api: ['login', 'deposit', 'bet'] } }),
      )
      expect(await run.ended()).toMatchObject({ outcome: 'completed', problems: [] })
      const last = run.frames().at(-1)
      for (const sli of Object.keys(profiles)) expect(last?.slis[sli]).toMatchObject({ good: 10, bad: 0 })
      expect(Object.keys(last?.slis ?? {}).sort()).toEqual(Object.keys(profiles).sort())
      expect(Object.keys(last?.operations ?? {}).sort()).toEqual(['deposit', 'payout'])
      expect(last?.operations.payout).toMatchObject({
        acknowledged: 10,
        ...sumsOf(platform.committed.get('/payouts') ?? []),
      })
      const deposits = platform.committed.get('/deposits') ?? []
      const large = deposits.filter(({ amountCents }) => amountCents >= 100_000)
      const clicked = deposits.filter(({ amountCents }) => amountCents < 100_000)
      expect([large.length, clicked.length]).toEqual([10, 20])
      const once = clicked.filter(({ key }, at) => clicked.findIndex((other) => other.key === key) === at)
      expect(once).toHaveLength(10)
      expect(last?.operations.deposit).toMatchObject({ acknowledged: 20, ...sumsOf([...large, ...once]) })
    }))

  it('are forged webhooks, which are good when refused and bad when accepted', () =>
    withPlatform(async () => {
      platform.behaviour.status = (path, nth) => (path === '/login' ? 200 : nth < 4 ? 200 : 401)
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { 'forged-webhook': few }))
      await run.ended()
      expect(run.frames().at(-1)?.slis['forged-webhook']).toMatchObject({ good: 6, bad: 4, badBy: { accepted: 4 } })
    }))
})

describe('the promo peak on a platform in trouble', () => {
  it('counts latency by the platform’s delay', () =>
    withPlatform(async () => {
      platform.behaviour.delayMs = 300
      const limits = { login: { targetMs: stage(250, 1).durationMs, ceilingMs: stage(5000, 1).durationMs } }
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { login: [stage(2000, 30)] }, { limits }))
      await run.ended()
      const login = run.frames().at(-1)?.slis.login
      expect(login).toMatchObject({ good: 60, bad: 0, slow: 60, overCeiling: 0 })
      const bounds = run.frames().flatMap(({ slis }) => slis.login?.histogram.map(([bound]) => bound) ?? [])
      // A bucket is 9 % wide, and its upper bound is told.
      expect(Math.min(...bounds)).toBeGreaterThanOrEqual(300)
      expect(Math.min(...bounds)).toBeLessThan(360)
    }))

  it('counts latency from the intended start, so that arrivals that were due during a stall of the generator are late', () =>
    withPlatform(async () => {
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { login: [stage(4000, 20)] }))
      await sleep(1500)
      process.kill(run.load.pid, 'SIGSTOP')
      await sleep(1000)
      process.kill(run.load.pid, 'SIGCONT')
      await run.ended()
      expect(run.frames().at(-1)?.slis.login).toMatchObject({ good: 80, bad: 0 })
      const late = run.frames().flatMap(({ slis }) => slis.login?.histogram.filter(([bound]) => bound > 150) ?? [])
      // 20 were due in that second; each of them answered at once when it ran at last.
      expect(late.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(14)
      expect(Math.max(...late.map(([bound]) => bound))).toBeGreaterThan(800)
    }))

  it('sorts outcomes into refused and unknown (hang-up or error), and lists the unknown keys', () =>
    withPlatform(async () => {
      platform.behaviour.status = (path, nth) => (path === '/login' ? 200 : ([201, 402, 503, 0][nth % 4] ?? 201))
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { deposit: [stage(2000, 20)] }))
      const { problems } = await run.ended()
      const last = run.frames().at(-1)
      expect(last?.slis.deposit).toMatchObject({
        good: 10,
        bad: 30,
        badBy: { refused: 10, 'http-503': 10, network: 10 },
      })
      expect(last?.operations.deposit).toMatchObject({ acknowledged: 10, refused: 10, unknown: 20 })
      const unknown = run.frames().flatMap(({ unknownKeys }) => unknownKeys)
      expect(new Set(unknown.map(({ key }) => key)).size).toBe(20)
      // Who hung up had committed: exactly those keys are unknown and in the book.
      const committed = platform.committed.get('/deposits')?.map(({ key }) => key) ?? []
      expect(committed.filter((key) => unknown.some((each) => each.key === key))).toHaveLength(10)
      expect(problems.join()).toContain('Request Failed')
    }))

  it('times out after two seconds with an unknown outcome, and drops no arrival', () =>
    withPlatform(async () => {
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { deposit: [stage(3000, 10)] }))
      platform.behaviour.delayMs = 6000
      await run.ended()
      const last = run.frames().at(-1)
      expect(last?.profiles.deposit).toEqual({ iterations: 30, dropped: 0 })
      expect(last?.slis.deposit).toMatchObject({ good: 0, bad: 30, badBy: { timeout: 30 } })
      expect(last?.operations.deposit?.unknown).toBe(30)
    }))

  it('counts slow attempts that are under way at the end of the plan, so that it knows every booked deposit', () =>
    withPlatform(async () => {
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { 'double-click': [stage(1000, 3)] }))
      platform.behaviour.delayMs = 1900
      await run.ended()
      const last = run.frames().at(-1)
      expect(last?.profiles['double-click']).toEqual({ iterations: 3, dropped: 0 })
      const { acknowledged = 0, unknown = 0 } = last?.operations.deposit ?? {}
      const committed = new Set(platform.committed.get('/deposits')?.map(({ key }) => key))
      expect([acknowledged + unknown, committed.size]).toEqual([3, 3])
    }))

  it('counts sockets that were dropped or asked to leave, reconnects, and counts pings without a pong as bad', () =>
    withPlatform(async () => {
      const sockets = { lifetimeMs: stage(60_000, 1).durationMs, stages: [stage(6000, 20)], sli: 'ws-rtt' }
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { login: [stage(6000, 1)] }, { sockets }))
      setTimeout(() => {
        for (const [index, socket] of [...platform.sockets].entries()) {
          if (index < 8) socket.close(1001, 'going away')
          else socket.terminate()
        }
      }, 1500)
      setTimeout(() => {
        platform.behaviour.pongDelayMs = 2500
      }, 3500)
      expect(await run.ended()).toMatchObject({ outcome: 'completed' })
      const last = run.frames().at(-1)
      expect(last?.sockets).toMatchObject({ open: 0, connected: 40, failed: 0, dropped: 20, sentAway: 8 })
      const rtt = last?.slis['ws-rtt']
      expect(rtt?.badBy.disconnected).toBe(20)
      expect(rtt?.badBy.timeout).toBeGreaterThan(30)
      expect(rtt?.good).toBeGreaterThan(20)
    }))

  it('closes a silent socket, as a player would, and reconnects to another pod', () =>
    withPlatform(async () => {
      const sockets = { lifetimeMs: stage(600_000, 1).durationMs, stages: [stage(11_000, 20)], sli: 'ws-rtt' }
      const run = await k6.drive(PROMO_PEAK, planOf(platform.entry, { login: [stage(11_000, 1)] }, { sockets }))
      const silent = new Set<typeof platform.sockets extends ReadonlySet<infer S> ? S : never>()
      setTimeout(() => {
        // Neither pings nor a close frame are read any more.
        for (const socket of [...platform.sockets].slice(0, 10)) silent.add(socket)
        for (const socket of silent) socket.pause()
      }, 2000)
      // None of them ever closes, and k6 ends all the same.
      const endsAt = performance.now() + 20_000
      expect(await run.ended()).toMatchObject({ outcome: 'completed' })
      expect(performance.now()).toBeLessThan(endsAt)
      const last = run.frames().at(-1)
      expect(last?.sockets).toMatchObject({ open: 0, connected: 30, failed: 0, dropped: 10 })
      // Each: three pings lost to time, those still awaited with the socket, and one while it was away.
      expect(last?.slis['ws-rtt']?.badBy).toMatchObject({ timeout: 30, disconnected: 10 })
      const open = run.frames().map((frame) => frame.sockets?.open ?? 0)
      expect(Math.max(...open)).toBe(20)
      expect(Math.min(...open.slice(4, 10))).toBeLessThan(20)
      expect(open.slice(9, -2).at(-1)).toBe(20)
    }))
})

describe('the promo peak with plain k6', () => {
  it('runs from its TypeScript with a small plan of its own', () =>
    withPlatform(async () => {
      const { path } = await resolveTool('k6')
      const samples = join(k6.folder, 'samples.json')
      const flags = ['--quiet', '--no-usage-report', '--out', `json=${samples}`]
      const args = ['run', ...flags, '-e', `ENTRY=${platform.entry}`, PROMO_PEAK]
      const output = await new Promise<string>((done, fail) => {
        execFile(path, args, (error, stdout, stderr) => (error ? fail(error) : done(stdout + stderr)))
      })
      expect(platform.committed.get('/deposits')).toHaveLength(50)
      expect(output).toMatch(/md_acknowledged\.*: 100 /)
      expect(output).not.toMatch(/level=(warning|error)/)
      // The VU has the tag only while the samples of an operation are added: iterations and requests must not have it.
      const tagged = await metricsWithTag(samples, 'op')
      expect([...tagged].sort()).toEqual(
        ['acknowledged', 'amount_cents', 'digest_high', 'digest_low', 'refused', 'unknown_count'].map(
          (name) => `md_${name}`,
        ),
      )
    }))
})

/** Metrics of which k6 wrote a sample with the tag. `file` is what `--out json` made. */
async function metricsWithTag(file: string, tag: string): Promise<Set<string>> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  const points = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'Point')
  return new Set(points.filter(({ data }) => data.tags[tag] !== undefined).map(({ metric }) => metric))
}
