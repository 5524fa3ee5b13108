/**
 * The state machine of a bet, in PostgreSQL:
 *
 *   open ──▶ accepted ──▶ settled
 *     └────▶ refusing ──▶ refused
 *
 * Accepted is durable before the player hears yes; refusing is durable before a stake goes back. So the player
 * never got a yes for a bet that is still open after a crash, and it is refused.
 */

import type { BookSource } from '../../shared/books.ts'
import type { Query } from '../../shared/database.ts'
import { type MigrationStep, sqlStep } from '../../shared/database.ts'
import { INBOX_TABLE } from '../../shared/inbox.ts'
import { LEASE_TABLE } from '../../shared/lease.ts'

export const betsSteps: readonly MigrationStep[] = [
  sqlStep(`
    CREATE TABLE bets (
      key text COLLATE "C" PRIMARY KEY,
      player text NOT NULL,
      stake_cents bigint NOT NULL,
      selection text NOT NULL,
      odds double precision NOT NULL,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'settled', 'refusing', 'refused')),
      won boolean,
      reason text,
      owner text NOT NULL,
      lease_until timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX bets_unfinished ON bets (lease_until) WHERE state IN ('open', 'refusing');
    CREATE INDEX bets_payable ON bets (key) WHERE state = 'accepted' AND won IS NOT NULL;
    ${INBOX_TABLE}
    ${LEASE_TABLE}`),
]

export type BetState = 'open' | 'accepted' | 'settled' | 'refusing' | 'refused'
export type Bet = {
  readonly key: string
  readonly player: string
  readonly stakeCents: number
  readonly selection: string
  readonly odds: number
  readonly owner: string
}
export type KnownBet = {
  readonly player: string
  readonly stakeCents: number
  readonly state: BetState
  readonly reason: string | null
}
export type Payable = {
  readonly key: string
  readonly player: string
  readonly stakeCents: number
  readonly selection: string
  readonly odds: number
  readonly won: boolean
}

const BEGIN = `
  INSERT INTO bets (key, player, stake_cents, selection, odds, owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, now() + interval '6 seconds')
  ON CONFLICT (key) DO NOTHING RETURNING key`
const FIND = 'SELECT player, stake_cents AS "stakeCents", state, reason FROM bets WHERE key = $1'
const CONCLUDE = `
  UPDATE bets SET state = $3, reason = $4, lease_until = CASE $3 WHEN 'refusing' THEN now() ELSE lease_until END
  WHERE key = $1 AND owner = $2 AND state = 'open' RETURNING key`
const CLAIM = `
  UPDATE bets SET owner = $1, state = 'refusing', reason = coalesce(reason, 'interrupted'), lease_until = now() + interval '6 seconds' WHERE key IN (
    SELECT key FROM bets WHERE state IN ('open', 'refusing') AND lease_until < now() ORDER BY lease_until LIMIT 50 FOR UPDATE SKIP LOCKED
  ) RETURNING key, player, stake_cents AS "stakeCents", selection, odds, owner`
const REFUSED = "UPDATE bets SET state = 'refused' WHERE key = $1 AND owner = $2 AND state = 'refusing'"
const RETRY_SOON = "UPDATE bets SET lease_until = now() + interval '1 second' WHERE key = $1 AND owner = $2"
/** Also for a bet that is still open: its outcome may arrive before its acceptance is recorded. */
const WON = `
  UPDATE bets SET won = event.won FROM unnest($1::text[], $2::boolean[]) AS event (key, won)
  WHERE bets.key = event.key AND bets.won IS NULL AND state IN ('open', 'accepted')`
const PAYABLE = `
  SELECT key, player, stake_cents AS "stakeCents", selection, odds, won FROM bets WHERE state = 'accepted' AND won IS NOT NULL ORDER BY key LIMIT 200`
const SETTLED = "UPDATE bets SET state = 'settled' WHERE key = ANY($1) AND state = 'accepted'"

export type BetStore = {
  begin(bet: Bet): Promise<boolean>
  find(key: string): Promise<KnownBet | undefined>
  /** Leaves `open`; false when the bet is no longer ours. */
  conclude(bet: Bet, state: BetState, reason?: string): Promise<boolean>
  /** Takes over bets to be refused: those whose handler is gone, and those whose stake has yet to go back. */
  claim(owner: string): Promise<readonly Bet[]>
  refused(bet: Bet): Promise<void>
  retrySoon(bet: Bet): Promise<void>
  payable(): Promise<readonly Payable[]>
  settled(keys: readonly string[]): Promise<void>
}

export function createBetStore(query: Query): BetStore {
  return {
    begin: async (bet) =>
      (await query('begin', BEGIN, [bet.key, bet.player, bet.stakeCents, bet.selection, bet.odds, bet.owner]))
        .length === 1,
    find: async (key) => (await query<KnownBet>('find', FIND, [key]))[0],
    conclude: async ({ key, owner }, state, reason = '') =>
      (await query('conclude', CONCLUDE, [key, owner, state, reason || null])).length === 1,
    claim: (owner) => query<Bet>('claim', CLAIM, [owner]),
    refused: async ({ key, owner }) => void (await query('refused', REFUSED, [key, owner])),
    retrySoon: async ({ key, owner }) => void (await query('retry-soon', RETRY_SOON, [key, owner])),
    payable: () => query<Payable>('payable', PAYABLE),
    settled: async (keys) => void (await query('settled', SETTLED, [keys])),
  }
}

/** Within the inbox's transaction: which rounds have been won. */
export async function recordOutcomes(query: Query, outcomes: readonly { key: string; won: boolean }[]): Promise<void> {
  await query('won', WON, [outcomes.map(({ key }) => key), outcomes.map(({ won }) => won)])
}

export const betsBook: BookSource = {
  book: 'bets',
  bookings: `SELECT 'bet' AS operation, key, stake_cents AS amount_cents FROM bets WHERE state IN ('accepted', 'settled') AND key >= $1 AND key < $2`,
  bookingsOfKeys: `SELECT key, stake_cents AS amount_cents FROM bets WHERE state IN ('accepted', 'settled') AND key = ANY($1)`,
  pending: `
    SELECT CASE state WHEN 'accepted' THEN 'unsettled' ELSE state END AS name, count(*) AS count FROM bets
    WHERE state IN ('open', 'refusing', 'accepted') AND key >= $1 AND key < $2 GROUP BY 1`,
}
