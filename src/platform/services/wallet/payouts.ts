/**
 * Payouts in the wallet: a player's stake is reserved at once and the answer is 202; a payout-worker takes the rows, has a provider
 * pay, and says how it ended. The ledger stays the wallet's own: the worker has no access to the database.
 */
import { centsField, integerField, keyOf, objectOf, playerOf, textField, toggleField } from '../../shared/body.ts'
import type { Database } from '../../shared/database.ts'
import { badRequest } from '../../shared/problem.ts'
import type { Service } from '../../shared/service.ts'
import { traceparentOf } from '../../shared/trace.ts'
import type { Posting } from './ledger.ts'

const RESERVE = 'SELECT reserve_payout($1, $2, $3, $4, $5) AS posting'
const CLAIM = `
  UPDATE payouts SET owner = $1, psp = coalesce(psp, $2), tries = tries + 1, doubtful = doubtful OR in_flight, in_flight = true,
    due_at = now() + $4 * interval '1 millisecond'
  WHERE key IN (SELECT key FROM payouts WHERE state = 'pending' AND due_at <= now() ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
  RETURNING key, amount_cents AS "amountCents", psp, tries, doubtful, trace`
const CLOSE = 'SELECT close_payout($1, $2, $3) AS closed'
/** Another provider may be tried only while no provider can have paid. */
const RELEASE = `
  UPDATE payouts SET in_flight = false, doubtful = doubtful OR $3, psp = CASE WHEN doubtful OR $3 THEN psp ELSE $4 END,
    due_at = now() + $5 * interval '1 millisecond'
  WHERE key = $1 AND owner = $2 AND state = 'pending'`

const MAX_CLAIM = 100
const MAX_WAIT_MS = 600_000

/** 202: reserved, and will be paid; the same key again is answered the same way. */
const STATUS: Readonly<Record<Posting, number>> = {
  posted: 202,
  repeated: 202,
  insufficient: 402,
  'no-player': 404,
  reversed: 409,
  conflict: 422,
}

/** With `outbox` off (a seeded defect) the amount is reserved, but no event is sent. */
export function servePayouts(service: Service, database: Pick<Database, 'query' | 'readOnly'>, outbox: boolean): void {
  const { query } = database
  service.app.post('/payouts', async (request, reply) => {
    const body = objectOf(request.body)
    if (body.currency !== 'EUR') throw badRequest('currency must be EUR')
    const key = keyOf(request.headers['idempotency-key'])
    const player = playerOf(request.headers['x-player'])
    const trace = traceparentOf(request.headers.traceparent)
    const [row] = await query<{ posting: Posting }>('reserve-payout', RESERVE, [
      key,
      player,
      centsField(body, 'amountCents'),
      trace,
      outbox,
    ])
    const posting = row?.posting ?? 'conflict'
    return reply.code(STATUS[posting]).send({ status: STATUS[posting] === 202 ? 'accepted' : posting, key })
  })
  serveWorkers(service, database)
}

function serveWorkers({ app }: Service, { query, readOnly }: Pick<Database, 'query' | 'readOnly'>): void {
  app.post('/payouts/claim', async (request) => {
    const body = objectOf(request.body)
    const limit = integerField(body, 'limit', 1, MAX_CLAIM)
    const leaseMs = integerField(body, 'leaseMs', 1, MAX_WAIT_MS)
    const values = [textField(body, 'owner'), textField(body, 'prefer', 64), limit, leaseMs]
    // The other region pays.
    if (readOnly()) return { payouts: [] }
    return { payouts: await query('claim-payouts', CLAIM, values) }
  })
  app.post('/payouts/close', async (request) => {
    const body = objectOf(request.body)
    const values = [keyOf(body.key), textField(body, 'owner'), toggleField(body, 'paid')]
    const [row] = await query<{ closed: boolean }>('close-payout', CLOSE, values)
    return { closed: row?.closed === true }
  })
  app.post('/payouts/release', async (request) => {
    const body = objectOf(request.body)
    const waitMs = integerField(body, 'waitMs', 0, MAX_WAIT_MS)
    const values = [
      keyOf(body.key),
      textField(body, 'owner'),
      toggleField(body, 'doubtful'),
      textField(body, 'psp', 64),
    ]
    await query('release-payout', RELEASE, [...values, waitMs])
    return { released: true }
  })
}
