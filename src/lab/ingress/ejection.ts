// Which endpoints are left out, as pure rules: passive ejection as nginx's max_fails and fail_timeout or Envoy's outlier detection know it.
// Never so many that what is left could not carry the load.

export type Standing = {
  /** Requests in a row that ended without an answer. */
  strikes: number
  outUntilMs: number
}

// One request may be lost to its own fault; three in a row, with no answer between them, are the endpoint's.
export const STRIKES_MAX = 3
// Longer than a client waits, so that a trial is rare; shorter than three readiness probes of 5 s.
export const OUT_MS = 5_000
// Envoy's panic threshold: with fewer left than this, all are used, ejected or not.
const LEFT_LEAST = 0.5

export const goodStanding = (): Standing => ({ strikes: 0, outUntilMs: 0 })

export function answered(standing: Standing): void {
  standing.strikes = 0
  standing.outUntilMs = 0
}

export function unanswered(standing: Standing, nowMs: number): void {
  standing.strikes += 1
  if (standing.strikes >= STRIKES_MAX) standing.outUntilMs = nowMs + OUT_MS
}

/** After its time an endpoint may have one request at a time, until one of them is answered. */
export function isOut({ strikes, outUntilMs }: Standing, outstanding: number, nowMs: number): boolean {
  if (strikes < STRIKES_MAX) return false
  return nowMs < outUntilMs || outstanding > 0
}

export function leftOf<E>(endpoints: readonly E[], out: (endpoint: E) => boolean): readonly E[] {
  const left = endpoints.filter((endpoint) => !out(endpoint))
  return left.length >= endpoints.length * LEFT_LEAST ? left : endpoints
}

// Envoy's retry budget: a fifth of the requests. A lost zone of three leaves a third of them without an answer for half a second, which
// the saved ones pay for; when everything is gone, second tries must not double the load.
const REPEATS_SHARE = 0.2
const SAVED_MAX = 50

export type Allowance = { asked(): void; take(): boolean }

export function repeatAllowance(): Allowance {
  let saved = SAVED_MAX
  return {
    asked() {
      saved = Math.min(saved + REPEATS_SHARE, SAVED_MAX)
    },
    take() {
      if (saved < 1) return false
      saved -= 1
      return true
    },
  }
}
