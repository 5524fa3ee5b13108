/** A canary is performed against an API server that keeps its objects, and both releases count as many requests as the weights give them. */
import { describe, expect, it } from 'vitest'
import { canaryAct, type Traffic } from '../support/canary.ts'
import { CANARY, performRelease, ROUTE, weightsIn } from '../support/performed-release.ts'

const performed = (traffic: Partial<Traffic> = {}, forS = 120) => performRelease({ act: canaryAct(), traffic, forS })

describe('a canary', () => {
  it('goes through its steps, stays until its time is over, and everything is as before', async () => {
    const { objects, steps, records } = await performed()
    const shares = steps.flatMap((step) => (step.is === 'step-set' ? [step.share] : []))
    const outcomes = steps.flatMap((step) => (step.is === 'step-decided' ? [step.outcome] : []))
    expect([shares, outcomes]).toEqual([
      [0.1, 0.5, 1],
      ['promote', 'promote', 'promote'],
    ])
    expect(steps.find(({ is }) => is === 'done')).toMatchObject({ note: expect.stringContaining('100%') })
    expect(steps.at(-1)?.is).toBe('healed')
    expect([weightsIn(objects), objects[CANARY]]).toMatchObject([
      [100, 0],
      { spec: { replicas: 0, template: { spec: { containers: [{ image: 'registry.example/gateway:1' }] } } } },
    ])
    const undos = records.flatMap((record) => (record.kind === 'undo-written' ? [record.undo] : []))
    expect(undos).toMatchObject([
      { does: 'restore-template', path: CANARY },
      { does: 'restore-field', path: CANARY },
      { does: 'restore-weights', path: ROUTE, serves: CANARY },
    ])
    expect(records.findIndex(({ kind }) => kind === 'undo-written')).toBeLessThan(
      records.findIndex((record) => record.kind === 'action-step' && record.step.is === 'begun'),
    )
  })

  it('that answers with errors is taken back at once, the weights first', async () => {
    const { objects, steps, patches } = await performed({ badOf: (side) => (side === 'canary' ? 0.3 : 0) })
    expect(steps.find(({ is }) => is === 'step-decided')).toMatchObject({ outcome: 'roll-back', reason: 'worse' })
    expect(steps.map(({ is }) => is).slice(-3)).toEqual(['step-decided', 'heal-requested', 'healed'])
    expect(weightsIn(objects)).toEqual([100, 0])
    const back = patches.slice(patches.lastIndexOf(ROUTE))
    expect(back).toEqual([ROUTE, CANARY, CANARY])
  })

  it('whose weights are not obeyed is held as long as it may be, and taken back', async () => {
    const { steps } = await performed({ shareOf: () => 0 })
    expect(steps.flatMap((step) => (step.is === 'step-decided' ? [[step.outcome, step.reason]] : []))).toEqual([
      ['hold', 'weight-not-served'],
      ['hold', 'weight-not-served'],
      ['roll-back', 'weight-not-served'],
    ])
  })

  it('of which nothing is counted proves nothing, and is taken back', async () => {
    const { steps } = await performed({ perSecond: 0 })
    expect(steps.findLast(({ is }) => is === 'step-decided')).toMatchObject({
      outcome: 'roll-back',
      reason: 'undecided',
    })
  })

  it('is taken back when its time is over in the middle of a step', async () => {
    const { objects, kinds } = await performed({}, 20)
    expect(kinds.slice(-2)).toEqual(['heal-requested', 'healed'])
    expect(kinds).not.toContain('done')
    expect(weightsIn(objects)).toEqual([100, 0])
  })
})
