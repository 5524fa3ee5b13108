/** Seeded defects: a leak, a slowdown or a crash with each request, and a release that fails or is slow. Probes and /metrics do not count. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { DecayConfig } from './config.ts'
import type { Log } from './log.ts'
import { HttpProblem } from './problem.ts'

export function decay(app: FastifyInstance, config: DecayConfig, uncounted: ReadonlySet<string>, log: Log): void {
  if (Object.values(config).every((each) => each === 0)) return
  const { leakKibPerRequest, slowerMicrosPerRequest, crashEveryRequests, failEveryRequests, delayMs } = config
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
    const waitMs = delayMs + (requests * slowerMicrosPerRequest) / 1000
    if (failEveryRequests > 0 && requests % failEveryRequests === 0) throw new HttpProblem(500, { error: 'internal' })
    if (waitMs > 0) await sleep(waitMs)
  })
}
