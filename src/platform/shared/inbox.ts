/**
 * Signed webhooks of providers into an inbox: each event counts once however often it is sent, and it is committed together
 * with its effect, before the provider hears 200.
 */
import { Counter } from 'prom-client'
import { platformMetrics } from '../../wire/metrics.ts'
import { parseJson } from './body.ts'
import type { Database, Query } from './database.ts'
import { eventsOf, type PlatformEvent } from './events.ts'
import { HttpProblem } from './problem.ts'
import type { Service } from './service.ts'
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

/** `apply` sees only events never taken before, inside the same transaction. */
type Apply = (query: Query, fresh: readonly PlatformEvent[]) => Promise<void>

export type Inbox = {
  /** Verifies and takes a batch. Throws 401 on a bad signature. */
  take(webhook: Webhook, apply: Apply): Promise<void>
}

/** With `signatures` off (a defect to show) anybody's word is taken. */
export function openInbox(service: Service, database: Database, signatures: boolean): Inbox {
  const webhooks = new Counter({
    name: platformMetrics.webhooks,
    help: 'Events that providers sent, accepted or known already, and calls that were rejected.',
    labelNames: ['sender', 'outcome'],
    registers: [service.metrics.registry],
  })
  return {
    take: async (webhook, apply) => {
      const { sender } = webhook
      if (signatures && !verifyBody(webhook.secrets, webhook.body, webhook.signature, Date.now())) {
        webhooks.inc({ sender, outcome: 'rejected' })
        throw new HttpProblem(401, { error: 'bad-signature' })
      }
      const events = eventsOf(parseJson(webhook.body))
      if (events.length === 0) return
      const fresh = await database.transaction((query) => takeFresh(query, sender, events, apply))
      webhooks.inc({ sender, outcome: 'accepted' }, fresh)
      webhooks.inc({ sender, outcome: 'duplicate' }, events.length - fresh)
    },
  }
}

/** How many were new. */
async function takeFresh(
  query: Query,
  sender: string,
  events: readonly PlatformEvent[],
  apply: Apply,
): Promise<number> {
  const ids = events.map(({ id }) => id)
  const taken = await query<{ event_id: string }>('take-events', TAKE, [sender, ids, events.map(({ key }) => key)])
  const fresh = new Set(taken.map(({ event_id }) => event_id))
  const applied = events.filter(({ id }) => fresh.has(id))
  if (applied.length > 0) await apply(query, applied)
  return fresh.size
}
