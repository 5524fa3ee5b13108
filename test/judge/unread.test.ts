/** Which pods could not be read in a stretch of time, from its 10th to its 30th second. */
import { describe, expect, it } from 'vitest'
import type { Increment, Track } from '../../src/judge/seen/counters.ts'
import { isRead, type UnreadOptions, unreadPods } from '../../src/judge/seen/unread.ts'

const [FROM, TO] = [10_000, 30_000]
/** Read at these seconds, and what was counted since the one before. */
const read = (...seconds: readonly number[]): Increment[] =>
  seconds.slice(1).map((second, index) => ({
    pod: 'shop/a',
    fromAt: (seconds[index] ?? 0) * 1000,
    toAt: second * 1000,
    count: 1,
    line: 1,
  }))
const every = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
const failing = (from: number, to: number): Track['failures'] =>
  every(from, to).map((second) => ({ pod: 'shop/a', at: second * 1000, line: 2 }))

describe('a pod', () => {
  const unread = (increments: readonly Increment[], failures: Track['failures'] = [], options: UnreadOptions = {}) =>
    unreadPods({ increments, failures }, FROM, TO, options).length > 0

  it.each<[string, boolean, boolean]>([
    ['read every second', unread(read(...every(5, 40))), false],
    ['with a gap inside', unread(read(...every(5, 15), ...every(25, 40)), failing(16, 24)), false],
    ['with a gap over the start', unread(read(5, 8, ...every(12, 40)), failing(9, 11)), true],
    ['with a short gap over the start', unread(read(5, 8, ...every(11, 40)), failing(9, 10)), false],
    ['with a gap over the end', unread(read(...every(5, 28), ...every(33, 40)), failing(29, 32)), true],
    ['that was slower than its interval', unread(read(5, 8, ...every(12, 40)), [], { everyMs: 2000 }), false],
    ['read until shortly before the end', unread(read(...every(5, 27)), failing(28, 40)), false],
    ['read until some time before the end', unread(read(...every(5, 26)), failing(27, 40)), true],
    ['that was asked to end then', unread(read(...every(5, 20)), failing(21, 40), { leavesAt: () => 21_000 }), false],
    ['that was asked to end later', unread(read(...every(5, 20)), failing(21, 40), { leavesAt: () => 29_000 }), true],
    ['without any reading', unread([], failing(5, 40)), true],
    ['that starts in the meantime', unread([], failing(14, 40)), false],
    ['that nobody asked', unread([]), false],
  ])('%s', (_, is, expected) => expect(is).toBe(expected))
})

it('a release is read if any of its pods is', () => {
  const within = (from: number, to: number) => isRead({ increments: read(...every(from, to)), failures: [] }, FROM, TO)
  expect([within(1, 10), within(1, 11), within(29, 40), within(30, 40)]).toEqual([false, true, true, false])
})
