/**
 * A payment service provider, simulated: it charges, voids, pays out and answers queries under the merchant's key, keeps its own books
 * in its own database, counts every call that reached it, and tells the merchant of each charge by signed webhook. It knows
 * nothing of rehearsals: what goes wrong with it goes wrong outside it.
 */
import { timingSafeEqual } from 'node:crypto'
import { Counter, Gauge } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { centsField, keyOf, objectOf, textField } from '../../shared/body.ts'
import { serveBooks } from '../../shared/books.ts'
import { type ConfigReader, configOrExit, readDatabaseConfig, readServerConfig } from '../../shared/config.ts'
import { openDatabase } from '../../shared/database.ts'
import { HttpProblem } from '../../shared/problem.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { type ChargeStatus, type Charges, createCharges } from './charges.ts'
import { createLine, type WaitingLine } from './line.ts'
import { createPayouts, type Payouts } from './payouts.ts'
import { pspBook, pspSteps } from './schema.ts'
import { readWebhookConfig, sendWebhooks } from './webhooks.ts'

const CHARGE_STATUS: Readonly<Record<ChargeStatus, number>> = { approved: 201, refused: 402, voided: 409 }

function shape(read: ConfigReader) {
  const config = {
    server: readServerConfig(read),
    database: readDatabaseConfig(read),
    psp: read.text('PSP_NAME'),
    apiKey: read.secrets('PSP_API_KEY'),
    webhooks: readWebhookConfig(read),
    latencyMinMs: read.integer('LATENCY_MIN_MS', { min: 0, max: 60_000, fallback: 80 }),
    latencyMaxMs: read.integer('LATENCY_MAX_MS', { min: 0, max: 60_000, fallback: 120 }),
    /** Charges at the same time; the others wait in line. 0: as many as come. */
    chargesAtOnce: read.integer('CHARGES_AT_ONCE', { min: 0, max: 1_000, fallback: 0 }),
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
  const database = openDatabase(config.database, config.psp.replaceAll('-', '_'), service)
  service.needs(database.notReady)
  service.onStop(database.stop)
  authorise(service, config.apiKey)
  const count = requestCounter(service, config.psp)
  const line = createLine(config.chargesAtOnce)
  gaugeLine(service, config.psp, line)
  serveCharges(service, config, createCharges(database.query), line, count)
  servePayouts(service, config, createPayouts(database.query), count)
  serveBooks(service, database, pspBook(config.psp))
  await service.listen()
  await database.prepare(pspSteps)
  sendWebhooks(service, database, config.psp, config.webhooks)
})

type Count = (operation: 'charge' | 'void' | 'query' | 'payout', outcome: string) => void

function requestCounter(service: Service, psp: string): Count {
  const requests = new Counter({
    name: platformMetrics.pspRequests,
    help: 'Calls that reached this provider, by its own count.',
    labelNames: ['psp', 'operation', 'outcome'],
    registers: [service.metrics.registry],
  })
  return (operation, outcome) => requests.inc({ psp, operation, outcome })
}

function authorise(service: Service, keys: readonly string[]): void {
  service.app.addHook('onRequest', async ({ routeOptions, headers }) => {
    const guarded = /^\/(charges|payouts)/.test(routeOptions.url ?? '')
    if (guarded && !authorised(keys, headers.authorization)) throw new HttpProblem(401, { error: 'unauthorised' })
  })
}

function gaugeLine(service: Service, psp: string, line: WaitingLine): void {
  new Gauge({
    name: platformMetrics.chargesInFlight,
    help: 'Charges that were received and are not answered, those included whose caller has given up.',
    labelNames: ['psp'],
    registers: [service.metrics.registry],
    collect() {
      this.set({ psp }, line.inFlight())
    },
  })
}

function serveCharges({ app }: Service, config: PspConfig, charges: Charges, line: WaitingLine, count: Count): void {
  const charge = async ({ key, amountCents }: Order): Promise<ChargeStatus> => {
    // The issuer has decided before the answer is on its way: a caller that gives up in between may well have been charged.
    const { status, amountCents: charged } = await charges.charge(
      key,
      amountCents,
      amountCents > config.limitCents ? 'refused' : 'approved',
    )
    if (status !== 'voided' && charged !== amountCents) throw new HttpProblem(422, { error: 'key-reused' })
    count('charge', status)
    await latency(config)
    return status
  }
  app.post('/charges', async (request, reply) => {
    const order = orderOf(request.body)
    const status = await line.through(() => charge(order))
    return reply.code(CHARGE_STATUS[status]).send({ status, key: order.key })
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

function servePayouts({ app }: Service, config: PspConfig, payouts: Payouts, count: Count): void {
  app.post('/payouts', async (request, reply) => {
    const { key, amountCents } = orderOf(request.body)
    // Booked before the answer is on its way, as with charges.
    if ((await payouts.pay(key, amountCents)) !== amountCents) throw new HttpProblem(422, { error: 'key-reused' })
    count('payout', 'paid')
    await latency(config)
    return reply.code(201).send({ status: 'paid', key })
  })
}

type Order = { readonly key: string; readonly amountCents: number }

function orderOf(content: unknown): Order {
  const body = objectOf(content)
  if (textField(body, 'currency', 3) !== 'EUR') throw new HttpProblem(422, { error: 'currency' })
  return { key: keyOf(body.key), amountCents: centsField(body, 'amountCents') }
}

const latency = ({ latencyMinMs, latencyMaxMs }: PspConfig): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, latencyMinMs + Math.random() * (latencyMaxMs - latencyMinMs)))

function authorised(keys: readonly string[], header: string | undefined): boolean {
  const given = Buffer.from(header?.replace(/^Bearer /, '') ?? '')
  return keys.some((key) => {
    const expected = Buffer.from(key)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}
