/**
 * The ledger's schema. Double entry: a transfer moves an amount between two accounts by two entries that sum to zero. A
 * player's balance is a column, checked and changed in one statement; house accounts have no balance column, because every
 * deposit of every pod would queue for that one row: theirs is the sum of their entries.
 */
import { type MigrationStep, sqlStep } from '../../shared/database.ts'
import { EVENT_TABLE } from '../../shared/events.ts'
import { LEASE_TABLE } from '../../shared/lease.ts'
import { hashPassword } from '../../shared/password.ts'
import { PAYOUTS } from './payout-schema.ts'

const TABLES = `
  CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('player', 'house')),
    credential text,
    balance_cents bigint NOT NULL DEFAULT 0 CHECK (balance_cents >= 0)
  );
  CREATE TABLE transfers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operation text NOT NULL,
    key text COLLATE "C" NOT NULL,
    account_id bigint NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    reversed boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (operation, key)
  );
  CREATE TABLE entries (
    transfer_id bigint NOT NULL REFERENCES transfers (id),
    account_id bigint NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
    PRIMARY KEY (transfer_id, account_id)
  );
  INSERT INTO accounts (name, kind) VALUES ('house:opening', 'house'), ('house:psp-clearing', 'house'), ('house:stakes', 'house');
  ${EVENT_TABLE}
  ${LEASE_TABLE}`

/**
 * Posts one transfer and says what became of it: posted, repeated (same key, same content: nothing done), conflict (same key,
 * other content), reversed, insufficient, no-player. One statement and so one transaction; refusals leave nothing behind. They
 * are values, not errors: an error would cost the caller its connection.
 */
const POST_TRANSFER = `
  CREATE FUNCTION post_transfer(
    p_operation text, p_key text, p_player text, p_amount bigint, p_sign int, p_house text, p_topic text, p_payload jsonb
  ) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    v_account bigint;
    v_transfer bigint;
    v_known transfers;
  BEGIN
    SELECT id INTO v_account FROM accounts WHERE name = p_player AND kind = 'player';
    IF NOT FOUND THEN RETURN 'no-player'; END IF;
    INSERT INTO transfers (operation, key, account_id, amount_cents) VALUES (p_operation, p_key, v_account, p_amount)
      ON CONFLICT (operation, key) DO NOTHING RETURNING id INTO v_transfer;
    IF v_transfer IS NULL THEN
      SELECT * INTO v_known FROM transfers WHERE operation = p_operation AND key = p_key;
      IF v_known.reversed THEN RETURN 'reversed'; END IF;
      IF v_known.account_id <> v_account OR v_known.amount_cents <> p_amount THEN RETURN 'conflict'; END IF;
      RETURN 'repeated';
    END IF;
    UPDATE accounts SET balance_cents = balance_cents + p_sign * p_amount
      WHERE id = v_account AND balance_cents + p_sign * p_amount >= 0;
    IF NOT FOUND THEN
      DELETE FROM transfers WHERE id = v_transfer;
      RETURN 'insufficient';
    END IF;
    IF p_amount > 0 THEN
      INSERT INTO entries (transfer_id, account_id, amount_cents)
        SELECT v_transfer, v_account, p_sign * p_amount
        UNION ALL SELECT v_transfer, id, -p_sign * p_amount FROM accounts WHERE name = p_house AND kind = 'house';
    END IF;
    IF p_topic IS NOT NULL THEN
      INSERT INTO events (topic, key, payload) VALUES (p_topic, p_key, p_payload);
    END IF;
    RETURN 'posted';
  END $$;`

/**
 * Gives a stake back. If the stake never arrived, its key is blocked instead, so that a stake that is still on its way
 * can't be taken after it was given back.
 */
const RETURN_STAKE = `
  CREATE FUNCTION return_stake(p_key text, p_player text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    v_account bigint;
    v_stake transfers;
  BEGIN
    SELECT id INTO v_account FROM accounts WHERE name = p_player AND kind = 'player';
    IF NOT FOUND THEN RETURN 'no-player'; END IF;
    INSERT INTO transfers (operation, key, account_id, amount_cents, reversed) VALUES ('bet', p_key, v_account, 0, true)
      ON CONFLICT (operation, key) DO NOTHING;
    IF FOUND THEN RETURN 'posted'; END IF;
    SELECT * INTO v_stake FROM transfers WHERE operation = 'bet' AND key = p_key FOR UPDATE;
    IF v_stake.account_id <> v_account THEN RETURN 'conflict'; END IF;
    IF v_stake.reversed THEN RETURN 'repeated'; END IF;
    UPDATE transfers SET reversed = true WHERE id = v_stake.id;
    RETURN post_transfer('refund', p_key, p_player, v_stake.amount_cents, 1, 'house:stakes', NULL, NULL);
  END $$;`

export type Seed = {
  readonly players: number
  readonly openingCents: number
  readonly password: string
  readonly hashCost: number
}

/** Players share a password; a few salts are enough to make each login pay for its own hash. */
const SALTS = 16

const SEED_PLAYERS = `
  INSERT INTO accounts (name, kind, credential, balance_cents)
    SELECT 'player-' || lpad(n::text, 6, '0'), 'player', ($3::text[])[1 + n % array_length($3::text[], 1)], $2::bigint
    FROM generate_series(0, $1::int - 1) AS n`
const SEED_TRANSFER = `
  WITH opening AS (
    INSERT INTO transfers (operation, key, account_id, amount_cents)
      SELECT 'opening', 'opening', id, $1::bigint * $2::bigint FROM accounts WHERE name = 'house:opening' RETURNING id, account_id
  )
  INSERT INTO entries (transfer_id, account_id, amount_cents)
    SELECT opening.id, accounts.id, $2::bigint FROM opening, accounts WHERE accounts.kind = 'player'
    UNION ALL SELECT id, account_id, -$1::bigint * $2::bigint FROM opening`

/** Fills an empty ledger: all players at once, their balances brought in by one balanced opening transfer. */
const seedStep =
  (seed: Seed): MigrationStep =>
  async (client) => {
    const credentials = await Promise.all(
      Array.from({ length: SALTS }, () => hashPassword(seed.password, seed.hashCost)),
    )
    await client.query('SET LOCAL statement_timeout = 0')
    await client.query(SEED_PLAYERS, [seed.players, seed.openingCents, credentials])
    await client.query(SEED_TRANSFER, [seed.players, seed.openingCents])
    await client.query('ANALYZE')
  }

export const walletSteps = (seed: Seed): readonly MigrationStep[] => [
  sqlStep(TABLES + POST_TRANSFER + RETURN_STAKE),
  seedStep(seed),
  sqlStep(PAYOUTS),
]
