/**
 * Orders that one service has booked and that another one must still get. They are sent until the other side has confirmed them, whatever happens to the
 * client that placed them.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export type ShopOrder = { readonly key: string; readonly amountCents: number }

export type Outbox = {
  add(order: ShopOrder): void
  /** Orders that are not confirmed yet. */
  waiting(): number
}

const EVERY_MS = 50

/** `send` resolves to whether the orders were confirmed. The other side must take a key once: an order is sent again if its confirmation was lost. */
export function createOutbox(send: (orders: readonly ShopOrder[]) => Promise<boolean>): Outbox {
  const waiting = new Map<string, ShopOrder>()
  const deliver = async (): Promise<void> => {
    for (;;) {
      const orders = [...waiting.values()]
      if (orders.length > 0 && (await send(orders))) for (const { key } of orders) waiting.delete(key)
      await sleep(EVERY_MS, undefined, { ref: false })
    }
  }
  void deliver()
  return { add: (order) => void waiting.set(order.key, order), waiting: () => waiting.size }
}
