/** The way to the game provider: timeout, breaker, and metrics that tell how calls ended and how many requests that took. */
import { Counter, Gauge } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { BREAKER_LEVEL, type BreakerConfig, createBreaker, type Permit } from '../../shared/breaker.ts'
import { retryAtOnce } from '../../shared/retry.ts'
import type { Service } from '../../shared/service.ts'
import { type CallResult, createUpstream, failureOf, type Upstream } from '../../shared/upstream.ts'
import type { Bet } from './store.ts'

export type Registration =
  | { readonly kind: 'registered' }
  /** The provider does not want it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No answer, or a failure: the round may or may not be open. */
  | { readonly kind: 'timeout' | 'error'; readonly reason: string }

export type Provider = {
  /** For cancelling rounds: without breaker, since that must get through as soon as it can. */
  readonly upstream: Upstream
  /** The right to register one bet; undefined while the breaker is open. */
  enter(): Permit | undefined
  register(permit: Permit, bet: Bet, traceparent: string): Promise<Registration>
}

export type ProviderConfig = {
  readonly url: string
  readonly timeoutMs: number
  readonly retries: number
  readonly breaker: BreakerConfig
}

export function createProvider(service: Service, config: ProviderConfig): Provider {
  const { calls, attempts, refusals } = counters(service)
  const breaker = createBreaker(config.breaker)
  const upstream = createUpstream({ url: config.url, connections: 16, maxInFlight: 128, onSend: () => attempts.inc() })
  const background = createUpstream({ url: config.url, connections: 2, maxInFlight: 64 })
  service.onStop(async () => void (await Promise.all([upstream.stop(), background.stop()])))
  new Gauge({
    name: platformMetrics.betsBreaker,
    help: '0 closed, 1 half-open, 2 open.',
    registers: [service.metrics.registry],
    collect() {
      this.set(BREAKER_LEVEL[breaker.state(performance.now())])
    },
  })

  return {
    upstream: background,
    enter: () => {
      const permit = breaker.enter(performance.now())
      if (permit === undefined) refusals.inc()
      return permit
    },
    register: async (permit, bet, traceparent) => {
      const body = JSON.stringify({
        key: bet.key,
        stakeCents: bet.stakeCents,
        selection: bet.selection,
        odds: bet.odds,
      })
      const call = { method: 'POST', path: '/rounds', body, headers: { traceparent }, idempotent: true } as const
      const outcome = await retryAtOnce<Registration>({
        retries: config.retries,
        untilMs: performance.now() + config.timeoutMs,
        attempt: async (timeoutMs) => registrationOf(await upstream.call({ ...call, timeoutMs })),
        isFinal: ({ kind }) => kind === 'registered' || kind === 'refused',
        isDoubtful: ({ kind }) => kind === 'timeout',
      })
      if (outcome.kind === 'registered' || outcome.kind === 'refused') permit.succeeded()
      else permit.failed(performance.now())
      calls.inc({ outcome: outcome.kind })
      return outcome
    },
  }
}

function counters(service: Service) {
  const registers = [service.metrics.registry]
  return {
    calls: new Counter({
      name: platformMetrics.providerCalls,
      help: 'How registrations at the game provider ended.',
      labelNames: ['outcome'],
      registers,
    }),
    refusals: new Counter({
      name: platformMetrics.breakerRefusals,
      help: 'Bets refused without a call, because the breaker was open.',
      registers,
    }),
    attempts: new Counter({
      name: platformMetrics.providerAttempts,
      help: 'Requests sent to the game provider to register bets, retries included.',
      registers,
    }),
  }
}

function registrationOf(result: CallResult): Registration {
  if (result.kind === 'timeout') return { kind: 'timeout', reason: failureOf(result) }
  if (result.kind !== 'answer' || result.status >= 500) return { kind: 'error', reason: failureOf(result) }
  return result.status < 300 ? { kind: 'registered' } : { kind: 'refused', reason: failureOf(result) }
}
