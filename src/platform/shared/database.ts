/**
 * PostgreSQL for one service: a bounded pool in the service's own schema, client-side timeouts (a partition must not hang a
 * request), and migrations that any number of replicas may start at the same time.
 */

import pg from 'pg'
import { messageOf } from '../../domain/unknown.ts'
import type { DatabaseConfig } from './config.ts'
import { createDoor, type Door } from './database-door.ts'
import type { Log } from './log.ts'
import type { ServiceMetrics } from './metrics.ts'
import { gaugePool } from './pool-gauge.ts'

// Counts and sums of cents stay far below 2^53; numbers are what JSON and arithmetic want.
const INT8 = 20
const NUMERIC = 1700
pg.types.setTypeParser(INT8, Number)
pg.types.setTypeParser(NUMERIC, Number)

export type DatabaseRow = Readonly<Record<string, unknown>>
export type Query = <R extends DatabaseRow = DatabaseRow>(
  name: string,
  sql: string,
  values?: readonly unknown[],
) => Promise<readonly R[]>

/** Brings a schema from version i to i + 1. Runs inside one transaction with all other steps that are due. */
export type MigrationStep = (client: pg.ClientBase) => Promise<void>

export type Database = {
  /** Runs a statement that is prepared once per connection under `name`. */
  readonly query: Query
  /** For a statement that may safely be executed twice: if its connection breaks, it is retried on the new primary. */
  readonly repeatable: Query
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>
  /** Connects and migrates, again and again until it works: a database that starts later than its service is normal. */
  prepare(steps: readonly MigrationStep[]): Promise<void>
  /** For readiness: undefined once migrated and while the last check, at most 2 s old, found the database. */
  notReady(): string | undefined
  /** Its server was so at the last two checks: a standby, or the fenced primary of a region that does not write. */
  readOnly(): boolean
  stop(): Promise<void>
}

const PING = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS \"readOnly\""
const RETRY_MS = 250
const CHECK_EVERY_MS = 1_000
const QUERY_TIMEOUT_MS = 3_000
const WARM_UP_MS = 1_500

/** What of a service a database needs. */
type Host = { readonly log: Log; readonly metrics: ServiceMetrics }

export function openDatabase(config: DatabaseConfig, schema: string, { log, metrics }: Host): Database {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.maxConnections,
    connectionTimeoutMillis: 1_500,
    // Never given back: a burst, or a failover to a provider that was idle, must not begin with a wave of new connections.
    idleTimeoutMillis: 0,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    options: `-c search_path=${schema} -c statement_timeout=${QUERY_TIMEOUT_MS} -c idle_in_transaction_session_timeout=10000`,
    application_name: schema,
  })
  const door = createDoor(pool, config, log)
  const state: { reason: string | undefined; readOnlyChecks: number; stopped: boolean; timer?: NodeJS.Timeout } = {
    reason: 'database not migrated yet',
    readOnlyChecks: 0,
    stopped: false,
  }

  gaugePool(metrics, () => ({
    active: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: door.waiting(),
    max: config.maxConnections,
  }))
  const query: Query = (name, sql, values) => door.run((client) => queryOn(client)(name, sql, values))
  return {
    query,
    repeatable: (name, sql, values) => door.run((client) => queryOn(client)(name, sql, values), true),
    transaction: (work) => door.run((client) => transactionOn(client, work)),
    prepare: async (steps) => {
      await untilMigrated(config, schema, steps, log, () => state.stopped)
      await warmUp(door, config.poolSize)
      for (let checks = 0; checks < 2; checks += 1) await check()
      watch()
    },
    notReady: () => state.reason,
    // A primary that hands over is read-only for a moment, and never for two checks.
    readOnly: () => state.readOnlyChecks > 1,
    stop: async () => {
      state.stopped = true
      clearTimeout(state.timer)
      door.stop()
      await pool.end()
    },
  }

  async function check(): Promise<void> {
    try {
      const [row] = await query<{ readOnly: boolean }>('ping', PING)
      state.readOnlyChecks = row?.readOnly === true ? state.readOnlyChecks + 1 : 0
      state.reason = undefined
    } catch (thrown) {
      state.reason = `database: ${messageOf(thrown)}`
    }
  }

  /** Checked in the background: a probe must be cheap, and must not queue behind the pool's work. */
  function watch(): void {
    state.timer = setTimeout(async () => {
      await check()
      if (!state.stopped) watch()
    }, CHECK_EVERY_MS)
    state.timer.unref()
  }
}

/** Opens all connections before the service is ready; what fails here is tried again when it is needed. */
async function warmUp(door: Door, size: number): Promise<void> {
  let opened = 0
  const all = Promise.withResolvers<void>()
  const hold = async () => {
    opened += 1
    if (opened === size) all.resolve()
    // Held until all are open: one that was given back would serve the next.
    await Promise.race([all.promise, new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))])
  }
  await Promise.allSettled(Array.from({ length: size }, () => door.run(hold)))
}

export function queryOn(executor: pg.ClientBase): Query {
  return async <R extends DatabaseRow>(name: string, sql: string, values: readonly unknown[] = []) => {
    const result = await executor.query<R>({ name, text: sql, values: [...values] })
    return result.rows
  }
}

async function transactionOn<T>(client: pg.ClientBase, work: (query: Query) => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  const result = await work(queryOn(client))
  await client.query('COMMIT')
  return result
}

async function untilMigrated(
  config: DatabaseConfig,
  schema: string,
  steps: readonly MigrationStep[],
  log: Log,
  stopped: () => boolean,
): Promise<void> {
  let lastReason = ''
  while (!stopped()) {
    try {
      return await migrate(config, schema, steps)
    } catch (thrown) {
      const reason = messageOf(thrown)
      if (reason !== lastReason) log.warn('database not ready', { reason })
      lastReason = reason
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

/**
 * All due steps in one transaction under an advisory lock: replicas that start together wait for the first and then find
 * nothing to do. A pod that starts later pays one SELECT.
 */
async function migrate(config: DatabaseConfig, schema: string, steps: readonly MigrationStep[]): Promise<void> {
  const client = new pg.Client({
    connectionString: config.url,
    connectionTimeoutMillis: 1_500,
    options: `-c search_path=${schema}`,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    if ((await versionOf(client, schema)) >= steps.length) return
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`migrate ${schema}`])
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_version (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    )
    for (let version = await versionOf(client, schema); version < steps.length; version += 1) {
      await steps[version]?.(client)
      await client.query('INSERT INTO schema_version (version) VALUES ($1)', [version + 1])
    }
    await client.query('COMMIT')
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function versionOf(client: pg.Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>(
    "SELECT to_regclass($1 || '.schema_version') IS NOT NULL AS present",
    [schema],
  )
  if (rows[0]?.present !== true) return 0
  const versions = await client.query<{ version: number | null }>('SELECT max(version) AS version FROM schema_version')
  return versions.rows[0]?.version ?? 0
}

/** A migration step made of plain SQL. */
export const sqlStep =
  (sql: string): MigrationStep =>
  async (client) =>
    void (await client.query(sql))
