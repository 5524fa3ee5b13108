/**
 * Anti-fraud, asked for large deposits only. Up to a limit a check that does not answer in time is passed (fail open: a missing check
 * costs less than a missing evening); above it the deposit waits for a better moment (fail closed), and nothing has been recorded.
 */
import { Counter } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { parseJson } from '../../shared/body.ts'
import type { ConfigReader } from '../../shared/config.ts'
import type { Service } from '../../shared/service.ts'
import { type CallResult, createUpstream } from '../../shared/upstream.ts'
import type { DepositRequest } from './request.ts'

export type FraudConfig = ReturnType<typeof readFraudConfig>
export type FraudCheck = (request: DepositRequest) => Promise<'allow' | 'deny' | 'unavailable'>

export const readFraudConfig = (read: ConfigReader) => ({
  url: read.url('ANTI_FRAUD_URL', 'http://anti-fraud:8080'),
  /** A tenth of a request's budget and a bit; the check itself takes some milliseconds. */
  timeoutMs: read.integer('ANTI_FRAUD_TIMEOUT_MS', { min: 10, max: 60_000, fallback: 250 }),
  checkedFromCents: read.integer('ANTI_FRAUD_FROM_CENTS', { min: 1, max: 1_000_000_000, fallback: 1_000_00 }),
  closedFromCents: read.integer('ANTI_FRAUD_CLOSED_FROM_CENTS', { min: 1, max: 1_000_000_000, fallback: 2_500_00 }),
})

export function createFraudCheck(service: Service, config: FraudConfig): FraudCheck {
  const upstream = createUpstream({ url: config.url, connections: 8, maxInFlight: 64 })
  service.onStop(upstream.stop)
  const checks = new Counter({
    name: platformMetrics.fraudChecks,
    help: 'Large deposits: allowed and denied by anti-fraud; passed or postponed without its answer.',
    labelNames: ['outcome'],
    registers: [service.metrics.registry],
  })
  return async ({ key, player, amountCents, trace }) => {
    if (amountCents < config.checkedFromCents) return 'allow'
    const result = await upstream.call({
      method: 'POST',
      path: '/assessments',
      body: JSON.stringify({ key, player, amountCents }),
      headers: { traceparent: trace },
      timeoutMs: config.timeoutMs,
      idempotent: true,
    })
    const verdict = verdictOf(result)
    const closed = verdict === undefined && amountCents >= config.closedFromCents
    checks.inc({ outcome: verdict ?? (closed ? 'postponed' : 'passed') })
    return closed ? 'unavailable' : (verdict ?? 'allow')
  }
}

function verdictOf(result: CallResult): 'allow' | 'deny' | undefined {
  if (result.kind !== 'answer' || result.status !== 200) return undefined
  const { verdict } = parseJson(result.body)
  return verdict === 'allow' || verdict === 'deny' ? verdict : undefined
}
