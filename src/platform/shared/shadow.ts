/**
 * Copies of requests. A gateway that gets copies marks what it passes on, and services that write answer marked requests without doing anything. The
 * mark of a client never gets past a gateway, which passes on named headers alone.
 */
import { Counter } from 'prom-client'
import { platformMetrics } from '../../wire/metrics.ts'
import type { Service } from './service.ts'

export const SHADOW_HEADER = 'x-shadow'
export const SHADOW_MARK = '1'

/** Answers 202 to each marked POST instead of performing it. Call it before routes are added. */
export function withholdCopies(service: Service): void {
  const withheld = new Counter({
    name: platformMetrics.shadowWithheld,
    help: 'Copies of requests that were answered and not performed.',
    labelNames: ['route'],
    registers: [service.metrics.registry],
  })
  service.app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST' || request.headers[SHADOW_HEADER] !== SHADOW_MARK) return
    withheld.inc({ route: request.routeOptions.url ?? 'none' })
    return reply.code(202).send({ status: 'shadow' })
  })
}
