/**
 * One replica at a time does the background work of a service: a lease row, renewed at each turn. A session lock would stay
 * with a partitioned pod for as long as TCP believes in it; a lease passes on after its few seconds.
 */
import type { Query } from './database.ts'

export const LEASE_TABLE =
  'CREATE TABLE leases (name text PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL);'
const HOLD = `
  INSERT INTO leases AS held (name, holder, until) VALUES ($1, $2, now() + $3 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
  WHERE held.holder = excluded.holder OR held.until < now()
  RETURNING holder`

/** Takes or renews the lease; false while somebody else holds it. Work under it must still be safe to do twice. */
export async function holdLease(query: Query, name: string, holder: string, forMs: number): Promise<boolean> {
  const rows = await query('hold-lease', HOLD, [name, holder, forMs])
  return rows.length === 1
}
