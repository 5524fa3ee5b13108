/** When an autoscaler was called for more, by what it shows, by the requests of its pods or by its own metric, and why pods found no node. */
import { describe, expect } from 'vitest'
import type { PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Autoscaler } from '../../src/judge/cluster/hpa-metric.ts'
import { waitedForNodes } from '../../src/judge/cluster/node-waits.ts'
import { named, node, seen } from '../support/evidence.ts'
import { it } from '../support/reviewed.ts'
import { cpu, hpaAt, type Metric, metric, NAME, pod, rps, scalerJudged, stock } from '../support/scaled-run.ts'
import { atMs, atRate, causesIn, counted, seenIn } from '../support/small-run.ts'

const hpa = (second: number, desired: number, ...metrics: readonly Metric[]) => hpaAt(second, desired, metrics)
const pods = (from: number, to: number, second: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => seen(second, pod(from + n)))
const two = pods(1, 2, -4)

function judged(...args: Parameters<typeof scalerJudged>) {
  const { result, findings } = scalerJudged(...args)
  return [
    ...(result[0]?.steps ?? []).map(
      ({ name, afterMs, at }) => `${name} ${at === undefined ? 'never' : `at ${at - atMs(0)}, after ${afterMs}`}`,
    ),
    ...findings.map(({ weight, cause }) => `${weight} ${cause}`),
  ]
}
const over = (...args: Parameters<typeof judged>) => judged(...args)[0]
const requests = (perPod: (ms: number) => number, from = 15_000) =>
  ['p-1', 'p-2'].flatMap((name) => counted(NAME, 'http_requests_total', {}, atRate(from, 60_000, perPod), name))

// The peak lasts from 25 s to 125 s.
describe('an autoscaler was called for more', () => {
  const gauge = {
    scalesOn: { kind: 'gauge', of: 'broker', metric: 'waiting', where: {}, pods: 'sum', above: 100 },
  } as unknown as Partial<Autoscaler>
  const waiting = (...values: readonly (readonly [number, number])[]) => counted('broker', 'waiting', {}, values)
  it.each<[string, () => string | undefined, string]>([
    ['by its metric', () => over([hpa(-1, 2, rps(5)), hpa(30, 2, rps(12)), two]), 'over-target at 30000, after 0'],
    [
      'by one of two metrics',
      () => over([hpa(-1, 2, rps(5), metric('Pods/x', 5)), hpa(30, 2, rps(5), metric('Pods/x', 12)), two]),
      'over-target at 30000, after 0',
    ],
    [
      'not by its processor, where it has another metric',
      () => over([hpa(-1, 2, rps(5), cpu(10)), hpa(30, 2, rps(5), cpu(90)), two]),
      'over-target never',
    ],
    [
      'from the start on, where its metric has no value',
      () => over([hpa(-1, 2, rps()), hpa(30, 2, rps()), two]),
      'over-target at 25000, after 0',
    ],
    [
      'by its metric, where that has a value later',
      () => over([hpa(-1, 2, rps()), hpa(30, 2, rps(12)), two]),
      'over-target at 30000, after 0',
    ],
    [
      'by what it decided, where it shows nothing',
      () => over([hpa(-1, 2, rps(5)), hpa(30, 5, rps(5)), two]),
      'over-target at 30000, after 0',
    ],
    [
      'by the requests of its pods',
      () => over([hpa(-1, 2, rps(5)), hpa(50, 2, rps(12)), two, requests((ms) => (ms > 30_000 ? 20 : 5))]),
      'over-target at 33000, after 0',
    ],
    [
      'by its own metric before these',
      () => over([hpa(-1, 2, rps(5)), hpa(31, 2, rps(12)), two, requests((ms) => (ms > 30_000 ? 20 : 5))]),
      'over-target at 31000, after 0',
    ],
    [
      'not by requests, where its metric is no rate of them',
      () => over([hpa(-1, 2, metric('Pods/queue', 5)), hpa(30, 2, metric('Pods/queue', 5)), two, requests(() => 20)]),
      'over-target never',
    ],
    [
      'not by requests, where its target is none',
      () =>
        over([
          hpa(-1, 2, metric('Pods/requests', 5, 0)),
          hpa(30, 2, metric('Pods/requests', 5, 0)),
          two,
          requests(() => 20),
        ]),
      'over-target never',
    ],
    [
      'not by requests before the peak',
      () => over([hpa(-1, 2, rps(5)), hpa(30, 2, rps(5)), two, requests((ms) => (ms <= 20_000 ? 20 : 5))]),
      'over-target never',
    ],
    [
      'by what it scales on',
      () => over([hpa(-1, 2, rps(5)), hpa(50, 2, rps(12)), two, waiting([26_000, 5], [40_000, 101])], gauge),
      'over-target at 40000, after 0',
    ],
    [
      'by what it scales on, where its metric has no value',
      () => over([hpa(-1, 2, rps()), two, waiting([26_000, 5], [40_000, 101])], gauge),
      'over-target at 40000, after 0',
    ],
    [
      'not by what it scales on',
      () => over([hpa(-1, 2, rps()), two, waiting([26_000, 5], [40_000, 100])], gauge),
      'over-target never',
    ],
    ['at an unknown time', () => over([hpa(-1, 2, rps(5)), hpa(30, 2, rps(12)), two], gauge), 'gap no-evidence'],
    ['in a phase that is not there', () => over([hpa(-1, 2, rps(5)), two], { phase: 'x' }), 'gap no-evidence'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('an autoscaler', () => {
  const high = rps(12)
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'that was never called',
      () => judged([hpa(-1, 2, rps(5)), hpa(40, 3, rps(5)), hpa(50, 2, rps(5)), two]).slice(-1),
      ['breach autoscaler-late'],
    ],
    [
      'that decided before it was seen',
      () => judged([hpa(26, 5, high), pods(1, 5, 20)]),
      [
        'over-target at 26000, after 0',
        'decided at 25000, after 0',
        'scheduled at 25000, after 0',
        'ready at 25000, after 0',
      ],
    ],
    [
      'that decides twice',
      () => judged([hpa(-1, 2, rps(5)), hpa(30, 3, high), hpa(35, 5, high), two, pods(3, 5, 40)]),
      [
        'over-target at 30000, after 0',
        'decided at 30000, after 0',
        'scheduled at 40000, after 10000',
        'ready at 40000, after 10000',
      ],
    ],
    [
      'that decides down first',
      () =>
        judged([
          hpa(-1, 3, rps(5)),
          hpa(26, 2, rps(5)),
          hpa(30, 2, high),
          hpa(32, 5, high),
          pods(1, 3, -4),
          pods(4, 5, 40),
        ]),
      [
        'over-target at 30000, after 0',
        'decided at 32000, after 2000',
        'scheduled at 40000, after 10000',
        'ready at 40000, after 10000',
      ],
    ],
    [
      'whose pods are scheduled and not Ready',
      () =>
        judged([
          hpa(-1, 2, rps(5)),
          hpa(30, 5, high),
          two,
          Array.from({ length: 3 }, (_, n) => seen(40, pod(n + 3, { ready: false }))),
        ]),
      [
        'over-target at 30000, after 0',
        'decided at 30000, after 0',
        'scheduled at 40000, after 10000',
        'ready never',
        'breach autoscaler-late',
      ],
    ],
    [
      'of a run that ends within its first second',
      () => judged([hpa(-1, 2, high), two], {}, { until: 25_001 }),
      ['over-target at 25000, after 0', 'decided never', 'scheduled never', 'ready never', 'gap no-evidence'],
    ],
    [
      'that watches only CPU, is at its maximum, and is late',
      () => judged([hpa(-1, 2, cpu(5)), hpa(30, 6, cpu(60)), two], { atLeast: 7 }),
      [
        'over-target at 25000, after 0',
        'decided at 30000, after 5000',
        'scheduled never',
        'ready never',
        'breach autoscaler-late',
        'breach autoscaler-capped',
      ],
    ],
    [
      'that calms too late',
      () =>
        judged([hpa(-1, 2, rps(5)), hpa(30, 5, high), two, pods(3, 5, 40)], {
          calms: { withinMs: 5000, turnsMax: 0 },
        } as never).slice(-1),
      ['breach scale-down-late'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('pods that found no node', () => {
  const why = '0/6 nodes are available: 6 Insufficient cpu. preemption: 0/6 nodes are available.'
  const waits = (n: number, second: number, changes: Partial<PodSeen> = {}) =>
    seen(second, {
      ...pod(n, { ready: false, podPhase: 'Pending', unschedulable: why, ...changes }),
      node: undefined as never,
    })
  const placed = (n: number, second: number, on: string, ready = false) => seen(second, pod(n, { node: on, ready }))
  const warm = (id: string, born: number, ends?: number) => {
    const own: PodSeen = { ...pod(0), ...named(id), app: 'warm', priority: -10 }
    return [seen(born, own, 'added'), ...(ends === undefined ? [] : [seen(ends, { ...own, deleting: true })])]
  }
  const machine = (name: string, second: number, ready: boolean) => {
    const record = node(second, 'a', 'api', ready)
    return record.kind === 'object-seen'
      ? [{ ...record, object: { ...record.object, name, uid: name } } as Evidence]
      : []
  }
  const found = (...records: readonly (readonly Evidence[] | Evidence)[]) =>
    causesIn(waitedForNodes(seenIn([hpa(-1, 2), ...records.flat()]), stock, { at: atMs(30_000), line: 1 } as never))
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['two of them', () => found(waits(3, 31), waits(4, 32)), ['breach pods-pending']],
    ['for a reason of one sentence', () => found(waits(3, 31, { unschedulable: 'No room.' })), ['breach pods-pending']],
    ['before they were called for, and since', () => found(waits(3, 20)), ['breach pods-pending']],
    ['of another workload', () => found(waits(3, 31, { app: 'x' })), []],
    ['and one that was not needed', () => found(waits(3, 31), waits(4, 61)), ['breach pods-pending']],
    [
      'until a node came',
      () => found(waits(3, 31), machine('new', 40, false), machine('new', 65, true), placed(3, 66, 'new')),
      ['breach node-late'],
    ],
    [
      'until one of two nodes came',
      () => found(waits(3, 31), machine('b', 40, true), machine('a', 45, true), placed(3, 66, 'a')),
      ['breach node-late'],
    ],
    [
      'although a node came that none of them uses',
      () => found(waits(3, 31), machine('b', 45, true), machine('a', 50, true)),
      ['breach node-late'],
    ],
    [
      'although a node came and was never Ready',
      () => found(waits(3, 31), machine('b', 40, false)),
      ['breach node-late'],
    ],
    [
      'until a node was Ready again',
      () => found(waits(3, 31), machine('b', -2, false), machine('b', 40, true)),
      ['breach node-late'],
    ],
    [
      'although a node was there all the time',
      () => found(waits(3, 31), machine('b', -2, true)),
      ['breach pods-pending'],
    ],
    [
      'after two warm pods went',
      () => found(waits(3, 31), warm('v', -5, 32), warm('w', -5, 35)),
      ['breach warm-pool-empty'],
    ],
    [
      'after one warm pod went, and another came',
      () => found(waits(3, 31), warm('v', -5, 32), warm('w', 31, 40)),
      ['breach warm-pool-empty'],
    ],
    ['after a warm pod went that came later', () => found(waits(3, 31), warm('w', 30.5, 40)), ['breach pods-pending']],
    [
      'before it was placed, as the warm pod went',
      () => found(waits(3, 31), warm('v', -5, 40), placed(3, 40, 'n')),
      ['breach warm-pool-empty'],
    ],
    [
      'and was placed before the warm pod went',
      () => found(waits(3, 31), warm('v', -5, 41), placed(3, 40, 'n')),
      ['breach pods-pending'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
