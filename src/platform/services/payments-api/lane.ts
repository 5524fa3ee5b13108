/** The way to one provider: its breaker, its slots, its client, and the metrics that tell how charges ended. */
import type { Counter } from 'prom-client'
import { type Breaker, type BreakerConfig, createBreaker, type Permit } from '../../shared/breaker.ts'
import { retryAtOnce } from '../../shared/retry.ts'
import type { ChargeOutcome, Psp } from './psp.ts'
import { createSlots, type SlotAnswer } from './slots.ts'

type Slot = Extract<SlotAnswer, { kind: 'slot' }>

export type LaneOutcome =
  | ChargeOutcome
  /** Not sent: the breaker is or went open. */
  | { readonly kind: 'open' }
  /** Not sent: all slots are taken and the queue is full, or the wait was too long. */
  | { readonly kind: 'busy' }

export type PspLane = {
  readonly psp: Psp
  readonly breaker: Breaker
  /** The right to try this lane now; counts a refusal as `open`. */
  enter(): Permit | undefined
  full(): boolean
  /** Seconds for which calls had slots, added up over all slots. */
  busySeconds(): number
  charge(permit: Permit, charge: LaneCharge): Promise<LaneOutcome>
}

export type LaneCharge = {
  readonly key: string
  readonly amountCents: number
  readonly trace: string
  readonly budgetMs: number
}

export type LaneConfig = {
  readonly slots: number
  readonly queue: number
  readonly timeoutMs: number
  readonly retries: number
  readonly breaker: BreakerConfig
}

/** A good answer takes some 100 ms; with less time than twice that it is kinder not to charge at all. */
const LEAST_TIME_MS = 200

export type LaneCounters = {
  /** How charges ended, those included that the breaker did not let through. */
  readonly charges: Counter<'psp' | 'outcome'>
  /** Charges that were tried. */
  readonly calls: Counter<'psp'>
}

export function createLane(psp: Psp, config: LaneConfig, { charges, calls }: LaneCounters): PspLane {
  const slots = createSlots(config.slots, config.queue)
  const breaker = createBreaker(config.breaker, () => slots.flush())
  const count = (outcome: string): void => charges.inc({ psp: psp.name, outcome })
  const held: Slot[] = []
  let out = 0

  function notSent(permit: Permit, outcome: 'open' | 'busy'): LaneOutcome {
    permit.cancelled()
    if (outcome === 'open') count('open')
    return { kind: outcome }
  }

  /**
   * A slot whose call timed out is not passed on while another call is still out: that one's outcome tells whether the provider
   * is gone, and until then no queued call should start and run into a timeout of its own.
   */
  function handBack(slot: Slot, outcome: ChargeOutcome): void {
    held.push(slot)
    if (outcome.kind === 'unknown' && out > 0) return
    for (const each of held.splice(0)) each.release()
  }

  async function call(slot: Slot, permit: Permit, charge: LaneCharge, leftMs: number): Promise<ChargeOutcome> {
    out += 1
    calls.inc({ psp: psp.name })
    const outcome = await retryAtOnce<ChargeOutcome>({
      retries: config.retries,
      untilMs: performance.now() + leftMs,
      attempt: (ms) => psp.charge(charge.key, charge.amountCents, charge.trace, Math.min(config.timeoutMs, ms)),
      isFinal: ({ kind }) => kind === 'approved' || kind === 'refused',
      isDoubtful: ({ kind }) => kind === 'unknown',
    })
    out -= 1
    // A timeout that our own budget cut short says nothing about the provider.
    if (outcome.kind === 'unknown' && leftMs < config.timeoutMs) permit.cancelled()
    else tell(permit, outcome)
    // After the telling: if this failure has opened the breaker, the queue is empty now.
    handBack(slot, outcome)
    count(outcome.kind)
    return outcome
  }

  return {
    psp,
    breaker,
    full: () => slots.full(),
    busySeconds: () => slots.busySeconds(),
    enter: () => {
      const permit = breaker.enter(performance.now())
      if (permit === undefined) count('open')
      return permit
    },
    charge: async (permit, charge) => {
      const startMs = performance.now()
      const admission = await slots.acquire(charge.budgetMs)
      if (admission.kind === 'flushed') return notSent(permit, 'open')
      if (admission.kind !== 'slot') return notSent(permit, 'busy')
      const leftMs = charge.budgetMs - (performance.now() - startMs)
      if (leftMs >= LEAST_TIME_MS) return call(admission, permit, charge, leftMs)
      admission.release()
      return notSent(permit, 'busy')
    },
  }
}

function tell(permit: Permit, outcome: ChargeOutcome): void {
  // A refusal is a good answer: the provider is well, the card is not.
  if (outcome.kind === 'approved' || outcome.kind === 'refused') permit.succeeded()
  else permit.failed(performance.now())
}
