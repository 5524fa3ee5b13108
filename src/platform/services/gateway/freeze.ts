/**
 * The freeze of the writes, for a move to another region: players' deposits, bets and payouts and providers' webhooks are answered with 503 and
 * Retry-After. And what such a move asks a region: whether it takes writes, and whether it is warm. The public route does not lead to these.
 */
import type { FastifyReply } from 'fastify'
import type { Service } from '../../shared/service.ts'
import { RETRY_AFTER_S } from '../../shared/standby.ts'
import type { CallResult, Upstream } from '../../shared/upstream.ts'

const TIMEOUT_MS = 2_500

export type Freeze = {
  /** Whether this write is refused. */
  refuses(): boolean
}

/** Seeded defect, off at 0: every n-th write gets through the freeze. */
export function createFreeze(writes: () => boolean, leaksEvery: number): Freeze {
  let refused = 0
  return {
    refuses: () => {
      if (writes()) return false
      refused += 1
      return leaksEvery === 0 || refused % leaksEvery !== 0
    },
  }
}

export const answerFrozen = (reply: FastifyReply): FastifyReply =>
  reply.code(503).header('retry-after', RETRY_AFTER_S).send({ error: 'frozen' })

export function serveRegion({ app }: Service, writes: () => boolean, wallet: Upstream): void {
  const call = (method: 'GET' | 'POST', path: string) =>
    ({ method, path, ...(method === 'POST' ? { body: '{}' } : {}), timeoutMs: TIMEOUT_MS, idempotent: true }) as const
  const answer = (reply: FastifyReply, is: boolean) => reply.code(is ? 200 : 503).send({ is })
  app.post('/trial-write', async (_request, reply) =>
    answer(reply, writes() && isGood(await wallet.call(call('POST', '/trial-write')))),
  )
  app.post('/warm-up', async (_request, reply) =>
    answer(reply, allGood(await wallet.broadcast(call('POST', '/warm-up')))),
  )
  app.get('/warm', async (_request, reply) => answer(reply, allGood(await wallet.broadcast(call('GET', '/warm')))))
}

const isGood = (result: CallResult): boolean => result.kind === 'answer' && result.status < 300
const allGood = (results: readonly CallResult[]): boolean => results.length > 0 && results.every(isGood)
