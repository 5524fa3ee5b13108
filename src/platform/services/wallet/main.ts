/**
 * The wallet: who owns how much. Every movement of money is a transfer in its double-entry ledger; what others must hear of
 * (a deposit credited, a bet settled) leaves by the outbox, written in the same transaction.
 */
import { randomUUID } from 'node:crypto'
import { platformMetrics } from '../../../wire/metrics.ts'
import { serveBooks } from '../../shared/books.ts'
import { type ConfigReader, configOrExit, readDatabaseConfig, readServerConfig } from '../../shared/config.ts'
import { type Database, openDatabase } from '../../shared/database.ts'
import { deliver, deliverFromMemory } from '../../shared/events.ts'
import { logOf } from '../../shared/log.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { withholdCopies } from '../../shared/shadow.ts'
import { refuseWrites, serveTrialWrite } from '../../shared/standby.ts'
import { gaugeTable } from '../../shared/table-gauge.ts'
import { type CallResult, createUpstream, failureOf } from '../../shared/upstream.ts'
import { createLedger, topics, walletBook } from './ledger.ts'
import { servePayouts } from './payouts.ts'
import { serveLedger } from './routes.ts'
import { walletSteps } from './schema.ts'
import { changeSchema } from './schema-change.ts'
import { createWarmth, serveWarmth } from './warmth.ts'

const DELIVERY_TIMEOUT_MS = 2_000

/** An avalanche takes seconds, and the view costs more than a count. */
const BACKENDS_EVERY_MS = 3_000
const BACKENDS = `
  SELECT count(*) AS ${platformMetrics.backends}, current_setting('max_connections')::int AS ${platformMetrics.backendsMax}
  FROM pg_stat_activity WHERE backend_type = 'client backend'`

const shape = (read: ConfigReader) => ({
  server: readServerConfig(read),
  database: readDatabaseConfig(read),
  paymentsUrl: read.url('PAYMENTS_URL', 'http://payments-api:8080'),
  realtimeUrl: read.url('REALTIME_URL', 'http://realtime-pods:8080'),
  idempotency: read.toggle('IDEMPOTENCY', true),
  /** Seeded defect, off at 0: a key is forgotten after this time. */
  keysForgottenAfterMs: read.integer('KEYS_FORGOTTEN_AFTER_MS', { min: 0, max: 600_000, fallback: 0 }),
  outbox: read.toggle('OUTBOX', true),
  /** Seeded defect when on: events are deleted when they are read, so a crash loses those that were not sent. */
  outboxForgets: read.toggle('OUTBOX_FORGETS', false),
  /** How long the first reading of a page takes in a wallet that is not warm. */
  coldReadMs: read.integer('COLD_READ_MS', { min: 0, max: 10_000, fallback: 0 }),
  /** Seeded defect when off: a warm-up is taken for done, and nothing is read. */
  warmUp: read.toggle('WARM_UP', true),
  /** It changes the schema and ends, as the Job of a release. */
  changesSchema: read.toggle('SCHEMA_CHANGE', false),
  schemaChangeRequired: read.toggle('SCHEMA_CHANGE_REQUIRED', false),
  schemaChangeHoldsMs: read.integer('SCHEMA_CHANGE_HOLDS_MS', { min: 0, max: 60_000, fallback: 0 }),
  outboxEveryMs: read.integer('OUTBOX_EVERY_MS', { min: 10, max: 60_000, fallback: 500 }),
  seed: {
    players: read.integer('SEED_PLAYERS', { min: 1, max: 1_000_000, fallback: 20_000 }),
    openingCents: read.integer('SEED_OPENING_CENTS', { min: 1, max: 100_000_000, fallback: 10_000_00 }),
    password: read.text('SEED_PASSWORD', 'matchday'),
    hashCost: powerOfTwo(read),
  },
})

function powerOfTwo(read: ConfigReader): number {
  const cost = read.integer('LOGIN_HASH_COST', { min: 2, max: 65_536, fallback: 16_384 })
  if ((cost & (cost - 1)) !== 0) read.problem(`LOGIN_HASH_COST must be a power of two, got ${cost}`)
  return cost
}

run('wallet', async () => {
  const config = configOrExit('wallet', shape)
  if (config.changesSchema)
    return changeSchema({
      url: config.database.url,
      holdsMs: config.schemaChangeHoldsMs,
      isRequired: config.schemaChangeRequired,
      log: logOf('wallet-schema'),
    })
  const service = createService('wallet', config.server)
  withholdCopies(service)
  const database = openDatabase(config.database, 'wallet', service)
  refuseWrites(service, database)
  service.needs(database.notReady)
  service.onStop(database.stop)
  const warmth = createWarmth(database, config.coldReadMs)
  serveLedger(service, createLedger(database.repeatable, config), warmth)
  servePayouts(service, database, config.outbox)
  serveBooks(service, database, walletBook)
  serveWarmth(service, config.warmUp ? warmth : { ...warmth, warmUp: async () => undefined, isWarm: () => true })
  serveTrialWrite(service, database, 'transfers')
  serveWrites(service, database)
  await service.listen()
  await database.prepare(walletSteps(config.seed))
  if (!database.readOnly()) await warmth.warmUp()
  gaugeTable(service, database, {
    sql: `SELECT (SELECT count(*) FROM events) AS ${platformMetrics.outboxLag},
      (SELECT count(*) FROM payouts WHERE state = 'pending') AS ${platformMetrics.payoutsPending}`,
    help: {
      [platformMetrics.outboxLag]: 'Rows in the outbox not yet delivered; every replica shows the whole outbox.',
      [platformMetrics.payoutsPending]:
        'Payouts reserved and not yet paid or given back; every replica shows all of them.',
    },
  })
  gaugeTable(service, database, {
    sql: BACKENDS,
    help: {
      [platformMetrics.backends]:
        'Client connections that the database has, of all services; every replica shows all of them.',
      [platformMetrics.backendsMax]: 'Client connections that the database grants.',
    },
    everyMs: BACKENDS_EVERY_MS,
  })
  deliverOutbox(service, database, config)
})

/** The newest transfer is looked up by its number, and its transaction may have begun a moment before. */
const WRITES = `
  SELECT (SELECT count(*) FROM (SELECT created_at FROM transfers ORDER BY id DESC LIMIT 20) AS newest
      WHERE created_at > now() - interval '2 seconds') AS recent,
    (SELECT count(*) FROM events) AS outbox`

/** For a move to another region: transfers of the last two seconds, so that a freeze is seen to hold in every gateway, and the outbox. */
function serveWrites({ app }: Service, { query }: Database): void {
  app.get('/writes', async () => (await query('writes', WRITES))[0])
}

function deliverOutbox(
  service: Service,
  database: Database,
  config: { paymentsUrl: string; realtimeUrl: string; outboxEveryMs: number; outboxForgets: boolean },
): void {
  const payments = createUpstream({ url: config.paymentsUrl, connections: 2, maxInFlight: 4 })
  const realtime = createUpstream({ url: config.realtimeUrl, connections: 2, maxInFlight: 64 })
  const outbox = { database, log: service.log, holder: randomUUID(), everyMs: config.outboxEveryMs }
  const start = config.outboxForgets ? deliverFromMemory : deliver
  const call = (body: string) =>
    ({ method: 'POST', path: '/events', body, timeoutMs: DELIVERY_TIMEOUT_MS, idempotent: true }) as const
  const loops = [
    start({
      ...outbox,
      topic: topics.credited,
      send: async (body) => taken(service, [await payments.call(call(body))]),
    }),
    // A player's socket may be on any realtime pod, so every pod gets every result.
    start({
      ...outbox,
      topic: topics.settled,
      send: async (body) => taken(service, await realtime.broadcast(call(body))),
    }),
  ]
  service.onStop(async () => {
    await Promise.all(loops.map((loop) => loop.stop()))
    await Promise.all([payments.stop(), realtime.stop()])
  })
}

function taken(service: Service, results: readonly CallResult[]): boolean {
  const failed = results.find((result) => result.kind !== 'answer' || result.status >= 300)
  if (failed !== undefined) service.log.warn('outbox not delivered', { reason: failureOf(failed) })
  return results.length > 0 && failed === undefined
}
