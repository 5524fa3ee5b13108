/** A gateway that gets copies of requests, with the real services behind it: nothing is booked, unless the seeded defect is switched on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bet, deposit, login, metric, payout, playerName, settledBooks, sumOf } from './support/client.ts'
import { type Platform, startPlatform } from './support/platform.ts'

let platform: Platform
beforeAll(async () => {
  platform = await startPlatform({ gateway: { SHADOW: 'on' } })
})
afterAll(() => platform.end())

const names = ['wallet', 'psp-a', 'psp-b', 'game-provider'] as const
const booked = async (run: string) => {
  const books = await settledBooks(platform, names, run)
  return {
    deposits: sumOf('deposit', books.wallet).count,
    bets: sumOf('bet', books.wallet).count,
    payouts: sumOf('payout', books.wallet).count,
    charged: sumOf('deposit', books['psp-a'], books['psp-b']).count,
    staked: sumOf('bet', books['game-provider']).count,
  }
}

describe('a shadow of the gateway', () => {
  it('passes copies on, and neither the ledger nor a provider books them', async () => {
    const token = await login(platform, playerName(40))
    const answers = [
      await deposit(platform, token, 'copies.deposit.0'),
      await bet(platform, token, 'copies.bet.0'),
      await payout(platform, token, 'copies.payout.0'),
    ]
    expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [202, { status: 'shadow' }]))
    expect(await booked('copies')).toEqual({ deposits: 0, bets: 0, payouts: 0, charged: 0, staked: 0 })
    const withheld = 'shadow_withheld_total'
    expect([
      await metric(platform, 'payments-api', `${withheld}{route="/deposits"}`),
      await metric(platform, 'bets', `${withheld}{route="/bets"}`),
      await metric(platform, 'wallet', `${withheld}{route="/payouts"}`),
    ]).toEqual([1, 1, 1])
  })

  it('that writes books copies a second time, under keys of its own', async () => {
    const token = await login(platform, playerName(41))
    await platform.stop('gateway', 'SIGKILL')
    await platform.start('gateway', { SHADOW: 'off' })
    expect((await deposit(platform, token, 'twice.deposit.0')).status).toBe(201)
    await platform.stop('gateway', 'SIGKILL')
    await platform.start('gateway', { SHADOW: 'on', SHADOW_WRITES: 'on' })
    expect((await deposit(platform, token, 'twice.deposit.0')).status).toBe(201)
    expect(await booked('twice')).toMatchObject({ deposits: 2, charged: 2 })
  })
})
