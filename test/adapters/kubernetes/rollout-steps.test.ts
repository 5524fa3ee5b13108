// The objects are as the controller of Argo Rollouts 1.10 writes them; test/rollouts follows a real one.
import { describe, expect, it } from 'vitest'
import { createRolloutFold, rolloutNow } from '../../../src/adapters/kubernetes/actions/rollout-steps.ts'

const STEPS = [{ setWeight: 25 }, { analysis: {} }, { setWeight: 50 }, { pause: { duration: '10s' } }, { pause: {} }]

const object = (status: object, spec: object = {}, canary: object = {}) => ({
  metadata: { name: 'shop', generation: 3 },
  spec: { strategy: { canary: { steps: STEPS, ...canary } }, ...spec },
  status: {
    observedGeneration: '3',
    currentPodHash: 'b',
    stableRS: 'a',
    replicas: 5,
    updatedReplicas: 1,
    currentStepIndex: 1,
    ...status,
  },
})

/** What the journal gets for these versions of the object. */
function followed(...versions: readonly ReturnType<typeof object>[]) {
  const fold = createRolloutFold()
  return versions.flatMap((version) => {
    const now = rolloutNow(version)
    return now === undefined ? [] : fold.take(now)
  })
}

const set = (step: number, share: number) => ({ is: 'step', data: { is: 'step-set', step, share, release: 'b' } })
const decided = (step: number, outcome: string, note: string, reason?: string) => ({
  is: 'step',
  data: { is: 'step-decided', step, outcome, note, ...(reason === undefined ? {} : { reason }) },
})
const wentOn = (step: number) => decided(step, 'promote', 'Argo Rollouts went on')
const before = object({ currentPodHash: 'a', currentStepIndex: 5 })
const paused = (reason: string, status: object = {}) => object({ pauseConditions: [{ reason }], ...status })

describe('the steps of a Rollout', () => {
  it('begin when a weight was reached, and end when the next one is set', () => {
    expect(
      followed(
        before,
        object({ currentStepIndex: 0 }),
        object({}),
        object({}),
        object({ currentStepIndex: 2 }),
        object({ currentStepIndex: 3, updatedReplicas: 2, replicas: 4 }),
        object({ currentStepIndex: 5 }),
        object({ currentStepIndex: 5, stableRS: 'b' }),
      ),
    ).toEqual([set(1, 0.2), wentOn(1), set(2, 0.5), wentOn(2), { is: 'promoted', release: 'b' }])
  })

  it('have the share of the weight where a router moves the traffic', () => {
    expect(followed(object({}, {}, { trafficRouting: {} }))).toEqual([set(1, 0.25)])
  })

  it('wait for nobody while a pause has a time of its own', () => {
    const timed = paused('CanaryPauseStep', { currentStepIndex: 3, updatedReplicas: 2, replicas: 4 })
    expect(followed(timed, timed)).toEqual([set(2, 0.5)])
  })

  it.each([
    ['an analysis that was inconclusive', paused('InconclusiveAnalysisRun'), 1, 0.2, 'InconclusiveAnalysisRun'],
    ['a pause without a time', paused('CanaryPauseStep', { currentStepIndex: 4 }), 2, 0.2, 'CanaryPauseStep'],
    ['a person who paused it', object({}, { paused: true }), 1, 0.2, 'spec.paused is set'],
  ])('say once that the Rollout waits for %s', (_, now, step, share, why) => {
    const held = decided(step, 'hold', `paused until a person decides: ${why}`, 'paused')
    expect(followed(now, now)).toEqual([set(step, share), held])
  })

  it.each([
    ['its controller or a person', object({ abort: true, message: 'metric "x" failed' }), 'metric "x" failed'],
    ['another template', object({ currentPodHash: 'c' }), 'release c took its place'],
    ['the template before', object({ currentPodHash: 'a' }), 'the template was changed back'],
  ])('end with an abort by %s', (_, now, note) => {
    const aborted = decided(1, 'roll-back', note, 'aborted')
    expect(followed(object({}), now)).toEqual([set(1, 0.2), aborted, { is: 'ended' }])
    // Also while the pods of the next step start.
    const between = object({ currentStepIndex: 2 })
    expect(followed(object({}), between, now)).toEqual([set(1, 0.2), wentOn(1), aborted, { is: 'ended' }])
  })

  it('of a release that was aborted before the first one are none, and it says why', () => {
    const starting = object({ currentStepIndex: 0 })
    const aborted = decided(1, 'roll-back', 'no pods', 'aborted')
    expect(followed(starting, object({ abort: true, message: 'no pods' }))).toEqual([aborted, { is: 'ended' }])
  })

  it.each([
    ['no release is under way', before],
    ['an earlier release was aborted', object({ abort: true })],
    ['the controller has never seen the Rollout', object({ stableRS: '' })],
    ['the controller has not seen the newest version', object({ observedGeneration: '2' })],
  ])('are none while %s', (_, now) => expect(followed(now, now)).toEqual([]))
})
