/**
 * How this provider tells the merchant of charges: at least once, and as providers do: now and then twice, late, or out of order. The
 * chances are small and seeded, so that a rehearsal meets the same provider again.
 */
import { randomUUID } from 'node:crypto'
import { createRandom, type Random } from '../../../domain/random.ts'
import type { ConfigReader } from '../../shared/config.ts'
import type { Database } from '../../shared/database.ts'
import { deliver } from '../../shared/events.ts'
import type { Service } from '../../shared/service.ts'
import { SIGNATURE_HEADER, signBody } from '../../shared/signature.ts'
import { createUpstream } from '../../shared/upstream.ts'
import { CHARGE_TOPIC } from './charges.ts'

export type WebhookConfig = ReturnType<typeof readWebhookConfig>

const TIMEOUT_MS = 2_000
/** A second copy comes when the first is long taken. */
const AGAIN_MS = 1_500

export function readWebhookConfig(read: ConfigReader) {
  const percent = (name: string, fallback: number): number => read.integer(name, { min: 0, max: 100, fallback })
  return {
    secret: read.secrets('WEBHOOK_SECRET')[0],
    url: read.url('WEBHOOK_URL', 'http://gateway.casino:8080'),
    everyMs: read.integer('WEBHOOK_EVERY_MS', { min: 10, max: 60_000, fallback: 1_000 }),
    seed: read.integer('WEBHOOK_SEED', { min: 0, max: 4_294_967_295, fallback: 1 }),
    /** Of batches that are sent a second time. */
    twicePercent: percent('WEBHOOK_TWICE_PERCENT', 5),
    /** Of events that stay behind for a turn, again at each turn. */
    latePercent: percent('WEBHOOK_LATE_PERCENT', 5),
    /** Of batches that are sent in any order. */
    shuffledPercent: percent('WEBHOOK_SHUFFLED_PERCENT', 20),
  }
}

export function sendWebhooks(service: Service, database: Database, psp: string, config: WebhookConfig): void {
  const merchant = createUpstream({ url: config.url, connections: 2, maxInFlight: 4 })
  const dice = createRandom(config.seed)
  const happens = (percent: number): boolean => dice.below(100) < percent
  const again = new Set<NodeJS.Timeout>()

  async function post(body: string): Promise<boolean> {
    const headers = { [SIGNATURE_HEADER]: signBody(config.secret, body, Date.now()) }
    const path = `/webhooks/psp/${psp}`
    const result = await merchant.call({ method: 'POST', path, body, headers, timeoutMs: TIMEOUT_MS, idempotent: true })
    return result.kind === 'answer' && result.status < 300
  }
  function postAgain(body: string): void {
    const timer = setTimeout(() => {
      again.delete(timer)
      void post(body)
    }, AGAIN_MS)
    again.add(timer)
  }

  const webhooks = deliver({
    database,
    log: service.log,
    topic: CHARGE_TOPIC,
    holder: randomUUID(),
    everyMs: config.everyMs,
    choose: (events) => {
      const now = events.filter(() => !happens(config.latePercent))
      return happens(config.shuffledPercent) ? shuffled(now, dice) : now
    },
    send: async (body) => {
      const taken = await post(body)
      if (taken && happens(config.twicePercent)) postAgain(body)
      return taken
    },
  })
  service.onStop(async () => {
    for (const timer of again) clearTimeout(timer)
    await webhooks.stop()
    await merchant.stop()
  })
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], dice: Random): readonly T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = dice.below(last + 1)
    const [a, b] = [result[last], result[other]]
    if (a !== undefined && b !== undefined) [result[last], result[other]] = [b, a]
  }
  return result
}
