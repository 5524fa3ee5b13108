/**
 * A payout's stake is reserved in the ledger, and its row in the outbox of payouts written, in one transaction. `due_at` is both lease
 * and backoff: a worker that claims a row moves it forward. A claimed row that was never released was in flight when its worker died, so
 * that it is unknown whether its provider paid (`doubtful`): from then on only that provider may be asked, with the same key.
 */
export const PAYOUTS = `
  INSERT INTO accounts (name, kind) VALUES ('house:payouts', 'house');
  CREATE TABLE payouts (
    key text COLLATE "C" PRIMARY KEY,
    player text NOT NULL,
    amount_cents bigint NOT NULL,
    trace text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'paid', 'returned')),
    psp text,
    owner text NOT NULL DEFAULT '',
    in_flight boolean NOT NULL DEFAULT false,
    doubtful boolean NOT NULL DEFAULT false,
    tries int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX payouts_due ON payouts (due_at) WHERE state = 'pending';
  CREATE FUNCTION reserve_payout(p_key text, p_player text, p_amount bigint, p_trace text, p_outbox boolean) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    v_posting text := post_transfer('payout', p_key, p_player, p_amount, -1, 'house:payouts', NULL, NULL);
  BEGIN
    IF v_posting = 'posted' AND p_outbox THEN
      INSERT INTO payouts (key, player, amount_cents, trace) VALUES (p_key, p_player, p_amount, p_trace);
    END IF;
    RETURN v_posting;
  END $$;
  CREATE FUNCTION close_payout(p_key text, p_owner text, p_paid boolean) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    v_payout payouts;
    v_transfer bigint;
  BEGIN
    UPDATE payouts SET state = CASE WHEN p_paid THEN 'paid' ELSE 'returned' END, in_flight = false
      WHERE key = p_key AND owner = p_owner AND state = 'pending' RETURNING * INTO v_payout;
    IF NOT FOUND THEN RETURN false; END IF;
    IF p_paid THEN
      INSERT INTO transfers (operation, key, account_id, amount_cents)
        SELECT 'payout-paid', key, account_id, amount_cents FROM transfers WHERE operation = 'payout' AND key = p_key RETURNING id INTO v_transfer;
      INSERT INTO entries (transfer_id, account_id, amount_cents)
        SELECT v_transfer, id, CASE name WHEN 'house:payouts' THEN -v_payout.amount_cents ELSE v_payout.amount_cents END
        FROM accounts WHERE name IN ('house:payouts', 'house:psp-clearing');
    ELSE
      UPDATE transfers SET reversed = true WHERE operation = 'payout' AND key = p_key;
      PERFORM post_transfer('payout-return', p_key, v_payout.player, v_payout.amount_cents, 1, 'house:payouts', NULL, NULL);
    END IF;
    RETURN true;
  END $$;`
