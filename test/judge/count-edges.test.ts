/** What is added up of the load: frames, their sockets and their delays, of one instance and of several. */
import { describe, expect } from 'vitest'
import type { LoadFrame, OperationCounts, SliCounts } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { frameDeltas, grownBy } from '../../src/judge/seen/frame-deltas.ts'
import { createHealthFacts } from '../../src/judge/seen/health-facts.ts'
import { createLoadCounts } from '../../src/judge/seen/load-counts.ts'
import { createSocketCounts } from '../../src/judge/seen/socket-counts.ts'
import { createWindows } from '../../src/judge/seen/windows.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, frame, none } from '../support/small-run.ts'

const unions = { api: ['login', 'bet'] } as const
const sli = (changes: Partial<SliCounts>): SliCounts => ({ ...none, ...changes })
const ops = (acknowledged: number, changes: Partial<OperationCounts> = {}): OperationCounts => ({
  acknowledged,
  amountCents: acknowledged * 100,
  digestLow: acknowledged,
  digestHigh: acknowledged,
  refused: 0,
  unknown: 0,
  ...changes,
})
const profile = (iterations: number, dropped = 0) => ({ iterations, dropped })

describe('a counter of the load', () => {
  it.each([
    ['that was not there', undefined, 5, 5],
    ['that stays', 5, 5, 0],
    ['that grew', 5, 6, 1],
    ['that fell', 5, 4, 4],
    ['that fell to nothing', 5, 0, 0],
  ])('%s', (_, before, now, by) => expect(grownBy(before, now)).toBe(by))
})

describe('what a frame adds', () => {
  const deltas = (...frames: readonly LoadFrame[]) => noted(frames.map(frameDeltas(() => unions)))
  const last = (...frames: readonly LoadFrame[]) => {
    const delta = deltas(...frames).at(-1)
    if (delta === undefined) throw new Error('one frame')
    return delta
  }

  it('covers the second before it if it is the first', () => {
    expect([last(frame(5000, {})).fromAt, last(frame(5000, {}), frame(5400, {})).fromAt]).toEqual([
      atMs(4000),
      atMs(5000),
    ])
    expect(last(frame(5000, { instance: 'a' }), frame(5400, { instance: 'b' })).fromAt).toBe(atMs(4400))
  })

  it.each<[string, number, number, boolean]>([
    ['that goes on', 5, 6, false],
    ['that stays', 5, 5, false],
    ['that counts anew', 5, 4, true],
  ])('is of a generator %s', (_, before, now, restarted) => {
    const counts = (n: number) => ({ profiles: { login: profile(n), bet: profile(3) } })
    expect(last(frame(1000, counts(before)), frame(2000, counts(now))).restarted).toBe(restarted)
    expect(last(frame(1000, counts(now))).restarted).toBe(false)
  })

  const both = {
    slis: {
      login: sli({ good: 3, bad: 1, slow: 2, overCeiling: 1, histogram: [[10, 3]] }),
      bet: sli({ good: 4, histogram: [[20, 4]] }),
    },
    profiles: { login: profile(4, 1), bet: profile(4, 2), other: profile(9, 3) },
  }
  it('is summed for a union, and listed for each of its parts', () => {
    const { slis } = last(frame(1000, both))
    expect([...slis.keys()]).toEqual(['api', 'bet', 'login', 'other'])
    expect(slis.get('api')).toEqual({ good: 7, bad: 1, slow: 2, overCeiling: 1, dropped: 3, histogram: [10, 3, 20, 4] })
    expect(slis.get('other')).toMatchObject({ good: 0, dropped: 3 })
  })

  it('is that of a union itself where it has samples', () => {
    const own = { ...both, slis: { ...both.slis, api: sli({ good: 1 }) } }
    expect(last(frame(1000, own)).slis.get('api')).toMatchObject({ good: 1, dropped: 3 })
  })

  it('includes a union if one of its parts is in the frame', () => {
    expect([...last(frame(1000, { profiles: { bet: profile(1) } })).slis.keys()]).toEqual(['api', 'bet'])
    expect([...last(frame(1000, { profiles: { other: profile(1) } })).slis.keys()]).toEqual(['other'])
  })

  it('is what was counted since the frame before', () => {
    const more = {
      slis: { login: sli({ good: 5, bad: 4, slow: 2, overCeiling: 3, badBy: { timeout: 3, odd: 1 } }) },
      profiles: { login: profile(9, 4) },
      operations: { bet: ops(7, { refused: 2, unknown: 1 }) },
    }
    const delta = last(
      frame(1000, {
        ...both,
        slis: { ...both.slis, login: sli({ good: 3, bad: 1, slow: 2, overCeiling: 1, badBy: { timeout: 1 } }) },
        operations: { bet: ops(4, { refused: 1 }) },
      }),
      frame(2000, more),
    )
    expect(delta.slis.get('login')).toMatchObject({ good: 2, bad: 3, slow: 0, overCeiling: 2, dropped: 3 })
    expect(delta.slis.get('api')).toMatchObject({ good: 2, bad: 3, dropped: 3 })
    expect(delta.profiles.get('login')).toEqual(profile(5, 3))
    expect(delta.operations.get('bet')).toEqual(ops(3, { refused: 1, unknown: 1 }))
    expect(delta.badBy.get('login')).toEqual({ timeout: 2, odd: 1 })
  })
})

describe('the load', () => {
  const counts = (...frames: readonly LoadFrame[]) => {
    const load = createLoadCounts(() => unions)
    for (const [index, each] of frames.entries()) load.add(each, index + 1)
    return load
  }
  const bad = (badBy: SliCounts['badBy']) =>
    sli({ good: 1, bad: Object.values(badBy).reduce((sum, n) => sum + n, 0), badBy })

  it('has rows with the reasons of bad attempts, those of a union added up', () => {
    const load = counts(
      frame(1000, { slis: { login: bad({ timeout: 2, 'http-502': 1 }), bet: bad({ timeout: 3 }) } }),
      frame(2000, { slis: { login: bad({ timeout: 2, 'http-502': 2 }), bet: bad({ timeout: 3 }) } }),
    )
    const of = (name: string) => noted(load.rows(name)).map(({ timeouts, badBy }) => [timeouts, badBy])
    expect(of('login')).toEqual([
      [2, { timeout: 2, 'http-502': 1 }],
      [0, { 'http-502': 1 }],
    ])
    expect(of('api')).toEqual([
      [5, { timeout: 5, 'http-502': 1 }],
      [0, { 'http-502': 1 }],
    ])
    expect([...(load.badBy.get('login') ?? [])]).toEqual([
      ['timeout', 2],
      ['http-502', 2],
    ])
    expect([load.hasSamples('login'), load.hasSamples('api'), load.rows('none')]).toEqual([true, false, []])
  })

  it('has rows in order of time, and of their lines where both are of one moment', () => {
    const at = (ms: number, instance: string) => frame(ms, { instance, slis: { login: sli({ good: 1 }) } })
    const rows = (...frames: readonly LoadFrame[]) =>
      counts(...frames)
        .rows('login')
        .map(({ line }) => line)
    expect(rows(at(1000, 'a'), at(2000, 'a'))).toEqual([1, 2])
    expect(rows(at(1000, 'a'), at(1000, 'b'))).toEqual([1, 2])
    expect(rows(at(3000, 'a'), at(1000, 'b'), at(2000, 'c'), at(1000, 'd'))).toEqual([2, 4, 3, 1])
  })

  it('adds up arrivals and operations of all frames', () => {
    const load = counts(
      frame(1000, { profiles: { login: profile(3, 1) }, operations: { bet: ops(2, { refused: 1, unknown: 1 }) } }),
      frame(2000, { profiles: { login: profile(5, 1) }, operations: { bet: ops(2, { refused: 2, unknown: 1 }) } }),
      frame(2000, { instance: 'b', profiles: { login: profile(7, 2) }, operations: { bet: ops(4) } }),
    )
    expect(load.profiles.get('login')).toEqual(profile(12, 3))
    expect(load.operations.get('bet')).toEqual(ops(6, { refused: 2, unknown: 1 }))
    // A frame that acknowledged nothing is none of them.
    expect(noted(load.acknowledged.get('bet'))).toEqual([
      { pod: 'k6', fromAt: atMs(0), toAt: atMs(1000), count: 2, line: 1 },
      { pod: 'b', fromAt: atMs(1000), toAt: atMs(2000), count: 4, line: 3 },
    ])
  })

  it('knows the keys whose outcome clients never learnt', () => {
    const key = (operation: string, name: string) => ({ unknownKeys: [{ operation, key: name }] })
    const { unknownKeys } = counts(
      frame(1000, key('bet', 'a')),
      frame(2000, key('bet', 'b')),
      frame(3000, key('x', 'c')),
    )
    expect([...unknownKeys]).toEqual([
      ['bet', ['a', 'b']],
      ['x', ['c']],
    ])
  })

  it('has the delays of its event loop, where there were any', () => {
    const lag = (ms: number, count: number) => frame(ms, { loopLag: { count, p95Ms: 7 } })
    expect(noted(counts(lag(1000, 1), lag(2000, 0), frame(3000, {})).lags)).toEqual([
      { instance: 'k6', fromAt: atMs(0), at: atMs(1000), p95Ms: 7, line: 1 },
    ])
  })

  it('has a first and a last frame, whichever comes first', () => {
    expect(counts().frames).toEqual({ count: 0 })
    expect(counts(frame(2000, { instance: 'a' }), frame(1000, { instance: 'b' })).frames).toEqual({
      count: 2,
      firstAt: atMs(1000),
      lastAt: atMs(2000),
      lastLine: 2,
    })
    expect(counts(frame(1000, {}), frame(2000, {})).frames).toMatchObject({ firstAt: atMs(1000), lastAt: atMs(2000) })
  })

  it('names the lines at which its generator counted anew', () => {
    const at = (ms: number, n: number) => frame(ms, { profiles: { login: profile(n) } })
    expect(counts(at(1000, 5), at(2000, 4), at(3000, 5)).restarts).toEqual([2])
  })
})

describe('sockets', () => {
  type Sockets = NonNullable<LoadFrame['sockets']>
  const rows = (
    ...all: readonly (readonly [ms: number, changes: Partial<Sockets> | undefined, instance?: string])[]
  ) => {
    const counts = createSocketCounts()
    for (const [index, [ms, changes, instance = 'k6']] of all.entries())
      counts.add(
        frame(ms, {
          instance,
          ...(changes === undefined ? {} : { sockets: { open: 0, connected: 0, failed: 0, dropped: 0, ...changes } }),
        }),
        index + 1,
      )
    return noted(counts.rows)
  }

  it('are those of all instances', () => {
    expect(rows([1000, { open: 5 }], [1500, { open: 3 }, 'b'], [2000, { open: 4 }]).map(({ open }) => open)).toEqual([
      5, 8, 7,
    ])
    expect(rows([1000, undefined])).toEqual([])
  })

  it('are counted since the frame before', () => {
    const [first, second] = rows(
      [1000, { connected: 5, failed: 1, dropped: 3, sentAway: 1, kept: 2, moved: 1 }],
      [2500, { connected: 9, failed: 3, dropped: 8, sentAway: 3, kept: 3, moved: 4 }],
    )
    expect(first).toMatchObject({ fromAt: atMs(0), connected: 5, failed: 1, dropped: 3, fallen: 2, kept: 2, moved: 1 })
    expect(second).toMatchObject({
      fromAt: atMs(1000),
      at: atMs(2500),
      connected: 4,
      failed: 2,
      dropped: 5,
      fallen: 3,
      kept: 1,
      moved: 3,
    })
  })

  it('have fallen if they dropped and nothing else was reported, and never fewer than 0', () => {
    expect(rows([1000, { dropped: 3 }])[0]).toMatchObject({ fallen: 3, kept: 0, moved: 0 })
    expect(
      rows([1000, { dropped: 3, sentAway: 3 }], [2000, { dropped: 4, sentAway: 6 }]).map(({ fallen }) => fallen),
    ).toEqual([0, 0])
  })
})

describe('the health of a generator', () => {
  it('covers the time since the record before', () => {
    const facts = createHealthFacts()
    const add = (ms: number, instance: string, more: object, line: number) =>
      facts.add(
        {
          kind: 'generator-health',
          at: atMs(ms),
          instance,
          cpuCores: 1,
          rssBytes: 1,
          hostBusy: ratio(0.5),
          ...more,
        } as never,
        line,
      )
    add(5000, 'a', {}, 1)
    add(6500, 'b', { cpuLimit: 2 }, 2)
    add(7000, 'a', { throttled: 0.1 }, 3)
    expect(noted(facts.rows).map(({ fromAt, at }) => [fromAt - atMs(0), at - atMs(0)])).toEqual([
      [4000, 5000],
      [5500, 6500],
      [5000, 7000],
    ])
    expect(facts.rows.map((row) => Object.keys(row).length)).toEqual([6, 7, 7])
  })
})

describe('windows', () => {
  const windows = (...frames: readonly LoadFrame[]) => {
    const all = createWindows(() => unions)
    all.open({ kind: 'block', name: 'x', fromAt: atMs(0), toAt: atMs(9000) })
    for (const each of frames) all.add(each)
    return all
  }
  const at = (ms: number, good: number) =>
    frame(ms, {
      slis: {
        login: sli({
          good,
          histogram: [
            [20, 1],
            [10, good],
          ],
        }),
      },
      profiles: { login: profile(good, 1) },
    })
  it('add up what their frames count, with buckets in order', () => {
    expect(noted([...windows(at(1000, 2), at(2000, 5)).sums('block', 'x')])).toEqual(
      ['api', 'login'].map((name) => [
        name,
        {
          good: 5,
          bad: 0,
          slow: 0,
          overCeiling: 0,
          dropped: 1,
          histogram: [
            [10, 7],
            [20, 2],
          ],
        },
      ]),
    )
  })
  it('are empty where they are not known', () => {
    const all = windows(at(1000, 2))
    expect([all.frames('block', 'x'), all.frames('block', 'y'), all.frames('phase', 'x')]).toEqual([1, 0, 0])
    expect([...all.sums('phase', 'x')]).toEqual([])
  })
  it('begin anew where they are opened again', () => {
    const all = windows(at(1000, 2))
    all.open({ kind: 'block', name: 'x', fromAt: atMs(0), toAt: atMs(9000) })
    expect(all.frames('block', 'x')).toBe(0)
  })
})
