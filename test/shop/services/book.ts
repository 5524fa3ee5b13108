/** A book of orders in memory, in the form that matchday reads (src/wire/books.ts). Its service has one pod, which no fault touches. */
import { createHash } from 'node:crypto'
import { digestOf } from '../../../src/wire/books.ts'
import type { ShopOrder } from './outbox.ts'
import type { Route } from './serving.ts'

const OPERATION = 'order'

export type OrderBook = {
  /** A key is booked once. @returns whether it was new */
  book(order: ShopOrder): boolean
  readonly routes: Readonly<Record<string, Route>>
}

/** `pending`: work that is under way, by name. */
export function createBook(name: string, pending: () => Readonly<Record<string, number>> = () => ({})): OrderBook {
  const orders = new Map<string, number>()
  return {
    book: ({ key, amountCents }) => {
      const isNew = !orders.has(key)
      orders.set(key, amountCents)
      return isNew
    },
    routes: {
      'GET /books': (_, query) => {
        const run = query.get('run') ?? ''
        const open = pending()
        const settled = Object.values(open).every((n) => n === 0)
        const mine = [...orders].filter(([key]) => key.startsWith(`${run}.`))
        return { status: 200, body: { book: name, run, settled, pending: open, entries: [entryOf(mine)] } }
      },
      'POST /books/keys': ({ keys }) => {
        const asked = Array.isArray(keys) ? keys.map(String) : []
        const committed = asked.flatMap((key) => {
          const amountCents = orders.get(key)
          return amountCents === undefined ? [] : [{ key, amountCents, times: 1 }]
        })
        return { status: 200, body: { book: name, committed } }
      },
    },
  }
}

function entryOf(orders: readonly (readonly [string, number])[]) {
  const digests = orders.map(([key, amountCents]) => ({
    ...digestOf(createHash('md5').update(key).digest('hex')),
    amountCents,
  }))
  const buckets = Map.groupBy(digests, ({ bucket }) => bucket)
  return {
    operation: OPERATION,
    ...sumsOf(digests),
    duplicates: 0,
    duplicateKeys: [],
    buckets: [...buckets].map(([bucket, all]) => ({ bucket, ...sumsOf(all) })),
  }
}

type Digested = { readonly low: number; readonly high: number; readonly amountCents: number }

const sumsOf = (all: readonly Digested[]) => ({
  count: all.length,
  amountCents: all.reduce((sum, each) => sum + each.amountCents, 0),
  low: all.reduce((sum, { low }) => sum + low, 0),
  high: all.reduce((sum, { high }) => sum + high, 0),
})
