import { expect, it } from 'vitest'
import { createOutbox, type ShopOrder } from './services/outbox.ts'

const order = (key: string): ShopOrder => ({ key, amountCents: 500 })
const keysOf = (orders: readonly ShopOrder[]) => orders.map(({ key }) => key).join()

it('sends orders until they are confirmed, and keeps those that were added meanwhile', async () => {
  const sent: string[] = []
  const answers = [false, true, false, true]
  const outbox = createOutbox(async (orders) => {
    sent.push(keysOf(orders))
    // Added while the first order is being confirmed.
    if (sent.length === 2) outbox.add(order('b'))
    return answers[sent.length - 1] ?? true
  })
  outbox.add(order('a'))
  expect(outbox.waiting()).toBe(1)
  await expect.poll(() => outbox.waiting()).toBe(0)
  expect(sent).toEqual(['a', 'a', 'b', 'b'])
})
