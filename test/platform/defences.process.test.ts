/** What keeps the platform up when a neighbour is away, and what it looks like when each of these defences is switched off. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SIGNATURE_HEADER, signBody } from '../../src/platform/shared/signature.ts'
import {
  balanceOf,
  bet,
  bookOf,
  call,
  deposit,
  login,
  metric,
  playerName,
  settledBooks,
  sumOf,
} from './support/client.ts'
import { type Platform, type ProcessName, secrets, startPlatform } from './support/platform.ts'

let platform: Platform
const flags = mkdtempSync(join(tmpdir(), 'features-'))
beforeAll(async () => {
  // Anti-fraud that answers late counts as one that is away: not here, where a process may be as good as new.
  platform = await startPlatform({
    gateway: { FEATURES_DIR: flags },
    'payments-api': { ANTI_FRAUD_TIMEOUT_MS: '1000' },
  })
})
afterAll(async () => {
  await platform.end()
  rmSync(flags, { recursive: true })
})

async function restarted(name: ProcessName, env: Record<string, string> = {}): Promise<void> {
  await platform.stop(name, 'SIGKILL')
  await platform.start(name, env)
}

const lobby = (token: string) =>
  call(`${platform.url('gateway')}/lobby`, { headers: { authorization: `Bearer ${token}` } })

describe('the lobby', () => {
  it('shows profile and promo to a player, and to nobody else', async () => {
    const token = await login(platform, playerName(70))
    // The first of its requests may take promo longer than the gateway waits.
    const shown = { profile: { player: playerName(70) }, promo: { title: 'Derby day' } }
    await expect.poll(() => lobby(token)).toMatchObject({ status: 200, body: shown })
    expect((await lobby('forged')).status).toBe(401)
  })

  it('answers quickly without a silent promo service, but not without profiles', async () => {
    const token = await login(platform, playerName(71))
    platform.signal('promo', 'SIGSTOP')
    const degraded = await lobby(token)
    platform.signal('promo', 'SIGCONT')
    expect(degraded).toMatchObject({ status: 200, body: { promo: null } })
    // Its timeout is 300 ms; the rest is what a busy machine may add. Players give up after 2 s.
    expect(degraded.ms).toBeLessThan(1500)
    await platform.stop('profile', 'SIGTERM')
    expect((await lobby(token)).status).toBe(503)
    await platform.start('profile')
  })

  it('stops asking for a disabled promo within a second, without a restart', async () => {
    const token = await login(platform, playerName(72))
    const asked = () => metric(platform, 'promo', 'http_requests_total{route="/widgets/:player",code="200"}')
    writeFileSync(join(flags, 'promo-widget'), 'off')
    const enabled = () => metric(platform, 'gateway', 'feature_enabled{feature="promo-widget"}')
    await expect.poll(enabled).toBe(0)
    const before = await asked()
    expect(await lobby(token)).toMatchObject({ status: 200, body: { promo: null } })
    expect(await asked()).toBe(before)
    writeFileSync(join(flags, 'promo-widget'), 'on')
    await expect.poll(enabled).toBe(1)
    await expect.poll(async () => (await lobby(token)).body.promo).toMatchObject({ title: 'Derby day' })
    expect(await asked()).toBeGreaterThan(before)
  })
})

describe('anti-fraud', () => {
  const checks = (outcome: string) =>
    metric(platform, 'payments-api', `payments_fraud_checks_total{outcome="${outcome}"}`)

  it('is called only for large deposits, and refuses implausible ones', async () => {
    const token = await login(platform, playerName(73))
    expect((await deposit(platform, token, 'fraud.deposit.0', 99_999)).status).toBe(201)
    expect(await metric(platform, 'anti-fraud', 'fraud_assessments_total{verdict="allow"}')).toBe(0)
    expect((await deposit(platform, token, 'fraud.deposit.1', 100_000)).status).toBe(201)
    expect(await metric(platform, 'anti-fraud', 'fraud_assessments_total{verdict="allow"}')).toBe(1)
    await restarted('anti-fraud', { FRAUD_LIMIT_CENTS: '150000' })
    expect((await deposit(platform, token, 'fraud.deposit.2', 140_000)).status).toBe(201)
    expect((await deposit(platform, token, 'fraud.deposit.3', 140_000)).status).toBe(402)
    await restarted('anti-fraud')
    expect(await checks('deny')).toBe(1)
  })

  it('lets medium deposits pass and large ones wait while it is down', async () => {
    const token = await login(platform, playerName(74))
    platform.signal('anti-fraud', 'SIGSTOP')
    const middling = await deposit(platform, token, 'nofraud.deposit.0', 200_000)
    const large = await deposit(platform, token, 'nofraud.deposit.1', 300_000)
    platform.signal('anti-fraud', 'SIGCONT')
    expect([middling.status, large.status]).toEqual([201, 503])
    expect([await checks('passed'), await checks('postponed')]).toEqual([1, 1])
    await expect.poll(async () => (await deposit(platform, token, 'nofraud.deposit.1', 300_000)).status).toBe(201)
  })
})

describe('bets while their provider is down', () => {
  const betBooks = ['wallet', 'bets', 'game-provider'] as const

  it('are refused at once while the circuit breaker is open, take no stake, and work again afterwards', async () => {
    const run = 'breaker'
    const player = playerName(75)
    await restarted('bets', { BREAKER_OPEN_MS: '5000', BREAKER_OPEN_MAX_MS: '5000' })
    const token = await login(platform, player)
    const before = await balanceOf(platform, player)
    platform.signal('game-provider', 'SIGSTOP')
    const first = await Promise.all(Array.from({ length: 6 }, (_, n) => bet(platform, token, `${run}.bet.${n}`)))
    expect(first.map(({ status }) => status)).toEqual(first.map(() => 409))
    expect(await metric(platform, 'bets', 'bets_breaker_state')).toBe(2)
    const attempts = () => metric(platform, 'bets', 'bets_provider_attempts_total')
    const attempted = await attempts()
    expect((await bet(platform, token, `${run}.bet.6`)).status).toBe(409)
    expect(await attempts()).toBe(attempted)
    expect(await metric(platform, 'bets', 'bets_breaker_refusals_total')).toBeGreaterThan(0)
    platform.signal('game-provider', 'SIGCONT')
    await expect
      .poll(async () => (await bet(platform, token, `${run}-after.bet.${Math.random()}`)).status, { timeout: 20_000 })
      .toBe(201)
    expect(await metric(platform, 'bets', 'bets_breaker_state')).toBe(0)
    const books = await settledBooks(platform, betBooks, run)
    expect(sumOf('bet', books.wallet, books.bets, books['game-provider']).count).toBe(0)
    await settledBooks(platform, betBooks, `${run}-after`)
    expect(await balanceOf(platform, player)).toBeGreaterThan(before - 10_000)
    await restarted('bets')
  }, 60_000)

  it('BREAKER=off lets every bet wait for the timeout', async () => {
    await restarted('bets', { BREAKER: 'off' })
    const token = await login(platform, playerName(76))
    platform.signal('game-provider', 'SIGSTOP')
    const waits: number[] = []
    for (let n = 0; n < 8; n += 1) waits.push((await bet(platform, token, `nobreaker.bet.${n}`)).ms)
    platform.signal('game-provider', 'SIGCONT')
    expect(Math.min(...waits.slice(5))).toBeGreaterThan(600)
    await restarted('bets')
  }, 30_000)

  it('STAKE_RETURN=off keeps the stake of a refused bet, so that the wallet has a key that the provider lacks', async () => {
    await restarted('bets', { STAKE_RETURN: 'off' })
    const token = await login(platform, playerName(77))
    platform.signal('game-provider', 'SIGSTOP')
    expect((await bet(platform, token, 'kept.bet.0')).status).toBe(409)
    platform.signal('game-provider', 'SIGCONT')
    const books = await settledBooks(platform, ['bets', 'game-provider'], 'kept')
    expect(sumOf('bet', books.bets, books['game-provider']).count).toBe(0)
    const wallet = await bookOf(platform, 'wallet', 'kept')
    expect(sumOf('bet', wallet).count).toBe(1)
    expect(wallet).toMatchObject({ settled: false, pending: { stakes: 1 } })
    await restarted('bets')
  }, 30_000)

  it('GAME_PROVIDER_RETRIES multiplies the requests of one bet', async () => {
    await restarted('bets', { GAME_PROVIDER_RETRIES: '20', BREAKER: 'off' })
    await platform.stop('game-provider', 'SIGTERM')
    const token = await login(platform, playerName(78))
    expect((await bet(platform, token, 'storm.bet.0')).status).toBe(409)
    expect(await metric(platform, 'bets', 'bets_provider_calls_total{outcome="error"}')).toBe(1)
    expect(await metric(platform, 'bets', 'bets_provider_attempts_total')).toBe(21)
    await platform.start('game-provider')
    await restarted('bets')
  }, 30_000)
})

describe('charges', () => {
  const sent = () => metric(platform, 'payments-api', 'payments_charge_attempts_total{psp="psp-a"}')
  const tried = () => metric(platform, 'payments-api', 'payments_charge_calls_total{psp="psp-a"}')

  it('take one request each; PSP_RETRIES multiplies the requests to a provider that is down, and the other one still charges', async () => {
    const token = await login(platform, playerName(83))
    await restarted('payments-api')
    expect((await deposit(platform, token, 'once.deposit.0')).status).toBe(201)
    expect([await tried(), await sent()]).toEqual([1, 1])
    await restarted('payments-api', { PSP_RETRIES: '20', BREAKER: 'off' })
    await platform.stop('psp-a', 'SIGTERM')
    expect((await deposit(platform, token, 'often.deposit.0')).body.psp).toBe('psp-b')
    expect([await tried(), await sent()]).toEqual([1, 21])
    await platform.start('psp-a')
    await restarted('payments-api')
  }, 30_000)
})

describe('webhooks', () => {
  const events = (key: string) =>
    JSON.stringify({ events: [{ id: `charge.approved/${key}`, topic: 'charge.approved', key, payload: {} }] })
  const post = (body: string, signature: string) =>
    call(`${platform.url('gateway')}/webhooks/psp/psp-a`, { body, headers: { [SIGNATURE_HEADER]: signature } })
  const counted = (outcome: string) =>
    metric(platform, 'payments-api', `webhooks_total{sender="psp-a",outcome="${outcome}"}`)

  it('count once however often they come, and are rejected with a wrong signature', async () => {
    const body = events('inbox.deposit.0')
    const signed = () => signBody(secrets.PSP_A_WEBHOOK_SECRET, body, Date.now())
    const before = await Promise.all(['accepted', 'duplicate', 'rejected'].map(counted))
    expect((await post(body, signed())).status).toBe(200)
    expect((await post(body, signed())).status).toBe(200)
    expect((await post(body, signBody('somebody-elses-secret', body, Date.now()))).status).toBe(401)
    const after = await Promise.all(['accepted', 'duplicate', 'rejected'].map(counted))
    expect(after.map((count, i) => count - (before[i] ?? 0))).toEqual([1, 1, 1])
  })

  it('arrive twice, late and out of order by default, and the books still agree', async () => {
    await restarted('psp-a', {
      WEBHOOK_TWICE_PERCENT: '100',
      WEBHOOK_LATE_PERCENT: '50',
      WEBHOOK_SHUFFLED_PERCENT: '100',
    })
    const token = await login(platform, playerName(79))
    const keys = Array.from({ length: 20 }, (_, n) => `unruly.deposit.${n}`)
    const answers = await Promise.all(keys.map((key) => deposit(platform, token, key)))
    expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 201))
    const books = await settledBooks(platform, ['wallet', 'payments-api', 'psp-a', 'psp-b'], 'unruly')
    expect(sumOf('deposit', books.wallet)).toMatchObject({ count: 20, duplicates: 0 })
    expect(sumOf('deposit', books['psp-a'], books['psp-b'])).toEqual(sumOf('deposit', books.wallet))
    await expect.poll(() => counted('duplicate'), { timeout: 5_000 }).toBeGreaterThanOrEqual(20)
    await restarted('psp-a')
  }, 30_000)

  it('WEBHOOK_SIGNATURES=off accepts forged webhooks', async () => {
    await restarted('payments-api', { WEBHOOK_SIGNATURES: 'off' })
    const body = events('anybody.deposit.0')
    expect((await post(body, 't=1,v1=0')).status).toBe(200)
    await restarted('payments-api')
  })
})

describe('a repeated key', () => {
  it('IDEMPOTENCY=off is booked again by the wallet, and its book shows the key twice', async () => {
    await Promise.all([restarted('wallet', { IDEMPOTENCY: 'off' }), restarted('payments-api', { IDEMPOTENCY: 'off' })])
    const token = await login(platform, playerName(80))
    const again = async () => (await deposit(platform, token, 'dup.deposit.0')).status
    expect(await again()).toBe(201)
    // The wallet that was killed still holds the lease of its outbox, and without its word the second answer has to wait.
    await expect.poll(again, { timeout: 10_000 }).toBe(201)
    const books = await settledBooks(platform, ['wallet', 'psp-a', 'psp-b'], 'dup')
    expect(sumOf('deposit', books.wallet).duplicates).toBe(1)
    expect(sumOf('deposit', books['psp-a'], books['psp-b'])).toMatchObject({ count: 1, duplicates: 0 })
    await Promise.all([restarted('wallet'), restarted('payments-api')])
  }, 30_000)
})

describe('a key that is forgotten', () => {
  it('KEYS_FORGOTTEN_AFTER_MS is booked again by the wallet only after that time', async () => {
    const forgetful = { KEYS_FORGOTTEN_AFTER_MS: '3000' }
    await Promise.all([restarted('wallet', forgetful), restarted('payments-api', forgetful)])
    const token = await login(platform, playerName(81))
    const again = async () => (await deposit(platform, token, 'old.deposit.0')).status
    expect(await again()).toBe(201)
    await expect.poll(again, { timeout: 10_000 }).toBe(201)
    await sleep(3_500)
    expect(await again()).toBe(201)
    const books = await settledBooks(platform, ['wallet', 'psp-a', 'psp-b'], 'old')
    expect(sumOf('deposit', books.wallet).duplicates).toBeGreaterThanOrEqual(1)
    expect(sumOf('deposit', books['psp-a'], books['psp-b'])).toMatchObject({ count: 1, duplicates: 0 })
    await Promise.all([restarted('wallet'), restarted('payments-api')])
  }, 40_000)
})

describe('connections to the database', () => {
  it('are limited by the pool and counted on both sides; without a limit there is one per request', async () => {
    expect(await metric(platform, 'wallet', 'db_connections{state="max"}')).toBe(3)
    await expect
      .poll(() => metric(platform, 'wallet', 'wallet_db_backends'), { timeout: 8_000 })
      .toBeGreaterThanOrEqual(3 * 6)
    expect(await metric(platform, 'wallet', 'wallet_db_max_connections')).toBe(100)
    await restarted('wallet', { DB_POOL_LIMIT: 'off' })
    // A database that is slow for half a second: every request that waits meanwhile opens a connection of its own.
    platform.postgres.signalAll('SIGSTOP')
    const asked = Promise.all(Array.from({ length: 30 }, () => balanceOf(platform, playerName(81))))
    await sleep(500)
    platform.postgres.signalAll('SIGCONT')
    await asked
    const open = await metric(platform, 'wallet', 'db_connections{state="idle"}')
    await restarted('wallet')
    expect(open).toBeGreaterThan(10)
  }, 30_000)
})

describe('a pod with a false readiness or that ignores SIGTERM', () => {
  it('READINESS=off says ready without a database', async () => {
    await platform.stop('bets', 'SIGTERM')
    await platform.start('bets', { READINESS: 'off', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' })
    expect((await call(`${platform.url('bets')}/healthz`)).status).toBe(200)
    await restarted('bets')
  })

  it('ON_SIGTERM=ignore keeps the service running, ON_SIGTERM=exit ends it in the middle of a request', async () => {
    await restarted('gateway', { ON_SIGTERM: 'ignore', FEATURES_DIR: flags })
    platform.signal('gateway', 'SIGTERM')
    await sleep(500)
    const token = await login(platform, playerName(82))
    await restarted('gateway', { ON_SIGTERM: 'exit', FEATURES_DIR: flags })
    const providers = ['psp-a', 'psp-b'] as const
    for (const psp of providers) platform.signal(psp, 'SIGSTOP')
    const inFlight = deposit(platform, token, 'cut.deposit.0').catch(() => 'cut')
    await sleep(200)
    expect(await platform.stop('gateway', 'SIGTERM')).toBe(143)
    expect(await inFlight).toBe('cut')
    for (const psp of providers) platform.signal(psp, 'SIGCONT')
    await platform.start('gateway')
  })
})
