/** bets: takes a stake, registers the bet at the game provider, and pays winners once the provider has told the outcome. */
import { centsField, type Json, keyOf, numberField, objectOf, playerOf, textField } from '../../shared/body.ts'
import { serveBooks } from '../../shared/books.ts'
import {
  type ConfigReader,
  configOrExit,
  NO_TIMEOUT_MS,
  readDatabaseConfig,
  readServerConfig,
} from '../../shared/config.ts'
import { type Database, openDatabase } from '../../shared/database.ts'
import { type Inbox, openInbox } from '../../shared/inbox.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { withholdCopies } from '../../shared/shadow.ts'
import { SIGNATURE_HEADER } from '../../shared/signature.ts'
import { refuseWrites } from '../../shared/standby.ts'
import { traceparentOf } from '../../shared/trace.ts'
import { createUpstream } from '../../shared/upstream.ts'
import { refuseBets, settleBets } from './background.ts'
import { type BetDesk, type BetRequest, placeBet } from './place.ts'
import { createProvider } from './provider.ts'
import { betsBook, betsSteps, createBetStore, recordOutcomes } from './store.ts'

const shape = (read: ConfigReader) => ({
  server: readServerConfig(read),
  database: readDatabaseConfig(read),
  walletUrl: read.url('WALLET_URL', 'http://wallet-pods:8080'),
  provider: {
    url: read.url('GAME_PROVIDER_URL', 'http://game-provider.providers:8080'),
    timeoutMs: read.integer('GAME_PROVIDER_TIMEOUT_MS', { min: 0, max: 60_000, fallback: 700 }) || NO_TIMEOUT_MS,
    retries: read.integer('GAME_PROVIDER_RETRIES', { min: 0, max: 1_000, fallback: 0 }),
    breaker: {
      enabled: read.toggle('BREAKER', true),
      failuresToOpen: read.integer('BREAKER_FAILURES', { min: 1, max: 1_000, fallback: 5 }),
      openMs: read.integer('BREAKER_OPEN_MS', { min: 10, max: 60_000, fallback: 1_000 }),
      openMaxMs: read.integer('BREAKER_OPEN_MAX_MS', { min: 10, max: 600_000, fallback: 4_000 }),
    },
  },
  stakeReturn: read.toggle('STAKE_RETURN', true),
  signatures: read.toggle('WEBHOOK_SIGNATURES', true),
  webhookSecrets: read.secrets('GAME_WEBHOOK_SECRET'),
  everyMs: read.integer('SETTLE_EVERY_MS', { min: 10, max: 60_000, fallback: 500 }),
})

run('bets', async () => {
  const config = configOrExit('bets', shape)
  const service = createService('bets', config.server)
  withholdCopies(service)
  const database = openDatabase(config.database, 'bets', service)
  const wallet = createUpstream({ url: config.walletUrl, connections: 16, maxInFlight: 256 })
  refuseWrites(service, database)
  service.needs(database.notReady)
  service.onStop(async () => {
    await wallet.stop()
    await database.stop()
  })
  const provider = createProvider(service, config.provider)
  const store = createBetStore(database.query)
  const sweeper: { nudge(): void } = { nudge: () => undefined }
  const desk = {
    store,
    wallet,
    provider,
    log: service.log,
    leaveToSweeper: () => sweeper.nudge(),
  }
  serveBets(service, desk)
  serveOutcomes(service, openInbox(service, database, config.signatures), config.webhookSecrets)
  serveBooks(service, database, betsBook)
  serveUnfinished(service, database)
  await service.listen()
  await database.prepare(betsSteps)

  const background = {
    database,
    store,
    wallet,
    provider: provider.upstream,
    stakeReturn: config.stakeReturn,
    log: service.log,
    everyMs: config.everyMs,
  }
  const loops = [refuseBets(background), settleBets(background)]
  sweeper.nudge = () => loops[0]?.nudge()
  service.onStop(async () => void (await Promise.all(loops.map((loop) => loop.stop()))))
})

const UNFINISHED = "SELECT count(*) AS unfinished FROM bets WHERE state IN ('open', 'refusing')"

/** For a move to another region: bets that are neither placed nor refused. */
function serveUnfinished({ app }: Service, { query }: Pick<Database, 'query'>): void {
  app.get('/writes', async () => (await query('unfinished', UNFINISHED))[0])
}

function serveBets(service: Service, desk: BetDesk): void {
  service.app.post('/bets', async (request, reply) => {
    const player = playerOf(request.headers['x-player'])
    const key = keyOf(request.headers['idempotency-key'])
    const answer = await placeBet(
      desk,
      betOf(objectOf(request.body), player, key, traceparentOf(request.headers.traceparent)),
    )
    return reply.code(answer.status).send(answer.body)
  })
}

const betOf = (body: Json, player: string, key: string, trace: string): BetRequest => ({
  key,
  player,
  trace,
  stakeCents: centsField(body, 'stakeCents'),
  selection: textField(body, 'selection', 64),
  odds: numberField(body, 'odds', 1.01, 1_000),
})

function serveOutcomes(service: Service, inbox: Inbox, secrets: readonly string[]): void {
  service.app.register(async (scope) => {
    // The signature covers the bytes as sent.
    scope.removeContentTypeParser('application/json')
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.post<{ Body: Buffer }>('/webhooks/game', async (request) => {
      const signature = String(request.headers[SIGNATURE_HEADER] ?? '')
      await inbox.take({ sender: 'game-provider', secrets, signature, body: request.body }, (query, events) =>
        recordOutcomes(
          query,
          events.map(({ key, payload }) => ({ key, won: payload.won === true })),
        ),
      )
      return { taken: true }
    })
  })
}
