import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Trigger } from '../../src/domain/trigger.ts'
import { watchTrigger } from '../../src/judge/triggers/triggers.ts'
import { it, noted } from '../support/reviewed.ts'
import { lost, pod, rollout, scraped, scrapes, target, triggers, wants } from '../support/triggers.ts'

const ARMED = 10_000

/** What fires it, if it is armed at 10 s and before the first record from then on. */
function signIn(trigger: Trigger, records: readonly Evidence[]) {
  const watch = watchTrigger(trigger, target)
  for (const record of [...records].sort((a, b) => a.at - b.at)) {
    const sign = watch.add(record, record.at < ARMED ? undefined : ARMED)
    if (sign !== undefined) return sign
  }
  return undefined
}

const { autoscaler, gauge, rate } = triggers
const falls = { ...gauge, crosses: 'falls', value: 10 } as const
const steady = (value: number) => Array.from({ length: 9 }, () => value)
/** Nine scrapes before it is armed, then these. */
const onePod = (before: number, ...values: readonly (number | string)[]) => scrapes(1000, ...steady(before), ...values)
const twoPods = (before: number, ...values: readonly (readonly [number | string, number | string])[]) =>
  [...steady(before).map((value) => [value, value] as const), ...values].flatMap(([first, second], index) => [
    scraped(1000 + index * 1000, first, 'broker-0'),
    scraped(1100 + index * 1000, second, 'broker-1'),
  ])

describe('what fires a trigger', () => {
  it.each<[string, Trigger, readonly Evidence[], number | undefined]>([
    ['an autoscaler that wants more pods', autoscaler, [wants(1000, 2), wants(12_000, 5)], 12_000],
    ['not an autoscaler that wants fewer', autoscaler, [wants(1000, 5), wants(12_000, 2)], undefined],
    ['the rise after a fall', autoscaler, [wants(1000, 5), wants(11_000, 2), wants(12_000, 3)], 12_000],
    [
      'not what it wanted before it was armed',
      autoscaler,
      [wants(1000, 2), wants(9000, 5), wants(12_000, 5)],
      undefined,
    ],
    ['not an autoscaler seen for the first time', autoscaler, [wants(12_000, 5, 'present')], undefined],
    ['not the first sync of an autoscaler', autoscaler, [wants(11_000, 0), wants(12_000, 2)], undefined],
    [
      'not a rise during a gap of the watch that began before',
      autoscaler,
      [wants(1000, 2), lost(9000), wants(12_000, 5)],
      undefined,
    ],
    ['a rise after such a gap', autoscaler, [wants(1000, 2), lost(9000), wants(11_000, 2), wants(12_000, 5)], 12_000],
    [
      'a rise during a gap that began while it was armed',
      autoscaler,
      [wants(1000, 2), lost(11_000), wants(12_000, 5)],
      12_000,
    ],

    [
      'a rollout that is half done',
      triggers.rollout,
      [rollout(1000, 4, 4), rollout(11_000, 1, 5), rollout(12_000, 2, 5)],
      12_000,
    ],
    [
      'not a rollout that was half done before',
      triggers.rollout,
      [rollout(1000, 1, 5), rollout(9000, 2, 5), rollout(12_000, 3, 5)],
      undefined,
    ],
    [
      'not a Deployment that scales up',
      triggers.rollout,
      [rollout(1000, 4, 4), rollout(11_000, 4, 4, 12), rollout(12_000, 12, 12, 12)],
      undefined,
    ],

    ['a pod that is deleted', triggers.pod, [pod(1000, {}), pod(12_000, { change: 'deleted' })], 12_000],
    ['a pod that failed', triggers.pod, [pod(1000, {}), pod(12_000, { podPhase: 'Failed' })], 12_000],
    [
      'not a pod that ended before',
      triggers.pod,
      [pod(1000, {}), pod(9000, { podPhase: 'Failed' }), pod(12_000, { change: 'deleted' })],
      undefined,
    ],
    [
      'not a pod of another app',
      { ...triggers.pod, app: 'mail' },
      [pod(1000, {}), pod(12_000, { change: 'deleted' })],
      undefined,
    ],
    [
      'a pod that is no longer Ready',
      { ...triggers.pod, turns: 'not-ready' },
      [pod(1000, {}), pod(12_000, { ready: false })],
      12_000,
    ],
    [
      'a pod that becomes Ready',
      { ...triggers.pod, turns: 'ready' },
      [pod(11_000, { ready: false, change: 'added' }), pod(12_000, {})],
      12_000,
    ],
    ['not a pod that was Ready', { ...triggers.pod, turns: 'ready' }, [pod(1000, {}), pod(12_000, {})], undefined],

    ['a gauge that rises to the value', gauge, onePod(50, 70, 100), 11_000],
    ['not a gauge that was above it already', gauge, onePod(150, 150, 150), undefined],
    ['a gauge that was above it, fell and rises again', gauge, onePod(150, 90, 120), 11_000],
    [
      'not a gauge that cannot be read',
      gauge,
      onePod(50, 'no answer', Number.NaN, Number.POSITIVE_INFINITY),
      undefined,
    ],
    ['a gauge that falls to the value', falls, onePod(50, 9), 10_000],
    [
      'not the fall of a sum of which one part cannot be read',
      falls,
      twoPods(8, [8, 'no answer'], [8, 'no answer']),
      undefined,
    ],
    [
      'not a sum of which one part was not read yet',
      gauge,
      twoPods(60, [60, 60]).filter(({ at }) => at > 9500),
      undefined,
    ],
    ['the fall of a sum', falls, twoPods(8, [4, 4], [4, 4]), 10_100],

    [
      'a rate that rises to the value',
      rate,
      scrapes(1000, ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n * 10), 300, 600, 900),
      13_000,
    ],
    [
      'not a rate that was above it already',
      rate,
      scrapes(1000, ...Array.from({ length: 20 }, (_, n) => n * 200)),
      undefined,
    ],
    ['not a rate whose counter cannot be read', rate, onePod(50, 'no answer', Number.NaN), undefined],
    [
      'not a counter that was started anew',
      rate,
      scrapes(1000, ...Array.from({ length: 12 }, (_, n) => 10_000 + n), 3, 4, 5),
      undefined,
    ],
  ])('%s', (_, trigger, records, expected) => {
    expect(noted(signIn(trigger, records))?.readAt).toBe(expected)
  })

  it('is not a reading that was made before it was armed and arrives later, as from a Prometheus', () => {
    const watch = watchTrigger(gauge, target)
    for (const record of onePod(50)) watch.add(record, undefined)
    expect(watch.add(scraped(9900, 100), ARMED)).toBeUndefined()
  })

  it('is never a reading from before it was armed', () => {
    const readings = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.oneof(fc.nat(200), fc.constant('no answer'))),
    )
    fc.assert(
      fc.property(readings, fc.constantFrom(gauge, falls, rate), (values, trigger) => {
        const sign = signIn(
          trigger,
          values.map(([ms, value]) => scraped(ms, value)),
        )
        expect(sign?.readAt ?? ARMED).toBeGreaterThanOrEqual(ARMED)
      }),
    )
  })
})
