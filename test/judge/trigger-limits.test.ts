/** What fires a trigger at the last moment on either side, what a level is made of, and what is said of one that never fired. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { SeriesTrigger, Trigger } from '../../src/domain/trigger.ts'
import { createLevels } from '../../src/judge/triggers/levels.ts'
import { watchTrigger } from '../../src/judge/triggers/triggers.ts'
import { it, noted } from '../support/reviewed.ts'
import { lost, pod, rollout, scraped, scrapes, target, triggers, wants } from '../support/triggers.ts'

const ARMED = 10_000

function watched(trigger: Trigger, records: readonly Evidence[]) {
  const watch = watchTrigger(trigger, target)
  const signs = records.map((record) => watch.add(record, record.at < ARMED ? undefined : ARMED))
  const sign = noted(signs.find((each) => each !== undefined))
  return { firedAt: sign?.readAt, last: noted(watch.last()) }
}
const elsewhere = (record: Evidence, where: { readonly namespace?: string; readonly name?: string }): Evidence =>
  record.kind === 'object-seen' ? ({ ...record, object: { ...record.object, ...where } } as Evidence) : record
const deleted = (record: Evidence): Evidence => ({ ...record, change: 'deleted' }) as Evidence
const gone = (of: string | undefined, ms: number): Evidence => {
  const { of: _, ...record } = lost(ms) as Extract<Evidence, { kind: 'evidence-lost' }>
  return { ...record, ...(of === undefined ? {} : { of: of as 'sample' }) }
}

describe('an object fires a trigger', () => {
  const { autoscaler, rollout: half, pod: ends } = triggers
  it.each<[string, Trigger, readonly Evidence[], number | undefined]>([
    ['at the moment at which it is armed', autoscaler, [wants(1000, 2), wants(ARMED, 3)], ARMED],
    ['a millisecond before, never', autoscaler, [wants(1000, 2), wants(ARMED - 1, 3)], undefined],
    [
      'of another name, never',
      autoscaler,
      [wants(1000, 2), elsewhere(wants(12_000, 5), { name: 'mail' }), wants(13_000, 2)],
      undefined,
    ],
    [
      'of another namespace, never',
      autoscaler,
      [wants(1000, 2), elsewhere(wants(12_000, 5), { namespace: 'bank' }), wants(13_000, 2)],
      undefined,
    ],
    [
      'that is deleted and made anew, never',
      autoscaler,
      [wants(1000, 2), deleted(wants(11_000, 5)), wants(12_000, 7)],
      undefined,
    ],
    [
      'that wants the first pod after a sync with none, never',
      autoscaler,
      [wants(1000, 0), wants(12_000, 1)],
      undefined,
    ],
    ['that wants one pod and then two', autoscaler, [wants(1000, 1), wants(12_000, 2)], 12_000],
    ['where the watch broke as it was seen', autoscaler, [wants(1000, 2), lost(1000), wants(12_000, 5)], undefined],
    ['where it broke before', autoscaler, [lost(999), wants(1000, 2), wants(12_000, 5)], 12_000],
    ['where it broke as it was armed', autoscaler, [wants(1000, 2), lost(ARMED), wants(12_000, 5)], 12_000],
    ['where it broke a millisecond before', autoscaler, [wants(1000, 2), lost(ARMED - 1), wants(12_000, 5)], undefined],
    ['where anything was lost', autoscaler, [wants(1000, 2), gone(undefined, 9000), wants(12_000, 5)], undefined],
    ['where scrapes were lost', autoscaler, [wants(1000, 2), gone('sample', 9000), wants(12_000, 5)], 12_000],

    ['of a rollout as it is armed', half, [rollout(1000, 1, 5), rollout(ARMED, 2, 5)], ARMED],
    ['of a rollout before', half, [rollout(1000, 1, 5), rollout(ARMED - 1, 2, 5)], undefined],
    ['of a rollout of one pod', half, [rollout(11_000, 0, 1, 1), rollout(12_000, 1, 2, 1)], 12_000],
    ['of a rollout to no pods, never', half, [rollout(1000, 1, 5), rollout(12_000, 0, 0, 0)], undefined],
    [
      'of a rollout of another Deployment, never',
      half,
      [rollout(1000, 1, 5), elsewhere(rollout(12_000, 4, 4), { name: 'mail' })],
      undefined,
    ],
    [
      'of a rollout of another namespace, never',
      half,
      [rollout(1000, 1, 5), elsewhere(rollout(12_000, 4, 4), { namespace: 'bank' })],
      undefined,
    ],
    ['of a rollout that is deleted, never', half, [rollout(1000, 1, 5), deleted(rollout(12_000, 2, 5))], undefined],
    ['of a rollout among pods', half, [rollout(1000, 1, 5), pod(11_000, {}), rollout(12_000, 2, 5)], 12_000],
    [
      'of a rollout whose pods are all of the new template for a moment',
      half,
      [rollout(1000, 1, 5), rollout(11_000, 1, 1), rollout(12_000, 2, 2)],
      12_000,
    ],

    ['of a pod as it is armed', ends, [pod(1000, {}), pod(ARMED, { podPhase: 'Succeeded' })], ARMED],
    ['of a pod before', ends, [pod(1000, {}), pod(ARMED - 1, { podPhase: 'Succeeded' })], undefined],
    ['of a pod that was not seen before, never', ends, [pod(12_000, { podPhase: 'Failed' })], undefined],
    [
      'of a pod that ends and was Ready',
      { ...ends, turns: 'not-ready' },
      [pod(1000, {}), pod(12_000, { podPhase: 'Failed' })],
      12_000,
    ],
    [
      'of a pod that ended before it was Ready, never',
      { ...ends, turns: 'ready' },
      [pod(1000, { ready: false }), pod(12_000, { podPhase: 'Succeeded' })],
      undefined,
    ],
  ])('%s', (_, trigger, records, expected) => expect(watched(trigger, records).firedAt).toBe(expected))
})

describe('a series fires a trigger', () => {
  const { gauge } = triggers
  const falls = { ...gauge, crosses: 'falls', value: 10 } as const
  const before = scrapes(1000, ...Array.from({ length: 9 }, () => 50))
  const foreign = (ms: number, value: number): Evidence => ({ ...scraped(ms, value), source: 'other' }) as Evidence

  it.each<[string, SeriesTrigger, readonly Evidence[], number | undefined]>([
    ['that falls to the value itself', falls, [...before, scraped(ARMED, 10)], ARMED],
    ['that falls to a little above it, never', falls, [...before, scraped(ARMED, 10.1)], undefined],
    ['that rises to a little below it, never', gauge, [...before, scraped(ARMED, 99.9)], undefined],
    ['of another source, never', gauge, [...before, ...[10, 11, 12].map((s) => foreign(s * 1000, 150))], undefined],
    ['2.5 s after the reading before', gauge, [scraped(5000, 50), scraped(7500, 50), scraped(ARMED, 100)], ARMED],
    [
      'after a reading that is older than 2.5 s as it is armed, never',
      gauge,
      [scraped(4999, 50), scraped(7499, 50), scraped(ARMED, 100)],
      undefined,
    ],
    ['a millisecond before it is armed, never', gauge, [...before, scraped(ARMED - 1, 100)], undefined],
  ])('%s', (_, trigger, records, expected) => expect(watched(trigger, records).firedAt).toBe(expected))
})

describe('a level', () => {
  const { gauge, rate } = triggers
  const mail = { ...gauge, where: { queue: 'mail' } }
  const queue = (ms: number, value: number, name: string, of = 'mail'): Evidence =>
    ({
      ...scraped(ms, value, name),
      series: [{ name: 'waiting', labels: { queue: of }, value }],
    }) as Evidence
  const both = (...times: readonly number[]) =>
    times.flatMap((ms) => [scraped(ms, 5, 'broker-0'), scraped(ms, 7, 'broker-1')])
  const unlisted = (ms: number) => scraped(ms, 'cannot list pods', '')
  const counters = (pod: string, perScrape: number, ...times: readonly number[]) =>
    times.map((ms, n) => scraped(ms, 1000 + n * perScrape, pod))
  const noMetric = (ms: number, name: string): Evidence => ({ ...scraped(ms, 0, name), series: [] }) as Evidence

  it.each<[string, SeriesTrigger, readonly Evidence[], readonly string[]]>([
    ['is read 2.5 s after the first scrape', gauge, [scraped(1000, 50), scraped(3500, 51)], ['3500: 51']],
    ['is not read before', gauge, [scraped(1000, 50), scraped(3499, 51)], []],
    ['is the sum of all pods', gauge, both(1000, 2500, 4000), ['4000: 12', '4000: 12']],
    ['is the highest of all pods', { ...gauge, pods: 'max' }, both(1000, 2500, 4000), ['4000: 7', '4000: 7']],
    [
      'holds a pod that was read 2.5 s before',
      gauge,
      [...both(1000, 2500, 4000), scraped(6500, 5)],
      ['4000: 12', '4000: 12', '6500: 12'],
    ],
    [
      'drops a pod that was read earlier, and waits for 2.5 s',
      gauge,
      [...both(1000, 2500, 4000), scraped(6501, 5), scraped(9000, 5), scraped(9001, 6)],
      ['4000: 12', '4000: 12', '9001: 6'],
    ],
    [
      'begins anew after its pods could not be listed',
      gauge,
      [scraped(1000, 50), scraped(3500, 51), unlisted(5000), ...scrapes(5500, 52, 53, 54), scraped(8000, 55)],
      ['3500: 51', '8000: 55'],
    ],
    [
      'is none while its pods cannot be listed',
      gauge,
      [scraped(1000, 50), scraped(3500, 51), unlisted(5000), unlisted(8000), unlisted(11_000)],
      ['3500: 51'],
    ],
    [
      'is that of the pods that still have the gauge',
      mail,
      [
        ...[1000, 2000, 3000, 4000].flatMap((ms) => [queue(ms, 5, 'broker-0'), queue(ms + 1, 7, 'broker-1')]),
        queue(5000, 7, 'broker-1', 'sms'),
        ...[5001, 6000, 7000].map((ms) => queue(ms, 5, 'broker-0')),
        queue(7500, 6, 'broker-0'),
      ],
      ['4000: 12', '4001: 12', '7500: 6'],
    ],
    [
      'is unknown while one pod cannot be read, and 2.5 s after',
      gauge,
      [
        ...both(1000, 2500, 4000),
        scraped(5000, 'no answer'),
        scraped(6000, 5),
        scraped(6001, 7, 'broker-1'),
        scraped(8499, 5),
        scraped(8500, 5),
      ],
      ['4000: 12', '4000: 12', '8500: 12'],
    ],
    [
      'of a rate is unknown until a whole window was read',
      rate,
      counters('broker-0', 20, 1000, 2000, 3000, 4000, 5000, 6000),
      ['6000: 20'],
    ],
    [
      'of a rate leaves out a pod that never had the counter',
      rate,
      [
        ...counters('broker-0', 20, 1000, 2000, 3000, 4000, 5000, 6000).flatMap((each) => [
          noMetric(each.at - 1, 'broker-1'),
          each,
        ]),
      ],
      ['6000: 20'],
    ],
    [
      'of a rate holds half of an increment that began before its window',
      rate,
      [...counters('broker-0', 20, 1000, 2000, 3000, 4000, 5000, 6000), scraped(6500, 1100)],
      ['6000: 20', '6500: 18'],
    ],
  ])('%s', (_, trigger, records, expected) => {
    const levels = createLevels(trigger, target)
    const read = records.flatMap((record) => (record.kind === 'sample' ? [levels.add(record)] : []))
    expect(read.flatMap((level) => (level === undefined ? [] : [`${level.at}: ${level.value}`]))).toEqual(expected)
  })
})

it.each<[string, Trigger, readonly Evidence[], string]>([
  ['autoscaler', triggers.autoscaler, [wants(1000, 1)], 'the autoscaler orders wants 1 pod'],
  ['autoscaler that is gone', triggers.autoscaler, [deleted(wants(1000, 1))], 'nothing was read of it'],
  ['rollout', triggers.rollout, [rollout(1000, 1, 5)], '1 of 4 pods of orders run its current template'],
  ['rollout that is gone', triggers.rollout, [deleted(rollout(1000, 1, 5))], 'nothing was read of it'],
  [
    'pods',
    triggers.pod,
    [pod(1000, {}), pod(1000, { name: 'b', ready: false }), pod(1000, { name: 'c', podPhase: 'Failed' })],
    'orders has 2 pods, 1 of them Ready',
  ],
  ['pods that have ended', triggers.pod, [pod(1000, { podPhase: 'Failed' })], 'orders has 0 pods, 0 of them Ready'],
  ['no pods', triggers.pod, [], 'nothing was read of it'],
  ['gauge', triggers.gauge, [scraped(1000, 50), scraped(3500, 51.234)], 'waiting of broker is 51.23'],
  ['rate', triggers.rate, [1, 2, 3, 4, 5, 6].map((s) => scraped(s * 1000, s * 20)), 'waiting of broker is 20/s'],
  ['gauge that was read once', triggers.gauge, [scraped(1000, 50)], 'nothing was read of it'],
])('the last reading is told: %s', (_, trigger, records, expected) =>
  expect(watched(trigger, records).last).toBe(expected),
)
