import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOn, readFeatures } from '../../src/platform/services/gateway/features.ts'
import { createLimiter } from '../../src/platform/services/gateway/limits.ts'
import { readPaymentsConfig } from '../../src/platform/services/payments-api/config.ts'
import { createOddsBoard } from '../../src/platform/services/realtime/odds.ts'
import { centsField, keyOf } from '../../src/platform/shared/body.ts'
import { readConfig } from '../../src/platform/shared/config.ts'
import { repeat } from '../../src/platform/shared/loop.ts'
import { hashPassword, verifyPassword } from '../../src/platform/shared/password.ts'
import { signBody, verifyBody } from '../../src/platform/shared/signature.ts'
import { signToken, verifyToken } from '../../src/platform/shared/token.ts'
import { traceIdOf, traceparentOf } from '../../src/platform/shared/trace.ts'
import { createUpstream } from '../../src/platform/shared/upstream.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('configuration', () => {
  const good = {
    DATABASE_URL: 'postgres://u:p@db/x',
    PSP_A_API_KEY: 'a'.repeat(16),
    PSP_B_API_KEY: 'b'.repeat(16),
    PSP_A_WEBHOOK_SECRET: 'c'.repeat(16),
    PSP_B_WEBHOOK_SECRET: 'd'.repeat(16),
  }

  it('reports all problems at once, and no password', () => {
    const result = readConfig(
      { ...good, PSP_SLOTS: 'many', FAILOVER: 'maybe', DATABASE_URL: 'nonsense:hunter2', PSP_A_API_KEY: 'short' },
      readPaymentsConfig,
    )
    const problems = result.ok ? [] : result.problems
    for (const name of ['PSP_SLOTS', 'FAILOVER', 'DATABASE_URL', 'PSP_A_API_KEY'])
      expect(problems.join('\n')).toContain(name)
    expect(problems.join('\n')).not.toContain('hunter2')
  })

  it.each([
    [
      'a breaker that needs more failures than there are slots',
      { PSP_SLOTS: '2', BREAKER_FAILURES: '3' },
      'BREAKER_FAILURES',
    ],
    ['a timeout that leaves no time for the second PSP', { PSP_TIMEOUT_MS: '1500' }, 'PSP_TIMEOUT_MS'],
    ['a lease shorter than a request', { DEPOSIT_LEASE_MS: '1000' }, 'DEPOSIT_LEASE_MS'],
  ])('refuses %s', (_, change, name) => {
    const result = readConfig({ ...good, ...change }, readPaymentsConfig)
    expect(result.ok ? '' : result.problems.join('\n')).toContain(name)
  })

  it('takes the defaults', () => expect(readConfig(good, readPaymentsConfig).ok).toBe(true))
})

describe('tokens', () => {
  it('are valid until they expire, under any secret of a rotation', () => {
    const token = signToken('old', 'player-1', 10_000)
    expect(verifyToken(['new', 'old'], token, 9_999)).toBe('player-1')
    expect(verifyToken(['new', 'old'], token, 10_000)).toBeUndefined()
    expect(verifyToken(['new'], token, 0)).toBeUndefined()
  })

  it('are refused once anything in them has changed', () => {
    const token = signToken('secret', 'player-1', 10_000)
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const forged = token.slice(0, at) + character + token.slice(at + 1)
        fc.pre(forged !== token)
        expect(verifyToken(['secret'], forged, 0)).toBeUndefined()
      }),
    )
  })

  it('have one encoding: other base64 alphabets and spare bits are refused', () => {
    const tokens = Array.from({ length: 40 }, (_, n) => signToken('secret', `player-${n}`, 10_000))
    const respelt = tokens.flatMap((token) => {
      const [last = ''] = token.slice(-1)
      return [token.replace(/_(?=[^.]*$)/, '/'), token.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1)]
    })
    const others = respelt.filter((each) => !tokens.includes(each))
    expect(others.length).toBeGreaterThan(40)
    expect(others.filter((each) => verifyToken(['secret'], each, 0) !== undefined)).toEqual([])
  })
})

describe('signatures of webhooks', () => {
  it('are valid only for their body and for some minutes', () => {
    const header = signBody('secret', '{"a":1}', 1_000_000)
    expect(verifyBody(['secret'], '{"a":1}', header, 1_200_000)).toBe(true)
    expect(verifyBody(['secret'], '{"a":2}', header, 1_200_000)).toBe(false)
    expect(verifyBody(['other'], '{"a":1}', header, 1_200_000)).toBe(false)
    expect(verifyBody(['secret'], '{"a":1}', header, 1_400_000)).toBe(false)
    expect(verifyBody(['secret'], '{"a":1}', undefined, 1_000_000)).toBe(false)
  })
})

describe('passwords', () => {
  it('verify only against their own hash, and a row cannot demand unbounded work', async () => {
    const stored = await hashPassword('matchday', 256)
    expect(await verifyPassword('matchday', stored)).toBe(true)
    expect(await verifyPassword('Matchday', stored)).toBe(false)
    expect(await verifyPassword('matchday', stored.replace('256$', '1048576$'))).toBe(false)
    expect(await verifyPassword('matchday', 'nonsense')).toBe(false)
  })
})

describe('input from outside', () => {
  it.each([[0], [-1], [1.5], ['5'], [null], [Number.NaN], [1e12]])('%j is not an amount', (value) => {
    expect(() => centsField({ amountCents: value }, 'amountCents')).toThrow()
  })
  it.each([[''], ['a b'], ["a'b"], ['x'.repeat(200)], [undefined], ['../etc']])('%j is not a key', (value) => {
    expect(() => keyOf(value)).toThrow()
  })
  it('a malformed traceparent is replaced', () => {
    expect(traceIdOf(traceparentOf('00-zz'))).toMatch(/^[0-9a-f]{32}$/)
    const given = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    expect(traceparentOf(given)).toBe(given)
  })
})

describe('the gateway', () => {
  it('limits the rate of each name separately', () => {
    const limiter = createLimiter(2, 4)
    expect([1, 2, 3, 4, 5].map(() => limiter.allow('p', 0))).toEqual([true, true, true, true, false])
    expect(limiter.allow('q', 0)).toBe(true)
    expect(limiter.allow('p', 400)).toBe(false)
    expect(limiter.allow('p', 600)).toBe(true)
  })

  it('reads its feature flags from files: a missing one is on, and an invalid one keeps its value', async () => {
    const folder = tempFolder()
    const told: string[] = []
    const log = { info: () => undefined, warn: (text: string) => void told.push(text), error: () => undefined }
    writeFileSync(join(folder, 'promo-widget'), 'off\n')
    const first = await readFeatures(folder, allOn, log)
    expect(first).toEqual({ ...allOn, 'promo-widget': false })
    expect(told).toEqual([])
    writeFileSync(join(folder, 'promo-widget'), 'offf')
    writeFileSync(join(folder, 'bets'), 'off')
    expect(await readFeatures(folder, first, log)).toEqual({ ...first, bets: false })
    expect(told.length).toBe(1)
    rmSync(join(folder, 'bets'))
    writeFileSync(join(folder, 'promo-widget'), 'on')
    expect(await readFeatures(folder, first, log)).toEqual(allOn)
  })
})

describe('the odds board', () => {
  it('keeps odds in their range over any time', () => {
    const board = createOddsBoard(() => 0.999)
    let last = ''
    for (let n = 0; n < 500; n += 1) last = board.next()
    for (const value of Object.values(JSON.parse(last).odds)) expect(value).toBeLessThanOrEqual(15)
  })
})

describe('calls to another service', () => {
  const call = { method: 'GET', path: '/', timeoutMs: 500, idempotent: true } as const

  it('are known to be unsent when the connection is refused or the name is unknown', async () => {
    const refused = createUpstream({ url: 'http://127.0.0.1:9', connections: 1, maxInFlight: 1 })
    expect((await refused.call(call)).kind).toBe('unsent')
    const nameless = createUpstream({ url: 'http://no-such-name.invalid:80', connections: 1, maxInFlight: 1 })
    expect((await nameless.call(call)).kind).toBe('unsent')
    await Promise.all([refused.stop(), nameless.stop()])
  })
})

describe('a task that repeats', () => {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

  it('runs once more when it is triggered during a run, which may have read too early', async () => {
    const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const gate = Promise.withResolvers<void>()
    let runs = 0
    // Its own next turn would be in a minute.
    const loop = repeat(quiet, 'look', 60_000, async () => {
      started[runs]?.resolve()
      runs += 1
      await gate.promise
    })
    loop.nudge()
    await started[0]?.promise
    loop.nudge()
    gate.resolve()
    await started[1]?.promise
    await loop.stop()
    expect(runs).toBe(2)
  })
})
