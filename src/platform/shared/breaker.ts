/**
 * A circuit breaker as a pure state machine; time comes from the caller. Closed until `failuresToOpen` failures in a row, then
 * open for a while (longer each time a probe fails), then half-open: one call at a time may probe, one success closes.
 */

export type BreakerState = 'closed' | 'half-open' | 'open'

/** As metrics show it. */
export const BREAKER_LEVEL: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 }

export type BreakerConfig = {
  readonly enabled: boolean
  /** At most the number of slots: then the first round of timeouts opens it, and no call waits for a second one. */
  readonly failuresToOpen: number
  readonly openMs: number
  readonly openMaxMs: number
}

/** The right to make one call. Exactly one of its outcomes is told; `cancelled` says nothing about the provider. */
export type Permit = { succeeded(): void; failed(nowMs: number): void; cancelled(): void }

export type Breaker = {
  /** Undefined when the call must not be made now. */
  enter(nowMs: number): Permit | undefined
  state(nowMs: number): BreakerState
}

export function createBreaker(config: BreakerConfig, onOpen: () => void = () => undefined): Breaker {
  let failures = 0
  let openUntilMs: number | undefined
  let openMs = config.openMs
  let probing = false

  function state(nowMs: number): BreakerState {
    if (openUntilMs === undefined) return 'closed'
    return nowMs < openUntilMs ? 'open' : 'half-open'
  }

  function open(nowMs: number): void {
    openUntilMs = nowMs + openMs
    openMs = Math.min(openMs * 2, config.openMaxMs)
    onOpen()
  }

  function close(): void {
    failures = 0
    openUntilMs = undefined
    openMs = config.openMs
  }

  function permit(probe: boolean): Permit {
    const done = (): void => {
      if (probe) probing = false
    }
    return {
      succeeded: () => {
        done()
        // A call from before the opening that comes back late proves little; only a probe closes.
        if (probe || openUntilMs === undefined) close()
      },
      failed: (nowMs) => {
        done()
        failures += 1
        if (probe || (openUntilMs === undefined && failures >= config.failuresToOpen)) open(nowMs)
      },
      cancelled: done,
    }
  }

  return {
    state,
    enter: (nowMs) => {
      const now = config.enabled ? state(nowMs) : 'closed'
      if (now === 'open' || (now === 'half-open' && probing)) return undefined
      if (now === 'half-open') probing = true
      return config.enabled
        ? permit(now === 'half-open')
        : { succeeded: () => undefined, failed: () => undefined, cancelled: () => undefined }
    },
  }
}
