/**
 * A shop in two regions with a real PostgreSQL each: the primary is in the west, its streaming standby in the east. The API server and the services before
 * them are small, and what they read and switch is the real thing.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { kubernetesActions } from '../../../src/adapters/kubernetes/actions/actions.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { walletSteps } from '../../../src/platform/services/wallet/schema.ts'
import { type Answers, patched, refusal, Said, smallApiServer } from '../../support/small-api-server.ts'
import { CONFIG, ROUTE, regionObjects, type Stored } from '../../support/two-regions.ts'
import { keeperUrl, ownSecrets, startLabPostgres, startStandby } from './lab-postgres.ts'

export const RUN = 'go-east-1'
export const SOON = { timeout: 30_000, interval: 100 }

const secrets = ownSecrets()
const HOSTS = { west: `127.47.${process.pid % 250}.1`, east: `127.47.${process.pid % 250}.2` } as const
export type RegionName = keyof typeof HOSTS

/** Called in reverse order when the test is over. */
export type Opened = (() => Promise<unknown>)[]

const clientUrl = (host: string) => (secrets('wallet-db-client').DATABASE_URL ?? '').replace('@wallet-db:', `@${host}:`)

function poolOf(opened: Opened, connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, options: '-c search_path=wallet', max: 4 })
  // Fencing ends the connections.
  pool.on('error', () => undefined)
  opened.push(() => pool.end())
  return pool
}

/** Resolves when the server lets clients in and `holds`. */
const untilServes = (pool: pg.Pool, holds: (accounts: number) => boolean) =>
  expect
    .poll(
      () =>
        pool.query('SELECT count(*) FROM wallet.accounts').then(
          ({ rows }) => holds(Number(rows[0].count)),
          () => false,
        ),
      SOON,
    )
    .toBe(true)

/** Both servers, the standby following. `configure` puts a line before a file of a server's configuration and lets it read that. */
async function databases(opened: Opened) {
  const primary = await startLabPostgres('wallet-db', HOSTS.west, secrets)
  opened.push(() => primary.stop())
  const west = poolOf(opened, clientUrl(HOSTS.west))
  await expect
    .poll(
      () =>
        west.query('SELECT 1').then(
          () => true,
          () => false,
        ),
      SOON,
    )
    .toBe(true)
  const client = await west.connect()
  await client.query('CREATE SCHEMA wallet')
  for (const step of walletSteps({ players: 10, openingCents: 1_000, password: 'test', hashCost: 16 }))
    await step(client)
  client.release()
  const folders: Record<RegionName, string> = { west: primary.data, east: '' }
  const east = poolOf(opened, clientUrl(HOSTS.east))
  const pools = { west, east }
  /** A server of this region becomes a copy of the other one, and follows it. */
  const copy = async (name: RegionName, of: RegionName): Promise<void> => {
    const source = { command: primary.command, host: HOSTS[of] }
    const stop = await startStandby(source, HOSTS[name], secrets, {}, (root) => {
      folders[name] = join(root, 'data')
    })
    opened.push(stop)
    await untilServes(pools[name], (accounts) => accounts > 10)
  }
  await copy('east', 'west')
  const admin = {
    west: poolOf(opened, keeperUrl(HOSTS.west, secrets)),
    east: poolOf(opened, keeperUrl(HOSTS.east, secrets)),
  }
  const configure = (file: string, text: string, name: RegionName = 'west') => {
    const path = join(folders[name], file)
    writeFileSync(path, `${text}\n${readFileSync(path, 'utf8')}`)
    process.kill(Number(readFileSync(join(folders[name], 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGHUP')
  }
  /** The first server is lost, and the one in its place is a copy of the other region. */
  const rebuildWest = async (): Promise<void> => {
    primary.kill()
    await copy('west', 'east')
  }
  return { client: pools, admin, configure, rebuildWest }
}

/** `leaks`: every third write does not ask the freeze switch. `lies`: the standby shows the position of the primary. */
export type SeededShop = { readonly leaks?: true; readonly lies?: true }

export async function openShop(opened: Opened, { leaks, lies }: SeededShop) {
  const { client, admin, configure, rebuildWest } = await databases(opened)
  const objects = regionObjects()
  const isOn = (name: RegionName) => objects.get(CONFIG(name))?.data?.writes === 'on'
  const one = async (pool: pg.Pool, sql: string) =>
    Object.values((await pool.query(sql)).rows[0] as object)[0] as unknown
  let underWay = 0
  const lsn = (name: RegionName) =>
    one(
      admin[lies ? 'west' : name],
      'SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text',
    )
  const serve = async (name: RegionName, path: string, body: unknown): Promise<unknown> => {
    switch (path) {
      case '/trial-write':
        // Refused by a standby and by a fenced primary, as any write.
        return new Said(
          isOn(name) &&
            (await client[name].query('UPDATE accounts SET balance_cents = 0 WHERE false').then(
              () => true,
              () => false,
            ))
            ? 200
            : 503,
        )
      case '/database':
        return {
          replicas: 1,
          underWay,
          lsn: await lsn(name),
          role: (await one(admin[name], 'SELECT pg_is_in_recovery()')) ? 'standby' : 'primary',
        }
      case '/fence':
        // In the files of this server: whatever is written into the database, its standby has too.
        configure('postgresql.auto.conf', 'default_transaction_read_only = on', name)
        return {}
      case '/promote':
        if (await one(admin[name], 'SELECT pg_is_in_recovery()')) await admin[name].query('SELECT pg_promote(true, 20)')
        return {}
      case '/books/cut':
        return cutOf(client[name], (body as { cuts: number[] }).cuts)
      default:
        return undefined
    }
  }
  const answers: Answers = async ({ method, path, body }) => {
    const proxied = /^\/api\/v1\/namespaces\/shop-(west|east)\/services\/orders:8080\/proxy(.*)$/.exec(path)
    if (proxied !== null)
      return serve(proxied[1] as RegionName, proxied[2] ?? '', body).catch(
        (error: Error) => new Said(500, { error: error.message }),
      )
    if (method === 'POST') objects.set(`${path}/${(body as Stored).metadata.name}`, body as Stored)
    if (method === 'POST') return body
    const object = objects.get(path)
    if (object === undefined) return refusal(404)
    if (method === 'DELETE') objects.delete(path)
    if (method === 'PATCH') objects.set(path, patched(object, body) as Stored)
    return objects.get(path) ?? object
  }
  const servesEast = () => JSON.stringify(objects.get(ROUTE)).includes('"name":"east","weight":1000')
  const acknowledged: string[] = []
  let n = 0
  const write = async (): Promise<void> => {
    const name: RegionName = servesEast() ? 'east' : 'west'
    n += 1
    if (!isOn(name) && !(leaks && n % 3 === 0)) return
    const key = `${RUN}.deposit.${String(n).padStart(6, '0')}`
    underWay += 1
    const sql = `SELECT post_transfer('deposit', $1, 'player-000001', 100, 1, 'house:psp-clearing', NULL, '{}') AS posting`
    await client[name].query(sql, [key]).then(
      () => void acknowledged.push(key),
      () => undefined,
    )
    underWay -= leaks ? underWay : 1
  }
  const clock = setInterval(() => void write(), 25)
  opened.push(async () => clearInterval(clock))
  return {
    actions: kubernetesActions(await smallApiServer(answers), systemClock),
    client,
    admin,
    acknowledged,
    configure,
    rebuildWest,
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>

/** As a service answers it: count, amount and sums of digests between the cuts. */
async function cutOf(pool: pg.Pool, cuts: readonly number[]) {
  const { rows } = await pool.query(
    'SELECT key, amount_cents::int AS amount, extract(epoch FROM created_at)::float8 * 1000 AS at FROM wallet.transfers WHERE key LIKE $1',
    [`${RUN}.%`],
  )
  const cells = Array.from({ length: cuts.length + 1 }, () => ({ count: 0, amountCents: 0, low: 0, high: 0 }))
  for (const { key, amount, at } of rows as { key: string; amount: number; at: number }[]) {
    const cell = cells[cuts.filter((cut) => at >= cut).length]
    const digest = createHash('md5').update(key).digest('hex')
    if (cell === undefined) continue
    cell.count += 1
    cell.amountCents += amount
    cell.low += Number.parseInt(digest.slice(0, 8), 16)
    cell.high += Number.parseInt(digest.slice(8, 16), 16)
  }
  return { operations: [{ operation: 'deposit', cells }] }
}

export const storedIn = async (pool: pg.Pool): Promise<ReadonlySet<string>> =>
  new Set(
    (await pool.query('SELECT key FROM wallet.transfers WHERE key LIKE $1', [`${RUN}.%`])).rows.map(
      ({ key }) => key as string,
    ),
  )
