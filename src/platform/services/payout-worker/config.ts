import { type ConfigReader, NO_TIMEOUT_MS, readServerConfig } from '../../shared/config.ts'

export type PayoutPspConfig = { readonly name: string; readonly url: string; readonly apiKey: string }
export type PayoutConfig = ReturnType<typeof readPayoutConfig>

/** Payouts claimed at a time, for each that can be under way: a claim costs a request, and what is claimed waits here. */
export const CLAIMED_PER_SLOT = 4
/** What telling the wallet may take; see wallet.ts. */
const WALLET_MS = 700

export function readPayoutConfig(read: ConfigReader) {
  const timeoutMs = read.integer('PSP_TIMEOUT_MS', { min: 0, max: 60_000, fallback: 1_500 })
  const leaseMs = read.integer('PAYOUT_LEASE_MS', { min: 500, max: 600_000, fallback: 12_000 })
  // Otherwise a second worker takes what waits in the first one's hands: not paid twice, but twice the work.
  if (leaseMs < CLAIMED_PER_SLOT * (timeoutMs + WALLET_MS))
    read.problem(
      `PAYOUT_LEASE_MS must be at least ${CLAIMED_PER_SLOT} x (PSP_TIMEOUT_MS + ${WALLET_MS}), got ${leaseMs}`,
    )
  return {
    server: readServerConfig(read),
    walletUrl: read.url('WALLET_URL', 'http://wallet-pods:8080'),
    psps: [pspConfig(read, 'A'), pspConfig(read, 'B')],
    /** A worker's capacity is its slots ÷ latency of the provider. */
    slots: read.integer('PAYOUT_SLOTS', { min: 1, max: 100, fallback: 4 }),
    everyMs: read.integer('PAYOUT_EVERY_MS', { min: 10, max: 60_000, fallback: 500 }),
    pspTimeoutMs: timeoutMs === 0 ? NO_TIMEOUT_MS : timeoutMs,
    leaseMs,
    keyPerTry: read.toggle('PAYOUT_KEY_PER_TRY', false),
    closeFirst: read.toggle('PAYOUT_CLOSE_FIRST', false),
    breaker: {
      enabled: read.toggle('BREAKER', true),
      failuresToOpen: read.integer('BREAKER_FAILURES', { min: 1, max: 1_000, fallback: 3 }),
      openMs: read.integer('BREAKER_OPEN_MS', { min: 10, max: 60_000, fallback: 1_000 }),
      openMaxMs: read.integer('BREAKER_OPEN_MAX_MS', { min: 10, max: 600_000, fallback: 4_000 }),
    },
  }
}

const pspConfig = (read: ConfigReader, letter: 'A' | 'B'): PayoutPspConfig => ({
  name: read.text(`PSP_${letter}_NAME`, `psp-${letter.toLowerCase()}`),
  url: read.url(`PSP_${letter}_URL`, `http://psp-${letter.toLowerCase()}.providers:8080`),
  apiKey: read.secrets(`PSP_${letter}_API_KEY`)[0],
})
