/** Places in the log of the server: where it is now, named restore points, and whether the archive has reached them. */
import pg from 'pg'

export type RestorePoint = {
  readonly point: string
  readonly lsn: string
  /** The segment that holds it. */
  readonly segment: string
}

const ANSWER_MS = 5_000

const MAKE = `SELECT lsn::text, pg_walfile_name(lsn) AS segment FROM pg_create_restore_point($1) AS lsn`
/** The names of segments sort by timeline and place. */
const REACHED = `SELECT coalesce(left(last_archived_wal, 24) >= $1, false) AS reached FROM pg_stat_archiver`

/** Without it a base backup would have no log, and nobody would say so. */
export async function isArchiving(url: string): Promise<boolean> {
  const [row] = await ask<{ mode: string }>(url, "SELECT current_setting('archive_mode') AS mode")
  return row !== undefined && row.mode !== 'off'
}

export async function makePoint(url: string, point: string): Promise<RestorePoint> {
  const [row] = await ask<{ lsn: string; segment: string }>(url, MAKE, point)
  if (row === undefined) throw new Error('the server named no place for the restore point')
  return { point, ...row }
}

export async function isArchived(url: string, { segment }: RestorePoint): Promise<boolean> {
  const [row] = await ask<{ reached: boolean }>(url, REACHED, segment)
  return row?.reached === true
}

export type Position = { readonly lsn: string; readonly timeline: number; readonly writable: boolean }

/** Where a server is in the log: what a primary has written, or a standby has replayed. And whether a client can write. */
const POSITION = `
  SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS lsn,
    CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
    NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AS writable`

export async function positionOf(url: string): Promise<Position> {
  const [row] = await ask<Position>(url, POSITION)
  if (row === undefined) throw new Error('the server named no position')
  return row
}

async function ask<R extends pg.QueryResultRow>(
  url: string,
  sql: string,
  ...values: readonly string[]
): Promise<readonly R[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<R>(sql, [...values])).rows
  } finally {
    await client.end()
  }
}
