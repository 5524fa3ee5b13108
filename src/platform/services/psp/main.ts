/**
 * A payment service provider, simulated: it charges, voids and answers queries under the merchant's key, keeps its own books
 * in its own database, counts every call that reached it, and tells the merchant of each charge by signed webhook. It knows
 * nothing of rehearsals: what goes wrong with it goes wrong outside it.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { Counter } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { centsField, keyOf, objectOf, textField } from '../../shared/body.ts'
import { serveBooks } from '../../shared/books.ts'
import { type ConfigReader, configOrExit, readDatabaseConfig, readServerConfig } from '../../shared/config.ts'
import { openDatabase } from '../../shared/database.ts'
import { deliver } from '../../shared/events.ts'
import { HttpProblem } from '../../shared/problem.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { SIGNATURE_HEADER, signBody } from '../../shared/signature.ts'
import { createUpstream } from '../../shared/upstream.ts'
import { CHARGE_TOPIC, type ChargeStatus, type Charges, chargesOn } from './charges.ts'
import { pspBook, pspSteps } from './schema.ts'

const WEBHOOK_TIMEOUT_MS = 2_000
const CHARGE_STATUS: Readonly<Record<ChargeStatus, number>> = { approved: 201, refused: 402, voided: 409 }

function shape(read: ConfigReader) {
  const config = {
    server: readServerConfig(read),
    database: readDatabaseConfig(read),
    psp: read.text('PSP_NAME'),
    apiKey: read.secrets('PSP_API_KEY'),
    webhookSecret: read.secrets('WEBHOOK_SECRET'),
    webhookUrl: read.url('WEBHOOK_URL', 'http://gateway.casino:8080'),
    webhookEveryMs: read.integer('WEBHOOK_EVERY_MS', { min: 10, max: 60_000, fallback: 1_000 }),
    latencyMinMs: read.integer('LATENCY_MIN_MS', { min: 0, max: 60_000, fallback: 80 }),
    latencyMaxMs: read.integer('LATENCY_MAX_MS', { min: 0, max: 60_000, fallback: 120 }),
    /** The issuer refuses what is above a card's limit: a refusal that has nothing to do with faults. */
    limitCents: read.integer('CARD_LIMIT_CENTS', { min: 1, max: 1_000_000_000, fallback: 5_000_00 }),
  }
  if (config.latencyMinMs > config.latencyMaxMs) read.problem('LATENCY_MIN_MS must not exceed LATENCY_MAX_MS')
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(config.psp)) read.problem('PSP_NAME must be a short lower-case name')
  return config
}

type PspConfig = ReturnType<typeof shape>

run('psp', async () => {
  const config = configOrExit('psp', shape)
  const service = createService(config.psp, config.server)
  const database = openDatabase(config.database, config.psp.replaceAll('-', '_'), service.log)
  service.needs(database.notReady)
  service.onStop(database.stop)
  serveCharges(service, config, chargesOn(database.query))
  serveBooks(service, database, pspBook(config.psp))
  await service.listen()
  await database.prepare(pspSteps)

  const merchant = createUpstream({ url: config.webhookUrl, connections: 2, maxInFlight: 4 })
  const webhooks = deliver({
    database,
    log: service.log,
    topic: CHARGE_TOPIC,
    holder: randomUUID(),
    everyMs: config.webhookEveryMs,
    send: async (body) => {
      const headers = { [SIGNATURE_HEADER]: signBody(config.webhookSecret[0], body, Date.now()) }
      const path = `/webhooks/psp/${config.psp}`
      const result = await merchant.call({
        method: 'POST',
        path,
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
    await merchant.stop()
  })
})

function serveCharges(service: Service, config: PspConfig, charges: Charges): void {
  const requests = new Counter({
    name: platformMetrics.pspRequests,
    help: 'Calls that reached this provider, by its own count.',
    labelNames: ['psp', 'operation', 'outcome'],
    registers: [service.metrics.registry],
  })
  const count = (operation: 'charge' | 'void' | 'query', outcome: string): void =>
    requests.inc({ psp: config.psp, operation, outcome })
  const { app } = service

  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url?.startsWith('/charges') && !authorised(config.apiKey, request.headers.authorization)) {
      throw new HttpProblem(401, { error: 'unauthorised' })
    }
  })
  app.post('/charges', async (request, reply) => {
    const body = objectOf(request.body)
    const key = keyOf(body.key)
    const amountCents = centsField(body, 'amountCents')
    if (textField(body, 'currency', 3) !== 'EUR') throw new HttpProblem(422, { error: 'currency' })
    // The issuer has decided before the answer is on its way: a caller that gives up in between may well have been charged.
    const { status, amountCents: charged } = await charges.charge(
      key,
      amountCents,
      amountCents > config.limitCents ? 'refused' : 'approved',
    )
    if (status !== 'voided' && charged !== amountCents) throw new HttpProblem(422, { error: 'key-reused' })
    count('charge', status)
    await new Promise((resolve) => setTimeout(resolve, latencyMs(config)))
    return reply.code(CHARGE_STATUS[status]).send({ status, key })
  })
  app.get<{ Params: { key: string } }>('/charges/:key', async (request) => {
    const charge = await charges.find(keyOf(request.params.key))
    count('query', charge?.status ?? 'none')
    return charge ?? { status: 'none' }
  })
  app.post<{ Params: { key: string } }>('/charges/:key/void', async (request) => {
    const status = await charges.voidCharge(keyOf(request.params.key))
    count('void', status)
    return { status }
  })
}

const latencyMs = ({ latencyMinMs, latencyMaxMs }: PspConfig): number =>
  latencyMinMs + Math.random() * (latencyMaxMs - latencyMinMs)

function authorised(keys: readonly string[], header: string | undefined): boolean {
  const given = Buffer.from(header?.replace(/^Bearer /, '') ?? '')
  return keys.some((key) => {
    const expected = Buffer.from(key)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}
