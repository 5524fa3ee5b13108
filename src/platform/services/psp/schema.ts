/**
 * The books of a payment provider, one row per merchant key. A key that was voided before its charge arrived keeps a row too
 * (status `voided`, amount 0): the late charge is then refused. Payouts are what the merchant had us pay out to its players.
 */

import type { BookSource } from '../../shared/books.ts'
import { type MigrationStep, sqlStep } from '../../shared/database.ts'
import { EVENT_TABLE } from '../../shared/events.ts'
import { LEASE_TABLE } from '../../shared/lease.ts'

export const pspSteps: readonly MigrationStep[] = [
  sqlStep(`
    CREATE TABLE charges (
      key text COLLATE "C" PRIMARY KEY,
      amount_cents bigint NOT NULL,
      status text NOT NULL CHECK (status IN ('approved', 'refused', 'voided')),
      created_at timestamptz NOT NULL DEFAULT now()
    );
    ${EVENT_TABLE}
    ${LEASE_TABLE}`),
  sqlStep(`
    CREATE TABLE payouts (
      key text COLLATE "C" PRIMARY KEY,
      amount_cents bigint NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );`),
]

/** Only charges that stand: refused and voided ones moved no money. */
export const pspBook = (psp: string): BookSource => ({
  book: psp,
  bookings: `
    SELECT 'deposit' AS operation, key, amount_cents FROM charges WHERE status = 'approved' AND key >= $1 AND key < $2
    UNION ALL SELECT 'payout', key, amount_cents FROM payouts WHERE key >= $1 AND key < $2`,
  bookingsOfKeys: `
    SELECT key, amount_cents FROM charges WHERE status = 'approved' AND key = ANY($1)
    UNION ALL SELECT key, amount_cents FROM payouts WHERE key = ANY($1)`,
  pending: `SELECT 'webhooks' AS name, count(*) AS count FROM events WHERE key >= $1 AND key < $2`,
})
