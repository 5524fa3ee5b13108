import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { performAction } from '../../src/controller/action.ts'
import { healing } from '../../src/controller/healing.ts'
import { recording } from '../../src/controller/recorder.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { millis } from '../../src/domain/units.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { paths } from '../../src/protocols/kubernetes/api.ts'
import { everythingPair } from '../files/stock.ts'
import { smallApiServer, standing } from '../support/small-api-server.ts'

const FEATURES = `${paths.configMaps('casino')}/features`
const GATEWAY = `${paths.deployments('casino')}/gateway`

/** What stands in the cluster; the Deployment's controller is always done at once. */
const cluster = () => ({
  [FEATURES]: { metadata: { name: 'features', namespace: 'casino' }, data: { promo: 'on' } },
  [GATEWAY]: {
    metadata: { name: 'gateway', namespace: 'casino' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'gateway' } } },
    status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  },
  [paths.nodes]: { items: [] },
  [paths.pods('casino')]: { items: [] },
})

/** Performs one action of the rehearsal that has everything, for a moment; gives what the cluster is then and the journal's lines. */
async function performed(name: string, objects: Record<string, unknown> = cluster()) {
  const { rehearsal, target } = everythingPair()
  const timeline = planTimeline(rehearsal, target, { run: 'run-1', seed: 1 })
  const action = timeline.ok ? timeline.value.actions.find((each) => each.name === name) : undefined
  if (!timeline.ok || action === undefined) throw new Error(`the rehearsal has no ${name}`)
  const records: Evidence[] = []
  const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
  const recorder = recording(
    sink,
    systemClock,
    () => {},
    () => {},
  )
  const actions = kubernetesActions(await smallApiServer(standing(objects)), systemClock)
  await performAction(
    { clock: systemClock, recorder, healing: healing(recorder, actions, actions), actions },
    { ...action, fromMs: millis(0), toMs: millis(2_500) },
    { rehearsal, target, timeline: timeline.value },
    systemClock.now(),
    new Set(),
    new AbortController().signal,
  )
  const steps = records.flatMap((record) => {
    if (record.kind === 'action-step') return [record.step.is]
    return record.kind === 'undo-written' || record.kind === 'undo-done' ? [record.kind] : []
  })
  const outcomes = records.flatMap((record) => (record.kind === 'undo-done' ? [record.outcome] : []))
  return { objects, steps, outcomes }
}

describe('a completed action', () => {
  it('is healed if something must be undone', async () => {
    const { objects, steps, outcomes } = await performed('promo off')
    expect(outcomes).toEqual(['undone'])
    expect(steps).toEqual(['admitted', 'undo-written', 'begun', 'done', 'heal-requested', 'undo-done', 'healed'])
    expect(objects[FEATURES]).toMatchObject({ data: { promo: 'on' } })
  })

  it('is kept if it is a rollout: its pods stay, and only its mark is removed', async () => {
    const { objects, steps, outcomes } = await performed('gateway released')
    expect(outcomes).toEqual(['kept'])
    expect(steps).toEqual(['admitted', 'undo-written', 'begun', 'done', 'undo-done', 'kept'])
    const text = JSON.stringify(objects[GATEWAY])
    expect([text.includes('restartedAt'), text.includes('matchday.dev/')]).toEqual([true, false])
  })

  it('is kept if it changed nothing', async () => {
    const off = { ...cluster(), [FEATURES]: { metadata: { name: 'features' }, data: { promo: 'off' } } }
    const { objects, steps } = await performed('promo off', off)
    expect(steps).toEqual(['admitted', 'begun', 'done', 'kept'])
    expect(objects[FEATURES]).toEqual(off[FEATURES])
  })
})
