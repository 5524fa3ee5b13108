/** Autoscalers: what they count, why one did not act, whether it calms down, and what it scales on. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { seconds } from '../../src/domain/units.ts'
import { blind, capped } from '../../src/judge/cluster/autoscaler-reasons.ts'
import { calmingOf, turnsOf } from '../../src/judge/cluster/calming.ts'
import { isOver, isResource } from '../../src/judge/cluster/hpa-metric.ts'
import { scalingSeen } from '../../src/judge/cluster/scales-on.ts'
import { place as at } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { hpaAt, limited, type Metric, metric } from '../support/scaled-run.ts'
import { atMs, atRate, causesIn, counted, seenIn } from '../support/small-run.ts'

const hpa = (ms: number, desired: number, metrics: readonly Metric[] = [], max = 5, isLimited = false): Evidence =>
  hpaAt(ms / 1000, desired, metrics, { max, conditions: isLimited ? limited : [] })
const scaler = {
  kind: 'autoscaler',
  name: 'payments-api',
  phase: 'promo peak',
  decidesWithinSyncs: 3,
  readyWithinMs: seconds(30),
  atLeast: 6,
  at,
} as const
const over = { at: atMs(30_000), line: 1 }

describe('a metric of an autoscaler', () => {
  it.each([
    ['cpu', true],
    ['memory', true],
    ['Resource/cpu', true],
    ['ContainerResource/memory', true],
    ['Pods/cpu', false],
    ['cpus', false],
  ])('%s is the use of the machine: %s', (name, is) => expect(isResource(name)).toBe(is))
  it.each([
    [11, 10, false],
    [11.1, 10, true],
    [undefined, 10, false],
    [5, 0, false],
    [5, -1, false],
  ])('of %s is over its target %i: %s', (value, target, is) => expect(isOver(metric('x', value, target))).toBe(is))
})

describe('an autoscaler', () => {
  const sees = (...versions: readonly Evidence[]) => causesIn(blind(seenIn(versions), scaler, over))
  const is = ['breach autoscaler-blind']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that looks at the processor only', () => sees(hpa(29_000, 2, [metric('cpu', 5)])), is],
    ['whose processor was over its target', () => sees(hpa(29_000, 2, [metric('cpu', 12)])), []],
    ['whose metric has no value', () => sees(hpa(29_000, 2, [metric('Pods/rps')])), is],
    ['whose metric has a value', () => sees(hpa(29_000, 2, [metric('Pods/rps', 5)])), []],
    [
      'whose metric had none as the load called, and has one later',
      () => sees(hpa(29_000, 2, [metric('Pods/rps')]), hpa(60_000, 2, [metric('Pods/rps', 5)])),
      [],
    ],
    [
      'whose metric has one too late',
      () => sees(hpa(29_000, 2, [metric('Pods/rps')]), hpa(60_001, 2, [metric('Pods/rps', 5)])),
      is,
    ],
    [
      'whose metric had a value before only',
      () => sees(hpa(28_000, 2, [metric('Pods/rps', 5)]), hpa(30_000, 2, [metric('Pods/rps')])),
      is,
    ],
    [
      'that looks at two things',
      () =>
        sees(
          hpa(29_000, 2, [metric('cpu', 5), metric('Pods/rps')]),
          hpa(31_000, 3, [metric('cpu', 7), metric('Pods/rps')]),
        ),
      is,
    ],
    ['that looks at nothing', () => sees(hpa(29_000, 2)), []],
    ['that was never seen', () => sees(), []],
  ])('%s', (_, run, expected) => expect(run()).toEqual(expected))

  const stood = (records: readonly Evidence[], atLeast = 6) =>
    causesIn(capped(seenIn(records), { ...scaler, atLeast }, over))
  const high = [metric('Pods/rps', 15), metric('Pods/other', 30)]
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'over its target twice',
      () => stood([hpa(29_000, 4, high), hpa(40_000, 5, high), hpa(50_000, 5, [metric('Pods/rps', 20)])]),
      ['breach autoscaler-capped'],
    ],
    ['with one pod less', () => stood([hpa(29_000, 4, high)]), []],
    ['with more than its maximum', () => stood([hpa(29_000, 6, high)]), ['breach autoscaler-capped']],
    ['that says so, without a metric', () => stood([hpa(29_000, 5, [], 5, true)]), ['breach autoscaler-capped']],
    ['as high as is wanted', () => stood([hpa(29_000, 6, high, 6)]), []],
    [
      'that was over its target before',
      () => stood([hpa(20_000, 5, high), hpa(29_000, 5, [metric('Pods/rps', 5)])]),
      [],
    ],
  ])('stands at its maximum: %s', (_, run, expected) => expect(run()).toEqual(expected))

  it.each<[string, readonly number[], number]>([
    ['never', [2, 2], 0],
    ['that only rises', [2, 3, 5], 0],
    ['that rises and falls', [2, 5, 2], 1],
    ['that falls and rises', [5, 2, 3], 1],
    ['to and fro with pauses', [2, 5, 5, 2, 2, 5], 2],
  ])('changes its mind: %s', (_, wanted, turns) => {
    const history = wanted.map((desired, index) => ({ desired, line: index + 1 })) as unknown as Parameters<
      typeof turnsOf
    >[0]
    expect(noted(turnsOf(history)).turns).toBe(turns)
  })

  const calm = (calms: object | undefined, ...versions: readonly Evidence[]) =>
    noted(calmingOf(seenIn(versions), { ...scaler, ...(calms === undefined ? {} : { calms }) } as never))
  it('that need not calm down, and one that was never seen', () => {
    expect(calm(undefined, hpa(-1000, 2))).toEqual({ result: {}, held: true, findings: [] })
    expect(calm({ withinMs: 1000, turnsMax: 0 }).findings).toHaveLength(1)
    expect(calm({ withinMs: 1000, turnsMax: 1 }, hpa(-1000, 2), hpa(30_000, 5), hpa(126_001, 1)).findings).toHaveLength(
      1,
    )
    expect(calm({ withinMs: 1000, turnsMax: 0 }, hpa(-1000, 2), hpa(30_000, 5), hpa(126_000, 2)).findings).toHaveLength(
      1,
    )
    expect(calm({ withinMs: 1000, turnsMax: 1 }, hpa(26_000, 4), hpa(30_000, 5), hpa(126_000, 4)).held).toBe(true)
  })

  const scales = (
    scalesOn: object | undefined,
    records: readonly Evidence[],
    span: readonly [number, number] = [25_000, 125_000],
  ) => {
    const expected = { ...scaler, ...(scalesOn === undefined ? {} : { scalesOn }) } as never
    const found = noted(
      scalingSeen(seenIn(records, { rehearsal: { expectations: [expected] } }), expected, {
        fromAt: atMs(span[0]),
        toAt: atMs(span[1]),
      }),
    )
    return found.is === 'read' && found.crossing !== undefined ? found.crossing.at - atMs(0) : found.is
  }
  const gauge = { kind: 'gauge', of: 'broker', metric: 'waiting', where: {}, pods: 'sum', above: 100 }
  const rate = { kind: 'rate', of: 'broker', metric: 'jobs', where: {}, above: 10 }
  const waiting = (...values: readonly (readonly [number, number | undefined])[]) =>
    counted('broker', 'waiting', {}, values)
  const tenth = (failed: number) =>
    waiting(
      [25_000, 50],
      ...Array.from({ length: 9 }, (_, n) => [26_000 + n * 1000, 50] as const),
      ...Array.from({ length: failed }, (_, n) => [40_000 + n, undefined] as const),
    )
  it.each<[string, () => unknown, unknown]>([
    ['nothing', () => scales(undefined, []), 'not-declared'],
    ['what was never read', () => scales(gauge, []), 'unread'],
    ['a gauge that rises above it', () => scales(gauge, waiting([26_000, 100], [30_000, 101])), 30_000],
    ['a gauge that was above it before', () => scales(gauge, waiting([24_000, 101], [25_000, 101])), 25_000],
    ['a gauge that was above it before only', () => scales(gauge, waiting([24_000, 101], [24_999, 101])), 'unread'],
    ['a gauge at its value', () => scales(gauge, waiting([26_000, 100])), 'read'],
    ['a gauge that rises as the phase ends', () => scales(gauge, waiting([26_000, 1], [125_000, 101])), 125_000],
    ['a gauge that rises later', () => scales(gauge, waiting([26_000, 1], [125_001, 101])), 'read'],
    ['a gauge of which one of ten scrapes failed', () => scales(gauge, tenth(1)), 'read'],
    ['a gauge of which more failed', () => scales(gauge, tenth(2)), 'unread'],
    [
      'a rate above its value',
      () =>
        scales(
          rate,
          counted(
            'broker',
            'jobs',
            {},
            atRate(20_000, 60_000, (ms) => (ms > 40_000 ? 20 : 5)),
          ),
        ),
      42_000,
    ],
    [
      'a rate at its value',
      () =>
        scales(
          rate,
          counted(
            'broker',
            'jobs',
            {},
            atRate(20_000, 60_000, () => 10),
          ),
        ),
      'read',
    ],
  ])('scales on %s', (_, run, expected) => expect(run()).toEqual(expected))
})
