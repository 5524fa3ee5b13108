/** One connection to the PostgreSQL beside the keeper, made anew when it breaks: how it is, and the promotion. */
import pg from 'pg'
import type { Follower } from '../../shared/role-record.ts'

export type ServerState = {
  readonly standby: boolean
  /** Of a standby: whether the leader's log is arriving. */
  readonly receiving: boolean
  readonly timeline: number
  readonly writtenLsn: number
  readonly replayedLsn: number
  readonly connections: number
  /** Seconds that a statement waited for the lock of a table, at most, in the last two seconds. */
  readonly lockWaitS: number
  readonly followers: readonly Follower[]
}

export type Asking = {
  /** undefined when it does not answer. */
  state(): Promise<ServerState | undefined>
  promote(): Promise<void>
  /** What is written now need not be written when the server stops. */
  checkpoint(): Promise<void>
  close(): Promise<void>
}

// A keeper asks twice a second; an answer takes a millisecond.
const ANSWER_MS = 1_000
const PROMOTE_SECONDS = 10
// Of the 30 s that a pod has to end (main.ts); what it has not written by then is left to the stop.
const CHECKPOINT_MS = 5_000
const OWN_NAME = 'keeper'
/** Longer than the time between two scrapes, so that none misses a wait. */
const WAITS_FOR_MS = 2_000

// pg_walfile_name begins with the timeline, in hexadecimal; it can't be asked in recovery, where the receiver knows.
const STATE = `
  SELECT pg_is_in_recovery() AS standby,
    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS receiving,
    CASE WHEN pg_is_in_recovery()
      THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
    (CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
      ELSE pg_current_wal_insert_lsn() END - '0/0')::float8 AS written,
    (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END - '0/0')::float8 AS replayed,
    (SELECT count(*)::int FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND application_name <> '${OWN_NAME}') AS connections,
    (SELECT coalesce(extract(epoch FROM max(clock_timestamp() - waitstart)), 0)::float8 FROM pg_locks
      WHERE NOT granted AND locktype = 'relation') AS "lockWait",
    (SELECT coalesce(json_agg(json_build_object('pod', application_name,
        'flushedLsn', (write_lsn - '0/0')::float8,
        'silentMs', extract(epoch FROM clock_timestamp() - reply_time) * 1000)), '[]')
      FROM pg_stat_replication WHERE state = 'streaming' AND write_lsn IS NOT NULL) AS followers`

type Row = {
  standby: boolean
  receiving: boolean
  timeline: number
  written: number
  replayed: number
  connections: number
  lockWait: number
  followers: Follower[]
}

export function askServer(url: string): Asking {
  let client: pg.Client | undefined
  let waits: readonly { readonly atMs: number; readonly seconds: number }[] = []

  async function connected(): Promise<pg.Client> {
    if (client !== undefined) return client
    const opened = clientOf(url, ANSWER_MS)
    opened.on('end', () => forget(opened))
    await opened.connect()
    client = opened
    return opened
  }

  function forget(gone: pg.Client): void {
    if (client === gone) client = undefined
  }

  async function askState(): Promise<Row | undefined> {
    const asked = await connected()
    try {
      return (await asked.query<Row>(STATE)).rows[0]
    } catch (thrown) {
      // Whatever the reason: the next question goes over a new connection.
      forget(asked)
      void asked.end().catch(() => undefined)
      throw thrown
    }
  }

  /** What takes its time has a connection of its own: how the server is can be asked meanwhile. */
  async function ask(withinMs: number, sql: string): Promise<void> {
    const asked = clientOf(url, withinMs)
    await asked.connect()
    try {
      await asked.query(sql)
    } finally {
      await asked.end()
    }
  }

  return {
    state: async () => {
      const row = await askState().catch(() => undefined)
      if (row === undefined) return undefined
      const atMs = performance.now()
      waits = [...waits.filter((each) => atMs - each.atMs < WAITS_FOR_MS), { atMs, seconds: row.lockWait }]
      const { standby, receiving, timeline, connections, followers } = row
      return {
        standby,
        receiving,
        timeline,
        connections,
        lockWaitS: Math.max(...waits.map(({ seconds }) => seconds)),
        followers,
        writtenLsn: row.written,
        replayedLsn: row.replayed,
      }
    },
    promote: () => ask(PROMOTE_SECONDS * 1_000, `SELECT pg_promote(true, ${PROMOTE_SECONDS})`),
    checkpoint: () => ask(CHECKPOINT_MS, 'CHECKPOINT'),
    close: async () => void (await client?.end().catch(() => undefined)),
  }
}

function clientOf(url: string, withinMs: number): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: withinMs,
    application_name: OWN_NAME,
  })
  // The question that was under way fails by itself.
  client.on('error', () => undefined)
  return client
}
