import type { Log } from '../../shared/log.ts'
import { failureOf, type Upstream } from '../../shared/upstream.ts'
import type { Deposit } from './store.ts'

/** `impossible`: the wallet knows why this can never be credited, so that the charge must be given back. */
export type CreditOutcome = 'credited' | 'later' | 'impossible'

/** 600 ms until a silent wallet is known, and time for another. After a failover (700 ms) that is still within the gateway's patience. */
export const CREDIT_TIMEOUT_MS = 800

/** Credits an accepted deposit, idempotently by its key. */
export async function creditAt(
  wallet: Upstream,
  log: Log,
  { key, player, amountCents, trace }: Deposit,
): Promise<CreditOutcome> {
  const body = JSON.stringify({ key, player, amountCents })
  const result = await wallet.call({
    method: 'POST',
    path: '/deposits',
    body,
    headers: { traceparent: trace },
    timeoutMs: CREDIT_TIMEOUT_MS,
    idempotent: true,
  })
  if (result.kind === 'answer' && (result.status === 200 || result.status === 201)) return 'credited'
  log.warn('credit failed', { key, reason: failureOf(result) })
  return result.kind === 'answer' && (result.status === 404 || result.status === 422) ? 'impossible' : 'later'
}
