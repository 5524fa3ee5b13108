/**
 * The connections that a provider grants us: so many calls at a time, a short queue, and a quick refusal beyond it. A pod's
 * capacity is slots ÷ latency, and a queue that could grow would only turn overload into timeouts.
 */

export type SlotAnswer =
  | { readonly kind: 'slot'; release(): void }
  | { readonly kind: 'full' }
  | { readonly kind: 'expired' }
  /** The queue was emptied because the provider is gone. */
  | { readonly kind: 'flushed' }

export type Slots = {
  /** Waits for a slot until `waitMs` are over. */
  acquire(waitMs: number): Promise<SlotAnswer>
  full(): boolean
  /** Seconds for which slots were taken, added up over all slots. */
  busySeconds(): number
  flush(): void
}

type Waiting = { settle(admission: SlotAnswer): void; timer: NodeJS.Timeout }

export function createSlots(count: number, queueLimit: number): Slots {
  const queue = new Set<Waiting>()
  let free = count
  let busyMs = 0
  let accountedAt = performance.now()

  function account(): void {
    const now = performance.now()
    busyMs += (count - free) * (now - accountedAt)
    accountedAt = now
  }

  function slot(): SlotAnswer {
    let held = true
    return {
      kind: 'slot',
      release: () => {
        if (!held) return
        held = false
        const [next] = queue
        account()
        if (next === undefined) free += 1
        else leave(next, slot())
      },
    }
  }

  function leave(waiting: Waiting, admission: SlotAnswer): void {
    queue.delete(waiting)
    clearTimeout(waiting.timer)
    waiting.settle(admission)
  }

  return {
    busySeconds: () => {
      account()
      return busyMs / 1000
    },
    full: () => free === 0 && queue.size >= queueLimit,
    flush: () => {
      for (const waiting of [...queue]) leave(waiting, { kind: 'flushed' })
    },
    acquire: (waitMs) => {
      if (free > 0) {
        account()
        free -= 1
        return Promise.resolve(slot())
      }
      if (queue.size >= queueLimit) return Promise.resolve({ kind: 'full' })
      return new Promise((resolve) => {
        const waiting: Waiting = {
          settle: resolve,
          timer: setTimeout(() => leave(waiting, { kind: 'expired' }), waitMs),
        }
        queue.add(waiting)
      })
    },
  }
}
