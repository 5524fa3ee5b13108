/**
 * Least squares of a law on measured capacity, by Levenberg's and Marquardt's method within bounds (0 ≤ α, β ≤ 1, γ > 0), from several starts because
 * the sum of squares may have more than one valley. Coefficients and standard errors agree with R's package `usl` 3.0.3; its intervals do not, because
 * it takes the wrong quantile and degrees of freedom.
 */

import { fisherAbove, tOf } from '../../domain/student.ts'
import { type Coefficients, capacityAt, gradientAt, type Law, openIn } from './curve.ts'
import { dot, gramOf, inverseOf, type Matrix, times } from './linear-algebra.ts'

/** Proven capacity with this many replicas, everything else as it was. */
export type ReplicaCapacity = { readonly replicas: number; readonly capacity: number }

/** How far a point varies by chance: the same everywhere, or in proportion to the capacity (as the results of searches do). */
export type Noise = 'equal' | 'relative'

export type Fit = {
  readonly law: Law
  readonly coefficients: Coefficients
  /** Coefficients that ended at 0, the end of their range. They count as uncertain all the same, or bands would be too narrow. */
  readonly atBound: readonly (keyof Coefficients)[]
  /** In the order of `openIn`; undefined where no point is left over to tell noise from growth. */
  readonly standardErrors?: readonly number[]
  readonly covariance?: Matrix
  readonly noise: Noise
  /** Standard deviation of the points around the curve (relative noise: as a share of it), and its degrees of freedom. */
  readonly sigma: number
  readonly df: number
  /** Probability of a misfit this large by chance, if the law were true. Undefined without repeated measurements. */
  readonly misfit?: number
}

type Names = readonly (keyof Coefficients)[]

const ROUNDS = 60
const ALPHAS = [0.01, 0.2] as const
const BETAS = [1e-4, 1e-2] as const

/**
 * Undefined with fewer different counts of replicas than the law has coefficients. The least squares within the range lie either inside it, or where α,
 * β or both are 0; each of these is fitted without limits, and the best one that is in range is taken.
 */
export function fitOf(law: Law, measured: readonly ReplicaCapacity[], noise: Noise): Fit | undefined {
  const open = openIn(law)
  const points = scaledBy(measured, noise)
  const distinct = new Set(points.map(({ replicas }) => replicas)).size
  if (distinct < open.length) return undefined
  const [best] = facesOf(open)
    .flatMap((free) => startsOf(points, free).map((start) => descend(points, free, start)))
    .filter(({ at }) => at.gamma > 0 && at.alpha >= 0 && at.alpha <= 1 && at.beta >= 0 && at.beta <= 1)
    .sort((a, b) => a.squares - b.squares)
  return best && described(law, points, best, distinct, noise)
}

/** `scale`: what one standard deviation at this point is proportional to. */
type Scaled = ReplicaCapacity & { readonly scale: number }

function scaledBy(points: readonly ReplicaCapacity[], noise: Noise): readonly Scaled[] {
  const groups = Map.groupBy(points, ({ replicas }) => replicas)
  const mean = (group: readonly ReplicaCapacity[]) =>
    group.reduce((sum, { capacity }) => sum + capacity, 0) / Math.max(1, group.length)
  return points.map((point) => ({
    ...point,
    scale: noise === 'equal' ? 1 : mean(groups.get(point.replicas) ?? [point]),
  }))
}

/** Which coefficients may be free together; γ always is. */
const facesOf = (open: Names): readonly Names[] => {
  const faces: readonly Names[] = [['gamma'], ['gamma', 'alpha'], ['gamma', 'beta'], ['gamma', 'alpha', 'beta']]
  return faces.filter((face) => face.every((name) => open.includes(name)))
}

function startsOf(points: readonly ReplicaCapacity[], free: Names): readonly Coefficients[] {
  const gamma = Math.max(...points.map(({ replicas, capacity }) => capacity / replicas))
  const alphas = free.includes('alpha') ? ALPHAS : [0]
  const betas = free.includes('beta') ? BETAS : [0]
  return alphas.flatMap((alpha) => betas.map((beta) => ({ gamma, alpha, beta })))
}

type Valley = { readonly free: Names; readonly at: Coefficients; readonly squares: number }

const residualAt = ({ replicas, capacity, scale }: Scaled, at: Coefficients): number =>
  (capacity - capacityAt(at, replicas)) / scale

const squaresOf = (points: readonly Scaled[], at: Coefficients): number =>
  points.reduce((sum, point) => sum + residualAt(point, at) ** 2, 0)

const jacobianOf = (points: readonly Scaled[], names: Names, at: Coefficients): Matrix =>
  points.map(({ replicas, scale }) => gradientAt(names, at, replicas).map((value) => value / scale))

function descend(points: readonly Scaled[], free: Names, start: Coefficients): Valley {
  let at = start
  let squares = squaresOf(points, at)
  let damping = 1e-3
  for (let round = 0; round < ROUNDS && damping < 1e9; round += 1) {
    const tried = stepFrom(points, free, at, damping)
    const better = tried === undefined ? Number.POSITIVE_INFINITY : squaresOf(points, tried)
    if (tried === undefined || !(better < squares)) {
      damping *= 10
      continue
    }
    at = tried
    squares = better
    damping /= 10
  }
  return { free, at, squares }
}

function stepFrom(points: readonly Scaled[], free: Names, at: Coefficients, damping: number): Coefficients | undefined {
  const rows = jacobianOf(points, free, at)
  const residuals = points.map((point) => residualAt(point, at))
  const gram = gramOf(rows).map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) : value)))
  const changes = inverseOf(gram)
  if (changes === undefined) return undefined
  const slope = free.map((_, i) => rows.reduce((sum, row, k) => sum + (row[i] ?? 0) * (residuals[k] ?? 0), 0))
  const moved = { ...at }
  for (const [i, change] of times(changes, slope).entries()) {
    const name = free[i]
    if (name !== undefined) moved[name] = at[name] + change
  }
  return moved
}

function described(
  law: Law,
  points: readonly Scaled[],
  { free, at, squares }: Valley,
  distinct: number,
  noise: Noise,
): Fit {
  const open = openIn(law)
  const df = points.length - open.length
  const sigma = df > 0 ? Math.sqrt(squares / df) : 0
  const inverse = inverseOf(gramOf(jacobianOf(points, open, at)))
  const covariance = df > 0 ? inverse?.map((row) => row.map((value) => value * sigma * sigma)) : undefined
  const misfit = misfitOf(points, squares, distinct, open.length)
  return {
    law,
    coefficients: at,
    noise,
    atBound: open.filter((name) => !free.includes(name)),
    sigma,
    df,
    ...(covariance && { covariance, standardErrors: covariance.map((row, i) => Math.sqrt(Math.max(0, row[i] ?? 0))) }),
    ...(misfit === undefined ? {} : { misfit }),
  }
}

/** Lack of fit against pure error (F test): what repeats at one count of replicas differ by is noise; the rest is the law's. */
function misfitOf(points: readonly Scaled[], squares: number, distinct: number, open: number): number | undefined {
  const groups = [...Map.groupBy(points, ({ replicas }) => replicas).values()]
  const pure = groups.reduce((sum, group) => {
    const mean = group.reduce((total, { capacity }) => total + capacity, 0) / group.length
    return sum + group.reduce((total, { capacity, scale }) => total + ((capacity - mean) / scale) ** 2, 0)
  }, 0)
  const [dfMisfit, dfPure] = [distinct - open, points.length - distinct]
  if (dfMisfit <= 0 || dfPure <= 0) return undefined
  if (pure === 0) return squares > 1e-9 ? 0 : 1
  return fisherAbove((squares - pure) / dfMisfit / (pure / dfPure), dfMisfit, dfPure)
}

export type Band = { readonly low: number; readonly high: number }

/** 95 % band of a capacity measured at `n` (delta method, Student's t): the curve's uncertainty and the noise of one measurement. */
export function bandAt(fit: Fit, n: number, confidence = 0.95): Band | undefined {
  if (fit.covariance === undefined) return undefined
  const gradient = gradientAt(openIn(fit.law), fit.coefficients, n)
  const middle = capacityAt(fit.coefficients, n)
  const noise = fit.sigma * (fit.noise === 'relative' ? middle : 1)
  const variance = dot(gradient, times(fit.covariance, gradient)) + noise ** 2
  const half = tOf((1 - confidence) / 2, fit.df) * Math.sqrt(Math.max(0, variance))
  return { low: Math.max(0, middle - half), high: middle + half }
}
