/**
 * How many calls may be tried again, as a share of all calls: while one endpoint of three is away a third of the calls need a second try
 * for less than a second; when everything is away retries must not double the load on what is left. A pure account of tokens:
 * each call earns a share of one, each retry costs one.
 */

export type RetryBudget = {
  /** A call was made for the first time. */
  called(): void
  /** Takes what a retry costs; false when it must not be made. */
  take(): boolean
}

/** Of calls; Finagle's and Envoy's default. */
const SHARE = 0.2
/**
 * What a quiet caller starts with and a busy one may save up: the first second of a lost zone, in which a pod that sends 60 calls a second
 * to three endpoints finds 20 of them unanswered.
 */
const SAVED_MAX = 20

export function createRetryBudget(): RetryBudget {
  let tokens = SAVED_MAX
  return {
    called: () => {
      tokens = Math.min(tokens + SHARE, SAVED_MAX)
    },
    take: () => {
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
