import { type ConfigReader, NO_TIMEOUT_MS, readDatabaseConfig, readServerConfig } from '../../shared/config.ts'
import { CREDIT_TIMEOUT_MS } from './credit.ts'
import { readFraudConfig } from './fraud.ts'

/** A provider, as payments-api knows it. */
export type PspConfig = {
  readonly name: string
  readonly url: string
  readonly apiKey: string
  readonly webhookSecrets: readonly string[]
}

export type PaymentsConfig = ReturnType<typeof readPaymentsConfig>

export function readPaymentsConfig(read: ConfigReader) {
  const slots = read.integer('PSP_SLOTS', { min: 1, max: 1_000, fallback: 32 })
  const timeoutMs = read.integer('PSP_TIMEOUT_MS', { min: 0, max: 60_000, fallback: 600 })
  const budgetMs = read.integer('REQUEST_BUDGET_MS', { min: 100, max: 60_000, fallback: 1_700 })
  const failover = read.toggle('FAILOVER', true)
  const leaseMs = read.integer('DEPOSIT_LEASE_MS', { min: 500, max: 600_000, fallback: 5_000 })
  const failuresToOpen = read.integer('BREAKER_FAILURES', { min: 1, max: 1_000, fallback: 5 })
  if (failuresToOpen > slots)
    read.problem('BREAKER_FAILURES must not exceed PSP_SLOTS, otherwise a lost provider costs two timeouts')
  // The wallet is asked within the lease too.
  if (leaseMs < budgetMs + CREDIT_TIMEOUT_MS)
    read.problem(
      'DEPOSIT_LEASE_MS must be at least REQUEST_BUDGET_MS + 800, otherwise deposits are swept while they are served',
    )
  // Both providers must fit into one request: the second needs about as long as a good answer, for which 300 ms are ample.
  if (failover && timeoutMs > 0 && timeoutMs + 300 > budgetMs)
    read.problem('PSP_TIMEOUT_MS + 300 must fit into REQUEST_BUDGET_MS, otherwise failover is too late')
  return {
    server: readServerConfig(read),
    database: readDatabaseConfig(read),
    walletUrl: read.url('WALLET_URL', 'http://wallet-pods:8080'),
    primary: pspConfig(read, 'A'),
    secondary: pspConfig(read, 'B'),
    slots,
    queue: read.integer('PSP_QUEUE', { min: 0, max: 10_000, fallback: 64 }),
    timeoutMs: timeoutMs === 0 ? NO_TIMEOUT_MS : timeoutMs,
    budgetMs,
    failover,
    retries: read.integer('PSP_RETRIES', { min: 0, max: 1_000, fallback: 0 }),
    idempotency: read.toggle('IDEMPOTENCY', true),
    /** Seeded defect, off at 0: a key is forgotten after this time. */
    keysForgottenAfterMs: read.integer('KEYS_FORGOTTEN_AFTER_MS', { min: 0, max: 600_000, fallback: 0 }),
    signatures: read.toggle('WEBHOOK_SIGNATURES', true),
    fraud: readFraudConfig(read),
    voidUnknown: read.toggle('VOID_UNKNOWN', true),
    /** Seeded defect, off at 0: every n-th void is recorded and not sent. */
    voidDroppedEvery: read.integer('VOID_DROPPED_EVERY', { min: 0, max: 1_000, fallback: 0 }),
    breaker: {
      enabled: read.toggle('BREAKER', true),
      failuresToOpen,
      openMs: read.integer('BREAKER_OPEN_MS', { min: 10, max: 60_000, fallback: 1_000 }),
      openMaxMs: read.integer('BREAKER_OPEN_MAX_MS', { min: 10, max: 600_000, fallback: 4_000 }),
    },
    leaseMs,
    sweepEveryMs: read.integer('SWEEP_EVERY_MS', { min: 10, max: 60_000, fallback: 500 }),
  }
}

function pspConfig(read: ConfigReader, letter: 'A' | 'B'): PspConfig {
  return {
    name: read.text(`PSP_${letter}_NAME`, `psp-${letter.toLowerCase()}`),
    url: read.url(`PSP_${letter}_URL`, `http://psp-${letter.toLowerCase()}.providers:8080`),
    apiKey: read.secrets(`PSP_${letter}_API_KEY`)[0],
    webhookSecrets: read.secrets(`PSP_${letter}_WEBHOOK_SECRET`),
  }
}
