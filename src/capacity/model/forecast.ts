/**
 * What the laws say about counts of replicas that were not measured, and where they may not say anything. The range is the envelope of the bands of all
 * laws that fit, because the choice of the law is a larger error than the noise of the points. A hard limit such as a connection pool is in no law, so
 * a forecast ends at known ceilings and at twice the largest measurement.
 */
import { capacityAt, type Law, openIn, peakOf } from './curve.ts'
import { type Band, bandAt, type Fit, fitOf, type ReplicaCapacity } from './fit.ts'

/** A limit that is known from the configuration: connections of a pool ÷ time per request, slots of a provider ÷ its latency. */
export type Ceiling = { readonly name: string; readonly capacity: number }

export type Forecast =
  | { readonly kind: 'range'; readonly replicas: number; readonly low: number; readonly high: number }
  /** The laws reach the ceiling, so the ceiling is all that is known. */
  | { readonly kind: 'ceiling'; readonly replicas: number; readonly low: number; readonly ceiling: Ceiling }
  | { readonly kind: 'refused'; readonly replicas: number; readonly reason: string; readonly next: string }

export type FittedLaw = Fit & {
  /** Why its band is left out of the envelope. */
  readonly refused?: string
}

export type Model = {
  readonly points: readonly ReplicaCapacity[]
  readonly laws: readonly FittedLaw[]
  readonly ceilings: readonly Ceiling[]
  readonly forecasts: readonly Forecast[]
  /** What the points leave open, and which measurement would settle it. */
  readonly notes: readonly string[]
}

const LAWS: readonly Law[] = ['linear', 'amdahl', 'usl']
/** Bands of noise alone are wrong far out: eight of nine measured systems left theirs beyond twice the measured range. */
const REACH = 2
/** A misfit that is rarer by chance refuses the law. */
const SIGNIFICANT = 0.05

export function modelOf(
  points: readonly ReplicaCapacity[],
  ceilings: readonly Ceiling[],
  wanted: readonly number[],
): Model {
  const laws = LAWS.flatMap((law) => fitOf(law, points, 'relative') ?? []).map(withRefusal)
  const forecasts = wanted.map((replicas) => forecastOf(points, laws, ceilings, replicas))
  return { points, laws, ceilings, forecasts, notes: notesOf(points, laws) }
}

function withRefusal(fit: Fit): FittedLaw {
  const refused = refusalOf(fit)
  return refused === undefined ? fit : { ...fit, refused }
}

function refusalOf(fit: Fit): string | undefined {
  if (fit.df <= 0) return 'as many coefficients as points: nothing is left to tell noise from growth'
  if (fit.covariance === undefined) return 'the points do not determine its coefficients'
  if (fit.misfit !== undefined && fit.misfit < SIGNIFICANT)
    return `it misses the points by more than their repeats differ (p = ${fit.misfit.toPrecision(2)})`
  return undefined
}

const largest = (points: readonly ReplicaCapacity[]): number => Math.max(0, ...points.map(({ replicas }) => replicas))

function forecastOf(
  points: readonly ReplicaCapacity[],
  laws: readonly FittedLaw[],
  ceilings: readonly Ceiling[],
  replicas: number,
): Forecast {
  const reach = largest(points) * REACH
  if (replicas > reach) {
    const reason = `the largest measurement is ${largest(points)}, and no law is trusted beyond twice that`
    return { kind: 'refused', replicas, reason, next: `measure with ${Math.ceil(replicas / REACH)} replicas or more.` }
  }
  const bands = laws.flatMap((law) => (law.refused === undefined ? (bandAt(law, replicas) ?? []) : []))
  if (bands.length === 0) return unfitted(points, replicas)
  const { low, high } = envelopeOf(bands)
  const ceiling = [...ceilings].sort((a, b) => a.capacity - b.capacity)[0]
  if (ceiling !== undefined && high > ceiling.capacity)
    return { kind: 'ceiling', replicas, low: Math.min(low, ceiling.capacity), ceiling }
  return { kind: 'range', replicas, low, high }
}

function unfitted(points: readonly ReplicaCapacity[], replicas: number): Forecast {
  const distinct = new Set(points.map((point) => point.replicas)).size
  return distinct < 3
    ? {
        kind: 'refused',
        replicas,
        reason: `${distinct} different counts of replicas are measured`,
        next: 'measure 1, 2, 3 and 4 replicas, three times each.',
      }
    : {
        kind: 'refused',
        replicas,
        reason: 'no law fits the points, so something else limits the capacity',
        next: 'look for a pool or slots that the replicas share, and give it as a ceiling.',
      }
}

const envelopeOf = (bands: readonly Band[]): Band => ({
  low: Math.min(...bands.map(({ low }) => low)),
  high: Math.max(...bands.map(({ high }) => high)),
})

function notesOf(points: readonly ReplicaCapacity[], laws: readonly FittedLaw[]): readonly string[] {
  const notes: string[] = []
  if (points.length === new Set(points.map(({ replicas }) => replicas)).size)
    notes.push(
      'No count of replicas was measured twice, so a misfit cannot be told from noise: measure each three times.',
    )
  const usl = laws.find(({ law }) => law === 'usl')
  if (usl === undefined) notes.push('The law with a peak needs three different counts of replicas.')
  else notes.push(...peakNotes(points, usl))
  return notes
}

/** Where capacity would begin to fall. */
function peakNotes(points: readonly ReplicaCapacity[], usl: FittedLaw): readonly string[] {
  const next = `measure ${largest(points) * REACH} replicas to see it.`
  if (usl.atBound.includes('beta'))
    return [`No sign that more replicas make it worse, within ${largest(points)}: a peak is not identified; ${next}`]
  const peak = peakOf(usl.coefficients)
  const error = usl.standardErrors?.[openIn('usl').indexOf('beta')] ?? Number.POSITIVE_INFINITY
  const { beta } = usl.coefficients
  if (peak === undefined || error * 2 >= beta) return [`The peak is not identified (β could be 0); ${next}`]
  return [`Capacity peaks near ${peak.toFixed(1)} replicas, at ${capacityAt(usl.coefficients, peak).toPrecision(4)}.`]
}
