/**
 * Metric names that two rooms must agree on: what the scenarios emit (read by adapters/k6) and what the reference platform
 * exposes (read by witnesses, the autoscaler and failover checks). Runs inside k6 too.
 */
import { REQUESTS, WRITABLE } from '../domain/metric-names.ts'

/**
 * Emitted by a scenario. A happy request costs one Trend sample; Counters are for the rare side only, so that
 * good = the histogram's count and attempts = good + bad hold exactly, per window and across instances.
 * k6 pushes Counters as `k6_<name>_total` and Trends as `k6_<name>_seconds` (native histograms, in seconds).
 */
export const scenarioMetrics = {
  /** Trend (ms from the intended start), tags `sli`: one sample per good response. */
  latency: 'md_latency',
  /** Counter, tags `sli`, `reason`: attempts that were not good (wrongly refused, error, timeout). */
  bad: 'md_bad',
  /** Counter, tags `sli`, `limit` (`target` | `ceiling`): good responses slower than the objective's target or ceiling. */
  slow: 'md_slow',
  /** Counter, tags `op`: operations acknowledged by the platform. */
  acknowledged: 'md_acknowledged',
  /** Counter, tags `op`: sum of acknowledged amounts, in cents. */
  amount: 'md_amount_cents',
  /** Counters, tags `op`: sums of the two 32-bit digests of the acknowledged idempotency keys. */
  digestLow: 'md_digest_low',
  digestHigh: 'md_digest_high',
  /** Counter, tags `op`: cleanly refused operations (not bad for money, bad or not for the SLI as the scenario says). */
  refused: 'md_refused',
  /** Counter, tags `op`, `key`: 1 for each operation whose outcome the client never learnt. */
  unknown: 'md_unknown',
  /** Counter, tag `op`: total number of unknown outcomes, so that a lost key is noticed. */
  unknownCount: 'md_unknown_count',
  /** Gauge: sockets open now. */
  socketsOpen: 'md_sockets_open',
  /** Counter, tag `outcome` (`connected` | `failed` | `dropped`, `sent-away` for each dropped one that got a close frame, and of planned replacements `kept` | `moved` by server): socket lifecycle. */
  socketEvents: 'md_socket_events',
  /** Trend (ms): how late the JavaScript event loop of the generator handled a socket message. */
  loopLag: 'md_loop_lag',
} as const

/** Exposed by the platform's services on /metrics. */
export const platformMetrics = {
  /** Counter on every HTTP service, labels `route`, `code`: requests ended (probes and /metrics not counted); code 499 where the client gave up. */
  requests: REQUESTS,
  /** Histogram on every HTTP service, labels `route`. */
  requestSeconds: 'http_request_duration_seconds',
  /** Counter on each PSP simulator, labels `psp`, `operation` (`charge` | `void` | `query` | `payout`), `outcome`: the PSP's own count of calls that reached it. */
  pspRequests: 'psp_requests_total',
  /** Gauge on each PSP simulator, label `psp`: charges that it received and has not answered, whether or not the caller still waits. */
  chargesInFlight: 'psp_charges_in_flight',
  /** Counter on payments-api, labels `psp`, `outcome` (`approved` | `refused` | `unknown` | `error` | `open`): how charges ended. */
  charges: 'payments_charges_total',
  /** Gauge on payments-api, labels `psp`: 0 closed, 1 half-open, 2 open. */
  breaker: 'payments_breaker_state',
  /** Counter on payments-api, labels `psp`: seconds for which calls had slots, over all slots. Its rate is how many are taken (Little's law). */
  slotSeconds: 'payments_slot_seconds_total',
  /** Gauge on payments-api: deposits whose PSP outcome is unknown and not yet voided or confirmed. */
  unresolved: 'payments_unresolved',
  /** Gauge on wallet: rows in the outbox not yet delivered. */
  outboxLag: 'wallet_outbox_lag',
  /** Counters on payments-api, label `psp`: charges that were tried, and requests sent for them; their ratio shows how far retries amplify. */
  chargeCalls: 'payments_charge_calls_total',
  chargeAttempts: 'payments_charge_attempts_total',
  /** Counter on payments-api, label `outcome` (`allow` | `deny` | `passed` | `postponed`): large deposits; the last two without an answer. */
  fraudChecks: 'payments_fraud_checks_total',
  /** Counter on payments-api and bets, labels `sender`, `outcome` (`accepted` | `duplicate` | `rejected`): events of providers' webhooks. */
  webhooks: 'webhooks_total',
  /** Gauge on bets: 0 closed, 1 half-open, 2 open. */
  betsBreaker: 'bets_breaker_state',
  /**
   * Counters on bets: how registrations at the game provider ended (label `outcome`: `registered` | `refused` | `timeout` | `error`), requests sent
   * for them, and bets that the open circuit breaker refused.
   */
  providerCalls: 'bets_provider_calls_total',
  providerAttempts: 'bets_provider_attempts_total',
  breakerRefusals: 'bets_breaker_refusals_total',
  /** Gauge on every service with a database, label `state` (`active` | `idle` | `waiting` | `max`): its own pool. */
  connections: 'db_connections',
  /** Gauges on wallet: open client connections of the database, and its limit. */
  backends: 'wallet_db_backends',
  backendsMax: 'wallet_db_max_connections',
  /** Counter on services that write, label `route`: copies of requests that were answered and not performed. */
  shadowWithheld: 'shadow_withheld_total',
  /** Gauge on every HTTP service, label `digest`: 1, with the digest of the settings that the process serves with. */
  configuration: 'config_info',
  /** Gauge on gateway, label `feature`: 1 on, 0 off, in this pod. */
  features: 'feature_enabled',
  /** Counter on gateway, label `outcome` (`shown` | `failed` | `off`): lobbies by the outcome of their promo widget. */
  lobbyPromo: 'lobby_promo_total',
  /** Counter on anti-fraud, label `verdict` (`allow` | `deny`). */
  assessments: 'fraud_assessments_total',
  /** Counters on payout-worker, labels `psp` (and `outcome`: `paid` | `refused` | `unsent` | `unknown`): requests sent, and how calls ended. */
  payoutAttempts: 'payout_attempts_total',
  payouts: 'payouts_total',
  /** Gauge on wallet: payouts reserved and not yet paid or given back. */
  payoutsPending: 'wallet_payouts_pending',
  /** Gauge on realtime: sockets open. */
  sockets: 'realtime_sockets',
} as const

/** Exposed for the replicated database: by each pod's keeper about itself, and by the operator about all members that answer it. */
export const databaseMetrics = {
  /** Gauge, labels `pod`, `role` (`primary` | `standby`): 1. */
  role: 'db_role',
  /** Gauge, label `pod`: 1 while it accepts writes. Two pods at 1 are a split brain. */
  writable: WRITABLE,
  /** Gauge, label `pod`: the timeline, which grows by one with each promotion. Diverged histories have different timelines. */
  timeline: 'db_timeline',
  /** Gauge, label `pod`: bytes of the log that a standby has not confirmed (operator), or has received and not replayed (keeper). */
  lagBytes: 'db_replication_lag_bytes',
  /** Gauge, label `pod`: connections of clients. */
  backends: 'db_backends',
  /** Gauge in seconds, label `pod`: longest wait of a statement for the lock of a table, in the last two seconds. */
  lockWait: 'db_lock_wait_seconds',
  /** Counter on the operator: how often it named another leader. */
  promotions: 'db_promotions_total',
  /** Gauge on the operator: standbys that hold every acknowledged commit, and may be promoted. */
  syncStandbys: 'db_sync_standbys',
} as const
