import type { Query } from '../../shared/database.ts'

export type ChargeStatus = 'approved' | 'refused' | 'voided'
export type Charge = { readonly status: ChargeStatus; readonly amountCents: number }

export const CHARGE_TOPIC = 'charge.approved'

/** The charge, and the event that tells of it, in one statement; a known key is answered as it stands. */
const CHARGE = `
  WITH made AS (
    INSERT INTO charges (key, amount_cents, status) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING RETURNING key, status
  )
  INSERT INTO events (topic, key, payload) SELECT '${CHARGE_TOPIC}', key, jsonb_build_object('amountCents', $2::bigint) FROM made
    WHERE status = 'approved'
  RETURNING key`
const FIND = 'SELECT status, amount_cents FROM charges WHERE key = $1'
const VOID = `
  INSERT INTO charges AS charge (key, amount_cents, status) VALUES ($1, 0, 'voided')
  ON CONFLICT (key) DO UPDATE SET status = CASE charge.status WHEN 'approved' THEN 'voided' ELSE charge.status END
  RETURNING status`

export type Charges = {
  /** Idempotent by key: `made` is false when the key was known. */
  charge(key: string, amountCents: number, status: 'approved' | 'refused'): Promise<Charge>
  find(key: string): Promise<Charge | undefined>
  /** After this no charge stands under the key, nor will one ever. */
  voidCharge(key: string): Promise<ChargeStatus>
}

type ChargeRow = { status: ChargeStatus; amount_cents: number }

export function createCharges(query: Query): Charges {
  async function find(key: string): Promise<Charge | undefined> {
    const [row] = await query<ChargeRow>('find-charge', FIND, [key])
    return row && { status: row.status, amountCents: row.amount_cents }
  }
  return {
    find,
    charge: async (key, amountCents, status) => {
      const made = await query('charge', CHARGE, [key, amountCents, status])
      if (made.length === 1) return { status: 'approved', amountCents }
      return (await find(key)) ?? { status, amountCents }
    },
    voidCharge: async (key) => {
      const [row] = await query<{ status: ChargeStatus }>('void-charge', VOID, [key])
      return row?.status ?? 'voided'
    },
  }
}
