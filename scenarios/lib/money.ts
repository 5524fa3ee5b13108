/**
 * Operations that move money. Each has a key and an amount that follow from the run, the operation and the arrival's number alone,
 * so that the books can be checked by sums. Its outcome is acknowledged, refused, or unknown when the client never learnt it.
 */
import crypto from 'k6/crypto'
import type { RefinedResponse, ResponseType } from 'k6/http'
import { digestOf, operationKey } from '../../src/wire/books.ts'
import { type Arrival, bad, good, type Outcome, reasonOf } from './measure.ts'
import { isPlanned, plan } from './plan.ts'
import {
  acknowledged,
  amountCents,
  digestHigh,
  digestLow,
  expectSeries,
  refused,
  tag,
  unknown,
  unknownCount,
  untag,
} from './series.ts'

export type Operation = {
  readonly name: string
  /** Statuses by which the platform acknowledges, and by which it refuses. Any other answer, or none, leaves it unknown. */
  readonly acknowledges: readonly number[]
  readonly refuses: readonly number[]
  /** The load profile, where it is not called like the operation: then its keys begin at a number that no other profile reaches. */
  readonly profile?: string
  readonly firstKey?: number
  /** Cents from the key's digest. */
  readonly amount?: (low: number) => number
}

export type Order = { readonly key: string; readonly amountCents: number }

type Answer = RefinedResponse<ResponseType>

// k6 makes a new function at each access of `crypto.md5`.
const { md5 } = crypto

/** Between 5 and 105 units of money, from the key's digest. */
export const amountOf = (low: number): number => 500 + (low % 10_000)

export type Operating = {
  (arrival: Arrival, send: (order: Order) => Answer): Outcome
  /** The order of this profile's n-th arrival, for profiles that send an order again. */
  orderOf(n: number): Order
}

/** Makes the function that performs one operation and books its outcome. Call it in the init context. */
export function operating(operation: Operation): Operating {
  const { name: op, profile: scenario = op, firstKey = 0, amount = amountOf } = operation
  const tags = { op }
  if (isPlanned(scenario))
    expectSeries(() =>
      [acknowledged, amountCents, digestLow, digestHigh, refused, unknownCount].map(
        (counter) => [counter, { scenario, op }] as const,
      ),
    )

  const acknowledge = (order: Order, digest: { low: number; high: number }): Outcome => {
    const before = tag('op', op)
    acknowledged.add(1)
    amountCents.add(order.amountCents)
    digestLow.add(digest.low)
    digestHigh.add(digest.high)
    untag('op', before)
    return good
  }
  const lose = ({ key }: Order): void => {
    unknown.add(1, { op, key })
    unknownCount.add(1, tags)
  }

  const made = (n: number): { order: Order; digest: { low: number; high: number } } => {
    const key = operationKey(plan.run, op, firstKey + n)
    const digest = digestOf(md5(key, 'hex'))
    return { order: { key, amountCents: amount(digest.low) }, digest }
  }
  const perform = ({ n }: Arrival, send: (order: Order) => Answer): Outcome => {
    const { order, digest } = made(n)
    const answer = sending(order, send, lose)
    if (operation.acknowledges.includes(answer.status)) return acknowledge(order, digest)
    if (operation.refuses.includes(answer.status)) {
      refused.add(1, tags)
      return bad('refused')
    }
    lose(order)
    return bad(reasonOf(answer))
  }
  return Object.assign(perform, { orderOf: (n: number) => made(n).order })
}

/** An exception while sending leaves the outcome unknown too. */
function sending(order: Order, send: (order: Order) => Answer, lose: (order: Order) => void): Answer {
  try {
    return send(order)
  } catch (error) {
    lose(order)
    throw error
  }
}
