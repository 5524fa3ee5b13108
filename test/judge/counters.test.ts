import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Evidence, LoadFrame } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { blindPods, createCounters, cumulative, rateOf, type Track } from '../../src/judge/seen/counters.ts'
import { frameDeltas } from '../../src/judge/seen/frame-deltas.ts'
import { evidence } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'

type Scrape = readonly [at: number, pod: string, value: number | 'unanswered']

const calls = { id: 'calls', source: 'psp-a', metric: 'calls_total', labels: {} } as const

function tracked(
  scrapes: readonly Scrape[],
  wanted: Parameters<ReturnType<typeof createCounters>['want']>[0] = calls,
): Track {
  const all = createCounters()
  all.want(wanted)
  for (const [index, [at, pod, value]] of scrapes.entries()) {
    const base = { kind: 'sample', at: instant(at), source: 'psp-a', pod } as const
    const series = typeof value === 'number' ? [{ name: 'calls_total', labels: { psp: 'a' }, value }] : []
    all.add(
      value === 'unanswered' ? { ...base, ok: false, problem: 'timeout' } : { ...base, ok: true, series },
      index + 1,
    )
  }
  return all.track(wanted.id)
}
const countOf = (scrapes: readonly Scrape[], wanted = calls as Parameters<typeof tracked>[1]) =>
  noted(tracked(scrapes, wanted)).increments.reduce((sum, { count }) => sum + count, 0)

describe('counters', () => {
  it.each<[string, readonly Scrape[], number]>([
    ['a single scrape counts nothing, because the counter may be days old', [[0, 'x', 5000]], 0],
    [
      'growth counts',
      [
        [0, 'x', 5000],
        [500, 'x', 5010],
      ],
      10,
    ],
    [
      'a counter that fell was restarted',
      [
        [0, 'x', 5000],
        [500, 'x', 3],
      ],
      3,
    ],
    [
      'an unanswered scrape loses no counts',
      [
        [0, 'x', 10],
        [500, 'x', 'unanswered'],
        [1000, 'x', 14],
      ],
      4,
    ],
    [
      'pods in the first round of scrapes may be old, so their first values do not count',
      [
        [0, 'x', 10],
        [400, 'y', 9000],
        [900, 'y', 9001],
      ],
      1,
    ],
    [
      'a pod that appears later counts from 0',
      [
        [0, 'x', 10],
        [5000, 'y', 7],
        [5500, 'y', 9],
      ],
      9,
    ],
    [
      'a pod that appears later counts from 0 even if its first scrapes fail',
      [
        [0, 'x', 10],
        [5000, 'y', 'unanswered'],
        [5500, 'y', 9],
      ],
      9,
    ],
    [
      'a source that could not be listed is not counted as a pod',
      [
        [0, '', 'unanswered'],
        [5000, 'x', 10],
      ],
      0,
    ],
  ])('%s', (_, scrapes, count) => {
    expect(countOf(scrapes)).toBe(count)
  })

  it('counts a series that has not appeared yet as 0, on pods that carry the metric', () => {
    const wanted = { id: 'b', metric: 'calls_total', labels: { psp: 'b' } }
    expect(
      tracked(
        [
          [0, 'x', 1],
          [500, 'x', 2],
        ],
        wanted,
      ).increments,
    ).toMatchObject([{ count: 0 }])
    const other = { id: 'o', metric: 'other_total', labels: {} }
    expect(
      tracked(
        [
          [0, 'x', 1],
          [500, 'x', 2],
        ],
        other,
      ).increments,
    ).toEqual([])
  })

  it('reports a pod as unseen when no reading covers its gap', () => {
    const silent: Scrape[] = [
      [0, 'x', 1],
      [500, 'x', 'unanswered'],
      [3000, 'x', 'unanswered'],
    ]
    expect(blindPods(tracked(silent), 0, 4000, 2000)).toEqual(['psp-a/x'])
    expect(blindPods(tracked(silent), 0, 4000, 3000)).toEqual([])
    expect(blindPods(tracked([...silent, [3500, 'x', 1]]), 0, 4000, 2000)).toEqual([])
  })

  it('gives rates that add up to the count, for any split of the time', () => {
    const steps = fc.array(fc.record({ ms: fc.integer({ min: 1, max: 2000 }), more: fc.nat(50) }), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        let [at, value] = [0, 100]
        const scrapes: Scrape[] = [[0, 'x', 100]]
        for (const { ms, more } of all) {
          at += ms
          value += more
          scrapes.push([at, 'x', value])
        }
        const counted = cumulative(tracked(scrapes))
        const middle = at * share
        const sum = rateOf(counted, 0, middle) * middle + rateOf(counted, middle, at) * (at - middle)
        expect(sum / 1000).toBeCloseTo(value - 100, 6)
      }),
    )
  })
})

describe('frames of a load generator', () => {
  const frame = evidence().find((record: Evidence): record is LoadFrame => record.kind === 'load-frame')
  const withLogins = (instance: string, good: number): LoadFrame => {
    if (!frame?.slis.login) throw new Error('a frame has logins')
    return { ...frame, instance, slis: { login: { ...frame.slis.login, good } } }
  }
  const newLogins = (frames: readonly LoadFrame[]) => {
    const deltaOf = frameDeltas(() => ({}))
    return frames.map((each) => deltaOf(each).slis.get('login')?.good)
  }

  it('are cumulative per instance', () => {
    const frames = [withLogins('a', 5), withLogins('b', 3), withLogins('a', 9), withLogins('b', 3)]
    expect(newLogins(frames)).toEqual([5, 3, 4, 0])
  })

  it('that restart count from 0', () => {
    expect(newLogins([withLogins('a', 5), withLogins('a', 2)])).toEqual([5, 2])
  })
})
