/**
 * `/books` and `/books/keys` of a service with money, made in SQL in one pass over the run's rows: counts, sums and digests
 * in 256 buckets, so that two books can be compared without moving their keys.
 */
import type { Book, BookBucket, BookEntry, CommittedKeys, CutBook, Deliveries } from '../../wire/books.ts'
import { arrayField, integerField, type Json, keyOf, objectOf, playerOf, runOf, textField } from './body.ts'
import type { Database, Query } from './database.ts'
import { badRequest } from './problem.ts'
import type { Service } from './service.ts'

export type BookSource = {
  readonly book: string
  /** SQL that yields (operation, key, amount_cents), a row per booking, for keys from $1 up to but without $2. */
  readonly bookings: string
  /** SQL like `bookings` for the keys in the array $1, of operations that clients ask for. */
  readonly bookingsOfKeys: string
  /** SQL that yields (name, count) of what is still under way, for keys from $1 up to but without $2. */
  readonly pending: string
  /** SQL that yields (receiver, key, at) of the operation $3, for keys from $1 (inclusive) to $2 (exclusive) and the receivers in the array $4. */
  readonly deliveries?: string
  /**
   * SQL that yields (operation, key, amount_cents, at), a row per booking that was ever made, for keys from $1 up to but without $2. Rows do not
   * change later, so that a copy of an earlier time has the same ones.
   */
  readonly history?: string
  /** SQL that yields (cents): 0 when the whole book balances. */
  readonly imbalance?: string
}

type BucketRow = {
  operation: BookEntry['operation']
  bucket: number
  count: number
  amount: number
  low: number
  high: number
}
type DuplicateRow = { operation: string; key: string }

type DeliveryRow = { receiver: string; fromAt: number; count: number; low: number; high: number }

type CutRow = { operation: string; cell: number; count: number; amount: number; low: number; high: number }

const MAX_CUTS = 100
const MAX_KEYS = 5_000
const MAX_RECEIVERS = 1_000
const MAX_EXAMPLES = 20

/** Keys are `<run>.<operation>.<n>` in bytewise order: '/' is the character after '.', so these two bound a run's keys. */
const boundsOf = (run: string): readonly [string, string] => [`${run}.`, `${run}/`]

const bucketsSql = (bookings: string): string => `
  SELECT operation, get_byte(decode(digest, 'hex'), 0) AS bucket, count(*) AS count, sum(amount_cents) AS amount,
    sum(('x' || substr(digest, 1, 8))::bit(32)::bigint) AS low, sum(('x' || substr(digest, 9, 8))::bit(32)::bigint) AS high
  FROM (SELECT operation, amount_cents, md5(key) AS digest FROM (${bookings}) AS bookings) AS digests
  GROUP BY 1, 2 ORDER BY 1, 2`

const duplicatesSql = (bookings: string): string =>
  `SELECT operation, key FROM (${bookings}) AS bookings GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2`

export async function readBook(query: Query, source: BookSource, run: string): Promise<Book> {
  const bounds = boundsOf(run)
  // What is under way is read first: what lands in between is then missing as pending, but never from a settled book.
  const pendingRows = await query<{ name: string; count: number }>('book-pending', source.pending, bounds)
  const buckets = await query<BucketRow>('book-buckets', bucketsSql(source.bookings), bounds)
  const duplicates = await query<DuplicateRow>('book-duplicates', duplicatesSql(source.bookings), bounds)
  const pending = Object.fromEntries(pendingRows.map(({ name, count }) => [name, count]))
  const imbalance =
    source.imbalance === undefined ? undefined : await query<{ cents: number }>('book-imbalance', source.imbalance)
  return {
    book: source.book,
    run,
    settled: Object.values(pending).every((count) => count === 0),
    pending,
    entries: entriesOf(buckets, duplicates),
    ...(imbalance === undefined ? {} : { imbalanceCents: imbalance[0]?.cents ?? 0 }),
  }
}

function entriesOf(rows: readonly BucketRow[], duplicates: readonly DuplicateRow[]): readonly BookEntry[] {
  return [...Map.groupBy(rows, ({ operation }) => operation)].map(([operation, ofOperation]) => {
    const twice = duplicates.filter((row) => row.operation === operation)
    const buckets = ofOperation.map(
      ({ bucket, count, amount, low, high }): BookBucket => ({ bucket, count, amountCents: amount, low, high }),
    )
    const total = (pick: (bucket: BookBucket) => number): number =>
      buckets.reduce((sum, bucket) => sum + pick(bucket), 0)
    return {
      operation,
      count: total(({ count }) => count),
      amountCents: total(({ amountCents }) => amountCents),
      low: total(({ low }) => low),
      high: total(({ high }) => high),
      duplicates: twice.length,
      duplicateKeys: twice.slice(0, MAX_EXAMPLES).map(({ key }) => key),
      buckets,
    }
  })
}

async function readKeys(query: Query, source: BookSource, keys: readonly string[]): Promise<CommittedKeys> {
  const sql = `SELECT key, sum(amount_cents) AS amount, count(*) AS times FROM (${source.bookingsOfKeys}) AS bookings GROUP BY 1 ORDER BY 1`
  const rows = await query<{ key: string; amount: number; times: number }>('book-keys', sql, [keys])
  return { book: source.book, committed: rows.map(({ key, amount, times }) => ({ key, amountCents: amount, times })) }
}

const deliveriesSql = (deliveries: string): string => `
  SELECT receiver, floor(extract(epoch FROM at) * 1000 / $5) * $5 AS "fromAt", count(*) AS count,
    sum(('x' || substr(digest, 1, 8))::bit(32)::bigint) AS low, sum(('x' || substr(digest, 9, 8))::bit(32)::bigint) AS high
  FROM (SELECT receiver, at, md5(key) AS digest FROM (${deliveries}) AS deliveries) AS digests GROUP BY 1, 2 ORDER BY 1, 2`

async function readDeliveries(
  query: Query,
  source: BookSource,
  sql: string,
  values: readonly unknown[],
): Promise<Deliveries> {
  const rows = await query<DeliveryRow>('book-deliveries', deliveriesSql(sql), values)
  const byReceiver = Map.groupBy(rows, ({ receiver }) => receiver)
  return {
    book: source.book,
    receivers: [...byReceiver].map(([receiver, own]) => ({
      receiver,
      cells: own.map(({ fromAt, count, low, high }) => ({ fromAt: Number(fromAt), count, low, high })),
    })),
  }
}

const cutSql = (history: string): string => `
  SELECT operation, width_bucket((extract(epoch FROM at) * 1000)::float8, $3::float8[]) AS cell, count(*) AS count, sum(amount_cents) AS amount,
    sum(('x' || substr(digest, 1, 8))::bit(32)::bigint) AS low, sum(('x' || substr(digest, 9, 8))::bit(32)::bigint) AS high
  FROM (SELECT operation, amount_cents, at, md5(key) AS digest FROM (${history}) AS history) AS digests GROUP BY 1, 2 ORDER BY 1, 2`

const NOTHING = { count: 0, amountCents: 0, low: 0, high: 0 }

async function readCut(
  query: Query,
  book: string,
  history: string,
  run: string,
  cuts: readonly number[],
): Promise<CutBook> {
  const rows = await query<CutRow>('book-cut', cutSql(history), [...boundsOf(run), cuts])
  const operations = [...Map.groupBy(rows, ({ operation }) => operation)].map(([operation, own]) => {
    const cellOf = new Map(
      own.map(({ cell, count, amount, low, high }) => [cell, { count, amountCents: amount, low, high }]),
    )
    return { operation, cells: Array.from({ length: cuts.length + 1 }, (_, cell) => cellOf.get(cell) ?? NOTHING) }
  })
  return { book, operations }
}

/** Ascending moments in ms. */
function cutsOf(body: Json): readonly number[] {
  const cuts = arrayField(body, 'cuts', MAX_CUTS)
  const isAscending = cuts.every(
    (at, index) => Number.isFinite(at) && (index === 0 || Number(at) >= Number(cuts[index - 1])),
  )
  if (cuts.length > 0 && isAscending) return cuts.map(Number)
  throw badRequest('cuts must be ascending moments in milliseconds')
}

export function serveBooks(service: Service, database: Pick<Database, 'query'>, source: BookSource): void {
  service.app.get('/books', async (request) => {
    const run = runOf(objectOf(request.query).run)
    return readBook(database.query, source, run)
  })
  service.app.post('/books/keys', async (request) => {
    const body = objectOf(request.body)
    const run = runOf(body.run)
    const keys = arrayField(body, 'keys', MAX_KEYS).map(keyOf)
    return readKeys(
      database.query,
      source,
      keys.filter((key) => key.startsWith(`${run}.`)),
    )
  })
  const { deliveries, history } = source
  if (history !== undefined)
    service.app.post('/books/cut', async (request) => {
      const body = objectOf(request.body)
      return readCut(database.query, source.book, history, runOf(body.run), cutsOf(body))
    })
  if (deliveries === undefined) return
  service.app.post('/books/deliveries', async (request) => {
    const body = objectOf(request.body)
    const receivers = arrayField(body, 'receivers', MAX_RECEIVERS).map(playerOf)
    const sliceMs = integerField(body, 'sliceMs', 100, 3_600_000)
    const values = [...boundsOf(runOf(body.run)), textField(body, 'operation', 64), receivers, sliceMs]
    return readDeliveries(database.query, source, deliveries, values)
  })
}
