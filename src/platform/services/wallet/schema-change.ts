/**
 * A change of the wallet's schema as a Job of a release runs it: one column more, which pods of the former release do not know. It gives up the wait for the lock
 * after half a second and tries again, because every statement that comes after it would wait with it.
 */
import pg from 'pg'
import type { Log } from '../../shared/log.ts'

const CHANGE = 'ALTER TABLE transfers ADD COLUMN IF NOT EXISTS reference text'
/** Rows that are there get a value, and new ones must bring one. */
const CHANGE_REQUIRED = `ALTER TABLE transfers ADD COLUMN IF NOT EXISTS reference text NOT NULL DEFAULT '';
  ALTER TABLE transfers ALTER COLUMN reference DROP DEFAULT`
const LOCK_TIMEOUT_MS = 500
const AGAIN_AFTER_MS = 250
const TRIES = 20
/** PostgreSQL's lock_not_available: the lock time-out was hit. */
const LOCK_NOT_AVAILABLE = '55P03'

export type SchemaChange = {
  readonly url: string
  /** Seeded defect: the new column must be filled, and pods of the former release do not know it. */
  readonly isRequired?: boolean
  /** Seeded defect where it is not 0: the transaction that holds the lock goes on for this time, as if it filled the column of a large table. */
  readonly holdsMs: number
  readonly log: Log
}

export async function changeSchema({ url, holdsMs, isRequired = false, log }: SchemaChange): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 1_500,
    options: '-c search_path=wallet',
    application_name: 'wallet-schema',
  })
  await client.connect()
  try {
    if (holdsMs > 0) await hold(client, holdsMs)
    else await change(client, isRequired ? CHANGE_REQUIRED : CHANGE, log)
    log.info('the schema was changed')
  } finally {
    await client.end()
  }
}

async function change(client: pg.Client, sql: string, log: Log): Promise<void> {
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`)
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await client.query(sql))
    } catch (thrown) {
      const isLocked = thrown instanceof pg.DatabaseError && thrown.code === LOCK_NOT_AVAILABLE
      if (!isLocked || tries === TRIES) throw thrown
      log.info('the table is locked, the change waits', { tries })
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS))
    }
  }
}

async function hold(client: pg.Client, holdsMs: number): Promise<void> {
  await client.query('BEGIN')
  await client.query(CHANGE)
  await client.query('SELECT pg_sleep($1)', [holdsMs / 1_000])
  await client.query('COMMIT')
}
