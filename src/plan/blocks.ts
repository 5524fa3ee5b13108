/** One block of load as a plan: a level rate to its end, after a ramp or another load if it has one. */
import type { BlockPlan } from '../domain/blocks.ts'
import type { AskedLoad } from '../domain/capacity.ts'
import { isCountedByPrometheus } from '../domain/indicators.ts'
import type { Issue } from '../domain/issue.ts'
import { seedFor } from '../domain/random.ts'
import type { Phase, Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { type Millis, millis, type Some } from '../domain/units.ts'
import type { PlanCode } from './codes.ts'
import { planLoad } from './load.ts'

export type BlockWanted = {
  readonly block: string
  readonly of: string
  readonly pair?: number
  /** The run and its seed. Blocks of one pair have the same seed, so that the same users do the same. */
  readonly run: string
  readonly seed: number
  /** Multiple of the rehearsal's arrivals and sockets, before the target's own load factor. */
  readonly factor: number
  /** Time in which the load rises from 0 at the start of the block; it rises at once if left out. Part of `settleMs`. */
  readonly rampMs?: Millis
  /** A load before this one, without a pause between them. Its time is part of `settleMs`. */
  readonly before?: { readonly factor: number; readonly forMs: Millis }
  readonly asked?: AskedLoad
  readonly settleMs: Millis
  readonly measuredMs: Millis
  /** Where clients enter; the target's entry if left out. */
  readonly entry?: string
  /** What k6 says of the script; left out for one that takes its load from the plan. */
  readonly facts?: ScriptFacts
}

export function planBlock(rehearsal: Rehearsal, target: Target, wanted: BlockWanted): BlockPlan {
  const { block, of, pair, asked, run, seed, settleMs, measuredMs, entry = target.entry } = wanted
  // Names idempotency keys: two blocks must not repeat each other's operations.
  const identity = { run: `${run}-${block}`, seed: seedFor(seed, `pair ${pair ?? block}`) }
  return {
    block,
    of,
    ...(pair === undefined ? {} : { pair }),
    ...(asked === undefined ? {} : { asked }),
    settleMs,
    measuredMs,
    load: planLoad(inPhases(rehearsal, wanted), { ...target, entry }, identity, steady(wanted.facts)),
  }
}

/** The block as phases of a rehearsal: a ramp, the load before, then its own load to its end. Curves are replaced by their means. */
function inPhases(
  rehearsal: Rehearsal,
  { factor, rampMs = millis(0), before, settleMs, measuredMs }: BlockWanted,
): Rehearsal {
  const { at, curves: _, ...load } = rehearsal.load
  const totalMs = settleMs + measuredMs
  const own = (spentMs: number, ramp: Millis): Phase => {
    return { name: 'own', rampMs: ramp, forMs: millis(totalMs - spentMs), factor, at }
  }
  const phases: Some<Phase> =
    before === undefined
      ? [own(rampMs, rampMs)]
      : [
          { name: 'before', rampMs, forMs: before.forMs, factor: before.factor, at },
          own(rampMs + before.forMs, millis(0)),
        ]
  return { ...rehearsal, load: { ...load, at }, phases }
}

/** Thresholds and summaries are about a whole run. A block of some seconds has neither. */
const steady = (facts: ScriptFacts | undefined): ScriptFacts | undefined =>
  facts && { ...facts, thresholds: [], functions: facts.functions.filter((name) => name !== 'handleSummary') }

/** A load of the script's own that changes by itself would differ from block to block. */
export function steadyIssues({ load }: Rehearsal, { scenarios }: Pick<ScriptFacts, 'scenarios'>): readonly Issue[] {
  if (!load.own) return []
  const changing = Object.entries(scenarios).filter(([, { executor }]) => !executor.startsWith('constant-'))
  return changing.map(([name, { executor }]) => ({
    at: load.at,
    code: 'load-not-steady' satisfies PlanCode,
    problem: `the scenario ${name} of ${load.script} is ${executor}: its load changes by itself, and blocks must be alike.`,
    next: 'make it constant-arrival-rate, or give arrivals in the rehearsal.',
  }))
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
