// Shares of requests: which of several backends the next request goes to, and whether it is mirrored.
//
// Smooth weighted round robin keeps the share exact but follows a fixed pattern: at 50:50 with a client that sends login, order, login, order, one
// release gets all logins. A random choice has no pattern, but 5 % of 60 requests may then be none or seven. Dependent rounding has neither problem:
// after k requests, a backend with share p has received either floor(k × p) or ceil(k × p) of them. Which of the two is random, so that each request
// has exactly the probability p. So a share is always within one request of what was asked for, and has no pattern.

/** A number in [0, 1). */
export type Chance = () => number

/** True for `part` of `whole` calls. Both are whole numbers; 0 ≤ part ≤ whole, whole > 0. */
export function createShare(part: number, whole: number, chance: Chance): () => boolean {
  // k × part mod whole: the fraction of a request that is owed after k calls.
  let owed = 0
  // Whether that fraction was given already as a whole request.
  let isAhead = false
  return () => {
    const before = owed
    const after = before + part
    if (after < whole) {
      owed = after
      const takes = !isAhead && chance() * (whole - before) < part
      isAhead ||= takes
      return takes
    }
    owed = after - whole
    const takes = !isAhead || chance() * before < owed
    isAhead = isAhead && takes
    return takes
  }
}

/** One of several values at a time, by weight. Undefined when all weights are 0. */
export type WeightedChoice<T> = () => T | undefined

/**
 * Several backends are split as one against the rest, repeatedly. With two backends, each share is within one request; with n, within n - 1.
 * @param weights whole numbers from 0
 */
export function createWeightedChoice<T>(
  backends: readonly { readonly value: T; readonly weight: number }[],
  chance: Chance,
): WeightedChoice<T> {
  const [first, ...rest] = backends.filter(({ weight }) => weight > 0)
  if (first === undefined) return () => undefined
  if (rest.length === 0) return () => first.value
  const restWeight = rest.reduce((sum, { weight }) => sum + weight, 0)
  const takesFirst = createShare(first.weight, first.weight + restWeight, chance)
  const ofRest = createWeightedChoice(rest, chance)
  return () => (takesFirst() ? first.value : ofRest())
}
