import type { Query } from '../../shared/database.ts'
import { ROUND_TOPIC } from './schema.ts'

export type RoundStatus = 'open' | 'settled' | 'cancelled'

const OPEN = `
  INSERT INTO rounds (key, stake_cents, odds, status, settles_at) VALUES ($1, $2, $3, 'open', now() + $4 * interval '1 millisecond')
  ON CONFLICT (key) DO NOTHING`
const STATUS = 'SELECT status FROM rounds WHERE key = $1'
/** A cancelled round has no effect, even if it was settled before the cancellation arrived. */
const CANCEL = `
  INSERT INTO rounds (key, stake_cents, odds, status, settles_at) VALUES ($1, 0, 1, 'cancelled', now())
  ON CONFLICT (key) DO UPDATE SET status = 'cancelled'`
/** Who wins follows from the key, at fair odds less a margin of 5 %, so that a repeated rehearsal has the same winners. */
const SETTLE = `
  WITH due AS (
    UPDATE rounds SET status = 'settled', won = ('x' || substr(md5('outcome ' || key), 1, 8))::bit(32)::bigint / 4294967296.0 < 0.95 / odds
    WHERE status = 'open' AND settles_at <= now() RETURNING key, won
  )
  INSERT INTO events (topic, key, payload) SELECT '${ROUND_TOPIC}', key, jsonb_build_object('won', won) FROM due`

export type Rounds = {
  /** Opens a round, idempotently; the status says whether it is one. */
  open(key: string, stakeCents: number, odds: number, settleInMs: number): Promise<RoundStatus>
  cancel(key: string): Promise<void>
  settleDue(): Promise<void>
}

export function createRounds(query: Query): Rounds {
  return {
    open: async (key, stakeCents, odds, settleInMs) => {
      await query('open', OPEN, [key, stakeCents, odds, settleInMs])
      const [row] = await query<{ status: RoundStatus }>('status', STATUS, [key])
      return row?.status ?? 'cancelled'
    },
    cancel: async (key) => void (await query('cancel', CANCEL, [key])),
    settleDue: async () => void (await query('settle', SETTLE)),
  }
}
