/**
 * Keeps a service from flooding a database that fails over with connections. When a connection is lost for a reason that affects all of
 * them, the door closes: callers wait a moment or are refused, while one attempt at a time looks for the new primary (it resolves the
 * name again, and a read-only server does not count). Then the door opens, and older connections are dropped, so that they do not each
 * cost a caller its timeout. The pool's limit always holds; the attempt is one connection more.
 */

import pg from 'pg'
import { asError, messageOf } from '../../domain/unknown.ts'
import type { DatabaseConfig } from './config.ts'
import type { Log } from './log.ts'

export type Door = {
  /**
   * Works on a connection that was made since the database was last lost. `isRepeatable`: executing the work twice has the same effect as executing it once.
   * @throws Error when there is none in time
   */
  run<T>(work: (client: pg.ClientBase) => Promise<T>, isRepeatable?: boolean): Promise<T>
  /** Callers that have no connection yet. */
  waiting(): number
  stop(): void
}

// The longest connection attempt: the caller's own timeout is not much longer.
const WAIT_MS = 1_500
// The pause between attempts is half to one and a half of this. Without a primary an attempt is only a DNS lookup. With one, a
// fleet of 16 pods makes some 160 attempts a second, which a starting server refuses in a millisecond each.
const RETRY_MS = 100
// A primary that hands over is read-only for a tenth of a second. What stays so belongs to a region that does not write, and is good for reading.
const READ_ONLY_FOR_MS = 3_000

/** read_only_sql_transaction */
const READ_ONLY = '25006'

/** These errors concern the server or the connection, not the statement. */
const LOST: ReadonlySet<unknown> = new Set([
  '57P01', // admin_shutdown: fenced, or stopped
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting, or recovering
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ENOTFOUND', // nobody is the primary
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
])
// The messages of the driver and the pool for a connection that broke or was never made.
const LOST_WORDS = /^(Connection terminated|Client has encountered a connection error)/
const SLOW_WORDS = /^Query read timeout/

export function createDoor(pool: pg.Pool, { url, maxConnections }: DatabaseConfig, log: Log): Door {
  const bornIn = new WeakMap<pg.ClientBase, number>()
  const inUse = new Set<pg.PoolClient>()
  const waiting = new Set<() => void>()
  let inside = 0
  let generation = 0
  let away: string | undefined
  let looking = false
  let stopped = false

  pool.on('connect', (client) => {
    bornIn.set(client, generation)
    // While the client is in use no one else handles its errors; its statement fails with the same reason.
    client.on('error', () => undefined)
  })
  pool.on('acquire', (client) => void inUse.add(client))
  pool.on('release', (_, client) => void inUse.delete(client))
  pool.on('error', blame)

  /**
   * A statement that a read-only server refused, or that had no connection yet, was certainly not executed. Both are retried until there is a new
   * primary. A statement whose connection broke may have been executed, so it is retried only if that is harmless. A primary that hands over first
   * refuses writes, and closes its connections 100 ms later. That can break the connection of a retried statement.
   * After a refusal the door stays open: the server of a region that does not write goes on answering readers.
   */
  async function run<T>(work: (client: pg.PoolClient) => Promise<T>, isRepeatable = false): Promise<T> {
    const untilMs = performance.now() + WAIT_MS
    for (;;) {
      let isSent = false
      const sent = (client: pg.PoolClient) => {
        isSent = true
        return work(client)
      }
      try {
        return await attempt(sent, untilMs)
      } catch (thrown) {
        const isHarmless = codeOf(thrown) === READ_ONLY || (isLost(thrown) && (isRepeatable || !isSent))
        if (!isHarmless) throw thrown
        await pause()
        if (performance.now() >= untilMs) throw thrown
      }
    }
  }

  async function attempt<T>(work: (client: pg.PoolClient) => Promise<T>, untilMs: number): Promise<T> {
    await admitted(untilMs)
    try {
      const client = await current()
      return await using(client, work)
    } catch (thrown) {
      blame(thrown)
      throw thrown
    } finally {
      inside -= 1
      admit()
    }
  }

  /** Drops older connections. */
  async function current(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await pool.connect()
      if (bornIn.get(client) === generation) return client
      client.release(true)
    }
  }

  /** Callers queue here and not in the pool, where each would open a connection of its own when those that it waits for break. */
  function admitted(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(go)
        reject(new Error(away === undefined ? 'all connections are in use' : `no database: ${away}`))
      }
      const timer = setTimeout(giveUp, untilMs - performance.now())
      const go = () => {
        clearTimeout(timer)
        resolve()
      }
      waiting.add(go)
      admit()
    })
  }

  function admit(): void {
    for (const go of waiting) {
      if (away !== undefined || inside >= maxConnections) return
      waiting.delete(go)
      inside += 1
      go()
    }
  }

  /** Whether the database failed, or only the statement. */
  function blame(thrown: unknown): void {
    const reason = messageOf(thrown)
    if (isLost(thrown)) close(reason)
    // A read-only server answers.
    else if (codeOf(thrown) === READ_ONLY) return
    // One slow statement does not mean that the database is lost; another connection shows whether it is.
    else if (!SLOW_WORDS.test(reason)) return
    void look()
  }

  function close(reason: string): void {
    if (away === undefined) {
      generation += 1
      log.warn('database lost', { reason })
    }
    away = reason
  }

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    let readOnlySinceMs: number | undefined
    while (!stopped) {
      const found = await foundAt(url)
      if (found === 'primary') break
      if (found !== 'read-only') readOnlySinceMs = undefined
      else readOnlySinceMs ??= performance.now()
      if (readOnlySinceMs !== undefined && performance.now() - readOnlySinceMs > READ_ONLY_FOR_MS) break
      close(found === 'read-only' ? 'it is not the primary' : found.problem)
      await pause()
    }
    looking = false
    if (!stopped) open()
  }

  function open(): void {
    if (away === undefined) return
    away = undefined
    log.info('database found')
    // Their server is no longer the primary: their statements will not be answered.
    for (const client of inUse) if (bornIn.get(client) !== generation) end(client)
    admit()
  }

  return {
    run,
    waiting: () => waiting.size,
    stop: () => {
      stopped = true
    },
  }
}

/** With a statement under way this cuts the connection, and the statement fails at once. */
function end(client: pg.ClientBase): void {
  if (client instanceof pg.Client) void client.end().catch(() => undefined)
}

async function using<T>(client: pg.PoolClient, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let failure: Error | undefined
  try {
    return await work(client)
  } catch (thrown) {
    // The connection is closed, which rolls back its transaction, even if the connection itself failed.
    failure = asError(thrown)
    throw thrown
  } finally {
    client.release(failure)
  }
}

function isLost(thrown: unknown): boolean {
  return LOST.has(codeOf(thrown)) || LOST_WORDS.test(messageOf(thrown))
}

const codeOf = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())))

async function foundAt(url: string): Promise<'primary' | 'read-only' | { readonly problem: string }> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: WAIT_MS, query_timeout: WAIT_MS })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ primary: boolean }>(
      "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AS primary",
    )
    return rows[0]?.primary === true ? 'primary' : 'read-only'
  } catch (thrown) {
    return { problem: messageOf(thrown) }
  } finally {
    await client.end().catch(() => undefined)
  }
}
