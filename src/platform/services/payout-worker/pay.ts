/**
 * One turn of a worker: claim, pay, tell the wallet, until there is nothing left. A payout may move to another provider only while no
 * provider can have paid it; once one call ended without an answer it stays where it is, and its key makes asking again harmless.
 */
import { messageOf } from '../../../domain/unknown.ts'
import type { Log } from '../../shared/log.ts'
import { traceIdOf } from '../../shared/trace.ts'
import { CLAIMED_PER_SLOT } from './config.ts'
import type { Payout, Wallet } from './wallet.ts'

export type PayOutcome =
  | { readonly kind: 'paid' }
  /** For good: the stake goes back. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Surely not paid. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** Nobody knows whether it was paid. */
  | { readonly kind: 'unknown'; readonly reason: string }

export type Payer = {
  readonly name: string
  available(): boolean
  pay(key: string, amountCents: number, trace: string): Promise<PayOutcome>
}

export type PayoutDesk = {
  readonly wallet: Wallet
  /** In order of preference. */
  readonly payers: readonly Payer[]
  readonly slots: number
  /** A defect to show: each try has a key of its own, so that the provider cannot know it has paid. */
  readonly keyPerTry: boolean
  /** Seeded defect: the wallet is told that the payout is paid before the provider pays it, so a crash in between loses the payout. */
  readonly closeFirst: boolean
  readonly log: Log
}

const BACKOFF_MS = 500
/** Soon enough after a provider is back for a player who waits; with some hundred waiting some 25 calls a second. */
const BACKOFF_MAX_MS = 4_000

export async function payAll(desk: PayoutDesk, walletAnswered: () => void): Promise<void> {
  const limit = desk.slots * CLAIMED_PER_SLOT
  let payouts: readonly Payout[]
  do {
    const preferred = desk.payers.find((payer) => payer.available()) ?? desk.payers[0]
    payouts = await desk.wallet.claim(preferred?.name ?? '', limit)
    walletAnswered()
    const queue = [...payouts]
    const slot = async (): Promise<void> => {
      for (let payout = queue.shift(); payout !== undefined; payout = queue.shift()) await payOne(desk, payout)
    }
    await Promise.all(Array.from({ length: desk.slots }, slot))
  } while (payouts.length === limit)
}

async function payOne(desk: PayoutDesk, payout: Payout): Promise<void> {
  const payer = desk.payers.find(({ name }) => name === payout.psp)
  if (desk.closeFirst) await desk.wallet.close(payout.key, true)
  const key = desk.keyPerTry && payout.tries > 1 ? `${payout.key}.${payout.tries}` : payout.key
  const outcome: PayOutcome =
    payer === undefined
      ? { kind: 'unsent', reason: `no provider is called ${payout.psp}` }
      : await payer.pay(key, payout.amountCents, payout.trace)
  try {
    await tell(desk, payout, outcome)
  } catch (thrown) {
    // Its lease brings it back, and its provider knows the key.
    desk.log.warn('payout not recorded yet', { key: payout.key, outcome: outcome.kind, reason: messageOf(thrown) })
  }
}

async function tell({ wallet, payers, log }: PayoutDesk, payout: Payout, outcome: PayOutcome): Promise<void> {
  if (outcome.kind === 'paid') return wallet.close(payout.key, true)
  const { key, psp, tries } = payout
  log.warn('payout failed', {
    key,
    psp,
    tries,
    outcome: outcome.kind,
    reason: outcome.reason,
    trace: traceIdOf(payout.trace),
  })
  if (outcome.kind === 'refused') return wallet.close(key, false)
  const other = payers.find((payer) => payer.name !== psp && payer.available())
  await wallet.release(key, {
    doubtful: outcome.kind === 'unknown',
    psp: other?.name ?? psp,
    waitMs: waitMs(tries),
  })
}

/** Later each time; jitter keeps what failed together from coming back together. */
const waitMs = (tries: number): number =>
  Math.round(Math.min(BACKOFF_MS * 2 ** Math.min(tries - 1, 10), BACKOFF_MAX_MS) * (0.8 + Math.random() * 0.4))
