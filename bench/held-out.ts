/**
 * Capacity on paper, checked on a number of replicas that was held out: searches with 1 to 4 replicas, three times each, forecast 6, and a search with 6
 * must lie in the range. The real search and forecast, on a platform of slots in virtual time whose replicas slow each other down a little.
 */
import { modelOf } from '../src/capacity/model/forecast.ts'
import { searchOn } from '../test/capacity/simulated.ts'

const SWEEPS = 12
const MEASURED = [1, 2, 3, 4]
const REPEATS = 3
const HELD_OUT = 6
/** A range of 95 % that is left more often than in one of ten sweeps is none. */
const INSIDE_LEAST = 0.9

const PER_SECOND = 10
/** Two slots a replica; each further replica makes all of them 3 % slower. Between runs the limit differs by 3 %. */
const platform = (replicas: number) => ({
  slots: 2 * replicas,
  serviceMs: 100 * (1 + 0.03 * (replicas - 1)),
  perSecond: PER_SECOND,
  spread: 0.03,
})

/** Requests per second. */
function searched(replicas: number, seed: number): number {
  const { end } = searchOn(platform(replicas), seed)
  if (end.kind !== 'found') throw new Error(`a search with ${replicas} replicas ended as ${end.kind}`)
  return end.estimate.median * PER_SECOND
}

/** Whether the search with the held-out replicas is in the range, and how far the range reaches from its middle, relative. */
function swept(sweep: number): { readonly inside: boolean; readonly reach: number } {
  const seedOf = (replicas: number, repeat: number) => sweep * 1000 + replicas * 10 + repeat
  const points = MEASURED.flatMap((replicas) =>
    Array.from({ length: REPEATS }, (_, repeat) => ({
      replicas,
      capacity: searched(replicas, seedOf(replicas, repeat)),
    })),
  )
  const [forecast] = modelOf(points, [], [HELD_OUT]).forecasts
  if (forecast?.kind !== 'range') return { inside: false, reach: 0 }
  const { low, high } = forecast
  const truth = searched(HELD_OUT, seedOf(HELD_OUT, 0))
  return { inside: truth >= low && truth <= high, reach: (high - low) / (high + low) }
}

export async function bench() {
  const sweeps = Array.from({ length: SWEEPS }, (_, sweep) => swept(sweep))
  const inside = sweeps.filter((each) => each.inside).length
  const reach = sweeps.reduce((sum, each) => sum + each.reach, 0) / SWEEPS
  return [
    {
      name: `capacity with ${HELD_OUT} replicas, forecast from 1 to 4`,
      goal: `inside in ≥ ${INSIDE_LEAST * 100} %`,
      figure: `${inside} of ${SWEEPS} sweeps, ± ${(reach * 100).toFixed(0)} %`,
      met: inside / SWEEPS >= INSIDE_LEAST,
    },
  ]
}
