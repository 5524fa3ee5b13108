/** The way to one provider: its breaker, its slots, its client, and the metrics that tell how charges ended. */
import type { Counter } from 'prom-client'
import { type Breaker, type BreakerConfig, createBreaker, type Permit } from './breaker.ts'
import type { ChargeOutcome, Psp } from './psp.ts'
import { createSlots } from './slots.ts'

export type LaneOutcome =
  | ChargeOutcome
  /** Not sent: the breaker is or went open. */
  | { readonly kind: 'open' }
  /** Not sent: all slots are taken and the queue is full, or the wait was too long. */
  | { readonly kind: 'busy' }

export type Lane = {
  readonly psp: Psp
  readonly breaker: Breaker
  /** The right to try this lane now; counts a refusal as `open`. */
  enter(): Permit | undefined
  full(): boolean
  charge(
    permit: Permit,
    charge: { key: string; amountCents: number; trace: string; budgetMs: number },
  ): Promise<LaneOutcome>
}

export type LaneConfig = {
  readonly slots: number
  readonly queue: number
  readonly timeoutMs: number
  readonly breaker: BreakerConfig
}

export function createLane(psp: Psp, config: LaneConfig, charges: Counter<'psp' | 'outcome'>): Lane {
  const slots = createSlots(config.slots, config.queue)
  const breaker = createBreaker(config.breaker, () => slots.flush())
  const count = (outcome: string): void => charges.inc({ psp: psp.name, outcome })

  return {
    psp,
    breaker,
    full: () => slots.full(),
    enter: () => {
      const permit = breaker.enter(performance.now())
      if (permit === undefined) count('open')
      return permit
    },
    charge: async (permit, { key, amountCents, trace, budgetMs }) => {
      const startMs = performance.now()
      const admission = await slots.acquire(budgetMs)
      if (admission.kind !== 'slot') {
        permit.cancelled()
        if (admission.kind !== 'flushed') return { kind: 'busy' }
        count('open')
        return { kind: 'open' }
      }
      const leftMs = Math.max(budgetMs - (performance.now() - startMs), 1)
      const outcome = await psp.charge(key, amountCents, trace, Math.min(config.timeoutMs, leftMs))
      // Told before the slot is free: if this failure opens the breaker, nobody behind it must start another time-out.
      tell(permit, outcome)
      admission.release()
      count(outcome.kind)
      return outcome
    },
  }
}

function tell(permit: Permit, outcome: ChargeOutcome): void {
  // A refusal is a good answer: the provider is well, the card is not.
  if (outcome.kind === 'approved' || outcome.kind === 'refused') permit.succeeded()
  else permit.failed(performance.now())
}
