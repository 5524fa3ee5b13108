import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../src/platform/shared/breaker.ts'

const config = { enabled: true, failuresToOpen: 2, openMs: 1_000, openMaxMs: 4_000 }

function fail(breaker: ReturnType<typeof createBreaker>, nowMs: number, times = 1): void {
  for (let n = 0; n < times; n += 1) breaker.enter(nowMs)?.failed(nowMs)
}

describe('a circuit breaker', () => {
  it('opens after the given number of failures in a row, and reports it', () => {
    let opened = 0
    const breaker = createBreaker(config, () => (opened += 1))
    fail(breaker, 0)
    expect(breaker.state(0)).toBe('closed')
    fail(breaker, 0)
    expect(breaker.state(0)).toBe('open')
    expect(opened).toBe(1)
    expect(breaker.enter(999)).toBeUndefined()
  })

  it('forgets failures after a success', () => {
    const breaker = createBreaker(config)
    fail(breaker, 0)
    breaker.enter(0)?.succeeded()
    fail(breaker, 0)
    expect(breaker.state(0)).toBe('closed')
  })

  it('lets one probe through when half-open, and closes on its success', () => {
    const breaker = createBreaker(config)
    fail(breaker, 0, 2)
    expect(breaker.state(1_000)).toBe('half-open')
    const probe = breaker.enter(1_000)
    expect(breaker.enter(1_000)).toBeUndefined()
    probe?.succeeded()
    expect(breaker.state(1_000)).toBe('closed')
  })

  it('stays open longer each time a probe fails, up to its limit', () => {
    const breaker = createBreaker(config)
    fail(breaker, 0, 2)
    fail(breaker, 1_000)
    expect(breaker.state(2_999)).toBe('open')
    fail(breaker, 3_000)
    expect(breaker.state(6_999)).toBe('open')
    fail(breaker, 7_000)
    expect(breaker.state(11_000)).toBe('half-open')
  })

  it('allows another probe after a cancelled one', () => {
    const breaker = createBreaker(config)
    fail(breaker, 0, 2)
    breaker.enter(1_000)?.cancelled()
    expect(breaker.enter(1_000)).toBeDefined()
  })

  it('is not closed by a late success of a call that began before it opened', () => {
    const breaker = createBreaker(config)
    const early = breaker.enter(0)
    fail(breaker, 0, 2)
    early?.succeeded()
    expect(breaker.state(10)).toBe('open')
  })

  it('never refuses when switched off', () => {
    const breaker = createBreaker({ ...config, enabled: false })
    fail(breaker, 0, 50)
    expect(breaker.enter(0)).toBeDefined()
  })

  it('never has two probes in flight', () => {
    const step = fc.record({
      afterMs: fc.nat(3_000),
      outcome: fc.constantFrom('succeeded', 'failed', 'cancelled', 'pending'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const breaker = createBreaker(config)
        let nowMs = 0
        let probes = 0
        for (const { afterMs, outcome } of steps) {
          nowMs += afterMs
          const halfOpen = breaker.state(nowMs) === 'half-open'
          const permit = breaker.enter(nowMs)
          if (permit === undefined) continue
          if (halfOpen) probes += 1
          expect(probes).toBeLessThanOrEqual(1)
          if (outcome === 'pending') continue
          if (outcome === 'failed') permit.failed(nowMs)
          else if (outcome === 'succeeded') permit.succeeded()
          else permit.cancelled()
          if (halfOpen) probes -= 1
        }
      }),
    )
  })
})
