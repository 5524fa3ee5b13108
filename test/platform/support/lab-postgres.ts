/** The lab's PostgreSQL image as the runtime starts it, set up by the Secrets of the manifests with values of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { nodeBinary } from '../../../src/lab/images/image-index.ts'
import { postgresImage } from '../../../src/lab/images/postgres.ts'
import { stageFile } from '../../../src/lab/images/stage.ts'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import type { Manifest } from '../../../src/lab/workload/render.ts'
import { fillSecret, secretsOf } from '../../../src/lab/workload/secrets.ts'
import { seed } from '../../../src/platform/services/db-keeper/seed.ts'
import { ended, familyOf, identity, listening } from './postgres.ts'

const SECRETS = 'src/platform/manifests/base/secrets.yaml'

export type LabPostgres = {
  readonly host: string
  readonly pid: number
  readonly data: string
  /** What starts a server of the same image. */
  readonly command: readonly string[]
  /** What it sees as `/`. */
  readonly root: string
  kill(): void
  stop(): Promise<void>
}

/** The Secrets of the reference platform: as they stand in the repository, or as a lab has them. */
export type Secrets = (name: string) => Readonly<Record<string, string>>

export const repositorySecrets: Secrets = (name) => stringsOf(name, (manifest) => manifest)

export function ownSecrets(): Secrets {
  const root = mkdtempSync(join(tmpdir(), 'md-'))
  const values = secretsOf(labPaths(root))
  values('placeholder')
  rmSync(root, { recursive: true })
  return (name) => stringsOf(name, (manifest) => fillSecret(manifest, values))
}

function stringsOf(name: string, change: (manifest: Manifest) => Manifest): Readonly<Record<string, string>> {
  const documents = parseAllDocuments(readFileSync(SECRETS, 'utf8')).map((each) => each.toJS() as Manifest)
  const found = documents.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`${SECRETS} has no Secret ${name}`)
  return change(found).stringData as Record<string, string>
}

/** Starts `wallet-db` or `providers-db` at port 5432 of a loopback address. */
export async function startLabPostgres(
  name: string,
  host: string,
  secrets: Secrets,
  settings: Readonly<Record<string, string>> = {},
): Promise<LabPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  chmodSync(folder, 0o755)
  const [built] = await postgresImage(join(folder, 'images'), () => undefined)
  if (built === undefined) throw new Error('there is no PostgreSQL for this machine')
  const image = join(folder, 'images', built.image.folder)
  // A copy, as in a lab: the server runs as a user that may not enter the folder of the checkout.
  const node = nodeBinary(join(folder, 'images'))
  stageFile(process.execPath, node)
  const root = join(folder, 'root')
  mountScripts(join(root, 'docker-entrypoint-initdb.d'), secrets(`${name}-roles`))
  const data = join(root, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (identity.uid !== undefined) chownSync(data, identity.uid, identity.gid)
  const args = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const child = spawn('/bin/sh', [join(image, 'run.sh'), image, node, ...args], {
    ...identity,
    cwd: root,
    env: {
      ...secrets(name),
      PATH: process.env.PATH,
      MATCHDAY_ROOT: root,
      MATCHDAY_NATIVE_ADDRESS: host,
      PGDATA: '/data/pgdata',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilUp(child, host)
  return {
    host,
    pid: child.pid ?? 0,
    data: join(data, 'pgdata'),
    command: ['/bin/sh', join(image, 'run.sh'), image, node],
    root,
    kill: () => {
      for (const pid of familyOf(child.pid)) process.kill(pid, 'SIGKILL')
    },
    stop: async () => {
      await ended(child, 'SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A streaming standby in a container of its own. `prepare` is called with what it sees as `/`, before it starts. Returns how to stop it. */
export async function startStandby(
  primary: LabPostgres,
  host: string,
  secrets: Secrets,
  settings: Readonly<Record<string, string>> = {},
  prepare: (root: string) => void = () => undefined,
): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), 'md-standby-'))
  const password = secrets('wallet-db').KEEPER_PASSWORD ?? ''
  prepare(root)
  await seed(keeperUrl(primary.host, secrets), join(root, 'data'), async () => undefined)
  for (const name of readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' }))
    own(join(root, 'data', name))
  own(join(root, 'data'))
  chmodSync(root, 0o755)
  const conninfo = `host=${primary.host} port=5432 user=keeper password=${password}`
  const args = Object.entries({ ...settings, primary_conninfo: conninfo }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ])
  const child = spawn(primary.command[0] ?? '', [...primary.command.slice(1), ...args], {
    ...identity,
    env: { PATH: process.env.PATH, MATCHDAY_ROOT: root, MATCHDAY_NATIVE_ADDRESS: host, PGDATA: '/data' },
    stdio: ['ignore', 'ignore', process.env.TOLD === undefined ? 'ignore' : 'inherit'],
  })
  return async () => {
    await ended(child, 'SIGINT')
    rmSync(root, { recursive: true, force: true })
  }
}

export const keeperUrl = (host: string, secrets: Secrets): string =>
  `postgres://keeper:${secrets('wallet-db').KEEPER_PASSWORD}@${host}:5432/casino`

function own(path: string): void {
  if (identity.uid !== undefined) chownSync(path, identity.uid, identity.gid)
}

function mountScripts(folder: string, scripts: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(scripts)) writeFileSync(join(folder, file), text)
}

async function untilUp(child: ChildProcess, host: string): Promise<void> {
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  const dead = new Promise<never>((_, reject) => child.once('exit', () => reject(new Error(`it ended:\n${said}`))))
  dead.catch(() => undefined)
  await Promise.race([listening(5432, host), dead])
}
