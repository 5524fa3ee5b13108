/** What happens to bets outside of requests: stakes of refused bets go back, and winners are paid. */
import { randomUUID } from 'node:crypto'
import { type Json, parseJson } from '../../shared/body.ts'
import type { Database } from '../../shared/database.ts'
import { holdLease } from '../../shared/lease.ts'
import type { Log } from '../../shared/log.ts'
import { type Loop, repeat } from '../../shared/loop.ts'
import { failureOf, type Upstream } from '../../shared/upstream.ts'
import type { Bet, BetStore, Payable } from './store.ts'

export type BackgroundConfig = {
  readonly database: Database
  readonly store: BetStore
  readonly wallet: Upstream
  readonly provider: Upstream
  /** Off: a defect to show. */
  readonly stakeReturn: boolean
  readonly log: Log
  readonly everyMs: number
}

const TIMEOUT_MS = 1_500
const LEASE_MS = 4_000

/** Both sides must know: the player's stake is back, and the provider's round has no effect. Each is idempotent. */
export function refuseBets({ database, store, wallet, provider, stakeReturn, log, everyMs }: BackgroundConfig): Loop {
  const done = async (upstream: Upstream, path: string, body?: string): Promise<boolean> => {
    const result = await upstream.call({
      method: 'POST',
      path,
      ...(body === undefined ? {} : { body }),
      timeoutMs: TIMEOUT_MS,
      idempotent: true,
    })
    return result.kind === 'answer' && (result.status < 300 || result.status === 404)
  }
  async function refuse(bet: Bet): Promise<void> {
    const returned =
      !stakeReturn || (await done(wallet, '/stakes/return', JSON.stringify({ key: bet.key, player: bet.player })))
    const cancelled = await done(provider, `/rounds/${bet.key}/cancel`)
    await (returned && cancelled ? store.refused(bet) : store.retrySoon(bet))
  }
  return repeat(log, 'refuse', everyMs, async () => {
    if (database.readOnly()) return
    await Promise.all((await store.claim(randomUUID())).map(refuse))
  })
}

export function settleBets({ database, store, wallet, log, everyMs }: BackgroundConfig): Loop {
  const holder = randomUUID()
  return repeat(log, 'settle', everyMs, async () => {
    if (database.readOnly()) return
    // A lease is a write, so it is taken only if there is something to settle.
    if ((await store.payable()).length === 0) return
    if (!(await holdLease(database.query, 'settle', holder, LEASE_MS))) return
    const payable = await store.payable()
    if (payable.length === 0) return
    const body = JSON.stringify({ settlements: payable.map(settlementOf) })
    const result = await wallet.call({
      method: 'POST',
      path: '/settlements',
      body,
      timeoutMs: TIMEOUT_MS,
      idempotent: true,
    })
    if (result.kind !== 'answer' || result.status !== 200)
      return log.warn('settlement failed', { reason: failureOf(result) })
    await store.settled(postedOf(parseJson(result.body), log))
  })
}

function settlementOf({ key, player, stakeCents, selection, odds, won }: Payable): Json {
  const payoutCents = won ? Math.round(stakeCents * odds) : 0
  return { key, player, amountCents: payoutCents, payload: { player, selection, won, stakeCents, payoutCents } }
}

function postedOf(answer: Json, log: Log): readonly string[] {
  const results = answer.results
  if (!Array.isArray(results)) return []
  const posted = results.filter(({ posting }) => posting === 'posted' || posting === 'repeated')
  if (posted.length < results.length)
    log.error('settlements refused by the wallet', { refused: results.length - posted.length })
  return posted.map(({ key }) => String(key))
}
