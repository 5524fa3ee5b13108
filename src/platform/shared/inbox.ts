/**
 * Signed webhooks of providers into an inbox: each event counts once however often it is sent, and it is committed together
 * with its effect, before the provider hears 200.
 */
import { parseJson } from './body.ts'
import type { Database, Query } from './database.ts'
import { eventsOf, type PlatformEvent } from './events.ts'
import { HttpProblem } from './problem.ts'
import { verifyBody } from './signature.ts'

export const INBOX_TABLE = `
  CREATE TABLE inbox (
    sender text NOT NULL, event_id text NOT NULL, key text COLLATE "C" NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender, event_id)
  );`

const TAKE = `
  INSERT INTO inbox (sender, event_id, key) SELECT $1, id, key FROM unnest($2::text[], $3::text[]) AS event (id, key)
  ON CONFLICT DO NOTHING RETURNING event_id`

export type Webhook = {
  readonly sender: string
  readonly secrets: readonly string[]
  readonly signature: string | undefined
  readonly body: Buffer
}

/** Verifies and takes a batch; `apply` sees only events never taken before, inside the same transaction. Throws 401 on a bad signature. */
export async function takeWebhook(
  database: Database,
  webhook: Webhook,
  apply: (query: Query, fresh: readonly PlatformEvent[]) => Promise<void>,
): Promise<void> {
  if (!verifyBody(webhook.secrets, webhook.body, webhook.signature, Date.now()))
    throw new HttpProblem(401, { error: 'bad-signature' })
  const events = eventsOf(parseJson(webhook.body))
  if (events.length === 0) return
  await database.transaction(async (query) => {
    const taken = await query<{ event_id: string }>('take-events', TAKE, [
      webhook.sender,
      events.map(({ id }) => id),
      events.map(({ key }) => key),
    ])
    const fresh = new Set(taken.map(({ event_id }) => event_id))
    if (fresh.size > 0)
      await apply(
        query,
        events.filter(({ id }) => fresh.has(id)),
      )
  })
}
