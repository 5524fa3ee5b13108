/**
 * A game provider, simulated: it opens a round for each bet, settles it some seconds later and tells the operator by signed
 * webhook. Like the PSPs it keeps its own books in its own database and knows nothing of rehearsals.
 */
import { randomUUID } from 'node:crypto'
import { centsField, keyOf, numberField, objectOf } from '../../shared/body.ts'
import { serveBooks } from '../../shared/books.ts'
import { type ConfigReader, configOrExit, readDatabaseConfig, readServerConfig } from '../../shared/config.ts'
import { type Database, openDatabase } from '../../shared/database.ts'
import { deliver } from '../../shared/events.ts'
import { repeat } from '../../shared/loop.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { SIGNATURE_HEADER, signBody } from '../../shared/signature.ts'
import { createUpstream } from '../../shared/upstream.ts'
import { createRounds, type Rounds } from './rounds.ts'
import { providerBook, providerSteps, ROUND_TOPIC } from './schema.ts'

const WEBHOOK_TIMEOUT_MS = 2_000
const SETTLE_EVERY_MS = 500

function shape(read: ConfigReader) {
  const config = {
    server: readServerConfig(read),
    database: readDatabaseConfig(read),
    webhookSecret: read.secrets('WEBHOOK_SECRET'),
    webhookUrl: read.url('WEBHOOK_URL', 'http://gateway.casino:8080'),
    webhookEveryMs: read.integer('WEBHOOK_EVERY_MS', { min: 10, max: 60_000, fallback: 1_000 }),
    settleMinMs: read.integer('SETTLE_MIN_MS', { min: 100, max: 600_000, fallback: 2_000 }),
    settleMaxMs: read.integer('SETTLE_MAX_MS', { min: 100, max: 600_000, fallback: 5_000 }),
  }
  if (config.settleMinMs > config.settleMaxMs) read.problem('SETTLE_MIN_MS must not exceed SETTLE_MAX_MS')
  return config
}

type ProviderConfig = ReturnType<typeof shape>

run('game-provider', async () => {
  const config = configOrExit('game-provider', shape)
  const service = createService('game-provider', config.server)
  const database = openDatabase(config.database, 'game_provider', service)
  service.needs(database.notReady)
  service.onStop(database.stop)
  const rounds = createRounds(database.query)
  serveRounds(service, config, rounds)
  serveBooks(service, database, providerBook)
  await service.listen()
  await database.prepare(providerSteps)
  const settling = repeat(service.log, 'settle', SETTLE_EVERY_MS, rounds.settleDue)
  service.onStop(settling.stop)
  sendWebhooks(service, config, database)
})

function serveRounds(service: Service, config: ProviderConfig, rounds: Rounds): void {
  service.app.post('/rounds', async (request, reply) => {
    const body = objectOf(request.body)
    const settleInMs = config.settleMinMs + Math.random() * (config.settleMaxMs - config.settleMinMs)
    const status = await rounds.open(
      keyOf(body.key),
      centsField(body, 'stakeCents'),
      numberField(body, 'odds', 1.01, 1_000),
      settleInMs,
    )
    return reply.code(status === 'cancelled' ? 409 : 201).send({ status })
  })
  service.app.post<{ Params: { key: string } }>('/rounds/:key/cancel', async (request) => {
    await rounds.cancel(keyOf(request.params.key))
    return { status: 'cancelled' }
  })
}

function sendWebhooks(service: Service, config: ProviderConfig, database: Database): void {
  const operator = createUpstream({ url: config.webhookUrl, connections: 2, maxInFlight: 4 })
  const webhooks = deliver({
    database,
    log: service.log,
    topic: ROUND_TOPIC,
    holder: randomUUID(),
    everyMs: config.webhookEveryMs,
    send: async (body) => {
      const headers = { [SIGNATURE_HEADER]: signBody(config.webhookSecret[0], body, Date.now()) }
      const result = await operator.call({
        method: 'POST',
        path: '/webhooks/game',
        body,
        headers,
        timeoutMs: WEBHOOK_TIMEOUT_MS,
        idempotent: true,
      })
      return result.kind === 'answer' && result.status < 300
    },
  })
  service.onStop(async () => {
    await webhooks.stop()
    await operator.stop()
  })
}
