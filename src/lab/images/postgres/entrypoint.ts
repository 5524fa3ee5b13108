// The entrypoint of the PostgreSQL image for clusters (`matchday images build`). It takes the environment and the arguments of the official image's
// docker-entrypoint.sh and has its name, but is a program for Node: the image has no shell. A new database cluster is a copy of the template
// in the image; initdb would need a shell.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const HOME = '/usr/local/pgsql'
const SERVER = join(HOME, 'bin', 'postgres')
const SCRIPTS = '/docker-entrypoint-initdb.d'
const SOCKETS = '/var/run/postgresql'

const folder = process.env.PGDATA ?? '/var/lib/postgresql/data'
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  LD_LIBRARY_PATH: join(HOME, 'lib'),
  TZ: process.env.TZ ?? 'UTC',
}

function refuse(problem: string): never {
  console.error(`postgres: ${problem}`)
  process.exit(1)
}

/** Made beside its place and then renamed, so that a container that is killed meanwhile leaves no half of it. */
async function makeCluster(): Promise<void> {
  if (!process.env.POSTGRES_PASSWORD) refuse('POSTGRES_PASSWORD is not set and the volume is empty')
  if (existsSync(folder)) removeEmpty()
  const aside = `${folder}.new`
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  cpSync(join(HOME, 'template'), aside, { recursive: true })
  makePrivate(aside)
  await setUp(aside)
  writeFileSync(join(aside, 'pg_hba.conf'), ACCESS)
  renameSync(aside, folder)
}

function removeEmpty(): void {
  try {
    rmdirSync(folder)
  } catch {
    refuse(
      `${folder} holds something that is not a database cluster, or is a volume itself: set PGDATA to a folder in it`,
    )
  }
}

/** The superuser can't log in over the network. Nobody can without a password. */
const ACCESS = ['all', 'replication']
  .map((database) => `host ${database} postgres all reject\nhost ${database} all all scram-sha-256\n`)
  .join('')

function makePrivate(path: string): void {
  const isFolder = statSync(path).isDirectory()
  chmodSync(path, isFolder ? 0o700 : 0o600)
  if (isFolder) for (const name of readdirSync(path)) makePrivate(join(path, name))
}

/** The server listens only on a socket in the cluster's private folder, under a name that stays short however deep the folder is. */
async function setUp(cluster: string): Promise<void> {
  const socket = ['-c', 'listen_addresses=', '-c', 'unix_socket_directories=/proc/self/cwd', '-c', 'fsync=off']
  const server = spawn(SERVER, ['-D', cluster, ...socket], { env: environment, stdio: ['ignore', 2, 2] })
  const setup = spawn(process.execPath, [join(HOME, 'setup.cjs'), '/proc/self/cwd', SCRIPTS], {
    cwd: cluster,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = (child: typeof server) => new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [stopped, done] = [ended(server), ended(setup)]
  const code = await done
  server.kill('SIGINT')
  if (code !== 0 || (await stopped) !== 0) refuse('the new database cluster could not be set up')
}

async function main([first = 'postgres', ...rest]: readonly string[]): Promise<void> {
  const [program, settings] = first.startsWith('-') ? ['postgres', [first, ...rest]] : [first, rest]
  if (program !== 'postgres') refuse(`this image only runs postgres, not ${program}`)
  if (!existsSync(join(folder, 'PG_VERSION'))) await makeCluster()
  const { POSTGRES_PASSWORD: _, PGDATA: __, PGPORT: ___, ...kept } = environment
  const listening = ['-c', 'listen_addresses=*', '-c', 'port=5432']
  const sockets = ['-c', `unix_socket_directories=${existsSync(SOCKETS) ? SOCKETS : ''}`]
  // In the place of this process, as a shell's exec: signals reach the server itself.
  process.execve?.(SERVER, [SERVER, '-D', folder, ...listening, ...sockets, ...settings], kept)
  refuse('this Node cannot start another program in its place: version 22.15 or newer is needed')
}

main(process.argv.slice(2)).catch((error: unknown) => refuse(String(error)))
