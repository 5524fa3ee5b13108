/** An autoscaler under load, to the millisecond and to the single pod: when more was called for, when it came, and why it came late. */
import { describe, expect } from 'vitest'
import { decidesWithinMs } from '../../src/domain/autoscaling.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { perSecond } from '../../src/domain/units.ts'
import type { Autoscaler } from '../../src/judge/cluster/hpa-metric.ts'
import { seen, target } from '../support/evidence.ts'
import { it } from '../support/reviewed.ts'
import { cpu, hpaAt as hpa, limited, NAME, pod, rps, scalerJudged, stock } from '../support/scaled-run.ts'
import { counted, type SmallRun } from '../support/small-run.ts'

/** Pods that have their places and are Ready from these seconds on. */
const pods = (n: number, placed: number, ready: number | undefined, from = 1): readonly Evidence[] =>
  Array.from({ length: n }, (_, index) => {
    const each = index + from
    return [
      seen(placed, pod(each, { podPhase: 'Pending', ready: false }), 'added'),
      ...(ready === undefined ? [] : [seen(ready, pod(each))]),
    ]
  }).flat()
const two = pods(2, -5, -4)

function judged(...args: Parameters<typeof scalerJudged>) {
  const { result, findings } = scalerJudged(...args)
  const [of] = result
  if (of === undefined) throw new Error('one autoscaler')
  const steps = of.steps.map(({ name, afterMs, held }) => `${name} ${afterMs}${held ? '' : ' late'}`)
  return { of, steps, causes: findings.map(({ weight, cause }) => `${weight} ${cause}`), findings }
}
const high = rps(11.1)

// The peak lasts from 25 s to 125 s; it must decide within three syncs and have 5 pods Ready within 30 s.
describe('an autoscaler', () => {
  const scaled = (decided: number, ready: number, placed = ready - 1) =>
    judged([hpa(-1, 2), hpa(30, 2, [high]), hpa(decided, 5, [high]), two, pods(3, placed, ready, 3)])
  const limitMs = decidesWithinMs(stock, target)

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that decides and is ready in time', () => scaled(30 + limitMs / 1000, 60).causes, []],
    ['that decides too late', () => scaled(30 + (limitMs + 1) / 1000, 60).causes, ['breach autoscaler-late']],
    ['that is ready too late', () => scaled(32, 60.001).causes, ['breach autoscaler-late']],
    [
      'that has one pod less',
      () => judged([hpa(-1, 2), hpa(30, 2, [high]), hpa(32, 5, [high]), two, pods(2, 40, 50, 3)]).causes,
      ['breach autoscaler-late'],
    ],
    ['that never decides', () => judged([hpa(-1, 2), hpa(30, 2, [high]), two]).causes, ['breach autoscaler-late']],
    [
      'that has not decided as the run ends',
      () => judged([hpa(-1, 2), hpa(30, 2, [high]), two], {}, { until: 30_000 + limitMs - 1 }).causes,
      ['gap no-evidence'],
    ],
    [
      'that has not decided in just its time',
      () => judged([hpa(-1, 2), hpa(30, 2, [high]), two], {}, { until: 30_000 + limitMs }).causes,
      ['breach autoscaler-late'],
    ],
    [
      'that is not ready as the run ends',
      () => judged([hpa(-1, 2), hpa(30, 2, [high]), hpa(32, 5, [high]), two], {}, { until: 59_999 }).causes,
      ['gap no-evidence'],
    ],
    [
      'that is not ready in just its time',
      () => judged([hpa(-1, 2), hpa(30, 2, [high]), hpa(32, 5, [high]), two], {}, { until: 60_000 }).causes,
      ['breach autoscaler-late'],
    ],
    [
      'that was never over its target',
      () => judged([hpa(-1, 2), hpa(30, 2, [rps(11)]), two]).causes,
      ['gap no-evidence'],
    ],
    [
      'that was over its target before the peak',
      () => judged([hpa(-1, 2), hpa(24, 2, [high]), hpa(24.5, 2), two]).causes,
      ['gap no-evidence'],
    ],
    [
      'that was over its target after the peak',
      () => judged([hpa(-1, 2), hpa(125.001, 2, [high]), two]).causes,
      ['gap no-evidence'],
    ],
    [
      'that was over its target as the peak ended',
      () => judged([hpa(-1, 2), hpa(125, 2, [high]), two]).causes,
      ['breach autoscaler-late'],
    ],
    ['that was never seen', () => judged([two]).causes, ['gap no-evidence']],
    [
      'of a run that ended before the peak',
      () => judged([hpa(-1, 2), two], {}, { until: 25_000 }).causes,
      ['gap no-evidence'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'decided, scheduled and ready',
      () => scaled(32, 50, 40).steps,
      ['over-target 0', 'decided 2000', 'scheduled 10000', 'ready 20000'],
    ],
    [
      'over its target as the peak begins',
      () => judged([hpa(-1, 2, [high]), hpa(27, 5, [high]), two, pods(3, 30, 40, 3)]).steps,
      ['over-target 0', 'decided 2000', 'scheduled 5000', 'ready 15000'],
    ],
    [
      'large enough before',
      () => judged([hpa(-1, 5), hpa(30, 6, [high]), pods(5, -5, -4)]).steps,
      ['over-target 0', 'decided 0', 'scheduled 0', 'ready 0'],
    ],
    [
      'large enough, but for one pod',
      () => judged([hpa(-1, 4), hpa(30, 4, [high]), hpa(31, 5, [high]), pods(4, -5, -4), pods(1, 40, 45, 5)]).steps,
      ['over-target 0', 'decided 1000', 'scheduled 10000', 'ready 15000'],
    ],
    [
      'that decided before it showed why',
      () => judged([hpa(-1, 2), hpa(28, 5, [high]), two, pods(3, 30, 40, 3)]).steps,
      ['over-target 0', 'decided 0', 'scheduled 2000', 'ready 12000'],
    ],
    [
      'that decided, and never showed why',
      () => judged([hpa(-1, 2), hpa(28, 5), two, pods(3, 30, 40, 3)]).steps,
      ['over-target 0', 'decided 0', 'scheduled 2000', 'ready 12000'],
    ],
    [
      'by its use of the machine alone, from the start of the peak on',
      () => judged([hpa(-1, 2, [cpu(40)]), hpa(28, 5, [cpu(90)]), two, pods(3, 30, 40, 3)]).steps,
      ['over-target 0', 'decided 3000', 'scheduled 5000', 'ready 15000'],
    ],
  ])('has steps: %s', (_, is, expected) => expect(is()).toEqual(expected))

  it('has peaks of the phase', () => {
    const { of } = judged([
      hpa(-1, 2),
      hpa(30, 4, [high]),
      hpa(125, 5),
      hpa(125.001, 6),
      two,
      pods(1, 40, 125, 3),
      pods(1, 40, 125.001, 4),
    ])
    expect([of.peakDesired, of.peakReady]).toEqual([5, 3])
    const quiet = judged([hpa(-1, 3), hpa(30, 2, [high]), pods(3, -5, -4)]).of
    expect([quiet.peakDesired, quiet.peakReady]).toEqual([3, 3])
  })

  // Requests of two pods: 5 s are one window, and 10 a second and pod are the target.
  const requests = (perPod: number) =>
    ['p-1', 'p-2'].flatMap((pod) =>
      counted(
        NAME,
        'http_requests_total',
        {},
        Array.from({ length: 31 }, (_, n) => [20_000 + n * 1000, n * perPod] as const),
        pod,
      ),
    )
  it('is over its target where its pods count more requests than a tenth over it', () => {
    const at = (perPod: number) => judged([hpa(-1, 2), hpa(30, 2), two, requests(perPod)]).causes
    expect(at(11.1)).toEqual(['breach autoscaler-late'])
    expect(at(10.9)).toEqual(['gap no-evidence'])
  })
})

describe('an autoscaler that came late', () => {
  const why = (...history: readonly Evidence[]) =>
    judged([hpa(-1, 2, [cpu(40)]), ...history, two]).causes.filter((each) => each !== 'breach autoscaler-late')
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['was blind by its use of the machine', () => why(), ['breach autoscaler-blind']],
    ['was not where that rose over its target', () => why(hpa(30, 2, [cpu(55.1)])), []],
    ['was where that rose to a tenth over its target', () => why(hpa(30, 2, [cpu(55)])), ['breach autoscaler-blind']],
    ['was where that rose too late', () => why(hpa(55.001, 2, [cpu(90)])), ['breach autoscaler-blind']],
    ['was not where that rose in just the time', () => why(hpa(55, 2, [cpu(90)])), []],
    ['was where its metric had no value', () => why(hpa(30, 2, [rps(undefined)])), ['breach autoscaler-blind']],
    [
      'was not where it has no metric',
      () => judged([hpa(-1, 2, []), two]).causes.filter((each) => each !== 'breach autoscaler-late'),
      [],
    ],
    ['was capped below what was wanted', () => why(hpa(30, 4, [rps(20)], { max: 4 })), ['breach autoscaler-capped']],
    ['was not where its maximum is enough', () => why(hpa(30, 5, [rps(20)], { max: 5 })), []],
    ['was not where it had not reached its maximum', () => why(hpa(30, 3, [rps(20)], { max: 4 })), []],
    ['was not where it asked for no more', () => why(hpa(30, 4, [rps(11)], { max: 4 })), []],
    [
      'was where it said so itself',
      () => why(hpa(30, 4, [rps(11)], { max: 4, conditions: limited })),
      ['breach autoscaler-capped'],
    ],
    [
      'was not where it said that it was at its minimum',
      () =>
        why(
          hpa(30, 4, [rps(11)], {
            max: 4,
            conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'TooFewReplicas', message: '' }],
          }),
        ),
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a metric that an autoscaler scales on', () => {
  const source = { namespace: 'casino', selector: {}, port: 1, path: '/m', metrics: ['waiting'] as const }
  const run: SmallRun = { target: { sources: { ...target.sources, broker: source } } }
  const gauge: Partial<Autoscaler> = {
    scalesOn: { kind: 'gauge', of: 'broker', metric: 'waiting', where: {}, pods: 'sum', above: 100 } as never,
  }
  const rate: Partial<Autoscaler> = {
    scalesOn: { kind: 'rate', of: 'broker', metric: 'waiting', where: {}, above: perSecond(100) } as never,
  }
  const waiting = (...values: readonly (readonly [ms: number, value: number | undefined])[]) =>
    counted('broker', 'waiting', {}, values)
  const base = [hpa(-1, 2, [cpu(40)]), two]
  const of = (records: readonly Evidence[], expected = gauge) => judged([...base, records], expected, run)
  const usual = (value: number) =>
    waiting(...Array.from({ length: 20 }, (_, n) => [24_000 + n * 1000, n === 10 ? value : 50] as const))
  const without = (n: number) =>
    waiting(
      ...Array.from({ length: 20 + n }, (_, index) => [24_000 + index * 1000, index < n ? undefined : 150] as const),
    )

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['calls for more above its limit', () => of(usual(101)).causes.slice(0, 1), ['breach autoscaler-late']],
    ['does not at its limit', () => of(usual(100)).causes, ['gap no-evidence']],
    ['of which one scrape of ten failed', () => of(without(2)).causes.slice(0, 1), ['breach autoscaler-late']],
    ['of which more failed', () => of(without(3)).causes, ['gap no-evidence']],
    ['that was not read', () => of([]).causes, ['gap no-evidence']],
    [
      'that was high before the peak',
      () => of(waiting([23_000, 150], [24_999, 150], [25_001, 50], [26_000, 50])).causes,
      ['gap no-evidence'],
    ],
    [
      'that was high as the peak began',
      () => of(waiting([23_000, 150], [25_000, 150], [25_001, 50], [26_000, 50])).causes.slice(0, 1),
      ['breach autoscaler-late'],
    ],
    [
      'that was high as the peak ended',
      () => of(waiting([124_000, 50], [125_000, 150])).causes.slice(0, 1),
      ['breach autoscaler-late'],
    ],
    ['that was high after the peak', () => of(waiting([124_000, 50], [125_001, 150])).causes, ['gap no-evidence']],
    [
      'that counts more than its rate',
      () =>
        of(waiting(...Array.from({ length: 20 }, (_, n) => [20_000 + n * 1000, n * 101] as const)), rate).causes.slice(
          0,
          1,
        ),
      ['breach autoscaler-late'],
    ],
    [
      'that counts its rate',
      () => of(waiting(...Array.from({ length: 20 }, (_, n) => [20_000 + n * 1000, n * 100] as const)), rate).causes,
      ['gap no-evidence'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
