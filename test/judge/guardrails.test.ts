import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { LoadFrame } from '../../src/domain/evidence.ts'
import type { Guardrail } from '../../src/domain/rehearsal.ts'
import { instant, ratio, seconds } from '../../src/domain/units.ts'
import { createGuarding } from '../../src/judge/guardrails/guardrails.ts'
import { evidence, rehearsal, type Story, toBad, toDropped, ZERO } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'

const at = rehearsal.load.at
const deposits: Guardrail = {
  kind: 'availability',
  id: 'deposit-90',
  sli: 'deposit',
  below: ratio(0.9),
  forMs: seconds(10),
  at,
}

function trips(load: Story['load'], guardrails: readonly Guardrail[] = [deposits]) {
  const guard = createGuarding({ ...rehearsal, guardrails })
  const frames = evidence({ load }).filter((record): record is LoadFrame => record.kind === 'load-frame')
  return noted(frames.flatMap((frame) => guard.add(frame) ?? []))
}
const badBetween =
  (from: number, to: number, share: number): Story['load'] =>
  (second, load) => {
    if (second >= from && second < to) toBad(load.deposit, Math.ceil(load.deposit.good * share))
  }

describe('a guardrail', () => {
  it('trips once when availability stays below its limit for the given time', () => {
    const [trip, ...more] = trips(badBetween(60, 100, 0.5))
    expect(more).toEqual([])
    expect(trip).toMatchObject({
      kind: 'guardrail-tripped',
      id: 'deposit-90',
      sli: 'deposit',
      below: 0.9,
      forMs: 10_000,
    })
    expect(trip?.measured).toBeCloseTo(0.5, 1)
    expect(((trip?.at ?? 0) - ZERO) / 1000).toBeCloseTo(69.99, 1)
  })

  it.each<[string, Story['load']]>([
    ['nothing is bad', () => undefined],
    ['8 % are bad', badBetween(0, 160, 0.08)],
    ['all are bad for 6 s, and then all is well', badBetween(60, 66, 1)],
    ['bad and good stretches of 6 s alternate', (s, load) => s % 12 < 6 && toBad(load.deposit, 60)],
    ['another SLI is bad', (_, load) => toBad(load.bet, 60)],
  ])('does not trip when %s', (_, load) => {
    expect(trips(load)).toEqual([])
  })

  it('is not reset by one good second', () => {
    expect(trips((s, load) => s !== 65 && badBetween(60, 80, 0.6)(s, load))).toHaveLength(1)
  })

  it('counts dropped arrivals as bad', () => {
    expect(trips((s, load) => s > 50 && toDropped(load, 'deposit', 20))).toHaveLength(1)
  })

  it('counts silence as neither good nor bad', () => {
    expect(trips((s, load) => s > 60 && Object.assign(load.deposit, { good: 0 }))).toEqual([])
    const silent = trips((s, load) => {
      if (s >= 60 && s < 64) toBad(load.deposit, 60)
      if (s >= 64) Object.assign(load.deposit, { good: 0, bad: 0 })
    })
    expect(silent).toEqual([])
  })

  it('watches a union of SLIs', () => {
    const api = { ...deposits, id: 'api', sli: 'api', below: ratio(0.7) }
    const both: Story['load'] = (second, load) => {
      if (second > 50) for (const sli of [load.deposit, load.bet]) toBad(sli, 60)
    }
    expect(trips(both, [api])).toMatchObject([{ sli: 'api' }])
    expect(trips((s, load) => s > 50 && toBad(load.bet, 60), [api])).toEqual([])
  })

  it('trips independently of other guardrails', () => {
    const logins = { ...deposits, id: 'login-50', sli: 'login', below: ratio(0.5) }
    const oneByOne: Story['load'] = (second, load) => {
      if (second > 30) toBad(load.deposit, 60)
      if (second > 60) toBad(load.login, 60)
    }
    expect(trips(oneByOne, [deposits, logins]).map((each) => each.id)).toEqual(['deposit-90', 'login-50'])
  })
})

describe('a burn-rate guardrail', () => {
  const [longS, shortS] = [30, 5]
  const burning: Guardrail = {
    kind: 'burn',
    id: 'deposit-burn',
    sli: 'deposit',
    objective: ratio(0.99),
    factor: 10,
    longMs: seconds(longS),
    shortMs: seconds(shortS),
    at,
  }
  /** Ten attempts a second, so many of them bad. */
  const frames = (bad: readonly number[]): LoadFrame[] => {
    let [good, lost] = [0, 0]
    return bad.map((n, second) => {
      good += 10 - n
      lost += n
      const deposit = { good, bad: lost, badBy: {}, slow: 0, overCeiling: 0, histogram: [] }
      const empty = { profiles: {}, operations: {}, unknownKeys: [], vus: 1 } as const
      return { kind: 'load-frame', at: instant(ZERO + second * 1000), instance: 'k6', slis: { deposit }, ...empty }
    })
  }
  const tripsAt = (bad: readonly number[]): number[] => {
    const guard = createGuarding({ ...rehearsal, guardrails: [burning] })
    return frames(bad).flatMap((frame) => (guard.add(frame) ? [(frame.at - ZERO) / 1000] : []))
  }
  const calm = (length: number) => Array.from({ length }, () => 0)
  /** Burn of the last so many seconds, what is missing counting as good: the definition, spelt out. */
  const isOver = (bad: readonly number[], second: number, windowS: number): boolean => {
    const inside = bad.slice(Math.max(0, second - windowS + 1), second + 1)
    return inside.reduce((sum, n) => sum + n, 0) / (10 * windowS) / 0.01 >= 10 - 1e-9
  }

  it('trips once, with what it measured, when the budget burns in both windows', () => {
    const guard = createGuarding({ ...rehearsal, guardrails: [burning] })
    const burnt = frames([...calm(40), ...Array.from({ length: 20 }, () => 5)])
    const trips = noted(burnt.flatMap((frame) => guard.add(frame) ?? []))
    expect(trips).toHaveLength(1)
    expect(trips[0]).toMatchObject({ kind: 'guardrail-tripped', id: 'deposit-burn', forMs: 30_000 })
    expect(trips[0]?.below).toBeCloseTo(0.9)
    expect(trips[0]?.burn?.limit).toBe(10)
    expect(trips[0]?.burn?.factor).toBeGreaterThanOrEqual(10)
    expect(trips[0]?.measured).toBeCloseTo(1 - (trips[0]?.burn?.factor ?? 0) / 100)
  })

  it.each<[string, readonly number[]]>([
    ['nothing is bad', calm(90)],
    [
      'occasional bad seconds leave the long window below its limit',
      Array.from({ length: 90 }, (_, n) => (n % 15 === 0 ? 10 : 0)),
    ],
  ])('does not trip when %s', (_, bad) => {
    expect(tripsAt(bad)).toEqual([])
  })

  it('trips on repeated bad seconds, each too short for the short window', () => {
    expect(tripsAt(Array.from({ length: 90 }, (_, n) => (n % 7 === 0 ? 10 : 0)))).toHaveLength(1)
  })

  it('never trips on one bad second, at any time and however bad', () => {
    fc.assert(
      fc.property(fc.nat(80), fc.integer({ min: 1, max: 10 }), (second, n) => {
        expect(tripsAt([...calm(second), n, ...calm(80 - second)])).toEqual([])
      }),
    )
  })

  it('always trips at the latest one short window and one frame after both windows are over their limit', () => {
    const stretch = fc.array(fc.constantFrom(0, 0, 1, 3, 10), { minLength: 40, maxLength: 120 })
    fc.assert(
      fc.property(stretch, (bad) => {
        let [since, due]: [number | undefined, number | undefined] = [undefined, undefined]
        for (let second = 0; second < bad.length; second++) {
          const over = isOver(bad, second, longS) && isOver(bad, second, shortS) && second >= shortS
          since = over ? (since ?? second) : undefined
          if (since !== undefined && second - since >= shortS + 1) due ??= second
        }
        const [tripped] = tripsAt(bad)
        if (due !== undefined) expect(tripped).toBeLessThanOrEqual(due)
        if (tripped !== undefined) expect(isOver(bad, tripped, longS)).toBe(true)
      }),
    )
  })
})
