/**
 * realtime: WebSockets for odds and bet results. State is only the sockets themselves, so that any pod can take any player;
 * results reach every pod, and the one that holds the player's socket passes them on.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Gauge } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import { objectOf } from '../../shared/body.ts'
import { type ConfigReader, configOrExit, readServerConfig } from '../../shared/config.ts'
import { eventsOf, type PlatformEvent } from '../../shared/events.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { verifyToken } from '../../shared/token.ts'
import { createOddsBoard } from './odds.ts'
import { createSockets, type Sockets } from './sockets.ts'

const BEAT_EVERY_MS = 30_000
/** Results of some minutes at the peak: a batch that is sent again is passed on once. */
const REMEMBERED_RESULTS = 20_000

const shape = (read: ConfigReader) => ({
  server: readServerConfig(read),
  tokenSecrets: read.secrets('TOKEN_SECRETS'),
  oddsEveryMs: read.integer('ODDS_EVERY_MS', { min: 50, max: 60_000, fallback: 1_000 }),
  leaveOverMs: read.integer('LEAVE_OVER_MS', { min: 0, max: 120_000, fallback: 10_000 }),
  results: {
    /** Seeded defects, off at 0: every n-th result is dropped; results are delayed by this time. */
    droppedEvery: read.integer('RESULTS_DROPPED_EVERY', { min: 0, max: 100_000, fallback: 0 }),
    delayMs: read.integer('RESULTS_DELAY_MS', { min: 0, max: 600_000, fallback: 0 }),
    /** Seeded defect when off: a repeated event is delivered again, and each event is delivered twice. */
    once: read.toggle('RESULTS_ONCE', true),
  },
  maxSockets: read.integer('MAX_SOCKETS', { min: 1, max: 1_000_000, fallback: 20_000 }),
})

type RealtimeConfig = ReturnType<typeof shape>

run('realtime', async () => {
  const config = configOrExit('realtime', shape)
  const service = createService('realtime', {
    ...config.server,
    drainTimeoutMs: config.server.drainTimeoutMs + config.leaveOverMs,
  })
  const sockets = createSockets()
  serveUpgrades(service, config, sockets)
  serveResults(service, sockets, config.results)
  new Gauge({
    name: platformMetrics.sockets,
    help: 'Sockets open.',
    registers: [service.metrics.registry],
    collect() {
      this.set(sockets.count())
    },
  })
  const board = createOddsBoard(Math.random)
  const timers = [
    setInterval(() => sockets.toAll(board.next()), config.oddsEveryMs),
    setInterval(() => sockets.beat(), BEAT_EVERY_MS),
  ]
  service.onDrain(() => sockets.leave(config.leaveOverMs))
  service.onStop(async () => timers.forEach(clearInterval))
  await service.listen()
})

function serveUpgrades(service: Service, config: RealtimeConfig, sockets: Sockets): void {
  let leaving = false
  service.onDrain(async () => {
    leaving = true
  })
  service.app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://realtime')
    const player = verifyToken(config.tokenSecrets, searchParams.get('token') ?? '', Date.now())
    if (pathname !== '/ws') return refuse(service, socket, 404)
    if (player === undefined) return refuse(service, socket, 401)
    if (leaving || sockets.count() >= config.maxSockets) return refuse(service, socket, 503)
    service.metrics.observe('/ws', 101, 0)
    sockets.accept(player, request, socket, head)
  })
}

function refuse(service: Service, socket: Duplex, status: number): void {
  service.metrics.observe('/ws', status, 0)
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function serveResults(service: Service, sockets: Sockets, defects: RealtimeConfig['results']): void {
  const seen = new Set<string>()
  const fresh = ({ id }: PlatformEvent): boolean => {
    if (seen.has(id)) return false
    seen.add(id)
    const [oldest] = seen
    if (seen.size > REMEMBERED_RESULTS && oldest !== undefined) seen.delete(oldest)
    return true
  }
  let passedOn = 0
  const pass = ({ key, at, payload }: PlatformEvent): void => {
    const message = JSON.stringify({ type: 'bet-result', key, at, ...payload })
    const isDropped = defects.droppedEvery > 0 && ++passedOn % defects.droppedEvery === 0
    if (isDropped) return
    for (let times = defects.once ? 1 : 2; times > 0; times--) sockets.toPlayer(String(payload.player), message)
  }
  service.app.post('/events', async (request) => {
    for (const event of eventsOf(objectOf(request.body)).filter(defects.once ? fresh : () => true))
      if (defects.delayMs === 0) pass(event)
      else setTimeout(pass, defects.delayMs, event)
    return { taken: true }
  })
}
