/** The wallet as a payout-worker sees it. */
import { arrayField, integerField, type Json, objectOf, parseJson, textField, toggleField } from '../../shared/body.ts'
import { failureOf, type Upstream } from '../../shared/upstream.ts'

export type Payout = {
  readonly key: string
  readonly amountCents: number
  readonly psp: string
  /** 1 at the first claim. */
  readonly tries: number
  /** A call about it ended without an answer: its provider may have paid. */
  readonly doubtful: boolean
  readonly trace: string
}

export type Wallet = {
  /** Takes due payouts for a lease; those without a provider yet get the preferred one. Throws when the wallet does not answer. */
  claim(prefer: string, limit: number): Promise<readonly Payout[]>
  /** Says how a payout ended. Lost, it is claimed again when its lease ends, and its provider knows the key. */
  close(key: string, paid: boolean): Promise<void>
  release(key: string, how: { doubtful: boolean; psp: string; waitMs: number }): Promise<void>
}

const TIMEOUT_MS = 700

export function createWallet(upstream: Upstream, owner: string, leaseMs: number): Wallet {
  async function post(path: string, content: Json): Promise<Json> {
    const body = JSON.stringify({ ...content, owner })
    const result = await upstream.call({
      method: 'POST',
      path,
      body,
      timeoutMs: TIMEOUT_MS,
      idempotent: path !== CLAIM,
    })
    if (result.kind !== 'answer' || result.status !== 200) throw new Error(`wallet ${path}: ${failureOf(result)}`)
    return parseJson(result.body)
  }
  return {
    claim: async (prefer, limit) =>
      arrayField(await post(CLAIM, { prefer, limit, leaseMs }), 'payouts', limit).map((row) => payoutOf(objectOf(row))),
    close: async (key, paid) => void (await post('/payouts/close', { key, paid })),
    release: async (key, how) => void (await post('/payouts/release', { key, ...how })),
  }
}

/** Never retried: a claim sent twice claims two batches, and nobody would work on the first until its lease ends. */
const CLAIM = '/payouts/claim'

const payoutOf = (row: Json): Payout => ({
  key: textField(row, 'key'),
  amountCents: integerField(row, 'amountCents', 1, Number.MAX_SAFE_INTEGER),
  psp: textField(row, 'psp', 64),
  tries: integerField(row, 'tries', 1, Number.MAX_SAFE_INTEGER),
  doubtful: toggleField(row, 'doubtful'),
  trace: textField(row, 'trace'),
})
