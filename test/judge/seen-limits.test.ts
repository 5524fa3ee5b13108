/** The folds over evidence that rules read, but for counters and gauges: steps, lives, streams and windows, at the last moment on either side. */
import { describe, expect } from 'vitest'
import type { BudgetSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { createBudgetLives } from '../../src/judge/seen/budget-lives.ts'
import { createRunFacts } from '../../src/judge/seen/run-facts.ts'
import {
  firstWhere,
  type Steps,
  stepAt,
  stepsWithin,
  summed,
  timeWhere,
  trueSince,
} from '../../src/judge/seen/steps.ts'
import { createStreams } from '../../src/judge/seen/streams.ts'
import { createWindows, mergedSums } from '../../src/judge/seen/windows.ts'
import { it } from '../support/reviewed.ts'
import { atMs, framesOf, listOf } from '../support/small-run.ts'

describe('steps', () => {
  const steps: Steps = listOf([1000, 1], [2000, 5], [4000, 2]).map(([at = 0, value = 0], line) => ({ at, value, line }))
  const isHigh = (value: number) => value >= 2
  it('are in force from their moment on', () => {
    expect([999, 1000, 1999, 2000].map((at) => stepAt(steps, at)?.value)).toEqual([undefined, 1, 1, 5])
    expect(stepsWithin(steps, 2000, 4000).map(({ value }) => value)).toEqual([5, 2])
    expect(stepsWithin(steps, 2001, 3999).map(({ value }) => value)).toEqual([5])
    expect(stepsWithin(steps, 0, 1000).map(({ value }) => value)).toEqual([1])
  })

  it('are true first, and since when, and for how long', () => {
    expect([
      firstWhere(steps, 0, 9000, isHigh)?.at,
      firstWhere(steps, 3000, 9000, isHigh)?.at,
      firstWhere(steps, 0, 1999, isHigh)?.at,
    ]).toEqual([2000, 3000, undefined])
    expect([
      trueSince(steps, 0, 9000, isHigh)?.at,
      trueSince(steps, 0, 9000, (value) => value === 2)?.at,
      trueSince(steps, 5000, 9000, isHigh)?.at,
      trueSince(steps, 0, 9000, (value) => value > 2)?.at,
    ]).toEqual([2000, 4000, 5000, undefined])
    expect([
      timeWhere(steps, 0, 9000, isHigh),
      timeWhere(steps, 3000, 3500, isHigh),
      timeWhere(steps, 0, 9000, (value) => value === 5),
    ]).toEqual([7000, 500, 2000])
  })

  it('add up ups and downs', () => {
    const change = (at: number, by: number, line: number) => ({ at, by, line })
    expect(
      summed([change(2000, -1, 3), change(1000, 1, 1), change(1000, 1, 2)]).map(({ at, value, line }) => [
        at,
        value,
        line,
      ]),
    ).toEqual([
      [1000, 2, 2],
      [2000, 1, 3],
    ])
  })
})

describe('a disruption budget', () => {
  const life = (
    ...versions: readonly (readonly [healthy: number, wanted: number, expected: number, allowed?: number])[]
  ) => {
    const lives = createBudgetLives()
    for (const [index, [healthy, wantedHealthy, expected, allowed = 1]] of versions.entries())
      lives.add(
        {
          resource: 'PodDisruptionBudget',
          namespace: 'n',
          name: 'b',
          uid: 'u',
          healthy,
          wantedHealthy,
          expected,
          allowed,
        } as BudgetSeen,
        index,
        index + 1,
      )
    return lives.all.get('b')
  }
  it.each<[string, () => boolean, boolean]>([
    ['that has what it wants', () => life([2, 2, 3])?.violation !== undefined, false],
    ['that falls below', () => life([2, 2, 3], [1, 2, 3])?.violation !== undefined, true],
    ['that never had it', () => life([1, 2, 3])?.violation !== undefined, false],
    ['that wants more as it grows', () => life([2, 2, 3], [2, 3, 4])?.violation !== undefined, false],
    ['whose pods are all gone on purpose', () => life([2, 2, 3], [0, 2, 0])?.violation !== undefined, false],
    ['that wants less and has it', () => life([2, 2, 3], [1, 1, 2])?.violation !== undefined, false],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('is tightest where the least is to spare', () => {
    expect(life([5, 2, 5], [3, 2, 5], [4, 2, 5])?.tightest).toEqual({ healthy: 3, wanted: 2 })
    expect(life([3, 2, 5], [3, 2, 5])?.tightest).toEqual({ healthy: 3, wanted: 2 })
  })

  it.each<[string, () => number | undefined, number]>([
    ['every pod is healthy and none may go', () => life([2, 2, 2, 0])?.stuck.length, 1],
    ['one may go', () => life([2, 2, 2, 1])?.stuck.length, 0],
    ['one is not healthy', () => life([1, 1, 2, 0])?.stuck.length, 0],
    ['there is none', () => life([0, 0, 0, 0])?.stuck.length, 0],
    ['one is there', () => life([1, 1, 1, 0])?.stuck.length, 1],
  ])('is stuck where %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('streams of records', () => {
  const of = (...ms: readonly number[]) => {
    const streams = createStreams()
    for (const [index, frame] of framesOf(
      'x',
      ms.map((each) => [each, {}] as const),
    ).entries())
      streams.add(frame, index + 1)
    return streams
  }
  it('pause for more than 5 s', () => {
    expect(of(0, 5000).all[0]?.pauses).toEqual([])
    expect(of(0, 5001).all[0]?.pauses).toEqual([{ fromAt: atMs(0), toAt: atMs(5001), line: 2 }])
    expect(of(0, 1000, 5000, 6000).all[0]).toMatchObject({ count: 4, medianMs: 1000, lastLine: 4 })
    expect(of(0).all[0]?.medianMs).toBeUndefined()
  })

  it('have one moment for each second', () => expect(of(0, 400, 999, 1000).moments).toEqual([atMs(999), atMs(1000)]))
  it('name lines that are out of order', () => {
    expect(of(1000, 999, 1001).misplaced).toEqual({ count: 1, lines: [2], kinds: ['load-frame'] })
    expect(of(1000, 1000).misplaced.count).toBe(1)
    expect(of(...Array.from({ length: 30 }, (_, n) => 1000 - n)).misplaced).toMatchObject({
      count: 29,
      lines: Array.from({ length: 20 }, (_, n) => n + 2),
    })
  })
})

describe('the load of a run', () => {
  const started = (instance: string, zeroMs = 0): Evidence => ({
    kind: 'load-started',
    at: atMs(0),
    zeroAt: atMs(zeroMs),
    instance,
    pid: 1,
  })
  const ended = (instance: string, outcome: 'completed' | 'stopped' | 'crashed', ms = 9000): Evidence => ({
    kind: 'load-ended',
    at: atMs(ms),
    instance,
    outcome,
    exitCode: 0,
    problems: [],
  })
  const facts = (...records: readonly Evidence[]) => {
    const run = createRunFacts()
    for (const [index, each] of records.entries()) run.add(each, index + 1)
    return run
  }
  it.each<[string, () => string, string]>([
    ['never', () => facts().load, 'never'],
    ['running', () => facts(started('a')).load, 'running'],
    ['running in one of two', () => facts(started('a'), started('b'), ended('a', 'completed')).load, 'running'],
    ['completed', () => facts(started('a'), ended('a', 'completed')).load, 'completed'],
    [
      'stopped in one of two',
      () => facts(started('a'), started('b'), ended('a', 'completed'), ended('b', 'stopped')).load,
      'stopped',
    ],
    [
      'crashed in one of two',
      () => facts(started('a'), started('b'), ended('a', 'stopped'), ended('b', 'crashed')).load,
      'crashed',
    ],
    ['crashed before it began', () => facts(ended('a', 'crashed')).load, 'crashed'],
    ['ended before it began', () => facts(ended('a', 'completed')).load, 'never'],
  ])('is %s', (_, is, expected) => expect(is()).toBe(expected))

  it('begins with the first and ends with the last of its instances', () => {
    const two = facts(started('a', 500), started('b', 0), ended('a', 'completed', 8000), ended('b', 'completed', 9000))
    expect([two.zeroAt, two.loadEndedAt, two.seenUntil]).toEqual([atMs(0), atMs(9000), atMs(9000)])
    const stop: Evidence = { kind: 'stop-requested', at: atMs(7000), by: 'operator', reason: 'x' }
    expect(facts(started('a'), stop, ended('a', 'stopped', 7500)).seenUntil).toBe(atMs(7000))
    expect(facts(started('a'), stop, { ...stop, at: atMs(7100) }).stop?.record.at).toBe(atMs(7000))
    expect(facts(started('a'), { ...stop, at: atMs(1) }).seenUntil).toBe(atMs(1))
  })
})

describe('windows of the load', () => {
  const goodIn = (fromMs: number, toMs: number, instance?: string) => {
    const windows = createWindows(() => ({}))
    windows.open({
      kind: 'phase',
      name: 'p',
      fromAt: atMs(fromMs),
      toAt: atMs(toMs),
      ...(instance === undefined ? {} : { instance }),
    })
    for (const frame of framesOf(
      'bet',
      listOf(
        [1000, { good: 1, bad: 2, slow: 1, overCeiling: 1, histogram: listOf([10, 1], [20, 2]) }],
        [2000, { good: 4, histogram: [[20, 3]] }],
      ),
    ))
      windows.add(frame)
    return { frames: windows.frames('phase', 'p'), bet: windows.sums('phase', 'p').get('bet') }
  }
  it('hold frames whose middle lies in them', () => {
    expect(goodIn(500, 1500)).toMatchObject({
      frames: 1,
      bet: { good: 1, bad: 2, slow: 1, overCeiling: 1, histogram: listOf([10, 1], [20, 2]) },
    })
    expect(goodIn(500, 1501)).toMatchObject({ frames: 2, bet: { good: 5, histogram: listOf([10, 1], [20, 5]) } })
    expect(goodIn(501, 1501)).toMatchObject({ frames: 1, bet: { good: 4 } })
    expect(goodIn(0, 9000, 'other')).toEqual({ frames: 0, bet: undefined })
  })

  it('are merged', () => {
    const [one, two] = [goodIn(500, 1500).bet, goodIn(501, 1501).bet]
    if (one === undefined || two === undefined) throw new Error('two windows')
    expect(mergedSums([one, two])).toEqual({
      good: 5,
      bad: 2,
      slow: 1,
      overCeiling: 1,
      dropped: 0,
      histogram: listOf([10, 1], [20, 5]),
    })
    expect(mergedSums([])).toEqual({ good: 0, bad: 0, slow: 0, overCeiling: 0, dropped: 0, histogram: [] })
  })
})
