/**
 * A cutover between two regions with a real PostgreSQL each: a primary in the west and its streaming standby in the east. The API server and the services
 * before them are small, and what they read and switch is the real thing. Seeded defects lose real writes, and the judge names them.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { systemClock } from '../../src/cli/clock.ts'
import type { Evidence, Undo } from '../../src/domain/evidence.ts'
import type { Target } from '../../src/domain/rehearsal.ts'
import type { PlannedAction } from '../../src/domain/timeline.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import { walletSteps } from '../../src/platform/services/wallet/schema.ts'
import { actionOf, withActions } from '../support/evidence-actions.ts'
import { cutoverAct, eastward } from '../support/evidence-cutover.ts'
import { runStarted, target as stock } from '../support/evidence-rehearsal.ts'
import { causesOf } from '../support/judged.ts'
import { type Answers, patched, refusal, Said, smallApiServer } from '../support/small-api-server.ts'
import { CONFIG, LOG, ROUTE, regionObjects, type Stored } from '../support/two-regions.ts'
import { keeperUrl, ownSecrets, startLabPostgres, startStandby } from './support/lab-postgres.ts'

const secrets = ownSecrets()
const HOSTS = { west: `127.47.${process.pid % 250}.1`, east: `127.47.${process.pid % 250}.2` } as const
type Name = keyof typeof HOSTS
const RUN = 'go-east-1'
const SOON = { timeout: 30_000, interval: 100 }

let opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.reverse()) await close()
  opened = []
})

const clientUrl = (host: string) => (secrets('wallet-db-client').DATABASE_URL ?? '').replace('@wallet-db:', `@${host}:`)

function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, options: '-c search_path=wallet', max: 4 })
  // Fencing ends the connections.
  pool.on('error', () => undefined)
  opened.push(() => pool.end())
  return pool
}

/** Both servers, the standby following. `configure` puts a line before a file of the primary's configuration and lets it read that. */
async function databases() {
  const primary = await startLabPostgres('wallet-db', HOSTS.west, secrets)
  opened.push(() => primary.stop())
  const west = poolOf(clientUrl(HOSTS.west))
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
  opened.push(await startStandby(primary, HOSTS.east, secrets))
  const east = poolOf(clientUrl(HOSTS.east))
  const follows = () =>
    east.query('SELECT count(*) FROM wallet.accounts').then(
      ({ rows }) => Number(rows[0].count) > 10,
      () => false,
    )
  await expect.poll(follows, SOON).toBe(true)
  const admin = { west: poolOf(keeperUrl(HOSTS.west, secrets)), east: poolOf(keeperUrl(HOSTS.east, secrets)) }
  const configure = (file: string, text: string) => {
    const path = join(primary.data, file)
    writeFileSync(path, `${text}\n${readFileSync(path, 'utf8')}`)
    process.kill(Number(readFileSync(join(primary.data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGHUP')
  }
  return { client: { west, east }, admin, configure }
}

type Seeded = { readonly leaks?: true; readonly lies?: true }

/** `leaks`: every third write does not ask the freeze switch. `lies`: the standby shows the position of the primary. */
async function shop({ leaks, lies }: Seeded) {
  const { client, admin, configure } = await databases()
  const objects = regionObjects()
  const isOn = (name: Name) => objects.get(CONFIG(name))?.data?.writes === 'on'
  const one = async (pool: pg.Pool, sql: string) =>
    Object.values((await pool.query(sql)).rows[0] as object)[0] as unknown
  let underWay = 0
  const lsn = (name: Name) =>
    one(
      admin[lies ? 'west' : name],
      'SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text',
    )
  const serve = async (name: Name, path: string, body: unknown): Promise<unknown> => {
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
        configure('postgresql.auto.conf', 'default_transaction_read_only = on')
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
      return serve(proxied[1] as Name, proxied[2] ?? '', body).catch(
        (error: Error) => new Said(500, { error: error.message }),
      )
    if (method === 'POST') objects.set(LOG, body as Stored)
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
    const name: Name = servesEast() ? 'east' : 'west'
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
  }
}

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

const target: Target = {
  ...stock,
  namespace: 'shop-west',
  books: [{ book: 'wallet', namespace: 'shop-west', service: 'orders', port: 8080 }],
  cutovers: { eastward },
}
const budgets = Object.fromEntries(
  Object.keys(cutoverAct.budgets).map((step) => [step, seconds(30)]),
) as typeof cutoverAct.budgets
const spec = actionOf('go east', { ...cutoverAct, budgets, holdMs: millis(100) })

/** Performs the cutover, heals or keeps it, and judges what was recorded. */
async function moved({ actions }: Pick<Awaited<ReturnType<typeof shop>>, 'actions'>) {
  const planned = { ...spec, atMs: millis(0) } as unknown as PlannedAction
  const records: Evidence[] = [{ ...runStarted(), rehearsal: withActions(spec), target }]
  const prepared = await actions.prepare(RUN, target, planned, ['Region/west'])
  const nobodyAsks = () => Promise.reject(new Error('nobody asks'))
  const outcome = await prepared
    .perform(
      (step) => records.push({ kind: 'action-step', at: systemClock.now(), action: 'go east', step }),
      new AbortController().signal,
      { preview: nobodyAsks, step: nobodyAsks },
    )
    .then(
      () => 'done',
      ({ message }: Error) => message,
    )
  const [undo] = prepared.undos
  if (outcome === 'done') await actions.keep(undo as Undo, seconds(5))
  const judgment = judge(records)
  const sentence = (kind: string) => judgment.actions[0]?.reactions.find((each) => each.kind === kind)?.sentence
  return { outcome, causes: causesOf(judgment, 'breach'), sentence, undo: undo as Undo }
}

const storedIn = async (pool: pg.Pool): Promise<ReadonlySet<string>> =>
  new Set(
    (await pool.query('SELECT key FROM wallet.transfers WHERE key LIKE $1', [`${RUN}.%`])).rows.map(
      ({ key }) => key as string,
    ),
  )

describe('a cutover between two real databases', () => {
  it('loses nothing: each write that was acknowledged in either region is in the new one', async () => {
    const platform = await shop({})
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const { outcome, causes, sentence } = await moved(platform)
    expect([outcome, causes.filter((cause) => cause !== 'cutover-slow')]).toEqual(['done', []])
    expect(sentence('cutover-rpo')).toMatch(
      /^east has the same \d+ deposits as west, compared by digests of their keys \(RPO 0\)\.$/,
    )
    expect(sentence('freeze-holds')).toBe('west booked nothing after its writes had drained.')
    const before = platform.acknowledged.length
    await expect.poll(() => platform.acknowledged.length, SOON).toBeGreaterThan(before + 5)
    const stored = await storedIn(platform.client.east)
    expect(platform.acknowledged.slice(0, before).filter((key) => !stored.has(key))).toEqual([])
  })

  it('whose freeze leaks is named', async () => {
    const platform = await shop({ leaks: true })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const { causes } = await moved(platform)
    expect(causes[0]).toBe('freeze-leaked')
  })

  it('promoted before the standby has caught up is named, with what is lost', async () => {
    const platform = await shop({ lies: true })
    platform.configure('pg_hba.conf', 'host replication all all reject')
    await platform.admin.west.query('SELECT pg_terminate_backend(pid) FROM pg_stat_replication')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const { outcome, causes, sentence } = await moved(platform)
    const stored = await storedIn(platform.client.east)
    const lost = platform.acknowledged.filter((key) => !stored.has(key)).length
    expect([outcome, causes.filter((cause) => cause !== 'cutover-slow'), lost > 5]).toEqual([
      'done',
      ['promoted-before-caught-up'],
      true,
    ])
    expect(sentence('cutover-rpo')).toMatch(
      /^east lacks \d+ deposits \(\d+\.\d\d EUR\) that west had booked before the promotion\.$/,
    )
  })
})
