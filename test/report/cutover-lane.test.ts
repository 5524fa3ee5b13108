/** The lane of a cutover: its steps in time, the share of the new region, and the time without writes; and that a journal keeps all of it. */
import { describe, expect, it } from 'vitest'
import type { Evidence, Undo } from '../../src/domain/evidence.ts'
import { secondAt, together } from '../support/evidence.ts'
import { cutoverRun, eastward, onTime } from '../support/evidence-cutover.ts'
import { laneIn } from '../support/lanes.ts'
import { throughJournal } from '../support/through-journal.ts'

const laneOf = (records: readonly Evidence[]) => laneIn(records, 'cutover-go-east')

describe('the lane of a cutover', () => {
  it('shows each step, what share was asked for, and how long writes were frozen', () => {
    const chart = laneOf(cutoverRun())
    const spans = chart?.rows?.[0]?.spans ?? []
    expect(spans.map(({ text, look }) => [text, look])).toEqual([
      ['readiness', 'good'],
      ['freeze of the writes', 'good'],
      ['drain', 'good'],
      ['catch-up of the standby', 'good'],
      ['promotion and fencing', 'good'],
      ['traffic', 'good'],
      ['thaw of the writes', 'good'],
    ])
    expect(chart?.caption).toMatch(/^readiness 0.3 s; freeze of the writes 0.7 s; drain 1.0 s; /)
    expect(chart?.lines[0]?.points.map(([, share]) => share)).toEqual([0, 50, 100])
    const [frozen] = chart?.rows?.[1]?.spans ?? []
    expect(frozen && Math.round((frozen.to - frozen.from) * 10) / 10).toBe(6.5)
  })

  it('shows where it ended, and nothing of one that never began', () => {
    const stopped = [106, { is: 'cutover-stopped', step: 'drain', ends: 'back', problem: 'outbox is 3' }] as const
    const chart = laneOf(
      cutoverRun({ times: { freeze: [100, 101], drain: [101, null] }, more: [stopped, [106.5, { is: 'healed' }]] }),
    )
    expect(chart?.rows?.[0]?.spans?.at(-1)).toMatchObject({ text: 'drain', look: 'bad' })
    expect(laneOf(cutoverRun({ times: {}, more: [] }))).toBeUndefined()
  })
})

describe('the journal of a cutover', () => {
  it('keeps its act, its plan, its steps and its undo', async () => {
    const { switches, proofs } = eastward.steps.promote
    const undo: Undo = {
      does: 'end-cutover',
      plan: 'eastward',
      namespace: 'shop-west',
      name: 'matchday-cutover-eastward',
      from: eastward.from,
      to: eastward.to,
      back: [
        {
          step: 'traffic',
          moves: [
            { kind: 'weights', namespace: 'shop-west', route: 'entry', backends: ['west', 'east'], weights: [null, 0] },
          ],
          proofs: [],
        },
      ],
      onward: [{ step: 'promote', moves: switches.flatMap((each) => (each.kind === 'call' ? [each] : [])), proofs }],
      noWayBackFrom: 'promote',
    }
    const records = together(cutoverRun({ times: onTime }), [
      { kind: 'undo-written', at: secondAt(99), id: 'cutover/shop-west/matchday-cutover-eastward', undo },
      {
        kind: 'undo-done',
        at: secondAt(120),
        id: 'cutover/shop-west/matchday-cutover-eastward',
        by: 'run',
        outcome: 'completed',
      },
    ])
    expect(await throughJournal(records)).toEqual(records)
  })
})
