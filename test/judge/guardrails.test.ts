import { describe, expect, it } from 'vitest'
import type { LoadFrame } from '../../src/domain/evidence.ts'
import type { Guardrail } from '../../src/domain/rehearsal.ts'
import { ratio, seconds } from '../../src/domain/units.ts'
import { guarding } from '../../src/judge/guardrails.ts'
import { evidence, rehearsal, type Story, toBad, toDropped, ZERO } from '../support/evidence.ts'

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
  const guard = guarding({ ...rehearsal, guardrails })
  const frames = evidence({ load }).filter((record): record is LoadFrame => record.kind === 'load-frame')
  return frames.flatMap((frame) => guard.add(frame) ?? [])
}
const badBetween =
  (from: number, to: number, share: number): Story['load'] =>
  (second, load) => {
    if (second >= from && second < to) toBad(load.deposit, Math.ceil(load.deposit.good * share))
  }

describe('a guardrail', () => {
  it('trips once, when availability stayed below its limit for its time', () => {
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

  it('is not fooled by one good second', () => {
    expect(trips((s, load) => s !== 65 && badBetween(60, 80, 0.6)(s, load))).toHaveLength(1)
  })

  it('takes dropped arrivals for bad', () => {
    expect(trips((s, load) => s > 50 && toDropped(load, 'deposit', 20))).toHaveLength(1)
  })

  it('takes silence for neither good nor bad', () => {
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

  it('trips each of several', () => {
    const logins = { ...deposits, id: 'login-50', sli: 'login', below: ratio(0.5) }
    const oneByOne: Story['load'] = (second, load) => {
      if (second > 30) toBad(load.deposit, 60)
      if (second > 60) toBad(load.login, 60)
    }
    expect(trips(oneByOne, [deposits, logins]).map((each) => each.id)).toEqual(['deposit-90', 'login-50'])
  })
})
