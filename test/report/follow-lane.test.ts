/** The lane of a followed Rollout, and that a journal keeps all of it. */
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { actionOf, actionSteps, evidence, together, withActions } from '../support/evidence.ts'
import { asked, begun, followAct, kept, promoted, scrapes } from '../support/evidence-follow.ts'
import { laneIn } from '../support/lanes.ts'
import { throughJournal } from '../support/through-journal.ts'

const recordsOf = (steps = promoted): readonly Evidence[] =>
  together(
    evidence({ rehearsal: withActions(actionOf('shop 2', followAct)) }),
    scrapes({ share: asked, bad: 0 }),
    actionSteps('shop 2', ...steps),
  )

const laneOf = (records: readonly Evidence[]) => laneIn(records, 'follow-shop-2')

describe('the lane of a followed Rollout', () => {
  it('draws the share that was reached and the share served', () => {
    const lane = laneOf(recordsOf())
    const [reached, served] = lane?.lines ?? []
    expect(reached?.points.slice(0, 3)).toEqual([
      [0, 0],
      [45, 25],
      [70, 50],
    ])
    expect([54, 80].map((at) => served?.points.findLast(([second]) => second <= at)?.[1])).toEqual([
      expect.closeTo(25, 0),
      expect.closeTo(50, 0),
    ])
    expect(lane?.caption).toBe('25% promoted; 50% promoted.')
  })

  it('is left out where no step was reached', () => {
    expect(laneOf(recordsOf([begun, kept(110)]))).toBeUndefined()
  })

  it('is the same from a stored journal', async () => {
    expect(laneOf(await throughJournal(recordsOf()))).toEqual(laneOf(recordsOf()))
  })
})
