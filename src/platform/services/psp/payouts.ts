/** Payouts as the provider books them: once for each key, however often it is asked. */
import type { Query } from '../../shared/database.ts'

const PAY = 'INSERT INTO payouts (key, amount_cents) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING'
const FIND = 'SELECT amount_cents AS "amountCents" FROM payouts WHERE key = $1'

export type Payouts = {
  /** Pays once; answers the amount that stands under the key. */
  pay(key: string, amountCents: number): Promise<number>
}

export function createPayouts(query: Query): Payouts {
  return {
    pay: async (key, amountCents) => {
      await query('pay', PAY, [key, amountCents])
      const [row] = await query<{ amountCents: number }>('find-payout', FIND, [key])
      return row?.amountCents ?? amountCents
    },
  }
}
