/** Blocks of a comparison: which count, and why others do not. */
import { describe, expect } from 'vitest'
import type { Evidence, SliCounts } from '../../../src/domain/evidence.ts'
import { perSecond, ratio, seconds } from '../../../src/domain/units.ts'
import { createBlocks } from '../../../src/judge/blocks/blocks.ts'
import { endedBlock as ended, startedBlock as started } from '../../support/block-run.ts'
import { it, noted } from '../../support/reviewed.ts'
import { atMs, none } from '../../support/small-run.ts'

const framed = (at: number, good = 10, iterations = 840): Evidence => ({
  kind: 'load-frame',
  at: atMs(at),
  instance: 'x',
  slis: { login: { ...none, good } satisfies SliCounts },
  profiles: Object.fromEntries(started().load.profiles.map(({ name }) => [name, { iterations, dropped: 0 }])),
  operations: {},
  unknownKeys: [],
  vus: 1,
})
const health = (at: number, hostBusy: number): Evidence => ({
  kind: 'generator-health',
  at: atMs(at),
  instance: 'x',
  cpuCores: 0.1,
  hostBusy: ratio(hostBusy),
  rssBytes: 1,
})
const block = (...records: readonly Evidence[]) => {
  const fold = createBlocks()
  for (const record of records) fold.add(record)
  return noted(fold.of('x'))
}
/** It settles until 5 s and is measured until 35 s. */
const steady = (leave: (second: number) => boolean = () => false) =>
  Array.from({ length: 35 }, (_, n) => n + 1).flatMap((second) =>
    leave(second) ? [] : [framed(second * 1000, second * 10)],
  )

describe('a block', () => {
  it.each<[string, () => string | undefined, string]>([
    ['that runs', () => block(started(), ...steady())?.state, 'running'],
    ['that is whole', () => block(started(), ...steady(), ended())?.state, 'measured'],
    ['without a frame', () => block(started(), ended())?.state, 'void'],
    [
      'that lacks frames for 3 s',
      () => block(started(), ...steady((second) => second > 10 && second < 13), ended())?.state,
      'measured',
    ],
    [
      'that lacks them for 4 s',
      () => block(started(), ...steady((second) => second > 10 && second < 14), ended())?.state,
      'void',
    ],
    [
      'that lacks them while it settles',
      () => block(started(), ...steady((second) => second < 5), ended())?.state,
      'measured',
    ],
    [
      'that lacks them for 3 s as its measuring begins',
      () => block(started(), ...steady((second) => second < 8), ended())?.state,
      'measured',
    ],
    ['that lacks them for more', () => block(started(), ...steady((second) => second < 9), ended())?.state, 'void'],
    [
      'whose last frame is late',
      () => block(started(), ...steady((second) => second > 31), framed(60_000, 999), ended())?.state,
      'void',
    ],
    [
      'that was stopped',
      () => block(started(), ...steady(), ended('stopped', ['the operator']))?.reasons[0],
      'its load generator was stopped: the operator',
    ],
    ['that crashed', () => block(started(), ...steady(), ended('crashed'))?.reasons[0], 'its load generator crashed'],
    ['of another name', () => block(started({ block: 'y' }), ...steady(), ended())?.state ?? 'none', 'none'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const busy = (...seconds_: readonly (readonly [second: number, busy: number])[]) =>
    block(started(), ...steady(), ...seconds_.map(([second, is]) => health(second * 1000, is)), ended())?.machineFull
  it.each<[string, () => boolean | undefined, boolean]>([
    ['half of the time', () => busy([10, 0.95], [11, 0.94]), false],
    ['more than half of it', () => busy([10, 0.95], [11, 0.95], [12, 0.94]), true],
    ['before it was measured', () => busy([5, 1], [10, 0.5]), false],
    ['as soon as it was', () => busy([5.001, 1]), true],
    ['to its end', () => busy([35, 1]), true],
    ['after it', () => busy([35.001, 1]), false],
    ['never', () => busy(), false],
  ])('has a full machine %s', (_, is, expected) => expect(is()).toBe(expected))

  it('has arrivals that never ran, of each of its profiles', () => {
    const stages = [{ durationMs: seconds(20), from: perSecond(10), to: perSecond(10) }] as const
    const load = { ...started().load, profiles: ['login', 'bet', 'none'].map((name) => ({ name, stages })) }
    const ran = (iterations: number) =>
      block(
        started({ load }),
        ...steady().map((each) =>
          each.kind === 'load-frame'
            ? { ...each, profiles: { login: { iterations, dropped: 0 }, bet: { iterations: 200, dropped: 3 } } }
            : each,
        ),
        ended(),
      )?.reasons
    expect(ran(197)).toEqual([
      'its load generator was starved: 3 of 200 arrivals of bet never ran',
      'its load generator was starved: 199 of 200 arrivals of none never ran',
    ])
    expect(ran(196)).toHaveLength(3)
  })
})
