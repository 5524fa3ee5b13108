/**
 * The keeper: first process of a database pod, as Patroni would be. It starts and stops the PostgreSQL beside it as the role record
 * says, makes its volume a copy of the leader's where needed, and stops a leader that may no longer be one. It decides nothing:
 * db-operator does (docs/adr, "The wallet database fails over"). Its arguments are the command that starts the server. With
 * RESTORE_POINT it is the first process of a restored copy instead (copy.ts).
 */
import { Gauge } from 'prom-client'
import { databaseMetrics } from '../../../wire/metrics.ts'
import { createClusterApi } from '../../shared/cluster-api.ts'
import { type ConfigReader, configOrExit, readServerConfig } from '../../shared/config.ts'
import { repeat } from '../../shared/loop.ts'
import { badRequest, HttpProblem } from '../../shared/problem.ts'
import type { KeeperStatus } from '../../shared/role-record.ts'
import { createService, run, type Service } from '../../shared/service.ts'
import { type Archive, hasBase, takeBase } from './archive.ts'
import { askServer } from './asking.ts'
import { runCopy } from './copy.ts'
import { createKeeper } from './keeper.ts'
import { isArchived, isArchiving, makePoint, positionOf, type RestorePoint } from './points.ts'
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
  serverHost: read.text('SERVER_HOST', '127.0.0.1'),
  /** Empty: its own. */
  follower: read.text('FOLLOWER_NAME', ''),
  /** Seeded defect where it is not the server's own: the position of another server is shown. */
  positionHost: read.text('POSITION_HOST', ''),
  restorePoint: read.text('RESTORE_POINT', '') || undefined,
  /** Of the services, whose role reads the book of a copy. */
  clientUrl: read.text('DATABASE_URL', ''),
  archive: {
    folder: read.text('ARCHIVE_FOLDER', '/archive'),
    timeoutS: read.integer('ARCHIVE_TIMEOUT_S', { min: 1, max: 3_600, fallback: 10 }),
    isSilent: read.toggle('ARCHIVE_SILENT', false),
    keepsHistory: read.toggle('ARCHIVE_HISTORY', true),
  },
})

run('db-keeper', async () => {
  const config = configOrExit('db-keeper', shape)
  const service = createService('db-keeper', config.server)
  const { log } = service
  const urlOf = (host: string) =>
    `postgres://${encodeURIComponent(config.user)}:${encodeURIComponent(config.password)}@${host}:5432/${config.database}`
  if (config.restorePoint !== undefined)
    return runCopy(service, {
      ...config,
      point: config.restorePoint,
      url: urlOf(config.serverHost),
      bookUrl: bookUrlOf(config.clientUrl, config.serverHost),
      command: process.argv.slice(2),
    })
  const asking = askServer(urlOf(config.serverHost))
  const server = createPostgresServer({
    command: process.argv.slice(2),
    folder: config.folder,
    pod: config.pod,
    follower: config.follower || config.pod,
    leader: { host: config.leaderHost, user: config.user, password: config.password },
    archive: config.archive,
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
  servePosition(service, keeper.status, urlOf(config.positionHost || config.serverHost))
  serveArchive(service, keeper.status, urlOf(config.serverHost), config.archive)
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

/** For a move to another region: the last write of this one, and whether it is fenced. */
function servePosition(service: Service, status: () => KeeperStatus, url: string): void {
  const roleOf = ({ fenced, holding }: KeeperStatus) => (fenced ? 'fenced' : holding)
  service.app.get('/position', async () => ({ role: roleOf(status()), ...(await positionOf(url)) }))
  service.app.post('/fenced', async () => {
    if (!status().fenced) throw new HttpProblem(409, { error: 'not-fenced' })
    return { fenced: true }
  })
}

/** Only the member that writes makes backups and points. A point is known to the member that made it. */
function serveArchive(service: Service, status: () => KeeperStatus, url: string, { folder }: Archive): void {
  const points = new Map<string, RestorePoint>()
  let taking: Promise<{ readonly from: string }> | undefined
  const requireLeader = () => {
    if (!status().writable) throw new HttpProblem(409, { error: 'not-the-primary' })
  }
  service.app.post('/backups', async () => {
    requireLeader()
    if (!(await isArchiving(url))) throw new HttpProblem(409, { error: 'not-archiving' })
    taking ??= takeBase(url, folder).finally(() => {
      taking = undefined
    })
    return taking
  })
  service.app.post<{ Params: { point: string } }>('/restore-points/:point', async (request) => {
    requireLeader()
    if (!hasBase(folder)) throw new HttpProblem(409, { error: 'no-backup', problem: 'no base backup was taken yet' })
    const made = points.get(request.params.point) ?? (await makePoint(url, pointOf(request.params.point)))
    points.set(made.point, made)
    return made
  })
  service.app.get<{ Params: { point: string } }>('/restore-points/:point', async (request) => {
    const made = points.get(request.params.point)
    if (made === undefined) throw new HttpProblem(404, { error: 'no-such-point' })
    if (!(await isArchived(url, made)))
      throw new HttpProblem(409, { error: 'not-archived', problem: `${made.segment} is not archived yet` })
    return made
  })
}

function pointOf(name: string): string {
  if (/^[a-z0-9][a-z0-9.-]{0,62}$/.test(name)) return name
  throw badRequest('a restore point has a name of 1 to 63 lower-case letters, digits, dots and dashes')
}

/** The services' own role, at the server beside this process. */
function bookUrlOf(clientUrl: string, host: string): string {
  if (clientUrl === '') throw new Error('a copy needs DATABASE_URL, by whose role its book is read')
  const url = new URL(clientUrl)
  url.hostname = host
  return url.href
}

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
  gauge(databaseMetrics.writable, 'Could take a write.', (now) => [
    { pod: now.pod },
    now.writable && !now.fenced ? 1 : 0,
  ])
  gauge(databaseMetrics.role, 'What it is.', (now) => [{ pod: now.pod, role: now.writable ? 'primary' : 'standby' }, 1])
  gauge(databaseMetrics.timeline, 'History that it writes or follows.', (now) => [{ pod: now.pod }, now.timeline])
  gauge(databaseMetrics.backends, 'Connections of clients.', (now) => [{ pod: now.pod }, now.connections])
  gauge(
    databaseMetrics.lockWait,
    'Longest wait of a statement for the lock of a table, in the last two seconds.',
    (now) => [{ pod: now.pod }, now.lockWaitS ?? 0],
  )
  gauge(databaseMetrics.lagBytes, 'Received and not replayed.', (now) => [
    { pod: now.pod },
    Math.max(0, now.writtenLsn - now.replayedLsn),
  ])
}
