/** A provider as a payout-worker sees it: every outcome is one of few, and silence is never taken for a no. */
import type { Breaker } from '../../shared/breaker.ts'
import { type CallResult, failureOf, type Upstream } from '../../shared/upstream.ts'
import type { PayoutPspConfig } from './config.ts'
import type { Payer, PayOutcome } from './pay.ts'

type Way = {
  readonly psp: PayoutPspConfig
  readonly upstream: Upstream
  readonly breaker: Breaker
  readonly timeoutMs: number
}

export function createPayer({ psp, upstream, breaker, timeoutMs }: Way, count: (outcome: string) => void): Payer {
  return {
    name: psp.name,
    available: () => breaker.state(performance.now()) !== 'open',
    pay: async (key, amountCents, traceparent) => {
      const permit = breaker.enter(performance.now())
      if (permit === undefined) return counted(count, { kind: 'unsent', reason: 'the breaker is open' })
      const headers = { authorization: `Bearer ${psp.apiKey}`, traceparent, 'idempotency-key': key }
      const body = JSON.stringify({ key, amountCents, currency: 'EUR' })
      const outcome = outcomeOf(
        await upstream.call({ method: 'POST', path: '/payouts', body, headers, timeoutMs, idempotent: true }),
      )
      if (outcome.kind === 'paid' || outcome.kind === 'refused') permit.succeeded()
      else permit.failed(performance.now())
      return counted(count, outcome)
    },
  }
}

function counted(count: (outcome: string) => void, outcome: PayOutcome): PayOutcome {
  count(outcome.kind)
  return outcome
}

function outcomeOf(result: CallResult): PayOutcome {
  if (result.kind === 'unsent') return { kind: 'unsent', reason: failureOf(result) }
  if (result.kind !== 'answer') return { kind: 'unknown', reason: failureOf(result) }
  if (result.status === 201 || result.status === 200) return { kind: 'paid' }
  // 401 and 429 are about us, not about this payout.
  if (result.status === 402 || result.status === 409 || result.status === 422)
    return { kind: 'refused', reason: failureOf(result) }
  return { kind: result.status < 500 ? 'unsent' : 'unknown', reason: failureOf(result) }
}
