/** The provider's API as payments-api sees it: every outcome is one of few, and silence is never taken for a no. */
import { parseJson } from '../../shared/body.ts'
import { type CallResult, failureOf, type Upstream } from '../../shared/upstream.ts'
import type { PspConfig } from './config.ts'

export type ChargeOutcome =
  | { readonly kind: 'approved' }
  | { readonly kind: 'refused' }
  /** Nobody knows whether the money moved. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** The money surely did not move. */
  | { readonly kind: 'error'; readonly reason: string }

export type ReportedChargeStatus = 'approved' | 'refused' | 'voided' | 'none'

export type Psp = {
  readonly name: string
  charge(key: string, amountCents: number, trace: string, timeoutMs: number): Promise<ChargeOutcome>
  /** Undefined while the provider does not answer. */
  find(key: string): Promise<ReportedChargeStatus | undefined>
  /** True once the provider confirms that no charge stands under the key, nor ever will. */
  voidCharge(key: string): Promise<boolean>
}

/** Background calls may take longer than a customer waits, and must not pile up behind a dead provider. */
const BACKGROUND_TIMEOUT_MS = 1_500

/** Two ways to the same provider: charges have their slots, and what runs in the background must never take one of them. */
export type PspWays = { readonly charges: Upstream; readonly background: Upstream }

export function createPsp(config: PspConfig, ways: PspWays): Psp {
  const authorization = `Bearer ${config.apiKey}`
  const background = (method: 'GET' | 'POST', path: string): Promise<CallResult> =>
    ways.background.call({
      method,
      path,
      headers: { authorization },
      timeoutMs: BACKGROUND_TIMEOUT_MS,
      idempotent: true,
    })

  return {
    name: config.name,
    charge: async (key, amountCents, trace, timeoutMs) => {
      const body = JSON.stringify({ key, amountCents, currency: 'EUR' })
      const headers = { authorization, traceparent: trace, 'idempotency-key': key }
      return outcomeOf(
        await ways.charges.call({ method: 'POST', path: '/charges', body, headers, timeoutMs, idempotent: true }),
      )
    },
    find: async (key) => {
      const result = await background('GET', `/charges/${key}`)
      return result.kind === 'answer' && result.status === 200 ? statusOf(parseJson(result.body).status) : undefined
    },
    voidCharge: async (key) => {
      const result = await background('POST', `/charges/${key}/void`)
      return result.kind === 'answer' && result.status === 200
    },
  }
}

function outcomeOf(result: CallResult): ChargeOutcome {
  if (result.kind === 'unsent') return { kind: 'error', reason: failureOf(result) }
  if (result.kind !== 'answer') return { kind: 'unknown', reason: failureOf(result) }
  if (result.status === 201 || result.status === 200) return { kind: 'approved' }
  if (result.status === 402) return { kind: 'refused' }
  // The provider understood and did not charge; a 5xx may have come after the charge.
  return { kind: result.status < 500 ? 'error' : 'unknown', reason: failureOf(result) }
}

function statusOf(status: unknown): ReportedChargeStatus | undefined {
  return status === 'approved' || status === 'refused' || status === 'voided' || status === 'none' ? status : undefined
}
