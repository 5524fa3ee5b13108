/** A schema change while bookings go on, on a real PostgreSQL: what the keeper sees of the waits for its lock. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askServer } from '../../src/platform/services/db-keeper/asking.ts'
import { changeSchema } from '../../src/platform/services/wallet/schema-change.ts'
import { logOf } from '../../src/platform/shared/log.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'

const log = logOf('test')
let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const clientOf = async (): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: postgres.url, options: '-c search_path=wallet' })
  await client.connect()
  return client
}

async function tableOfTransfers(): Promise<pg.Client> {
  const client = await clientOf()
  await client.query('CREATE SCHEMA IF NOT EXISTS wallet')
  await client.query('DROP TABLE IF EXISTS transfers')
  await client.query('CREATE TABLE transfers (id bigint GENERATED ALWAYS AS IDENTITY, amount_cents bigint NOT NULL)')
  return client
}

/** Bookings of a release that does not know the column, until stopped; and what the keeper saw meanwhile. */
async function underLoad(change: () => Promise<void>) {
  const keeper = askServer(postgres.adminUrl)
  const booking = await clientOf()
  let [booked, longestS, going] = [0, 0, true]
  const book = async () => {
    while (going) {
      await booking.query('INSERT INTO transfers (amount_cents) VALUES (1)')
      booked += 1
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const watch = async () => {
    while (going) {
      longestS = Math.max(longestS, (await keeper.state())?.lockWaitS ?? Number.NaN)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const all = Promise.all([book(), watch()])
  try {
    await change()
    await new Promise((resolve) => setTimeout(resolve, 300))
  } finally {
    going = false
    await all
    await Promise.all([booking.end(), keeper.close()])
  }
  return { booked, longestS }
}

describe('a change of the schema', () => {
  it('is short, and the former release books on with the new schema', async () => {
    const admin = await tableOfTransfers()
    const { booked, longestS } = await underLoad(() => changeSchema({ url: postgres.url, holdsMs: 0, log }))
    const { rows } = await admin.query('SELECT count(*)::int AS rows, count(reference)::int AS filled FROM transfers')
    await admin.end()
    expect(rows).toEqual([{ rows: booked, filled: 0 }])
    expect(longestS).toBeLessThan(0.5)
  })

  it('that must be filled cannot be written by the former release', async () => {
    const admin = await tableOfTransfers()
    const book = () => admin.query('INSERT INTO transfers (amount_cents) VALUES (1)')
    await book()
    await changeSchema({ url: postgres.url, holdsMs: 0, isRequired: true, log })
    await expect(book()).rejects.toThrow('null value in column "reference"')
    const { rows } = await admin.query('SELECT reference FROM transfers')
    await admin.end()
    expect(rows).toEqual([{ reference: '' }])
  })

  it('that holds its lock makes every booking wait, and the keeper tells how long', async () => {
    const admin = await tableOfTransfers()
    const { longestS } = await underLoad(() => changeSchema({ url: postgres.url, holdsMs: 1_500, log }))
    await admin.end()
    expect(longestS).toBeGreaterThan(1)
    expect(longestS).toBeLessThan(5)
  })

  it('gives way to a transaction that holds the table, and is made when that has ended', async () => {
    const admin = await tableOfTransfers()
    await admin.query('BEGIN')
    await admin.query('SELECT count(*) FROM transfers')
    const released = new Promise<void>((resolve) =>
      setTimeout(async () => {
        await admin.query('COMMIT')
        resolve()
      }, 1_200),
    )
    const { longestS } = await underLoad(() => changeSchema({ url: postgres.url, holdsMs: 0, log }))
    await released
    const { rows } = await admin.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'reference'")
    await admin.end()
    expect(rows).toHaveLength(1)
    // Bookings queue behind the change for its lock time-out at most.
    expect(longestS).toBeLessThan(1)
  })
})
