/**
 * The state machine of a deposit, in PostgreSQL, so that a crash at any step leaves a record to go on from:
 *
 *   open ──▶ accepted ──▶ credited        open: some provider may be charging
 *     ├────▶ refused                      accepted: one provider's charge is ours for good, credit is due
 *     └────▶ failed                       refused, failed: no charge may stand
 *
 * Each attempt is recorded before its provider is called. Who works on a deposit owns it (`owner`) until its lease ends; every
 * step checks the owner, so that a handler that was asleep can't undo what the sweeper has decided meanwhile.
 */

import type { BookSource } from '../../shared/books.ts'
import type { Query } from '../../shared/database.ts'
import { type MigrationStep, sqlStep } from '../../shared/database.ts'
import { INBOX_TABLE } from '../../shared/inbox.ts'
import { LEASE_TABLE } from '../../shared/lease.ts'

export const paymentsSteps: readonly MigrationStep[] = [
  sqlStep(`
    CREATE TABLE deposits (
      key text COLLATE "C" PRIMARY KEY,
      player text NOT NULL,
      amount_cents bigint NOT NULL,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'credited', 'refused', 'failed')),
      psp text,
      owner text NOT NULL,
      lease_until timestamptz NOT NULL,
      trace text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX deposits_unfinished ON deposits (lease_until) WHERE state IN ('open', 'accepted');
    CREATE TABLE attempts (
      key text COLLATE "C" NOT NULL,
      psp text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('started', 'approved', 'refused', 'error', 'unknown', 'voided', 'abandoned')),
      next_try_at timestamptz NOT NULL DEFAULT now(),
      tries int NOT NULL DEFAULT 0,
      PRIMARY KEY (key, psp)
    );
    CREATE INDEX attempts_unknown ON attempts (next_try_at) WHERE outcome IN ('unknown', 'started');
    ${INBOX_TABLE}
    ${LEASE_TABLE}`),
]

export type DepositState = 'open' | 'accepted' | 'credited' | 'refused' | 'failed'
export type AttemptOutcome = 'approved' | 'refused' | 'error' | 'unknown' | 'voided' | 'abandoned'
export type Deposit = {
  readonly key: string
  readonly player: string
  readonly amountCents: number
  readonly owner: string
  readonly trace: string
}
export type KnownDeposit = {
  readonly player: string
  readonly amountCents: number
  readonly state: DepositState
  readonly psp: string | null
  readonly ageMs: number
}

const BEGIN = `
  WITH begun AS (
    INSERT INTO deposits (key, player, amount_cents, owner, trace, lease_until) VALUES ($1, $2, $3, $4, $5, now() + $7 * interval '1 millisecond')
    ON CONFLICT (key) DO NOTHING RETURNING key
  )
  INSERT INTO attempts (key, psp, outcome) SELECT key, $6, 'started' FROM begun RETURNING key`
const FIND = `SELECT player, amount_cents AS "amountCents", state, psp,
  (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs" FROM deposits WHERE key = $1`
/** Ends one attempt and begins the next, if the deposit is still ours. */
const MOVE_ON = `
  WITH mine AS (SELECT key FROM deposits WHERE key = $1 AND owner = $2 AND state = 'open' FOR UPDATE),
  ended AS (UPDATE attempts SET outcome = $4 WHERE key = (SELECT key FROM mine) AND psp = $3)
  INSERT INTO attempts (key, psp, outcome) SELECT key, $5, 'started' FROM mine RETURNING key`
/** Ends an attempt and, if that decides it, the deposit. */
const CONCLUDE = `
  WITH mine AS (
    UPDATE deposits SET state = $5, psp = CASE $5 WHEN 'accepted' THEN $3 END, lease_until = CASE $5 WHEN 'open' THEN now() ELSE lease_until END
    WHERE key = $1 AND owner = $2 AND state = 'open' RETURNING key
  )
  UPDATE attempts SET outcome = $4 WHERE key = (SELECT key FROM mine) AND psp = $3 RETURNING key`
const FORGET = `
  WITH mine AS (DELETE FROM deposits WHERE key = $1 AND owner = $2 AND state = 'open' RETURNING key)
  DELETE FROM attempts WHERE key = (SELECT key FROM mine)`
const RELEASE = 'UPDATE deposits SET lease_until = now() WHERE key = $1 AND owner = $2'
const CREDITED = "UPDATE deposits SET state = 'credited' WHERE key = ANY($1) AND state = 'accepted'"

export type DepositStore = {
  /** Records the deposit and its first attempt; false when the key is known. */
  begin(deposit: Deposit, psp: string): Promise<boolean>
  find(key: string): Promise<KnownDeposit | undefined>
  /** Records how an attempt ended and that the next begins; false when the deposit is no longer ours. */
  moveOn(deposit: Deposit, from: string, outcome: AttemptOutcome, to: string): Promise<boolean>
  /** Records how the last attempt ended and the state that follows from it ('open': left to the sweeper, now); false when no longer ours. */
  conclude(deposit: Deposit, psp: string, outcome: AttemptOutcome, state: DepositState): Promise<boolean>
  /** Forgets a deposit that no provider has heard of, so that its key can be used again. */
  forget(deposit: Deposit): Promise<void>
  /** Ends our lease: the next sweep may take over. */
  release(deposit: Deposit): Promise<void>
  credited(keys: readonly string[]): Promise<void>
}

/** `leaseMs`: how long a handler owns what it began; longer than any request lives. */
export function createDepositStore(query: Query, leaseMs: number): DepositStore {
  const one = async (name: string, sql: string, values: readonly unknown[]): Promise<boolean> =>
    (await query(name, sql, values)).length === 1
  return {
    begin: (deposit, psp) =>
      one('begin', BEGIN, [
        deposit.key,
        deposit.player,
        deposit.amountCents,
        deposit.owner,
        deposit.trace,
        psp,
        leaseMs,
      ]),
    find: async (key) => (await query<KnownDeposit>('find', FIND, [key]))[0],
    moveOn: ({ key, owner }, from, outcome, to) => one('move-on', MOVE_ON, [key, owner, from, outcome, to]),
    conclude: ({ key, owner }, psp, outcome, state) => one('conclude', CONCLUDE, [key, owner, psp, outcome, state]),
    forget: async ({ key, owner }) => void (await query('forget', FORGET, [key, owner])),
    release: async ({ key, owner }) => void (await query('release', RELEASE, [key, owner])),
    credited: async (keys) => void (await query('credited', CREDITED, [keys])),
  }
}

export const paymentsBook: BookSource = {
  book: 'payments-api',
  bookings: `SELECT 'deposit' AS operation, key, amount_cents FROM deposits WHERE state = 'credited' AND key >= $1 AND key < $2`,
  bookingsOfKeys: `SELECT key, amount_cents FROM deposits WHERE state = 'credited' AND key = ANY($1)`,
  pending: `
    SELECT state AS name, count(*) AS count FROM deposits WHERE state IN ('open', 'accepted') AND key >= $1 AND key < $2 GROUP BY 1
    UNION ALL SELECT 'unresolved', count(*) FROM attempts WHERE outcome IN ('unknown', 'started') AND key >= $1 AND key < $2`,
}
