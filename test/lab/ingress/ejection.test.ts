import { describe, expect, it } from 'vitest'
import {
  answered,
  createRepeatAllowance,
  goodStanding,
  isOut,
  leftOf,
  OUT_MS,
  STRIKES_MAX,
  unanswered,
} from '../../../src/lab/ingress/ejection.ts'

describe('an endpoint', () => {
  const struck = (times: number) => {
    const standing = goodStanding()
    for (let strike = 0; strike < times; strike += 1) unanswered(standing, 0)
    return standing
  }

  it('is ejected for some seconds after enough requests in a row without an answer', () => {
    expect(isOut(struck(STRIKES_MAX - 1), 0, 1)).toBe(false)
    expect(isOut(struck(STRIKES_MAX), 0, OUT_MS - 1)).toBe(true)
  })

  it('gets one trial at a time after that, and is ejected again if it fails', () => {
    const standing = struck(STRIKES_MAX)
    expect(isOut(standing, 0, OUT_MS)).toBe(false)
    expect(isOut(standing, 1, OUT_MS)).toBe(true)
    unanswered(standing, OUT_MS)
    expect(isOut(standing, 0, OUT_MS + 1)).toBe(true)
  })

  it('returns with its first answer, and an answer between failures resets their count', () => {
    const standing = struck(STRIKES_MAX)
    answered(standing)
    expect(isOut(standing, 9, 1)).toBe(false)
    unanswered(standing, 2)
    expect(isOut(standing, 0, 3)).toBe(false)
  })

  it.each([
    [1, 1, 1],
    [2, 1, 1],
    [3, 1, 2],
    [3, 2, 3],
    [4, 2, 2],
    [4, 3, 4],
  ])('of %i with %i ejected leaves %i, never less than half', (count, outCount, left) => {
    const endpoints = Array.from({ length: count }, (_, at) => at)
    expect(leftOf(endpoints, (at) => at < outCount)).toHaveLength(left)
  })
})

it('the retry budget is a fifth of the requests plus a limited reserve', () => {
  const allowance = createRepeatAllowance()
  const repeated = (asked: number) => {
    let count = 0
    for (let at = 0; at < asked; at += 1) {
      allowance.asked()
      if (allowance.take()) count += 1
    }
    return count
  }
  const saved = repeated(1_000) - 200
  expect(saved).toBeGreaterThanOrEqual(49)
  expect(saved).toBeLessThanOrEqual(51)
  for (let at = 0; at < 10_000; at += 1) allowance.asked()
  expect(repeated(1_000)).toBeLessThanOrEqual(251)
})
