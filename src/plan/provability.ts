/** Can an objective be proven with the number of samples that the plan brings? Said before the run, not after it. */
import { arrivalsBy } from '../domain/arrivals.ts'
import { partsOfIndicator } from '../domain/indicators.ts'
import type { Slo } from '../domain/rehearsal.ts'
import { attemptsNeeded, lowerBound } from '../domain/statistics.ts'
import type { Timeline } from '../domain/timeline.ts'

export type Provability = {
  readonly slo: Slo
  /** Samples in all; undefined where the scenario decides (round trips of sockets). */
  readonly expected?: number
  /** Fewest samples, all good, that prove the objective. */
  readonly needed: number
  /** Most bad ones (or slow ones) with which the expected samples still prove it; undefined if not even none is enough. */
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

/** Whole arrivals of an indicator over the plan; undefined for one that no load profile feeds. */
export function expectedSamples(sli: string, { load, totalMs }: Timeline): number | undefined {
  const parts = partsOfIndicator(sli)
  const profiles = load.profiles.filter(({ name }) => parts.includes(name))
  if (profiles.length === 0) return undefined
  // Each profile's last fraction of an arrival never comes; the step takes back the rounding of the sums.
  return profiles.reduce((sum, { stages }) => sum + Math.floor(arrivalsBy(stages, totalMs) + 1e-6), 0)
}

/** Most bad samples of `attempts` with which the lower bound still reaches `share`: the bound falls with each bad one. */
function mostBad(share: number, attempts: number): number | undefined {
  const proves = (bad: number): boolean => bad <= attempts && lowerBound(attempts - bad, attempts) >= share
  if (!proves(0)) return undefined
  let [low, high] = [0, attempts + 1]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (proves(middle)) low = middle
    else high = middle
  }
  return low
}
