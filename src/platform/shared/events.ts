/**
 * At-least-once delivery of what a service has committed: events are written in the transaction of the fact they tell, then
 * sent in batches by the replica that holds the lease, and deleted once the receiver said 2xx. Receivers drop what they know.
 */
import { type Json, objectOf, textField } from './body.ts'
import type { Database } from './database.ts'
import { holdLease } from './lease.ts'
import type { Log } from './log.ts'
import { type Loop, repeat } from './loop.ts'

export const EVENT_TABLE = `
  CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text COLLATE "C" NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );`

/** An event as it travels. Its `id` says what it tells of, so that it is the same after a sender has lost its database. */
export type PlatformEvent = {
  readonly id: string
  readonly topic: string
  readonly key: string
  /** When the fact was committed, in epoch ms. */
  readonly at: number
  readonly payload: Json
}

type EventRow = { id: number; topic: string; key: string; at: number; payload: Json }

const BATCH = 200
const LEASE_MS = 4_000

const COLUMNS = `id, topic, key, floor(extract(epoch FROM created_at) * 1000)::float8 AS at, payload`
const ANY = 'SELECT 1 FROM events WHERE topic = $1 LIMIT 1'
const DUE = `SELECT ${COLUMNS} FROM events WHERE topic = $1 ORDER BY id LIMIT ${BATCH}`

export type Delivery = {
  readonly database: Database
  readonly log: Log
  readonly topic: string
  readonly holder: string
  readonly everyMs: number
  /** Which of the due events go now, and in which order; without it all of them, as they came. */
  choose?(events: readonly EventRow[]): readonly EventRow[]
  /** Sends a batch; true when the receiver has taken all of it. */
  send(body: string): Promise<boolean>
}

/** Delivers the events of one topic in order, as long as there are any, then waits for its next turn. */
export function deliver(delivery: Delivery): Loop {
  const { database, topic } = delivery
  return repeat(delivery.log, `delivery of ${topic}`, delivery.everyMs, async () => {
    if (database.readOnly()) return
    // A lease is a write, so it is taken only if an event is due. Otherwise the write-ahead log would grow although writes are frozen.
    if ((await database.query('any-event', ANY, [topic])).length === 0) return
    let rows: readonly EventRow[]
    do {
      if (!(await holdLease(database.query, `deliver ${topic}`, delivery.holder, LEASE_MS))) return
      rows = await database.query<EventRow>('due-events', DUE, [topic])
      const chosen = delivery.choose?.(rows) ?? rows
      if (chosen.length === 0) return
      if (!(await delivery.send(JSON.stringify({ events: chosen.map(travelling) })))) return
      await database.query('delete-events', 'DELETE FROM events WHERE id = ANY($1)', [chosen.map(({ id }) => id)])
    } while (rows.length === BATCH)
  })
}

const TAKE = `
  DELETE FROM events WHERE id IN (SELECT id FROM events WHERE topic = $1 ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
  RETURNING ${COLUMNS}`

/**
 * Seeded defect: every replica takes events out of the table into its memory and sends them at its next turn, so that a crash loses what it
 * holds. No lease is needed: no two replicas hold the same event.
 */
export function deliverFromMemory({ database, log, topic, everyMs, send }: Delivery): Loop {
  let held: readonly EventRow[] = []
  return repeat(log, `delivery of ${topic}`, everyMs, async () => {
    const events = [...held]
    if (events.length > 0 && (await send(JSON.stringify({ events: events.map(travelling) })))) held = []
    held = [...held, ...(await database.query<EventRow>('take-events', TAKE, [topic]))]
  })
}

const travelling = ({ topic, key, at, payload }: EventRow): PlatformEvent => ({
  id: `${topic}/${key}`,
  topic,
  key,
  at,
  payload,
})

/** Parses a batch at its receiver. */
export function eventsOf(body: Json): readonly PlatformEvent[] {
  const events = body.events
  if (!Array.isArray(events)) return []
  return events.map((event) => {
    const object = objectOf(event)
    return {
      id: textField(object, 'id'),
      topic: textField(object, 'topic'),
      key: textField(object, 'key'),
      at: typeof object.at === 'number' ? object.at : 0,
      payload: objectOf(object.payload ?? {}),
    }
  })
}
