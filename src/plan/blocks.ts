/** One block of load as a plan: a level rate from its start to its end. */
import type { BlockPlan } from '../domain/blocks.ts'
import { unionsIn } from '../domain/indicators.ts'
import { seedFor } from '../domain/random.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import { type Millis, millis, perSecond } from '../domain/units.ts'
import { limitsOf } from './load.ts'

export type BlockWanted = {
  readonly block: string
  readonly of: string
  readonly pair?: number
  /** The run and its seed. Blocks of one pair have the same seed, so that the same players do the same. */
  readonly run: string
  readonly seed: number
  /** Multiple of the rehearsal's arrivals and sockets, before the target's own load factor. */
  readonly factor: number
  readonly settleMs: Millis
  readonly measuredMs: Millis
  /** Where clients enter; the target's entry if left out. */
  readonly entry?: string
}

export function planBlock(rehearsal: Rehearsal, target: Target, wanted: BlockWanted): BlockPlan {
  const { block, of, pair, run, seed, factor, settleMs, measuredMs, entry = target.entry } = wanted
  const { arrivals, sockets } = rehearsal.load
  const level = (rate: number) => {
    const at = perSecond(rate * factor * target.loadFactor)
    return [{ durationMs: millis(settleMs + measuredMs), from: at, to: at }] as const
  }
  return {
    block,
    of,
    ...(pair === undefined ? {} : { pair }),
    settleMs,
    measuredMs,
    load: {
      // Names idempotency keys: two blocks must not repeat each other's operations.
      run: `${run}-${block}`,
      seed: seedFor(seed, `pair ${pair ?? block}`),
      entry,
      profiles: Object.entries(arrivals).map(([name, rate]) => ({ name, stages: level(rate) })),
      ...(sockets
        ? { sockets: { lifetimeMs: sockets.lifetimeMs, stages: level(sockets.population), sli: sockets.sli } }
        : {}),
      unions: unionsIn(rehearsal.slis),
      limits: limitsOf(rehearsal),
    },
  }
}
