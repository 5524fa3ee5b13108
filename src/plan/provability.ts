/** Whether an objective can be proven with the planned number of samples. Reported before the run. */
import { arrivalsBy } from '../domain/arrivals.ts'
import { partsIn } from '../domain/indicators.ts'
import type { Slo } from '../domain/rehearsal.ts'
import { attemptsNeeded, lowerBound } from '../domain/statistics.ts'
import type { Timeline } from '../domain/timeline.ts'

export type Provability = {
  readonly slo: Slo
  /** Expected samples in total; undefined if the script decides (round trips of sockets, declared indicators). */
  readonly expected?: number
  /** Fewest samples, all good, that prove the objective. */
  readonly needed: number
  /** The most bad (or slow) samples with which the expected samples still prove it; undefined if even zero bad ones do not prove it. */
  readonly badAllowed?: number
}

export const isProvable = ({ expected, badAllowed }: Provability): boolean =>
  expected === undefined || badAllowed !== undefined

export function provabilityOf(slo: Slo, timeline: Timeline): Provability {
  const share = slo.kind === 'availability' ? slo.objective : slo.quantile
  const needed = attemptsNeeded(share, 0) ?? Number.POSITIVE_INFINITY
  const expected = expectedSamples(slo.sli, timeline)
  if (expected === undefined) return { slo, needed }
  const badAllowed = mostBad(share, expected)
  return badAllowed === undefined ? { slo, expected, needed } : { slo, expected, needed, badAllowed }
}

/** Whole arrivals of an indicator over the plan; undefined if no load profile feeds it. */
export function expectedSamples(sli: string, { load, totalMs }: Timeline): number | undefined {
  // An iteration may make any number of requests, checks or samples.
  if (Object.hasOwn(load.indicators ?? {}, sli)) return undefined
  const parts = partsIn(load.unions, sli)
  const profiles = load.profiles.filter(({ name }) => parts.includes(name))
  if (profiles.length === 0) return undefined
  // The last fraction of an arrival of each profile never happens. The small step compensates for rounding in the sums.
  return profiles.reduce((sum, { stages }) => sum + Math.floor(arrivalsBy(stages, totalMs) + 1e-6), 0)
}

/** The most bad samples of `attempts` with which the lower bound still reaches `share`. Each bad sample lowers the bound. */
function mostBad(share: number, attempts: number): number | undefined {
  const proves = (bad: number): boolean => lowerBound(attempts - bad, attempts) >= share
  if (!proves(0)) return undefined
  let [low, high] = [0, attempts + 1]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (proves(middle)) low = middle
    else high = middle
  }
  return low
}
