/** Payouts on real processes and a real PostgreSQL: reserved once, paid once, whatever dies or falls silent in between. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balanceOf, bookOf, call, login, metric, payout, playerName, settledBooks, sumOf } from './support/client.ts'
import { type Platform, secrets, startPlatform } from './support/platform.ts'

let platform: Platform
beforeAll(async () => {
  // Long enough for SIGSTOP to leave calls in flight, short enough for a lease to end within the test.
  // A breaker that has opened stays so until the test has looked.
  const worker = {
    PSP_TIMEOUT_MS: '500',
    PAYOUT_LEASE_MS: '5000',
    BREAKER_OPEN_MS: '5000',
    BREAKER_OPEN_MAX_MS: '5000',
  }
  platform = await startPlatform({ 'payout-worker': worker })
})
afterAll(() => platform.end())

const books = ['wallet', 'psp-a', 'psp-b'] as const

async function payOut(run: string, player: string, count: number): Promise<readonly number[]> {
  const token = await login(platform, player)
  const answers = await Promise.all(
    Array.from({ length: count }, (_, n) => payout(platform, token, `${run}.payout.${n}`)),
  )
  return answers.map(({ status }) => status)
}

describe('a payout', () => {
  it('is reserved at once, paid once, and held by wallet and provider alike', async () => {
    const before = await balanceOf(platform, playerName(50))
    expect(await payOut('calm', playerName(50), 12)).toEqual(Array.from({ length: 12 }, () => 202))
    expect(await balanceOf(platform, playerName(50))).toBe(before - 12_000)
    const settled = await settledBooks(platform, books, 'calm')
    expect(sumOf('payout', settled.wallet)).toMatchObject({ count: 12, amountCents: 12_000, duplicates: 0 })
    expect(sumOf('payout', settled['psp-a'], settled['psp-b'])).toEqual(sumOf('payout', settled.wallet))
    expect(settled.wallet.imbalanceCents).toBe(0)
  })

  it('gets the same answer for a retry with its key, and is refused if the key belongs to another payout', async () => {
    const token = await login(platform, playerName(51))
    const before = await balanceOf(platform, playerName(51))
    const twice = await Promise.all([1, 2].map(() => payout(platform, token, 'again.payout.0')))
    expect(twice.map(({ status }) => status)).toEqual([202, 202])
    expect((await payout(platform, token, 'again.payout.0', 2_000)).status).toBe(422)
    const settled = await settledBooks(platform, books, 'again')
    expect(sumOf('payout', settled['psp-a'], settled['psp-b']).count).toBe(1)
    expect(await balanceOf(platform, playerName(51))).toBe(before - 1_000)
  })

  it('is refused when the balance does not cover it, and books nothing', async () => {
    const token = await login(platform, playerName(52))
    expect((await payout(platform, token, 'poor.payout.0', 90_000_000)).status).toBe(402)
    const settled = await settledBooks(platform, books, 'poor')
    expect(sumOf('payout', settled.wallet, settled['psp-a'], settled['psp-b']).count).toBe(0)
  })

  it('is returned to the player when its provider refuses it for good', async () => {
    const player = playerName(49)
    const before = await balanceOf(platform, player)
    // The provider knows the key already, with another amount.
    const headers = { authorization: `Bearer ${secrets.PSP_A_API_KEY}` }
    const body = { key: 'no.payout.0', amountCents: 1, currency: 'EUR' }
    expect((await call(`${platform.url('psp-a')}/payouts`, { body, headers })).status).toBe(201)
    const token = await login(platform, player)
    expect((await payout(platform, token, 'no.payout.0')).status).toBe(202)
    await expect.poll(() => balanceOf(platform, player), { timeout: 5_000 }).toBe(before)
    expect((await payout(platform, token, 'no.payout.0')).status).toBe(409)
    const { wallet } = await settledBooks(platform, ['wallet'], 'no')
    expect(sumOf('payout', wallet).count).toBe(0)
    expect(wallet.imbalanceCents).toBe(0)
  })

  it('waits while no worker runs, and is paid when one starts', async () => {
    await platform.stop('payout-worker', 'SIGTERM')
    await payOut('asleep', playerName(53), 5)
    await expect.poll(() => metric(platform, 'wallet', 'wallet_payouts_pending')).toBe(5)
    expect((await bookOf(platform, 'wallet', 'asleep')).pending).toMatchObject({ payouts: 5 })
    await platform.start('payout-worker')
    const settled = await settledBooks(platform, books, 'asleep')
    expect(sumOf('payout', settled['psp-a'], settled['psp-b'])).toEqual(sumOf('payout', settled.wallet))
  })
})

describe('a payout in trouble', () => {
  it('stays with a provider that may have paid it, and is paid once when the provider is back', async () => {
    const run = 'silent'
    platform.signal('psp-a', 'SIGSTOP')
    await payOut(run, playerName(54), 6)
    // Some tries end without an answer, and then the breaker sends newcomers to the other provider.
    await expect
      .poll(() => metric(platform, 'payout-worker', 'payouts_total{psp="psp-a",outcome="unknown"}'))
      .toBeGreaterThanOrEqual(3)
    expect(await payOut(`${run}-later`, playerName(55), 3)).toEqual([202, 202, 202])
    const later = await settledBooks(platform, ['wallet', 'psp-b'], `${run}-later`)
    expect(sumOf('payout', later['psp-b'])).toEqual(sumOf('payout', later.wallet))
    expect((await bookOf(platform, 'wallet', run)).settled).toBe(false)
    platform.signal('psp-a', 'SIGCONT')
    const settled = await settledBooks(platform, books, run)
    expect(sumOf('payout', settled['psp-a'], settled['psp-b'])).toEqual(sumOf('payout', settled.wallet))
    expect(sumOf('payout', settled.wallet)).toMatchObject({ count: 6, duplicates: 0 })
  }, 60_000)

  it('is paid once when its worker is killed during the call', async () => {
    const run = 'killed'
    const series = 'psp_requests_total{psp="psp-a",operation="payout",outcome="paid"}'
    const before = await metric(platform, 'psp-a', series)
    const asked = Promise.all([56, 57, 63].map((n) => payOut(`${run}.${n}`, playerName(n), 20)))
    // The provider books, counts, and answers 80 to 120 ms later: the worker has not heard of what is counted now.
    await expect.poll(() => metric(platform, 'psp-a', series), { interval: 5 }).toBeGreaterThan(before)
    await platform.stop('payout-worker', 'SIGKILL')
    await asked
    const paid = (await bookOf(platform, 'psp-a', run)).entries.find(({ operation }) => operation === 'payout')?.count
    expect(paid ?? 0).toBeLessThan(60)
    await platform.start('payout-worker')
    const settled = await settledBooks(platform, books, run, 20_000)
    expect(sumOf('payout', settled['psp-a'], settled['psp-b'])).toEqual(sumOf('payout', settled.wallet))
    expect(sumOf('payout', settled.wallet)).toMatchObject({ count: 60, duplicates: 0 })
    expect(settled.wallet.imbalanceCents).toBe(0)
  }, 60_000)

  it('is paid by one of several workers', async () => {
    const extra = await Promise.all([platform.replica('payout-worker'), platform.replica('payout-worker')])
    // Below the gateway's limit for one player.
    await Promise.all([60, 61, 62].map((n) => payOut(`many.${n}`, playerName(n), 20)))
    const settled = await settledBooks(platform, books, 'many')
    expect(sumOf('payout', settled['psp-a'], settled['psp-b'])).toEqual(sumOf('payout', settled.wallet))
    expect(sumOf('payout', settled.wallet)).toMatchObject({ count: 60, duplicates: 0 })
    const counts = await Promise.all(
      extra.map(async ({ url }) => (await (await fetch(`${url}/metrics`)).text()).includes('outcome="paid"')),
    )
    expect(counts).toContain(true)
    for (const { running } of extra) running.child.kill('SIGTERM')
  }, 30_000)
})

describe('defects of payouts that can be switched on', () => {
  it('PAYOUT_KEY_PER_TRY=on pays twice if the answer of a provider was lost', async () => {
    await Promise.all([platform.stop('payout-worker', 'SIGTERM'), platform.stop('psp-a', 'SIGTERM')])
    await platform.start('psp-a', { LATENCY_MIN_MS: '800', LATENCY_MAX_MS: '800' })
    await platform.start('payout-worker', { PAYOUT_KEY_PER_TRY: 'on', PSP_TIMEOUT_MS: '400', BREAKER: 'off' })
    await payOut('fresh', playerName(58), 3)
    await expect
      .poll(async () => sumOf('payout', await bookOf(platform, 'psp-a', 'fresh')).count, { timeout: 5_000 })
      .toBeGreaterThan(3)
    await Promise.all([platform.stop('payout-worker', 'SIGTERM'), platform.stop('psp-a', 'SIGTERM')])
    await Promise.all([platform.start('payout-worker'), platform.start('psp-a')])
    const settled = await settledBooks(platform, books, 'fresh')
    expect(sumOf('payout', settled.wallet).count).toBe(3)
  }, 30_000)

  it('OUTBOX=off takes the stake without a message, so that it is never paid', async () => {
    await platform.stop('wallet', 'SIGTERM')
    await platform.start('wallet', { OUTBOX: 'off' })
    await payOut('lost', playerName(59), 2)
    await platform.stop('wallet', 'SIGTERM')
    await platform.start('wallet')
    const settled = await settledBooks(platform, books, 'lost')
    expect(sumOf('payout', settled.wallet).count).toBe(2)
    expect(sumOf('payout', settled['psp-a'], settled['psp-b']).count).toBe(0)
  }, 30_000)
})
