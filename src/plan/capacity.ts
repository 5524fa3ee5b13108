/** One load of a search for capacity as a block, and what would keep a search from proving anything. */
import type { BlockPlan } from '../domain/blocks.ts'
import type { AskedLoad, CapacitySession } from '../domain/capacity.ts'
import { partsOfIndicator } from '../domain/indicators.ts'
import type { Issue } from '../domain/issue.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { showDuration } from '../domain/show.ts'
import { attemptsNeeded } from '../domain/statistics.ts'
import { type Millis, millis, seconds } from '../domain/units.ts'
import { planBlock } from './blocks.ts'
import type { PlanCode } from './codes.ts'
import type { RunIdentity } from './timeline.ts'

/** A jump would break caches and connection pools that the search is not about. */
const RAMP = seconds(5)

/** Part `part` (from 1) of step `asked.step`. After an overload, the platform has the recovery time before it is measured. */
export function planCapacityBlock(
  {
    rehearsal,
    target,
    facts,
  }: { readonly rehearsal: Rehearsal; readonly target: Target; readonly facts?: ScriptFacts },
  session: CapacitySession,
  { run, seed }: RunIdentity,
  asked: AskedLoad,
  measuredMs: Millis,
  part: number,
): BlockPlan {
  const { search } = session
  const { step, load, purpose, overload } = asked
  const rampMs = millis(Math.min(RAMP, session.settleMs))
  const over = overload === undefined ? undefined : { factor: overload, forMs: search.measureMs }
  const settleMs = over === undefined ? session.settleMs : millis(rampMs + over.forMs + search.recovery.withinMs)
  return planBlock(rehearsal, target, {
    block: `step-${step}-part-${part}`,
    of: `${purpose} ${load}x`,
    run,
    seed,
    factor: load,
    rampMs,
    ...(over && { before: over }),
    asked,
    settleMs,
    measuredMs,
    ...(facts && { facts }),
  })
}

/** An objective that even the longest measurement of the first load cannot prove. Lower loads would have fewer samples still. */
export function capacityIssues(rehearsal: Rehearsal, target: Target, { search }: CapacitySession): readonly Issue[] {
  const longestMs = search.measureMs * search.extensions
  return rehearsal.slos.flatMap((slo) => {
    const perSecond = partsOfIndicator(rehearsal.slis, slo.sli).reduce(
      (sum, part) => sum + (rehearsal.load.arrivals[part] ?? 0),
      0,
    )
    const needed = attemptsNeeded(slo.kind === 'availability' ? slo.objective : slo.quantile, 0) ?? 0
    const answers = (perSecond * target.loadFactor * search.from * longestMs) / 1000
    // Sockets are no arrivals; their round trips are many.
    if (perSecond === 0 || answers >= needed) return []
    const takes = millis(Math.ceil((needed / (perSecond * target.loadFactor * search.from)) * 10) * 100)
    return [
      {
        at: slo.at,
        code: 'objective-unprovable' satisfies PlanCode,
        problem: `${slo.sli} needs ${needed} good answers; at ${search.from}x there are ${Math.floor(answers)} in ${showDuration(longestMs)}.`,
        next: `measure for ${showDuration(Math.ceil(takes / search.extensions / 1000) * 1000)} or longer, begin at a higher load, or ask for less.`,
      },
    ]
  })
}
