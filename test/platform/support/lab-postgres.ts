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
import { ended, identity, killAll, listening, orKilled, orRemoved, START_WITHIN_MS } from './postgres.ts'

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

type Settings = Readonly<Record<string, string>>

/** Starts `wallet-db` or `providers-db` at port 5432 of a loopback address. Nothing is left of a server that does not start. */
export function startLabPostgres(
  name: string,
  host: string,
  secrets: Secrets,
  settings: Settings = {},
  withinMs = START_WITHIN_MS,
): Promise<LabPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  return orRemoved(folder, async () => {
    chmodSync(folder, 0o755)
    const command = await imageIn(join(folder, 'images'))
    const root = join(folder, 'root')
    mountScripts(join(root, 'docker-entrypoint-initdb.d'), secrets(`${name}-roles`))
    const data = join(root, 'data')
    mkdirSync(data, { mode: 0o700 })
    own(data)
    const env = { ...secrets(name), PGDATA: '/data/pgdata' }
    const child = await launched({ command, host, root, settings, env }, withinMs)
    return {
      host,
      pid: child.pid ?? 0,
      data: join(data, 'pgdata'),
      command,
      root,
      kill: () => killAll(child),
      stop: () => stopped(child, folder),
    }
  })
}

/** Returns what starts a server of the image. */
async function imageIn(folder: string): Promise<readonly string[]> {
  const [built] = await postgresImage(folder, () => undefined)
  if (built === undefined) throw new Error('there is no PostgreSQL for this machine')
  const image = join(folder, built.image.folder)
  // A copy, as in a lab: the server runs as a user that may not enter the folder of the checkout.
  const node = nodeBinary(folder)
  stageFile(process.execPath, node)
  return ['/bin/sh', join(image, 'run.sh'), image, node]
}

/** A streaming standby in a container of its own. `prepare` is called with what it sees as `/`, before it starts. Returns how to stop it. */
export function startStandby(
  primary: Pick<LabPostgres, 'command' | 'host'>,
  host: string,
  secrets: Secrets,
  settings: Settings = {},
  prepare: (root: string) => void = () => undefined,
): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), 'md-standby-'))
  return orRemoved(root, async () => {
    prepare(root)
    const data = join(root, 'data')
    await seed(keeperUrl(primary.host, secrets), data, async () => undefined)
    for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) own(join(data, name))
    own(data)
    chmodSync(root, 0o755)
    const password = secrets('wallet-db').KEEPER_PASSWORD ?? ''
    const conninfo = `host=${primary.host} port=5432 user=keeper password=${password}`
    const child = await launched({
      command: primary.command,
      host,
      root,
      settings: { ...settings, primary_conninfo: conninfo },
      env: { PGDATA: '/data' },
    })
    return () => stopped(child, root)
  })
}

type Launch = Pick<LabPostgres, 'command' | 'host' | 'root'> & {
  readonly settings: Settings
  readonly env: Readonly<Record<string, string>>
}

async function launched(
  { command: [program = '', ...args], host, root, settings, env }: Launch,
  withinMs = START_WITHIN_MS,
): Promise<ChildProcess> {
  const set = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const child = spawn(program, [...args, ...set], {
    ...identity,
    cwd: root,
    env: { ...env, PATH: process.env.PATH, MATCHDAY_ROOT: root, MATCHDAY_NATIVE_ADDRESS: host },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await orKilled(child, () => listening(5432, host, withinMs))
  return child
}

async function stopped(child: ChildProcess, folder: string): Promise<void> {
  await ended(child, 'SIGINT')
  rmSync(folder, { recursive: true, force: true })
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
