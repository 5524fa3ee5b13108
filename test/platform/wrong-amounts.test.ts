/** The seeded defect of a release that books wrongly: what it changes in what it passes on, and how often. */
import { describe, expect, it } from 'vitest'
import { wrongAmounts } from '../../src/platform/services/gateway/wrong-amounts.ts'

describe('a release that books wrongly', () => {
  const order = (amountCents: number) => Buffer.from(JSON.stringify({ amountCents, currency: 'EUR' }))
  const pass = (everyNth: number, times: number) => {
    const altering = wrongAmounts(everyNth)
    return Array.from({ length: times }, () => JSON.parse(altering(order(2_500)).toString()))
  }

  it('asks for a cent more in every nth order, and changes nothing else', () => {
    expect(pass(3, 6).map(({ amountCents }) => amountCents)).toEqual([2_500, 2_501, 2_500, 2_500, 2_501, 2_500])
    expect(pass(1, 1)).toEqual([{ amountCents: 2_501, currency: 'EUR' }])
  })

  it('is wrong first after half of the interval, because few deposits reach a pod of a canary', () => {
    const wrongAt = pass(200, 400).flatMap(({ amountCents }, n) => (amountCents === 2_501 ? [n + 1] : []))
    expect(wrongAt).toEqual([100, 300])
  })

  it('is off at 0, and passes on what is no order', () => {
    expect(pass(0, 2).map(({ amountCents }) => amountCents)).toEqual([2_500, 2_500])
    expect(wrongAmounts(1)(Buffer.from('{')).toString()).toBe('{')
  })
})
