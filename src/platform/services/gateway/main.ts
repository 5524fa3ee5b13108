/**
 * gateway: the public door. It logs players in, verifies their tokens, keeps runaways out, and passes requests on to the
 * service that knows; it holds no state that its death could lose.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ConfigReader, configOrExit, NO_TIMEOUT_MS, readServerConfig } from '../../shared/config.ts'
import { HttpProblem } from '../../shared/problem.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { verifyToken } from '../../shared/token.ts'
import { traceparentOf } from '../../shared/trace.ts'
import { createUpstream, type Upstream } from '../../shared/upstream.ts'
import { markingOf } from './copies.ts'
import { type FeatureName, type Features, watchFeatures } from './features.ts'
import { type ForwardTarget, forward } from './forward.ts'
import { answerFrozen, createFreeze, type Freeze, serveRegion } from './freeze.ts'
import { createLimiter, type Limiter } from './limits.ts'
import { createLobby, type Lobby } from './lobby.ts'
import { createLogin, type PlayerLogin } from './login.ts'
import { wrongAmounts } from './wrong-amounts.ts'

/** The client gives up after 2 s: a later answer reaches nobody. */
const UPSTREAM_TIMEOUT_MS = 1_900

const shape = (read: ConfigReader) => ({
  server: readServerConfig(read),
  walletUrl: read.url('WALLET_URL', 'http://wallet-pods:8080'),
  paymentsUrl: read.url('PAYMENTS_URL', 'http://payments-api-pods:8080'),
  betsUrl: read.url('BETS_URL', 'http://bets-pods:8080'),
  tokenSecrets: read.secrets('TOKEN_SECRETS'),
  tokenLifetimeMs: read.integer('TOKEN_LIFETIME_S', { min: 10, max: 604_800, fallback: 3_600 }) * 1000,
  hashCost: read.integer('LOGIN_HASH_COST', { min: 2, max: 65_536, fallback: 16_384 }),
  profileUrl: read.url('PROFILE_URL', 'http://profile:8080'),
  promoUrl: read.url('PROMO_URL', 'http://promo:8080'),
  promoTimeoutMs: read.integer('PROMO_TIMEOUT_MS', { min: 0, max: 60_000, fallback: 300 }) || NO_TIMEOUT_MS,
  features: { folder: read.text('FEATURES_DIR', ''), rereads: read.toggle('FEATURES_REREAD', true) },
  playerRate: read.integer('RATE_PER_PLAYER', { min: 1, max: 100_000, fallback: 20 }),
  clientRate: read.integer('RATE_PER_CLIENT', { min: 1, max: 1_000_000, fallback: 2_000 }),
  trustProxy: read.toggle('TRUST_PROXY', false),
  isShadow: read.toggle('SHADOW', false),
  shadowWrites: read.toggle('SHADOW_WRITES', false),
  /** Seeded defects, off at 0. */
  depositsWrongEvery: read.integer('DEPOSITS_WRONG_EVERY', { min: 0, max: 1_000_000, fallback: 0 }),
  freezeLeaksEvery: read.integer('FREEZE_LEAKS_EVERY', { min: 0, max: 1_000, fallback: 0 }),
})

type GatewayConfig = ReturnType<typeof shape>
type Door = {
  readonly service: Service
  readonly config: GatewayConfig
  readonly players: Limiter
  readonly clients: Limiter
  features(): Features
  readonly freeze: Freeze
}

run('gateway', async () => {
  const config = configOrExit('gateway', shape)
  const service = createService('gateway', config.server)
  const features = await watchFeatures(service, config.features)
  const writes = () => features().writes
  const door: Door = {
    service,
    config,
    players: createLimiter(config.playerRate, config.playerRate * 2),
    clients: createLimiter(config.clientRate, config.clientRate * 2),
    features,
    freeze: createFreeze(writes, config.freezeLeaksEvery),
  }
  const upstreamTo = (url: string): Upstream => createUpstream({ url, connections: 32, maxInFlight: 512 })
  const upstreams = {
    wallet: upstreamTo(config.walletUrl),
    payments: upstreamTo(config.paymentsUrl),
    bets: upstreamTo(config.betsUrl),
    profile: upstreamTo(config.profileUrl),
    promo: upstreamTo(config.promoUrl),
  }
  service.onStop(async () => void (await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()))))
  const login = await createLogin({
    wallet: upstreams.wallet,
    tokenSecret: config.tokenSecrets[0],
    tokenLifetimeMs: config.tokenLifetimeMs,
    hashCost: config.hashCost,
  })

  // Bodies travel as bytes: the service that receives them parses them.
  service.app.removeContentTypeParser('application/json')
  service.app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  serveLogin(door, login)
  serveLobby(
    door,
    createLobby(service, {
      ...upstreams,
      promoTimeoutMs: config.promoTimeoutMs,
      promoWanted: () => door.features()['promo-widget'],
    }),
  )
  const passing = {
    timeoutMs: UPSTREAM_TIMEOUT_MS,
    marking: markingOf({ isShadow: config.isShadow, writes: config.shadowWrites }),
  }
  const altering = wrongAmounts(config.depositsWrongEvery)
  servePlayers(door, 'deposits', { upstream: upstreams.payments, path: '/deposits', altering, ...passing })
  servePlayers(door, 'bets', { upstream: upstreams.bets, path: '/bets', ...passing })
  servePlayers(door, 'payouts', { upstream: upstreams.wallet, path: '/payouts', ...passing })
  serveWebhooks(door, upstreams)
  serveRegion(service, writes, upstreams.wallet)
  await service.listen()
})

function serveLogin(door: Door, login: PlayerLogin): void {
  door.service.app.post('/login', async (request) => {
    limitClient(door, request)
    if (!Buffer.isBuffer(request.body))
      throw new HttpProblem(400, { error: 'bad-request', problem: 'a JSON body is missing' })
    return login(request.body, traceparentOf(request.headers.traceparent))
  })
}

function serveLobby(door: Door, lobby: Lobby): void {
  const { app } = door.service
  app.get('/features', async () => door.features())
  app.get('/lobby', async (request, reply) => {
    const body = await lobby(admitted(door, request), traceparentOf(request.headers.traceparent))
    return reply.header('content-type', 'application/json').send(body)
  })
}

function servePlayers(
  door: Door,
  feature: Exclude<FeatureName, 'promo-widget' | 'writes'>,
  target: ForwardTarget,
): void {
  const { service } = door
  service.app.post(target.path, async (request: FastifyRequest, reply: FastifyReply) => {
    const player = admitted(door, request)
    if (!door.features()[feature]) throw new HttpProblem(503, { error: 'switched-off' })
    if (door.freeze.refuses()) return answerFrozen(reply)
    return forward(request, reply, target, player, service.log)
  })
}

/** The player whose token this is, within the limits of client and player. */
function admitted(door: Door, request: FastifyRequest): string {
  limitClient(door, request)
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  const player = verifyToken(door.config.tokenSecrets, token, Date.now())
  if (player === undefined) throw new HttpProblem(401, { error: 'refused' })
  if (!door.players.allow(player, performance.now())) throw new HttpProblem(429, { error: 'too-many-requests' })
  return player
}

/** Providers call the public door too; whether they are who they say is for the receiver to verify. */
function serveWebhooks(
  { service, freeze }: Pick<Door, 'service' | 'freeze'>,
  upstreams: { payments: Upstream; bets: Upstream },
): void {
  service.app.post<{ Params: { psp: string } }>('/webhooks/psp/:psp', async (request, reply) => {
    if (freeze.refuses()) return answerFrozen(reply)
    const path = `/webhooks/psp/${encodeURIComponent(request.params.psp)}`
    return forward(
      request,
      reply,
      { upstream: upstreams.payments, path, timeoutMs: UPSTREAM_TIMEOUT_MS },
      undefined,
      service.log,
    )
  })
  service.app.post('/webhooks/game', async (request, reply) => {
    if (freeze.refuses()) return answerFrozen(reply)
    return forward(
      request,
      reply,
      { upstream: upstreams.bets, path: '/webhooks/game', timeoutMs: UPSTREAM_TIMEOUT_MS },
      undefined,
      service.log,
    )
  })
}

function limitClient({ clients, config }: Door, request: FastifyRequest): void {
  const forwarded = config.trustProxy ? request.headers['x-forwarded-for'] : undefined
  const client =
    typeof forwarded === 'string' ? (forwarded.split(',').at(-1)?.trim() ?? '') : (request.socket.remoteAddress ?? '')
  if (!clients.allow(client, performance.now())) throw new HttpProblem(429, { error: 'too-many-requests' })
}
