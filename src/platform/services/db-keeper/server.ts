/** The PostgreSQL beside a keeper: its process, its folder and the settings that change with its role. */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../shared/log.ts'
import type { Holding } from '../../shared/role-record.ts'
import { type Archive, archiveParameters } from './archive.ts'

export type ServerOptions = {
  /** What starts it: the image's own command. */
  readonly command: readonly string[]
  /** PGDATA. */
  readonly folder: string
  readonly pod: string
  /** Under which name it follows. Members of two regions may have the same name of a pod. */
  readonly follower: string
  /** How a standby reaches the leader, on the port of every PostgreSQL. */
  readonly leader: { readonly host: string; readonly user: string; readonly password: string }
  readonly archive: Archive
  readonly log: Log
  /** It ended by itself. */
  readonly onDeath: (how: string) => void
}

export type Server = {
  holding(): Holding
  running(): boolean
  /** Starts it, unless it runs. `readOnly`: another region writes. */
  start(readOnly: boolean): void
  /** Fast: connections are cut, a primary's log is sent to the standby to its end. Resolves when the process is gone. */
  stop(): Promise<void>
  /** The standby that commits wait for; '' for none. */
  setSync(standby: string): void
  /** From the next statement on nothing can be written; what is under way is finished. Until the next start, or until it is taken back. */
  setReadOnly(readOnly: boolean): void
  readOnly(): boolean
}

/** The settings that change while it runs. */
type Changing = { readonly sync: string; readonly readOnly: boolean }

/** The keeper's own settings, in the database's folder. */
export const SETTINGS = 'keeper.conf'
// A fast shutdown writes a checkpoint and waits for the standby's confirmation; what hangs longer is cut off, its log is replayed.
const FAST_MS = 2_000

/**
 * A follower reports once a second, and a peer that is silent for 5 s is given up. 128 MB of log are kept for a standby that was away:
 * a peak of the stock rehearsals writes some 100 KB a second. Without fsync on the standby (`on`) an acknowledged commit
 * could be lost only with both machines; `remote_write` is what the synchronous standby is asked for. Between two tries to reach a leader
 * that is gone a standby may not notice its promotion: seen to cost half a second of a switchover with tries half a second apart.
 */
const settingsOf = (follower: string, user: string, { sync, readOnly }: Changing): string => `# Written by the keeper.
wal_level = replica
hot_standby = on
wal_keep_size = 128MB
wal_receiver_status_interval = 1s
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
wal_retrieve_retry_interval = 100ms
synchronous_commit = remote_write
primary_conninfo = 'user=${user} application_name=${follower} connect_timeout=2'
synchronous_standby_names = '${sync === '' ? '' : `"${sync}"`}'
default_transaction_read_only = ${readOnly ? 'on' : 'off'}
`

export function includeSettings(folder: string): void {
  const file = join(folder, 'postgresql.conf')
  if (!readFileSync(file, 'utf8').includes(SETTINGS)) appendFileSync(file, `\ninclude_if_exists = '${SETTINGS}'\n`)
}

export function createPostgresServer(options: ServerOptions): Server {
  const { folder, leader, log } = options
  const at = (name: string) => join(folder, name)
  // On the command line: a database that is just being made has no settings of the keeper yet, and the mode cannot change while it runs.
  const archiving = Object.entries(archiveParameters(options.pod, options.archive)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  let child: ChildProcess | undefined
  let stopping: Promise<void> | undefined
  let changing: Changing = { sync: '', readOnly: false }

  const holding = (): Holding => {
    if (!existsSync(at('PG_VERSION'))) return 'nothing'
    return existsSync(at('standby.signal')) ? 'standby' : 'primary'
  }

  function start(readOnly: boolean): void {
    if (child !== undefined) return
    if (holding() !== 'nothing') configure({ sync: '', readOnly })
    const [program = '', ...args] = options.command
    const started = spawn(program, [...args, ...archiving], {
      stdio: ['ignore', 'inherit', 'inherit'],
      // libpq, by which a standby dials, takes from here what its settings don't say: a password has no place in a file, and an image
      // may know another way to the same host.
      env: { ...process.env, PGHOST: leader.host, PGPASSWORD: leader.password },
    })
    child = started
    log.info('starting PostgreSQL', { as: holding() })
    started.once('error', (error) => options.onDeath(error.message))
    started.once('exit', (code, signal) => {
      child = undefined
      if (stopping === undefined) options.onDeath(signal ?? `code ${code}`)
    })
  }

  function stop(): Promise<void> {
    if (child === undefined) return Promise.resolve()
    const stopped = child
    stopping ??= new Promise<void>((resolve) => {
      const askedAtMs = performance.now()
      const timer = setTimeout(() => stopped.kill('SIGQUIT'), FAST_MS)
      stopped.once('exit', () => {
        clearTimeout(timer)
        stopping = undefined
        log.info('PostgreSQL stopped', { tookMs: Math.round(performance.now() - askedAtMs) })
        resolve()
      })
      stopped.kill('SIGINT')
    })
    return stopping
  }

  /** The settings that every start and each change of the role begins from; also those of a database that was just made. */
  function configure(wanted: Changing): void {
    changing = wanted
    includeSettings(folder)
    if (!readFileSync(at('pg_hba.conf'), 'utf8').includes('host replication all all'))
      appendFileSync(at('pg_hba.conf'), '\nhost replication all all scram-sha-256\n')
    writeFileSync(at(`${SETTINGS}.new`), settingsOf(options.follower, leader.user, wanted), { mode: 0o600 })
    renameSync(at(`${SETTINGS}.new`), at(SETTINGS))
  }

  function change(wanted: Changing): void {
    configure(wanted)
    child?.kill('SIGHUP')
  }

  return {
    holding,
    running: () => child !== undefined,
    start,
    stop,
    setSync: (sync) => change({ ...changing, sync }),
    setReadOnly: (readOnly) => change({ ...changing, readOnly }),
    readOnly: () => changing.readOnly,
  }
}
