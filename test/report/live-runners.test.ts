import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { type LiveState, liveView } from '../../src/report/live/state.ts'
import { evidence, timeline } from '../support/evidence.ts'

function shownOf(records: readonly Evidence[]): LiveState {
  const { state, add } = liveView(timeline)
  for (const record of records) add(record)
  return state
}

/** Half of the run: at its end the rates are 0. */
const half = evidence()
  .slice(0, 600)
  .map(
    (record): Evidence =>
      record.kind === 'load-frame' ? { ...record, sockets: { open: 7, connected: 7, failed: 0, dropped: 0 } } : record,
  )
const byTwo = half.flatMap((record): readonly Evidence[] =>
  record.kind === 'load-frame' ? [0, 1].map((index) => ({ ...record, instance: `runner-${index}` })) : [record],
)

describe('what is shown of a load by two runners', () => {
  const [one, two] = [shownOf(half), shownOf(byTwo)]

  it('is the sum of both, beside the one plan', () => {
    expect(one.achieved).toBeGreaterThan(0)
    expect(two.achieved).toBeCloseTo(2 * (one.achieved ?? 0), 9)
    expect(two.offered).toBe(one.offered)
    expect(one.slis.size).toBeGreaterThan(0)
    for (const [sli, { good, bad, p95Ms }] of one.slis)
      expect(two.slis.get(sli)).toEqual({ good: 2 * good, bad: 2 * bad, p95Ms })
    expect([one.sockets, two.sockets]).toEqual([7, 14])
  })
})
