/**
 * Finishes what requests left unfinished: deposits whose handler died or ran out of time, and charges of which nobody knows
 * whether they happened. Safe to run on every replica and to be killed at any point: work is claimed by lease, every step is
 * a guarded transition, and providers and wallet are idempotent by key.
 */
import { randomUUID } from 'node:crypto'
import type { Database } from '../../shared/database.ts'
import type { Log } from '../../shared/log.ts'
import { type Loop, repeat } from '../../shared/loop.ts'
import type { CreditOutcome } from './credit.ts'
import type { Psp, ReportedChargeStatus } from './psp.ts'
import type { Deposit, DepositState, DepositStore } from './store.ts'

export type SweeperConfig = {
  readonly database: Database
  readonly store: DepositStore
  readonly psps: readonly Psp[]
  readonly voidUnknown: boolean
  /** Seeded defect, off at 0. */
  readonly voidDroppedEvery: number
  readonly everyMs: number
  readonly log: Log
  credit(deposit: Deposit): Promise<CreditOutcome>
}

type Unfinished = Deposit & { readonly state: DepositState; readonly psp: string | null }
type Attempt = { readonly key: string; readonly psp: string }

const BATCH = 25

/** Takes over deposits whose lease has ended: their handler is dead, or asleep and fenced off by the new owner. */
const CLAIM = `
  UPDATE deposits SET owner = $1, lease_until = now() + interval '10 seconds' WHERE key IN (
    SELECT key FROM deposits WHERE state IN ('open', 'accepted') AND lease_until < now() ORDER BY lease_until LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
  ) RETURNING key, player, amount_cents AS "amountCents", owner, trace, state, psp`
const ATTEMPTS_OF = "SELECT key, psp FROM attempts WHERE key = $1 AND outcome IN ('started', 'unknown') ORDER BY psp"
const REFUSED = "SELECT 1 FROM attempts WHERE key = $1 AND outcome = 'refused'"
/** Claims unknown charges of decided deposits by pushing their next try: later each time, at most 4 s, forgotten never. */
const CLAIM_UNKNOWN = `
  UPDATE attempts SET tries = tries + 1, next_try_at = now() + least(tries + 1, 4) * interval '1 second' WHERE (key, psp) IN (
    SELECT attempts.key, attempts.psp FROM attempts JOIN deposits USING (key)
    WHERE outcome IN ('unknown', 'started') AND next_try_at < now() AND state <> 'open' AND attempts.psp IS DISTINCT FROM deposits.psp
    ORDER BY next_try_at LIMIT ${BATCH} FOR UPDATE OF attempts SKIP LOCKED
  ) RETURNING key, psp`
const SETTLE_ATTEMPT = 'UPDATE attempts SET outcome = $3 WHERE key = $1 AND psp = $2'
/** The wallet will never take it: the accepted charge becomes one to be voided. */
const COMPENSATE = `
  WITH failed AS (UPDATE deposits SET state = 'failed', psp = NULL WHERE key = $1 AND owner = $2 AND state = 'accepted' RETURNING key)
  UPDATE attempts SET outcome = 'unknown', next_try_at = now() WHERE key = (SELECT key FROM failed) AND outcome = 'approved'`
const RETRY_SOON = "UPDATE deposits SET lease_until = now() + interval '1 second' WHERE key = $1 AND owner = $2"
const END = 'UPDATE deposits SET state = $3 WHERE key = $1 AND owner = $2 AND state = $4'

export function sweep(config: SweeperConfig): Loop {
  const { query } = config.database
  let voids = 0
  const pspNamed = (name: string): Psp | undefined => config.psps.find((psp) => psp.name === name)

  async function finish(deposit: Unfinished): Promise<void> {
    const done = deposit.state === 'accepted' ? await credit(deposit) : await resolve(deposit)
    if (!done) await query('retry-soon', RETRY_SOON, [deposit.key, deposit.owner])
  }

  async function credit(deposit: Deposit): Promise<boolean> {
    const outcome = await config.credit(deposit)
    if (outcome === 'credited') await query('end', END, [deposit.key, deposit.owner, 'credited', 'accepted'])
    if (outcome === 'impossible') await query('compensate', COMPENSATE, [deposit.key, deposit.owner])
    return outcome !== 'later'
  }

  /** A charge that stands is accepted, and the money credited: the player paid. Without one the deposit ends. */
  async function resolve(deposit: Deposit): Promise<boolean> {
    const attempts = await query<Attempt>('attempts-of', ATTEMPTS_OF, [deposit.key])
    for (const { psp } of attempts) {
      const status = await pspNamed(psp)?.find(deposit.key)
      if (status === undefined) return false
      if (status === 'approved') {
        return (await config.store.conclude(deposit, psp, 'approved', 'accepted')) && (await credit(deposit))
      }
      if (!(await rule(deposit, psp, status))) return false
    }
    const refused = await query('refused', REFUSED, [deposit.key])
    await query('end', END, [deposit.key, deposit.owner, refused.length > 0 ? 'refused' : 'failed', 'open'])
    config.log.info('deposit ended without a charge', { key: deposit.key })
    return true
  }

  /** "None" is only true so far: the charge may still be on its way. Voiding its key keeps it out for good. */
  async function rule(deposit: Deposit, psp: string, status: ReportedChargeStatus): Promise<boolean> {
    if (status === 'none' && !(await pspNamed(psp)?.voidCharge(deposit.key))) return false
    await query('settle-attempt', SETTLE_ATTEMPT, [deposit.key, psp, status === 'refused' ? 'refused' : 'voided'])
    return true
  }

  /** Charges that were not accepted, or are of no use any more, must not stand. */
  async function voidUnknown({ key, psp }: Attempt): Promise<void> {
    if (!config.voidUnknown) return void (await query('settle-attempt', SETTLE_ATTEMPT, [key, psp, 'abandoned']))
    const isDropped = config.voidDroppedEvery > 0 && ++voids % config.voidDroppedEvery === 0
    if (!isDropped && !(await pspNamed(psp)?.voidCharge(key))) return
    await query('settle-attempt', SETTLE_ATTEMPT, [key, psp, 'voided'])
    config.log.info('unknown charge voided', { key, psp })
  }

  return repeat(config.log, 'sweep', config.everyMs, async () => {
    if (config.database.readOnly()) return
    const deposits = await query<Unfinished>('claim', CLAIM, [randomUUID()])
    const attempts = await query<Attempt>('claim-unknown', CLAIM_UNKNOWN)
    await Promise.all([...deposits.map(finish), ...attempts.map(voidUnknown)])
  })
}
