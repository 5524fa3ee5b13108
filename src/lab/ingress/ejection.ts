// Which endpoints are ejected, as pure rules: passive ejection, like nginx's max_fails and fail_timeout or Envoy's outlier detection. It
// never ejects so many that the rest could not carry the load.

export type EndpointStanding = {
  /** Consecutive requests without a response. */
  strikes: number
  outUntilMs: number
}

// One request may fail for a reason of its own. Three in a row without a response are the endpoint's fault.
export const STRIKES_MAX = 3
// Longer than a client waits, so that trials are rare; shorter than three readiness probes of 5 s.
export const OUT_MS = 5_000
// Envoy's panic threshold: with fewer endpoints left than this, all are used, ejected or not.
const LEFT_LEAST = 0.5

export const goodStanding = (): EndpointStanding => ({ strikes: 0, outUntilMs: 0 })

export function answered(standing: EndpointStanding): void {
  standing.strikes = 0
  standing.outUntilMs = 0
}

export function unanswered(standing: EndpointStanding, nowMs: number): void {
  standing.strikes += 1
  if (standing.strikes >= STRIKES_MAX) standing.outUntilMs = nowMs + OUT_MS
}

/** After its ejection time an endpoint gets one request at a time, until one is answered. */
export function isOut({ strikes, outUntilMs }: EndpointStanding, outstanding: number, nowMs: number): boolean {
  if (strikes < STRIKES_MAX) return false
  return nowMs < outUntilMs || outstanding > 0
}

export function leftOf<E>(endpoints: readonly E[], out: (endpoint: E) => boolean): readonly E[] {
  const left = endpoints.filter((endpoint) => !out(endpoint))
  return left.length >= endpoints.length * LEFT_LEAST ? left : endpoints
}

// Envoy's retry budget: a fifth of the requests. If one of three zones is lost, a third of the requests get no response for half a second,
// and the successful ones pay for their retries. If everything is down, retries must not double the load.
const REPEATS_SHARE = 0.2
const SAVED_MAX = 50

export type RepeatAllowance = { asked(): void; take(): boolean }

export function createRepeatAllowance(): RepeatAllowance {
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
