/** A lease is a write, so background loops take one only if there is work. Otherwise the write-ahead log would grow although writes are frozen. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { settleBets } from '../../src/platform/services/bets/background.ts'
import { betsSteps, createBetStore } from '../../src/platform/services/bets/store.ts'
import { type Database, openDatabase, sqlStep } from '../../src/platform/shared/database.ts'
import { deliver, EVENT_TABLE } from '../../src/platform/shared/events.ts'
import { logOf } from '../../src/platform/shared/log.ts'
import { createServiceMetrics } from '../../src/platform/shared/metrics.ts'
import { createUpstream } from '../../src/platform/shared/upstream.ts'
import { freePort } from '../support/ports.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'

const log = { info: () => undefined, warn: () => undefined, error: logOf('test').error }
let server: Postgres
let database: Database

beforeAll(async () => {
  server = await startPostgres()
  const pool = { url: server.url, poolSize: 2, maxConnections: 2 }
  database = openDatabase(pool, 'bets', { log, metrics: createServiceMetrics() })
  await database.prepare([...betsSteps, sqlStep(EVENT_TABLE)])
})
afterAll(async () => {
  await database?.stop()
  await server?.stop()
})

const leases = async () =>
  (await database.query<{ name: string }>('leases', 'SELECT name FROM leases ORDER BY name')).map(({ name }) => name)

it('is taken for events and settlements when there are any, and not before', async () => {
  const nobody = createUpstream({ url: `http://127.0.0.1:${await freePort()}`, connections: 1, maxInFlight: 1 })
  const background = { database, log, everyMs: 1, stakeReturn: true, wallet: nobody, provider: nobody }
  const loops = [
    deliver({ ...background, topic: 'bet.settled', holder: 'one', send: async () => false }),
    settleBets({ ...background, store: createBetStore(database.query) }),
  ]
  onTestFinished(async () => void (await Promise.all(loops.map((loop) => loop.stop()))))
  // Each loop takes many turns in this time, and finds nothing.
  await database.query('turns', 'SELECT pg_sleep(0.3)')
  expect(await leases()).toEqual([])
  await database.query('event', "INSERT INTO events (topic, key, payload) VALUES ('bet.settled', 'k', '{}')")
  await expect.poll(leases).toEqual(['deliver bet.settled'])
  await database.query(
    'bet',
    `INSERT INTO bets (key, player, stake_cents, selection, odds, state, won, owner, lease_until)
      VALUES ('k', 'p', 500, 'derby:home', 2, 'accepted', true, 'o', now())`,
  )
  await expect.poll(leases).toEqual(['deliver bet.settled', 'settle'])
})
