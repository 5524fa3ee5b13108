/** Named restore points of the leader, and whether the archive has reached them, as the server says. */
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
