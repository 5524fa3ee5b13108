/**
 * The keeper: first process of a database pod, as Patroni would be. It starts and stops the PostgreSQL beside it as the role record
 * says, makes its volume a copy of the leader's where needed, and stops a leader that may no longer be one. It decides nothing:
 * db-operator does (docs/adr, "The wallet database fails over"). Its arguments are the command that starts the server.
 */
import { Gauge } from 'prom-client'
import { databaseMetrics } from '../../../wire/metrics.ts'
import { createClusterApi } from '../../shared/cluster-api.ts'
import { type ConfigReader, configOrExit, readServerConfig } from '../../shared/config.ts'
import { repeat } from '../../shared/loop.ts'
import type { KeeperStatus } from '../../shared/role-record.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { askServer } from './asking.ts'
import { createKeeper } from './keeper.ts'
import { createPostgresServer } from './server.ts'

// Half a second of patience at each step of a failover; two readings of a small object a second are nothing to an API server.
const ROUND_MS = 500
// While the database starts, stops or is promoted, players wait: each of the four steps of a switchover then costs half of this.
const HURRY_MS = 50
// A quarter of the margin that the operator leaves after a lease.
const GUARD_MS = 250

const shape = (read: ConfigReader) => ({
  // A database has no routers to wait for: who takes over is settled before the server stops.
  // 25 s of the pod's 30: a checkpoint 5 s, handing over 15 s, a farewell 2 s, the server's stop 2 s.
  server: { ...readServerConfig(read), drainDelayMs: 0, drainTimeoutMs: 25_000 },
  pod: read.text('POD_NAME'),
  folder: read.text('PGDATA', '/var/lib/postgresql/data/pgdata'),
  user: read.text('KEEPER_USER', 'keeper'),
  password: read.text('KEEPER_PASSWORD'),
  database: read.text('POSTGRES_DB', 'postgres'),
  leaderHost: read.text('LEADER_HOST', 'wallet-db'),
  recordName: read.text('ROLE_RECORD', 'wallet-db-role'),
})

run('db-keeper', async () => {
  const config = configOrExit('db-keeper', shape)
  const service = createService('db-keeper', config.server)
  const { log } = service
  const urlOf = (host: string) =>
    `postgres://${encodeURIComponent(config.user)}:${encodeURIComponent(config.password)}@${host}:5432/${config.database}`
  const asking = askServer(urlOf('127.0.0.1'))
  const server = createPostgresServer({
    command: process.argv.slice(2),
    folder: config.folder,
    pod: config.pod,
    leader: { host: config.leaderHost, user: config.user, password: config.password },
    log,
    onDeath: (how) => {
      log.error('PostgreSQL ended by itself', { how })
      if (server.holding() === 'standby' && how.startsWith('code')) return keeper.mistrust()
      // Only the end of the whole container makes sure that no process of the dead server still holds the volume.
      process.exit(1)
    },
  })
  const keeper = createKeeper({
    pod: config.pod,
    folder: config.folder,
    leaderUrl: urlOf(config.leaderHost),
    server,
    asking,
    api: createClusterApi(),
    recordName: config.recordName,
    log,
  })
  service.needs(() => (keeper.status().running ? undefined : 'PostgreSQL does not answer'))
  service.app.get('/status', async () => keeper.status())
  tellMetrics(service, keeper.status)
  const rounds = repeat(log, 'round', ROUND_MS, async () => {
    if (!(await keeper.round())) setTimeout(rounds.nudge, HURRY_MS)
  })
  // The operator has changed the record. Nothing is believed that was not read there.
  service.app.post('/look', async () => {
    rounds.nudge()
    return { looking: true }
  })
  const guard = setInterval(keeper.guard, GUARD_MS)
  service.onDrain(keeper.leave)
  service.onStop(async () => {
    clearInterval(guard)
    await rounds.stop()
  })
  await service.listen()
  rounds.nudge()
})

function tellMetrics(service: Service, status: () => KeeperStatus): void {
  const gauge = (name: string, help: string, labels: (now: KeeperStatus) => [Record<string, string>, number]) =>
    new Gauge({
      name,
      help,
      labelNames: ['pod', 'role'],
      registers: [service.metrics.registry],
      collect() {
        const now = status()
        this.reset()
        if (now.running || now.writable) this.set(...labels(now))
      },
    })
  gauge(databaseMetrics.writable, 'Could take a write.', (now) => [{ pod: now.pod }, now.writable ? 1 : 0])
  gauge(databaseMetrics.role, 'What it is.', (now) => [{ pod: now.pod, role: now.writable ? 'primary' : 'standby' }, 1])
  gauge(databaseMetrics.timeline, 'History that it writes or follows.', (now) => [{ pod: now.pod }, now.timeline])
  gauge(databaseMetrics.backends, 'Connections of clients.', (now) => [{ pod: now.pod }, now.connections])
  gauge(databaseMetrics.lagBytes, 'Received and not replayed.', (now) => [
    { pod: now.pod },
    Math.max(0, now.writtenLsn - now.replayedLsn),
  ])
}
