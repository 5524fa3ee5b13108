/** Passes a request on as it is: same bytes, same key, same trace; only who the player is comes from the verified token. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../../shared/log.ts'
import { SIGNATURE_HEADER } from '../../shared/signature.ts'
import { traceIdOf, traceparentOf } from '../../shared/trace.ts'
import { failureOf, type Upstream } from '../../shared/upstream.ts'
import type { Marking } from './copies.ts'
import type { Altering } from './wrong-amounts.ts'

export type ForwardTarget = {
  readonly upstream: Upstream
  readonly path: string
  readonly timeoutMs: number
  readonly marking?: Marking
  readonly altering?: Altering
}

const unmarked: Marking = (headers) => headers
const unaltered: Altering = (body) => body

const PASSED_ON = ['idempotency-key', SIGNATURE_HEADER] as const

export async function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  target: ForwardTarget,
  player: string | undefined,
  log: Log,
): Promise<FastifyReply> {
  const traceparent = traceparentOf(request.headers.traceparent)
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  // What travels here carries an idempotency key or is dropped by an inbox when it comes twice: where the first pod falls silent another is
  // asked, and finds the answer of the first, or waits for it. A slow one is waited for: a deposit in a failover is not asked twice.
  const call = {
    method: 'POST',
    path: target.path,
    body: (target.altering ?? unaltered)(body),
    headers: (target.marking ?? unmarked)(headersOf(request, traceparent, player)),
    timeoutMs: target.timeoutMs,
    idempotent: true,
  } as const
  const result = await target.upstream.call(call)
  if (result.kind === 'answer')
    return reply.code(result.status).header('content-type', 'application/json').send(result.body)
  log.warn('upstream failed', { path: target.path, reason: failureOf(result), trace: traceIdOf(traceparent) })
  const status = result.kind === 'unsent' ? 503 : 504
  return reply.code(status).send({ status: status === 503 ? 'unavailable' : 'unknown' })
}

function headersOf(request: FastifyRequest, traceparent: string, player: string | undefined): Record<string, string> {
  const headers: Record<string, string> = player === undefined ? { traceparent } : { traceparent, 'x-player': player }
  for (const name of PASSED_ON) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  return headers
}
