/**
 * The archive and the restored copy, with a real PostgreSQL: a base backup, a named point, and a copy beside the live server that holds every booking
 * before the point and none after it. Each seeded defect of the archive makes the copy fail.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import pg from 'pg'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Archive, archiveParameters, isOlder, takeBase } from '../../src/platform/services/db-keeper/archive.ts'
import { isArchived, makePoint } from '../../src/platform/services/db-keeper/points.ts'
import { walletSteps } from '../../src/platform/services/wallet/schema.ts'
import type { Book, CutBook } from '../../src/wire/books.ts'
import { freePort } from '../support/ports.ts'
import { keeperUrl, type LabPostgres, ownSecrets, startLabPostgres, startStandby } from './support/lab-postgres.ts'
import { ended, identity } from './support/postgres.ts'

const secrets = ownSecrets()
const HOSTS = { live: `127.46.${process.pid % 250}.1`, copy: `127.46.${process.pid % 250}.2` }
const RUN = 'restore-test'
const HEALTHY: Archive = { folder: '/archive', timeoutS: 1, isSilent: false, keepsHistory: true }
const SOON = { timeout: 20_000, interval: 100 }

const folder = mkdtempSync(join(tmpdir(), 'md-restore-'))
chmodSync(folder, 0o755)
const own = (path: string) => {
  if (identity.uid !== undefined) chownSync(path, identity.uid, identity.gid)
}

let opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.reverse()) await close()
  opened = []
})

beforeAll(async () => {
  await build({
    entryPoints: ['src/platform/services/db-keeper/main.ts'],
    outfile: join(folder, 'db-keeper.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: ['pg-native'],
    logLevel: 'error',
  })
  return () => rmSync(folder, { recursive: true, force: true })
})

/** A server listens before it lets anybody in. */
async function connected(options: pg.ClientConfig): Promise<pg.Client> {
  let client = new pg.Client(options)
  const connects = () => {
    client = new pg.Client(options)
    client.on('error', () => undefined)
    return client.connect().then(
      () => true,
      () => false,
    )
  }
  await expect.poll(connects, SOON).toBe(true)
  return client
}

type Live = { server: LabPostgres; archive: string; url: string; book(key: string): Promise<void> }

/** The wallet's database with its schema, and an archive that no base backup has begun yet. */
async function live(archive: Archive = HEALTHY): Promise<Live> {
  const server = await startLabPostgres('wallet-db', HOSTS.live, secrets, archiveParameters('wallet-db-0', archive))
  opened.push(() => server.stop())
  const at = join(server.root, 'archive')
  mkdirSync(at)
  const client = await connected({
    connectionString: (secrets('wallet-db-client').DATABASE_URL ?? '').replace('@wallet-db:', `@${HOSTS.live}:`),
    options: '-c search_path=wallet',
  })
  opened.push(() => client.end())
  await client.query('CREATE SCHEMA wallet')
  for (const step of walletSteps({ players: 10, openingCents: 1_000, password: 'test', hashCost: 16 }))
    await step(client)
  return {
    server,
    archive: at,
    url: keeperUrl(HOSTS.live, secrets),
    book: async (key) => {
      const sql = `SELECT post_transfer('deposit', $1, 'player-000001', 100, 1, 'house:psp-clearing', NULL, '{}') AS posting`
      expect((await client.query(sql, [`${RUN}.deposit.${key}`])).rows).toEqual([{ posting: 'posted' }])
    },
  }
}

/** A standby with the same volume for the archive. */
async function follow({ server, archive, url }: Live): Promise<string> {
  const stop = await startStandby(server, HOSTS.copy, secrets, archiveParameters('wallet-db-1', HEALTHY), (root) =>
    symlinkSync(archive, join(root, 'archive')),
  )
  opened.push(stop)
  const at = url.replace(HOSTS.live, HOSTS.copy)
  await (await connected({ connectionString: at })).end()
  return at
}

async function archiverOf(url: string): Promise<unknown> {
  const client = await connected({ connectionString: url })
  const { rows } = await client.query(
    'SELECT failed_count::int, last_failed_wal, last_archived_wal FROM pg_stat_archiver',
  )
  await client.end()
  return rows[0]
}

async function based({ url, archive }: Live): Promise<void> {
  mkdirSync(join(archive, 'wal'), { recursive: true })
  own(join(archive, 'wal'))
  await takeBase(url, archive)
}

type Copy = { url: string; process: ChildProcess; log(): string; cut(cuts: readonly number[]): Promise<CutBook> }

/** The keeper as a pod starts it, in the role of a copy. */
async function copyAt(point: string, { server, archive }: Live): Promise<Copy> {
  const data = mkdtempSync(join(folder, 'copy-'))
  own(data)
  for (const name of readdirSync(archive, { recursive: true, encoding: 'utf8' })) own(join(archive, name))
  own(archive)
  const port = await freePort()
  const child = spawn(process.execPath, [join(folder, 'db-keeper.cjs'), ...server.command], {
    ...identity,
    env: {
      ...secrets('wallet-db'),
      ...secrets('wallet-db-client'),
      PATH: process.env.PATH,
      POD_NAME: 'copy',
      PORT: String(port),
      HOST: '127.0.0.1',
      PGDATA: join(data, 'pgdata'),
      ARCHIVE_FOLDER: archive,
      RESTORE_POINT: point,
      SERVER_HOST: HOSTS.copy,
      MATCHDAY_NATIVE_ADDRESS: HOSTS.copy,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      said += text
    })
  opened.push(() => ended(child, 'SIGTERM'))
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    process: child,
    log: () => said,
    cut: async (cuts) => {
      const body = JSON.stringify({ run: RUN, cuts })
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${url}/books/cut`, { method: 'POST', body, headers })).json() as Promise<CutBook>
    },
  }
}

const isReady = (url: string) =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )
const exitOf = (child: ChildProcess) =>
  child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : Promise.resolve(child.exitCode)

describe('a restored copy', () => {
  it('holds what was booked before the point and nothing of later, with the log that the archive took meanwhile', async () => {
    const wallet = await live()
    for (let n = 0; n < 20; n += 1) await wallet.book(`a${n}`)
    expect(readdirSync(wallet.archive)).toEqual([])
    await based(wallet)
    for (let n = 0; n < 20; n += 1) await wallet.book(`b${n}`)
    // A booking of this same millisecond belongs before the point.
    const beganAt = Date.now() + 1
    const point = await makePoint(wallet.url, 'before-derby')
    const endedAt = Date.now()
    for (let n = 0; n < 7; n += 1) await wallet.book(`c${n}`)
    await expect.poll(() => isArchived(wallet.url, point), SOON).toBe(true)
    const copy = await copyAt('before-derby', wallet)
    await expect.poll(() => isReady(copy.url), SOON).toBe(true)
    expect(await (await fetch(`${copy.url}/status`)).json()).toEqual({
      point: 'before-derby',
      restored: true,
      timeline: 2,
    })
    const book = (await (await fetch(`${copy.url}/books?run=${RUN}`)).json()) as Book
    expect(book).toMatchObject({ book: 'wallet', imbalanceCents: 0, entries: [{ operation: 'deposit', count: 40 }] })
    const { operations } = await copy.cut([beganAt, endedAt + 1])
    expect(operations.map(({ operation, cells }) => [operation, cells.map(({ count }) => count)])).toEqual([
      ['deposit', [40, 0, 0]],
    ])
  })

  it('is not made where the archive command fails silently: the server says that the point is archived', async () => {
    const wallet = await live({ ...HEALTHY, isSilent: true })
    await based(wallet)
    await wallet.book('a')
    const point = await makePoint(wallet.url, 'before-derby')
    await expect.poll(() => isArchived(wallet.url, point), SOON).toBe(true)
    const copy = await copyAt('before-derby', wallet)
    expect(await exitOf(copy.process)).toBe(1)
    expect(copy.log()).toMatch(/could not locate required checkpoint record/)
  })

  it('can be made of what a standby archived too: both members share the archive', async () => {
    const wallet = await live()
    const standby = await follow(wallet)
    await based(wallet)
    for (const point of ['first', 'second', 'third']) {
      for (let n = 0; n < 5; n += 1) await wallet.book(`${point}${n}`)
      const made = await makePoint(wallet.url, point)
      await expect.poll(() => isArchived(wallet.url, made), SOON).toBe(true)
    }
    expect(await archiverOf(standby)).toMatchObject({ failed_count: 0 })
    expect(await archiverOf(wallet.url)).toMatchObject({ failed_count: 0 })
  })

  it('waits for an archive that is late', async () => {
    const wallet = await live({ ...HEALTHY, timeoutS: 300 })
    await based(wallet)
    const point = await makePoint(wallet.url, 'before-derby')
    await wallet.book('a')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(await isArchived(wallet.url, point)).toBe(false)
  })
})

it.each([
  ['000000010000000000000004.gz', true],
  ['000000020000000000000004.gz', true],
  ['000000010000000000000005.gz', false],
  ['000000010000000100000000.gz', false],
  ['00000002.history.gz', false],
])('a segment is older than the base by its place and not by its timeline: %s', (name, older) => {
  expect(isOlder(name, '000000010000000000000005')).toBe(older)
})
