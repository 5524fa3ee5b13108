/**
 * Three laws of how capacity grows with replicas. Linear: C(N) = γN. Amdahl: a share α of the work is serial, C(N) = γN ÷ (1 + α(N − 1)). Universal
 * Scalability Law (N. J. Gunther, "Guerrilla Capacity Planning", 2007): in addition each pair of replicas costs β to agree,
 * C(N) = γN ÷ (1 + α(N − 1) + βN(N − 1)), so that capacity falls again beyond N = √((1 − α)/β).
 */
export type Law = 'linear' | 'amdahl' | 'usl'

export type Coefficients = { readonly gamma: number; readonly alpha: number; readonly beta: number }

/** The coefficients that a law leaves open, in the order of gradients and standard errors. */
export const openIn = (law: Law): readonly (keyof Coefficients)[] => {
  switch (law) {
    case 'linear':
      return ['gamma']
    case 'amdahl':
      return ['gamma', 'alpha']
    case 'usl':
      return ['gamma', 'alpha', 'beta']
  }
}

const divisor = ({ alpha, beta }: Coefficients, n: number): number => 1 + alpha * (n - 1) + beta * n * (n - 1)

export const capacityAt = (by: Coefficients, n: number): number => (by.gamma * n) / divisor(by, n)

/** Change of the capacity at `n` with each of these coefficients. */
export function gradientAt(names: readonly (keyof Coefficients)[], by: Coefficients, n: number): readonly number[] {
  const share = divisor(by, n)
  const along = {
    gamma: n / share,
    alpha: (-by.gamma * n * (n - 1)) / share ** 2,
    beta: (-by.gamma * n * n * (n - 1)) / share ** 2,
  }
  return names.map((name) => along[name])
}

/** Replicas beyond which more of them make it worse; undefined where nothing makes it worse. */
export const peakOf = ({ alpha, beta }: Coefficients): number | undefined =>
  beta > 0 ? Math.sqrt(Math.max(0, 1 - alpha) / beta) : undefined
