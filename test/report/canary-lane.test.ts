/** The lane of a canary: what was asked for, what was served, and the fate of each step; and that a journal keeps all of it. */
import { describe, expect, it } from 'vitest'
import type { Evidence, Undo } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { canaryAct, shadowAct } from '../support/canary.ts'
import { secondAt, together } from '../support/evidence.ts'
import {
  type ActionMoment,
  back,
  begun,
  decided,
  promoted,
  released,
  scrapes,
  set,
  whole,
} from '../support/evidence-canary.ts'
import { laneIn } from '../support/lanes.ts'
import { throughJournal } from '../support/through-journal.ts'

const recordsOf = (steps: readonly ActionMoment[]) => released(canaryAct(), steps)
const laneOf = (records: readonly Evidence[]) => laneIn(records, 'canary-gateway-2')

describe('the lane of a canary', () => {
  it('draws the share asked for and the share served', () => {
    const lane = laneOf(recordsOf(whole))
    const [wanted, served] = lane?.lines ?? []
    expect(wanted?.points).toEqual([
      [0, 0],
      [45, 10],
      [65, 50],
      [85, 100],
      [110, 0],
    ])
    expect([54, 75, 96].map((at) => served?.points.findLast(([second]) => second <= at)?.[1])).toEqual([
      expect.closeTo(10, 0),
      expect.closeTo(50, 0),
      expect.closeTo(100, 0),
    ])
    expect(lane?.rows?.[0]?.spans?.map(({ text, look }) => [text, look])).toEqual([
      ['10% promoted', 'good'],
      ['50% promoted', 'good'],
      ['100% promoted', 'good'],
    ])
    expect(lane?.caption).toBe('10% promoted; 50% promoted; 100% promoted.')
  })

  it('shows the step that was rolled back, and nothing of a canary that never got a share', () => {
    const steps = [begun, ...promoted(1), set(65, 2), decided(75, 2, 'roll-back', 'worse'), ...back(75)]
    expect(laneOf(recordsOf(steps))?.rows?.[0]?.spans?.at(-1)).toMatchObject({ text: '50% rolled back', look: 'bad' })
    expect(laneOf(recordsOf([begun, ...back(60)]))).toBeUndefined()
  })
})

describe('the lane of a shadow', () => {
  it('draws the copies in relation to the requests to the old release, and names its windows', () => {
    const windows = [0.2, 0, 0, 0.2].flatMap((share, index): readonly ActionMoment[] => [
      [45 + 10 * index, { is: 'step-set', step: index + 1, share: ratio(share) }],
      decided(55 + 10 * index, index + 1, 'promote'),
    ])
    // Half of all that both count: as many copies as requests to the old release.
    const counts = scrapes((second) => (second >= 45 && second < 55 ? 0.5 : 0))
    const lane = laneOf(released(shadowAct({ pairs: 2 }), [begun, ...windows, ...back(90)], counts))
    expect(lane?.title).toBe('Shadow gateway 2: share of the requests that is copied')
    expect(lane?.caption).toBe('2 times 20% copied; 2 times mirror off.')
    expect(lane?.lines.map(({ name }) => name)).toEqual(['asked for', 'copied'])
    expect(lane?.lines[1]?.points.find(([second]) => second > 48 && second < 52)?.[1]).toBeCloseTo(100, 0)
  })
})

describe('the journal of a canary', () => {
  it('keeps its act, its steps and the undo of its weights', async () => {
    const undo: Undo = {
      does: 'restore-weights',
      path: '/apis/gateway.networking.k8s.io/v1/namespaces/casino/httproutes/gateway',
      backends: ['gateway', 'gateway-canary'],
      wrote: [
        [900, 100],
        [0, 1000],
      ],
      was: [null, 0],
    }
    const written = { kind: 'undo-written', at: secondAt(39), id: 'weights', undo } as const
    const records = together(recordsOf(whole), [written])
    expect(await throughJournal(records)).toEqual(records)
  })
})
