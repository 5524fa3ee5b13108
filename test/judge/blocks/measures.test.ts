import { describe, expect } from 'vitest'
import type { WindowSums } from '../../../src/domain/blocks.ts'
import type { Slo } from '../../../src/domain/rehearsal.ts'
import { millis, ratio } from '../../../src/domain/units.ts'
import {
  type ComparedPair,
  countsBad,
  gateOf,
  gatingStatistics,
  otherStatistics,
  valuesOf,
} from '../../../src/judge/blocks/measures.ts'
import { settings } from '../../support/evidence-blocks.ts'
import { it, noted } from '../../support/reviewed.ts'

const availability = {
  kind: 'availability',
  sli: 'checkout',
  objective: ratio(0.998),
  at: { file: 'a.yaml', line: 1, column: 1 },
} as const

it.each([
  ['of its SLI', { margin: { latency: 0.15, rate: 0.01 }, margins: { checkout: { rate: 0.02 } } }, 0.02],
  ['of all rates', { margin: { latency: 0.15, rate: 0.01 } }, 0.01],
  ['which by default is the error budget of the objective', { margin: { latency: 0.15 } }, 0.002],
])('an availability objective gates with the margin %s', (_, rules, margin) => {
  const [statistic] = noted(gatingStatistics([availability], { ...settings, ...rules }))
  expect(statistic).toMatchObject({ sli: 'checkout', kind: 'rate', gates: true })
  expect(statistic?.margin).toBeCloseTo(margin, 9)
})

const at = { file: 'a.yaml', line: 1, column: 1 }
const latency = (quantile: number): Slo => ({
  kind: 'latency',
  sli: 'checkout',
  quantile: ratio(quantile),
  targetMs: millis(100),
  ceilingMs: millis(200),
  at,
})
const sums = (changes: Partial<WindowSums>): WindowSums => ({
  good: 0,
  bad: 0,
  slow: 0,
  overCeiling: 0,
  dropped: 0,
  histogram: [],
  ...changes,
})
const pair = (a: Partial<WindowSums>, b: Partial<WindowSums>, sli = 'checkout'): ComparedPair => ({
  pair: 1,
  a: { [sli]: sums(a) },
  b: { [sli]: sums(b) },
  machineFull: false,
})

describe('what is shown beside the objectives', () => {
  const names = (...slos: readonly Slo[]) =>
    noted(otherStatistics(slos, ['checkout'], settings)).map(({ name }) => name)

  it('is everything where an indicator has no objective', () => expect(names()).toEqual(['p95', 'p99', 'bad share']))

  it('is what no objective gates, and the share over the ceiling of one that does', () => {
    expect(names(availability)).toEqual(['p95', 'p99'])
    expect(names(latency(0.95))).toEqual(['p99', 'share over 200 ms', 'bad share'])
    expect(names(latency(0.99))).toEqual(['p95', 'share over 200 ms', 'bad share'])
    expect(names(latency(0.999), availability)).toEqual(['p95', 'p99', 'share over 200 ms'])
    expect(names({ ...availability, sli: 'other' })).toEqual(['p95', 'p99', 'bad share'])
  })

  it('has the margin of an objective on p95, and of one attempt of a thousand', () => {
    const { margin: _, ...rules } = settings
    const of = (name: string) =>
      noted(otherStatistics([latency(0.95)], ['checkout'], { ...rules, margin: { latency: 0.15 } })).find(
        (each) => each.name === name,
      )
    expect(of('share over 200 ms')?.margin).toBe(0.05)
    expect(of('bad share')?.margin).toBe(0.001)
    expect(of('share over 200 ms')?.of(sums({ good: 10, overCeiling: 4 }))).toBe(0.4)
    expect(of('share over 200 ms')?.of(sums({ good: 3, overCeiling: 4 }))).toBe(1)
  })
})

describe('a statistic', () => {
  const [p95] = noted(gatingStatistics([latency(0.95)], settings))
  const [bad] = noted(gatingStatistics([availability], { ...settings, margin: { latency: 0.15 } }))
  if (p95 === undefined || bad === undefined) throw new Error('two statistics')

  it('of times takes 20 of them', () => {
    expect(p95.of(sums({ histogram: [[100, 19]] }))).toBeUndefined()
    expect(p95.of(sums({ histogram: [[100, 20]] }))).toBeGreaterThan(0)
  })

  it('of a share takes one attempt', () => {
    expect(bad.of(sums({}))).toBeUndefined()
    expect(bad.of(sums({ good: 3, bad: 1 }))).toBe(0.25)
  })

  it('has a value where both sides were measured', () => {
    const measured = { good: 9, bad: 1 }
    expect(noted(valuesOf(bad, [pair(measured, { good: 8, bad: 2 }), pair(measured, {}), pair({}, measured)]))).toEqual(
      [{ pair: 1, a: 0.1, b: 0.2 }],
    )
    expect(noted(valuesOf(bad, [pair(measured, measured, 'other')]))).toEqual([])
  })

  it('of a share gates by the difference, whose spread is at least that of counting', () => {
    const gate = noted(gateOf(bad, [pair({ good: 9, bad: 1 }, { good: 8, bad: 2 })]))
    expect(gate.differences[0]).toBeCloseTo(0.1, 9)
    // (1 + 1) of (10 + 2), and (2 + 1) of (10 + 2).
    const variance = ((2 / 12) * (10 / 12)) / 10 + ((3 / 12) * (9 / 12)) / 10
    expect(gate.leastSd).toBeCloseTo(Math.sqrt(variance), 9)
    const two = noted(
      gateOf(bad, [pair({ good: 4, bad: 1 }, { good: 4, bad: 1 }), pair({ good: 5 }, { good: 4, bad: 1 })]),
    )
    expect(two.leastSd).toBeCloseTo(Math.sqrt(((2 / 12) * (10 / 12) * 2) / 10 + ((3 / 12) * (9 / 12) * 2) / 10), 9)
  })

  it('of a share spreads at most like a coin', () => {
    const gate = noted(gateOf(bad, [pair({ good: 1, bad: 9 }, { good: 1, bad: 9 })]))
    expect(gate.leastSd).toBeCloseTo(Math.sqrt((2 * 0.25) / 10), 9)
    expect(noted(gateOf(bad, [])).leastSd).toBe(0)
    expect(noted(gateOf(bad, [pair({}, {})])).leastSd).toBe(0)
  })

  it('of times gates by their ratio', () => {
    const gate = noted(gateOf(p95, [pair({ histogram: [[100, 20]] }, { histogram: [[200, 20]] })]))
    expect(gate.differences[0]).toBeCloseTo(Math.log(2), 1)
    expect(gate.margin).toBeCloseTo(Math.log(1.15), 9)
    expect(gate.leastSd).toBe(0)
  })
})

it.each([
  ['itself', 'checkout', true],
  ['a union of which it is a part', 'all', true],
  ['another indicator', 'other', false],
])('an availability objective counts the bad attempts of an indicator: that of %s', (_, sli, isCounted) => {
  const slis = { all: { kind: 'union', of: ['checkout', 'search'] } } as const
  expect(countsBad([{ ...availability, sli }], slis, 'checkout')).toBe(isCounted)
  expect(countsBad([{ ...latency(0.95), sli }], slis, 'checkout')).toBe(false)
  expect(countsBad([availability], slis, 'all')).toBe(true)
})
