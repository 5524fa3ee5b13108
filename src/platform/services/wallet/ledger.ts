/** What the ledger can do, as statements: each is one round trip and one transaction. */
import { randomUUID } from 'node:crypto'
import type { Json } from '../../shared/body.ts'
import type { BookSource } from '../../shared/books.ts'
import type { Query } from '../../shared/database.ts'

export type Posting = 'posted' | 'repeated' | 'conflict' | 'reversed' | 'insufficient' | 'no-player'

/** Topics of the outbox: the services that must get a message about a transfer. */
export const topics = { credited: 'deposit.credited', settled: 'bet.settled' } as const

export type Settlement = {
  readonly key: string
  readonly player: string
  readonly amountCents: number
  readonly payload: Json
}

const DEPOSIT = `SELECT post_transfer('deposit', $1, $2, $3, 1, 'house:psp-clearing', $4, '{}') AS posting`
const STAKE = `SELECT post_transfer('bet', $1, $2, $3, -1, 'house:stakes', NULL, NULL) AS posting`
const RETURN_STAKE = 'SELECT return_stake($1, $2) AS posting'
const SETTLE = `
  SELECT key, post_transfer('settlement', key, player, "amountCents", 1, 'house:stakes', $2, payload) AS posting
  FROM jsonb_to_recordset($1) AS item (key text, player text, "amountCents" bigint, payload jsonb)`
const PLAYER = `SELECT balance_cents, credential FROM accounts WHERE name = $1 AND kind = 'player'`

const IS_OLD = `SELECT 1 FROM transfers WHERE key = $1 AND created_at < now() - $2 * interval '1 millisecond' LIMIT 1`

type PostingRow = { posting: Posting }

export type Ledger = {
  credit(key: string, player: string, amountCents: number): Promise<Posting>
  stake(key: string, player: string, amountCents: number): Promise<Posting>
  returnStake(key: string, player: string): Promise<Posting>
  settle(settlements: readonly Settlement[]): Promise<readonly { key: string; posting: Posting }[]>
  player(player: string): Promise<{ balanceCents: number; credential: string } | undefined>
}

/**
 * Seeded defects: with `outbox` off money moves but no event is sent; with `idempotency` off a repeated key is booked again, with
 * `keysForgottenAfterMs` above 0 only after that time.
 */
export type LedgerDefects = {
  readonly outbox: boolean
  readonly idempotency: boolean
  readonly keysForgottenAfterMs: number
}

/** The character after which a book's key is told apart from its copies; keys from outside never have it (`keyOf`). */
const COPY_MARK = '~'

/** Every movement has a key, and is booked only once even if it is sent again. So `query` may retry a statement that may already have been executed. */
export function createLedger(query: Query, { outbox, idempotency, keysForgottenAfterMs }: LedgerDefects): Ledger {
  const credited = outbox ? topics.credited : null
  const settled = outbox ? topics.settled : null
  const posting = async (name: string, sql: string, values: readonly unknown[]): Promise<Posting> => {
    const [row] = await query<PostingRow>(name, sql, values)
    if (row === undefined) throw new Error(`${name} answered nothing`)
    return row.posting
  }
  const isForgotten = async (key: string): Promise<boolean> =>
    !idempotency ||
    (keysForgottenAfterMs > 0 && (await query('is-old', IS_OLD, [key, keysForgottenAfterMs])).length > 0)
  const onceMore = async (key: string, book: (key: string) => Promise<Posting>): Promise<Posting> => {
    const first = await book(key)
    if (first !== 'repeated' || !(await isForgotten(key))) return first
    return book(`${key}${COPY_MARK}${randomUUID()}`)
  }
  return {
    credit: (key, player, amountCents) =>
      onceMore(key, (as) => posting('deposit', DEPOSIT, [as, player, amountCents, credited])),
    stake: (key, player, amountCents) => onceMore(key, (as) => posting('stake', STAKE, [as, player, amountCents])),
    returnStake: (key, player) => posting('return-stake', RETURN_STAKE, [key, player]),
    settle: (settlements) =>
      query<{ key: string; posting: Posting }>('settle', SETTLE, [JSON.stringify(settlements), settled]),
    player: async (player) => {
      const [row] = await query<{ balance_cents: number; credential: string | null }>('player', PLAYER, [player])
      return row?.credential ? { balanceCents: row.balance_cents, credential: row.credential } : undefined
    },
  }
}

/**
 * Stakes and payouts count while they stand: what was given back is no longer a bet, or a payout. A stake that stands is under way until
 * its bet is settled: a wallet that was read before the provider has spoken would seem to have lost settlements.
 */
export const walletBook: BookSource = {
  book: 'wallet',
  bookings: `SELECT operation, split_part(key, '${COPY_MARK}', 1) AS key, amount_cents FROM transfers
    WHERE operation IN ('deposit', 'bet', 'settlement', 'payout') AND NOT reversed AND key >= $1 AND key < $2`,
  bookingsOfKeys: `SELECT key, amount_cents FROM transfers WHERE operation IN ('deposit', 'bet', 'payout') AND NOT reversed AND key = ANY($1)`,
  pending: `SELECT 'outbox' AS name, count(*) AS count FROM events WHERE key >= $1 AND key < $2
    UNION ALL SELECT 'payouts', count(*) FROM payouts WHERE state = 'pending' AND key >= $1 AND key < $2
    UNION ALL SELECT 'stakes', count(*) FROM transfers AS stake WHERE operation = 'bet' AND NOT reversed AND key >= $1 AND key < $2
      AND NOT EXISTS (SELECT FROM transfers AS settlement
        WHERE settlement.operation = 'settlement' AND settlement.key = split_part(stake.key, '${COPY_MARK}', 1))`,
  deliveries: `SELECT accounts.name AS receiver, transfers.key, transfers.created_at AS at
    FROM transfers JOIN accounts ON accounts.id = transfers.account_id
    WHERE operation = $3 AND NOT reversed AND key >= $1 AND key < $2 AND accounts.name = ANY($4)`,
  // Also what was given back later: a copy of an earlier time does not know that yet.
  history: `SELECT operation, split_part(key, '${COPY_MARK}', 1) AS key, amount_cents, created_at AS at FROM transfers
    WHERE operation IN ('deposit', 'bet', 'settlement', 'payout') AND key >= $1 AND key < $2`,
  // Offsetting errors must not cancel out: every transfer for itself, and every player's balance against their entries.
  imbalance: `SELECT
    (SELECT coalesce(sum(abs(total)), 0) FROM (SELECT sum(amount_cents) AS total FROM entries GROUP BY transfer_id) AS transfer) +
    (SELECT coalesce(sum(abs(balance_cents - coalesce(total, 0))), 0) FROM accounts
      LEFT JOIN (SELECT account_id, sum(amount_cents) AS total FROM entries GROUP BY 1) AS booked ON booked.account_id = accounts.id
      WHERE kind = 'player') AS cents`,
}
