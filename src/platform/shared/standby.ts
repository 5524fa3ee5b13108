/**
 * A service of a region that does not write: its database is a standby, or fenced. It answers readers, and refuses at once what its database would refuse.
 * Its background work waits.
 */
import type { Database } from './database.ts'
import type { Service } from './service.ts'

/** For `Retry-After`: a move to another region takes half a minute. */
export const RETRY_AFTER_S = 5

/** These read, although they are POSTs; or try to write, and say how it ended. */
const ALLOWED = new Set([
  '/books/keys',
  '/books/cut',
  '/books/deliveries',
  '/trial-write',
  '/warm-up',
  '/payouts/claim',
])

/** Answers each POST with 503 while the database is read-only. Call it before routes are added. */
export function refuseWrites({ app }: Service, database: Pick<Database, 'readOnly'>): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST' || !database.readOnly() || ALLOWED.has(request.routeOptions.url ?? '')) return
    return reply.code(503).header('retry-after', RETRY_AFTER_S).send({ error: 'read-only' })
  })
}

/** `POST /trial-write`: 200 if a client could write now, 503 if not. It changes nothing, and asks the database itself. */
export function serveTrialWrite({ app }: Service, database: Pick<Database, 'query'>, table: string): void {
  const sql = `DELETE FROM ${table} WHERE false`
  app.post('/trial-write', async (_request, reply) => {
    const writes = await database.query('trial-write', sql).then(
      () => true,
      () => false,
    )
    return reply.code(writes ? 200 : 503).send({ writes })
  })
}
