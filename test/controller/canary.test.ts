/** A canary is performed against an API server that keeps its objects, and both releases count as many requests as the weights give them. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { routePath } from '../../src/adapters/kubernetes/actions/route-weights.ts'
import { performAction } from '../../src/controller/action.ts'
import { createCanaries } from '../../src/controller/canary.ts'
import { createHealing } from '../../src/controller/healing.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { createTriggers } from '../../src/controller/triggers.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { millis } from '../../src/domain/units.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { paths } from '../../src/protocols/kubernetes/api.ts'
import { everythingPair } from '../files/stock.ts'
import { canaryAct, createTraffic, fastClock, type Traffic } from '../support/canary.ts'
import { actionOf } from '../support/evidence-actions.ts'
import { smallApiServer, standing } from '../support/small-api-server.ts'

const CANARY = `${paths.deployments('casino')}/gateway-canary`
const ROUTE = routePath('casino', 'gateway')

type Weights = readonly [number, number]
const routeOf = ([stable, canary]: Weights) => ({
  metadata: { name: 'gateway', namespace: 'casino' },
  spec: {
    rules: [
      {
        backendRefs: [
          { name: 'gateway', port: 8080, weight: stable },
          { name: 'gateway-canary', port: 8080, weight: canary },
        ],
      },
    ],
  },
})

const cluster = (): Record<string, unknown> => ({
  [CANARY]: {
    metadata: { name: 'gateway-canary', namespace: 'casino' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'gateway-canary' } },
      template: { spec: { containers: [{ name: 'gateway', image: 'registry.example/gateway:1' }] } },
    },
    status: {},
  },
  [ROUTE]: routeOf([100, 0]),
  [paths.nodes]: { items: [] },
  [paths.pods('casino')]: { items: [] },
})

/** The Deployment's controller is done at once. */
function rolledOut(objects: Record<string, unknown>) {
  const deployment = objects[CANARY] as { spec: { replicas: number }; status: object }
  const { replicas } = deployment.spec
  return { ...deployment, status: { replicas, updatedReplicas: replicas, availableReplicas: replicas } }
}

const weightsIn = (objects: Record<string, unknown>): Weights => {
  const [rule] = (objects[ROUTE] as ReturnType<typeof routeOf>).spec.rules
  const [stable, canary] = rule?.backendRefs ?? []
  return [stable?.weight ?? 1, canary?.weight ?? 1]
}

async function performed(traffic: Partial<Traffic> = {}, forS = 120) {
  const pair = everythingPair()
  const rehearsal = { ...pair.rehearsal, actions: [actionOf('gateway 2', canaryAct())] }
  const { target } = pair
  const timeline = planTimeline(rehearsal, target, { run: 'run-1', seed: 1 })
  const action = timeline.ok ? timeline.value.actions[0] : undefined
  if (!timeline.ok || action === undefined) throw new Error('there is no canary in the plan')
  const objects = cluster()
  const patches: string[] = []
  const answers = standing(objects)
  const api = await smallApiServer((request) => {
    if (request.method === 'PATCH') patches.push(request.path)
    const answer = answers(request)
    return request.path === CANARY ? rolledOut(objects) : answer
  })
  const clock = fastClock(30)
  const records: Evidence[] = []
  const canaries = createCanaries(clock, rehearsal, target)
  const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
  const recorder = createRecorder(
    sink,
    clock,
    (record) => canaries.add(record),
    () => {},
  )
  const actions = kubernetesActions(api, clock)
  const stop = createTraffic(clock, recorder, () => weightsIn(objects), traffic)
  try {
    await performAction(
      {
        clock,
        recorder,
        healing: createHealing(recorder, actions, actions),
        actions,
        canaries,
        triggers: createTriggers(clock, target, timeline.value),
      },
      { ...action, fromMs: millis(0), toMs: millis(forS * 1000) },
      { rehearsal, target, timeline: timeline.value },
      clock.now(),
      new Set(),
      new AbortController().signal,
    )
  } finally {
    stop()
  }
  const steps = records.flatMap((record) => (record.kind === 'action-step' ? [record.step] : []))
  return { objects, records, patches, steps, kinds: steps.map(({ is }) => is) }
}

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
    const undos = records.flatMap((record) => (record.kind === 'undo-written' ? [record.undo.does] : []))
    expect(undos).toEqual(['restore-template', 'restore-field', 'restore-weights'])
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
