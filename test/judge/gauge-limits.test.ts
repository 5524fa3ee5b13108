/** Gauges that rules read, of a rule's own or by their name, at the last moment and the last value on either side. */
import { describe, expect } from 'vitest'
import { createBacklogs } from '../../src/judge/seen/backlogs.ts'
import { createGauges } from '../../src/judge/seen/gauges.ts'
import { createPodGauges } from '../../src/judge/seen/pod-gauges.ts'
import { it } from '../support/reviewed.ts'
import { listOf } from '../support/small-run.ts'
import { type Scrape, sample } from '../support/small-scrapes.ts'

describe('a gauge', () => {
  const gauges = (scrapes: readonly Scrape[], pods: 'sum' | 'max' = 'sum') => {
    const all = createGauges()
    all.want({ id: 'w', source: 's', metric: 'x', labels: {}, pods })
    for (const [index, each] of scrapes.entries()) all.add(sample(each), index + 1)
    return all
  }
  const levels = (...args: Parameters<typeof gauges>) =>
    gauges(...args)
      .levels('w')
      .map(({ at, until, value }) => `${at}-${until}: ${value}`)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['holds its value', () => levels(listOf([0, 5], [1000, 5], [2000, 6])), ['0-1000: 5', '2000-2000: 6']],
    ['is the sum of its pods', () => levels(listOf([0, 5], [100, 2, 'b'])), ['0-0: 5', '100-100: 7']],
    ['is the most of its pods', () => levels(listOf([0, 5], [100, 2, 'b']), 'max'), ['0-100: 5']],
    [
      'holds a pod that was read 2.5 s before',
      () => levels(listOf([0, 5], [2500, 2, 'b'])),
      ['0-0: 5', '2500-2500: 7'],
    ],
    ['drops one that was read earlier', () => levels(listOf([0, 5], [2501, 2, 'b'])), ['0-0: 5', '2501-2501: 2']],
    [
      'holds a pod of a slow source for 2.5 intervals',
      () => levels(listOf([0, 5], [4000, 5], [14_000, 2, 'b'])),
      ['0-4000: 5', '14000-14000: 7'],
    ],
    ['drops it later', () => levels(listOf([0, 5], [4000, 5], [14_001, 2, 'b'])), ['0-4000: 5', '14001-14001: 2']],
    [
      'begins anew after a pause',
      () => levels(listOf([0, 5], [1000, 'no answer'], [2501, 5])),
      ['0-0: 5', '2501-2501: 5'],
    ],
    ['goes on after a short one', () => levels(listOf([0, 5], [1000, 'no answer'], [2500, 5])), ['0-2500: 5']],
    [
      'drops a pod that cannot be read',
      () => levels(listOf([0, 5], [0, 2, 'b'], [1000, 'no answer'], [1100, 2, 'b'])),
      ['0-0: 5', '0-0: 7', '1100-1100: 2'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('counts what was read and what was not', () => {
    expect(gauges(listOf([0, 5], [1, 'no answer'], [2, Number.NaN], [3, 'absent'], [4, 6])).scrapes('w')).toEqual({
      read: 2,
      unread: 2,
    })
    expect(gauges([]).scrapes('other')).toEqual({ read: 0, unread: 0 })
  })

  const spans = (...scrapes: readonly Scrape[]) =>
    gauges(scrapes)
      .spans('w')
      .spans.map(({ holder, teller, fromAt, toAt }) => `${holder} by ${teller} ${fromAt}-${toAt}`)
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['while it shows 1', () => spans([0, 1], [1000, 1], [2000, 0]), ['a by a 0-1000']],
    ['not while it shows less', () => spans([0, 0.9], [1000, 0]), []],
    [
      'anew after a failed scrape',
      () => spans([0, 1], [1000, 'no answer'], [2000, 1]),
      ['a by a 0-0', 'a by a 2000-2000'],
    ],
    ['as another pod says', () => spans([0, 1, 'b', { pod: 'a' }], [1000, 1, 'b', { pod: 'a' }]), ['a by b 0-1000']],
    [
      'until another pod says no',
      () => spans([0, 1], [0, 1, 'b', { pod: 'a' }], [1000, 0, 'b', { pod: 'a' }]),
      ['a by b 0-0', 'a by a 0-0'],
    ],
  ])('is held %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('gauges by their name', () => {
  const backlog = (name: string, ...scrapes: readonly Scrape[]) => {
    const backlogs = createBacklogs()
    for (const [index, each] of scrapes.entries()) backlogs.add(sample(each, name), index + 1)
    return [...backlogs.all.values()].flat().map(({ at, value }) => `${at}: ${value}`)
  }
  it('are work that waits, of which the most in a second counts', () => {
    expect(backlog('jobs_pending', [0, 5], [999, 7, 'b'], [1998, 6])).toEqual(['0: 7', '1998: 6'])
    expect(backlog('jobs_pending', [0, 5], [999, 3, 'b'], [1000, 4])).toEqual(['0: 5', '1000: 4'])
    expect(backlog('jobs_pending', [0, 5], [2000, 5])).toEqual(['0: 5'])
    expect(backlog('jobs_done', [0, 5])).toEqual([])
    expect(backlog('jobs_pending', [0, 'no answer'], [1, Number.NaN])).toEqual([])
  })

  const memory = (...scrapes: readonly Scrape[]) => {
    const gauges = createPodGauges()
    for (const [index, each] of scrapes.entries()) gauges.add(sample(each, 'process_resident_memory_bytes'), index + 1)
    return gauges.all.flatMap(({ values }) => values.map(({ at }) => at))
  }
  it('are memory, read every five seconds', () => {
    expect(memory([0, 1], [4499, 1], [4500, 1], [9000, 1])).toEqual([0, 4500, 9000])
    expect(memory([0, 'no answer'], [1, Number.NaN], [2, 1])).toEqual([2])
  })
})
