/** The books of the game provider: a round per bet. A round cancelled before it arrived keeps a row, so that it never opens. */

import type { BookSource } from '../../shared/books.ts'
import { type MigrationStep, sqlStep } from '../../shared/database.ts'
import { EVENT_TABLE } from '../../shared/events.ts'
import { LEASE_TABLE } from '../../shared/lease.ts'

export const ROUND_TOPIC = 'round.settled'

export const providerSteps: readonly MigrationStep[] = [
  sqlStep(`
    CREATE TABLE rounds (
      key text COLLATE "C" PRIMARY KEY,
      stake_cents bigint NOT NULL,
      odds double precision NOT NULL,
      status text NOT NULL CHECK (status IN ('open', 'settled', 'cancelled')),
      won boolean,
      settles_at timestamptz NOT NULL
    );
    CREATE INDEX rounds_open ON rounds (settles_at) WHERE status = 'open';
    ${EVENT_TABLE}
    ${LEASE_TABLE}`),
]

export const providerBook: BookSource = {
  book: 'game-provider',
  bookings: `SELECT 'bet' AS operation, key, stake_cents AS amount_cents FROM rounds WHERE status <> 'cancelled' AND key >= $1 AND key < $2`,
  bookingsOfKeys: `SELECT key, stake_cents AS amount_cents FROM rounds WHERE status <> 'cancelled' AND key = ANY($1)`,
  pending: `
    SELECT 'rounds' AS name, count(*) AS count FROM rounds WHERE status = 'open' AND key >= $1 AND key < $2
    UNION ALL SELECT 'webhooks', count(*) FROM events WHERE key >= $1 AND key < $2`,
}
