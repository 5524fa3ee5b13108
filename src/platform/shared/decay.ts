/** Seeded defects of a process that gets worse with each request: a leak, a slowdown, a crash. Probes and /metrics do not count. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { DecayConfig } from './config.ts'
import type { Log } from './log.ts'

export function decay(app: FastifyInstance, config: DecayConfig, uncounted: ReadonlySet<string>, log: Log): void {
  const { leakKibPerRequest, slowerMicrosPerRequest, crashEveryRequests } = config
  if (leakKibPerRequest + slowerMicrosPerRequest + crashEveryRequests === 0) return
  const kept: Buffer[] = []
  let requests = 0
  app.addHook('onRequest', async (request) => {
    if (uncounted.has(request.routeOptions.url ?? '')) return
    requests += 1
    // Filled, because memory that nobody wrote to is not resident.
    if (leakKibPerRequest > 0) kept.push(Buffer.alloc(leakKibPerRequest * 1024, 1))
    if (crashEveryRequests > 0 && requests % crashEveryRequests === 0) {
      log.error('crashed', { requests })
      process.exit(1)
    }
    if (slowerMicrosPerRequest > 0) await sleep((requests * slowerMicrosPerRequest) / 1000)
  })
}
