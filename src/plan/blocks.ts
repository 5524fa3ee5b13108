/** One block of load as a plan: a level rate to its end, after a ramp or another load if it has one. */
import type { BlockPlan } from '../domain/blocks.ts'
import type { AskedLoad } from '../domain/capacity.ts'
import { isCountedByPrometheus, unionsIn } from '../domain/indicators.ts'
import type { Issue } from '../domain/issue.ts'
import { seedFor } from '../domain/random.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { LoadStage } from '../domain/timeline.ts'
import { isSome, type Millis, millis, perSecond, type Some } from '../domain/units.ts'
import type { PlanCode } from './codes.ts'
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
  /** Time in which the load rises from 0 at the begin of the block; it rises at once if left out. Part of `settleMs`. */
  readonly rampMs?: Millis
  /** A load before this one, without a pause between them. Its time is part of `settleMs`. */
  readonly before?: { readonly factor: number; readonly forMs: Millis }
  readonly asked?: AskedLoad
  readonly settleMs: Millis
  readonly measuredMs: Millis
  /** Where clients enter; the target's entry if left out. */
  readonly entry?: string
}

export function planBlock(rehearsal: Rehearsal, target: Target, wanted: BlockWanted): BlockPlan {
  const { block, of, pair, asked, run, seed, settleMs, measuredMs, entry = target.entry } = wanted
  const { arrivals, sockets } = rehearsal.load
  const level = (rate: number) => stagesOf(wanted, rate * target.loadFactor)
  return {
    block,
    of,
    ...(pair === undefined ? {} : { pair }),
    ...(asked === undefined ? {} : { asked }),
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

/** The value at load 1x → a ramp, the load before, then the block's own load to its end. */
function stagesOf({ factor, rampMs, before, settleMs, measuredMs }: BlockWanted, atOnce: number): Some<LoadStage> {
  const own = perSecond(atOnce * factor)
  const first = before === undefined ? own : perSecond(atOnce * before.factor)
  const ramp = rampMs === undefined || rampMs === 0 ? [] : [{ durationMs: rampMs, from: perSecond(0), to: first }]
  const over = before === undefined ? [] : [{ durationMs: before.forMs, from: first, to: first }]
  const spent = [...ramp, ...over].reduce((sum, { durationMs }) => sum + durationMs, 0)
  const level = { durationMs: millis(settleMs + measuredMs - spent), from: own, to: own }
  const stages = [...ramp, ...over, level]
  return isSome(stages) ? stages : [level]
}

/** A block is shorter than the scrapes of a Prometheus can tell apart. */
export const blockIssues = ({ slis, slos }: Rehearsal): readonly Issue[] =>
  slos
    .filter(({ sli }) => isCountedByPrometheus(slis, sli))
    .map(({ sli, at }) => ({
      at,
      code: 'indicator-missing' satisfies PlanCode,
      problem: `"${sli}" is counted by Prometheus, and a comparison or a search for capacity measures by k6 alone.`,
      next: 'keep a rehearsal for it whose objectives k6 measures.',
    }))
