import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { httpVisits } from '../../src/adapters/visits/visits.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { performAction } from '../../src/controller/action.ts'
import { createCanaries } from '../../src/controller/canary.ts'
import { createHealing } from '../../src/controller/healing.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { createTriggers } from '../../src/controller/triggers.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { PlannedTrigger } from '../../src/domain/trigger.ts'
import { millis } from '../../src/domain/units.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { paths } from '../../src/protocols/kubernetes/api.ts'
import { everythingPair } from '../files/stock.ts'
import { noBooks } from '../support/performed-release.ts'
import { smallApiServer, standing } from '../support/small-api-server.ts'
import { pod, triggers } from '../support/triggers.ts'

const FEATURES = `${paths.configMaps('casino')}/features`
const WALLET = `${paths.deployments('casino')}/wallet`
const GATEWAY = `${paths.deployments('casino')}/gateway`

/** What stands in the cluster; the Deployment's controller is always done at once. */
const cluster = () => ({
  [FEATURES]: { metadata: { name: 'features', namespace: 'casino' }, data: { promo: 'on' } },
  [GATEWAY]: {
    metadata: { name: 'gateway', namespace: 'casino' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'gateway' } } },
    status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  },
  [WALLET]: {
    metadata: { name: 'wallet', namespace: 'casino' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'wallet' } },
      template: {
        metadata: { annotations: { by: 'somebody else' } },
        spec: {
          containers: [
            { name: 'wallet', image: 'registry.example/wallet:1', env: [{ name: 'A', value: '1' }] },
            { name: 'proxy', image: 'proxy:7' },
          ],
        },
      },
    },
    status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  },
  [paths.nodes]: { items: [] },
  [paths.pods('casino')]: { items: [] },
})

type Performed = {
  readonly onPatch?: (patch: string) => void
  readonly withinMs?: number
  readonly trigger?: PlannedTrigger
  /** What triggers see, and when. */
  readonly later?: readonly (readonly [afterMs: number, record: Evidence])[]
}

/** Performs one action of the rehearsal that has everything, for a moment; gives what the cluster is then and the journal's lines. */
async function performed(
  name: string,
  objects: Record<string, unknown> = cluster(),
  { onPatch = (_: string): void => {}, withinMs = 2000, trigger, later = [] }: Performed = {},
) {
  const { rehearsal, target } = everythingPair()
  const timeline = planTimeline(rehearsal, target, { run: 'run-1', seed: 1 })
  const action = timeline.ok ? timeline.value.actions.find((each) => each.name === name) : undefined
  if (!timeline.ok || action === undefined) throw new Error(`the rehearsal has no ${name}`)
  const records: Evidence[] = []
  const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
  const recorder = createRecorder(
    sink,
    systemClock,
    () => {},
    () => {},
  )
  const act = action.act.kind === 'release' ? { ...action.act, withinMs: millis(withinMs) } : action.act
  const answers = standing(objects)
  const api = await smallApiServer((request) => {
    if (request.method === 'PATCH') onPatch(JSON.stringify(request.body))
    return answers(request)
  })
  const actions = kubernetesActions(api, systemClock)
  const planned = { ...action, fromMs: millis(0), toMs: millis(2_500), act, ...(trigger ? { trigger } : {}) }
  const triggers = createTriggers(systemClock, target, { faults: [], actions: [planned] })
  for (const [afterMs, seen] of later) setTimeout(() => triggers.see(seen), afterMs)
  await performAction(
    {
      clock: systemClock,
      recorder,
      healing: createHealing(recorder, actions, actions),
      actions,
      triggers,
      canaries: createCanaries(
        { clock: systemClock, visits: httpVisits(), books: noBooks },
        rehearsal,
        target,
        'run-1',
      ),
    },
    planned,
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
  const problems = records.flatMap((record) =>
    record.kind === 'action-step' && record.step.is === 'failed' ? [record.step.problem] : [],
  )
  return { objects, steps, outcomes, problems, records }
}

describe('a completed action', () => {
  it('is healed if something must be undone', async () => {
    const { objects, steps, outcomes } = await performed('promo off')
    expect(outcomes).toEqual(['undone'])
    expect(steps).toEqual(['admitted', 'undo-written', 'begun', 'done', 'heal-requested', 'undo-done', 'healed'])
    expect(objects[FEATURES]).toMatchObject({ data: { promo: 'on' } })
  })

  it('is kept if it is a rollout: the new pods stay, and only the mark is removed', async () => {
    const { objects, steps, outcomes } = await performed('gateway released')
    expect(outcomes).toEqual(['kept'])
    expect(steps).toEqual(['admitted', 'undo-written', 'begun', 'done', 'undo-done', 'kept'])
    const text = JSON.stringify(objects[GATEWAY])
    expect([text.includes('restartedAt'), text.includes('matchday.dev/')]).toEqual([true, false])
  })

  it('is rolled back if it is a release: images, annotations and everything else are as before', async () => {
    const before = cluster()
    const seen: string[] = []
    const { objects, steps, outcomes } = await performed('wallet 2', cluster(), {
      onPatch: (patch) => seen.push(patch),
    })
    expect(outcomes).toEqual(['undone'])
    expect(steps).toEqual(['admitted', 'undo-written', 'begun', 'done', 'heal-requested', 'undo-done', 'healed'])
    expect(objects[WALLET]).toMatchObject({ ...before[WALLET] })
    expect(JSON.stringify(objects[WALLET])).not.toContain('matchday.dev/')
    // One PATCH, so that there is one rollout, with the mark of its undo.
    expect(seen).toHaveLength(2)
    expect(seen[0]).toContain('registry.example/wallet:2')
    expect(seen[0]).toContain('"checksum/config":"3f1c"')
    expect(seen[0]).toContain('matchday.dev/undo.')
    expect(seen[0]).toContain('"proxy:7"')
  })

  it('is rolled back at once if it is a release that is not complete in its time', async () => {
    const stuck = cluster()
    const status = { replicas: 3, updatedReplicas: 1, availableReplicas: 2 }
    const waiting = { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }
    const pod = {
      metadata: { name: 'wallet-2', namespace: 'casino', labels: { app: 'wallet' } },
      status: { containerStatuses: [{ name: 'wallet', state: waiting }] },
    }
    const pods = { [paths.pods('casino')]: { items: [pod] } }
    const objects: Record<string, unknown> = { ...stuck, ...pods, [WALLET]: { ...stuck[WALLET], status } }
    // The rollback is complete as soon as it is written.
    const onPatch = (patch: string) => {
      const isBack = patch.includes('"image":"registry.example/wallet:1"')
      if (isBack) objects[WALLET] = { ...Object(objects[WALLET]), status: Object(stuck[WALLET]).status }
    }
    const { steps, problems } = await performed('wallet 2', objects, { onPatch, withinMs: 300 })
    expect(steps).toEqual(['admitted', 'undo-written', 'begun', 'heal-requested', 'undo-done', 'healed', 'failed'])
    expect(problems).toEqual([expect.stringContaining('not rolled out within 300ms, so it is rolled back: ')])
    expect(problems[0]).toContain('1 of 2 replicas are updated')
    expect(problems[0]).toContain('; wallet in wallet-2 waits: ImagePullBackOff')
    expect(JSON.stringify(objects[WALLET])).toContain('registry.example/wallet:1')
  })

  it('is kept if it changed nothing', async () => {
    const off = { ...cluster(), [FEATURES]: { metadata: { name: 'features' }, data: { promo: 'off' } } }
    const { objects, steps } = await performed('promo off', off)
    expect(steps).toEqual(['admitted', 'begun', 'done', 'kept'])
    expect(objects[FEATURES]).toEqual(off[FEATURES])
  })
})

describe('a triggered action', () => {
  const trigger = (byMs: number): PlannedTrigger => ({ trigger: triggers.pod, byMs: millis(byMs), forMs: millis(600) })
  const ends = [
    [100, pod(0, {})],
    [500, pod(Date.now() + 3_600_000, { change: 'deleted' })],
  ] as const

  it('begins when its trigger fires, and is undone its own length later', async () => {
    const { steps, records } = await performed('promo off', cluster(), { trigger: trigger(2000), later: ends })
    expect(steps).toEqual([
      'armed',
      'triggered',
      'admitted',
      'undo-written',
      'begun',
      'done',
      'heal-requested',
      'undo-done',
      'healed',
    ])
    const atOf = (is: string) =>
      records.find((record) => record.kind === 'action-step' && record.step.is === is)?.at ?? 0
    expect(atOf('triggered') - atOf('armed')).toBeGreaterThanOrEqual(400)
    expect(atOf('heal-requested') - atOf('triggered')).toBeGreaterThanOrEqual(600)
    // The planned latest end is later.
    expect(atOf('heal-requested') - atOf('armed')).toBeLessThan(2_500)
  })

  it('changes nothing when its trigger does not come', async () => {
    const patches: string[] = []
    const onPatch = (patch: string) => void patches.push(patch)
    const { steps } = await performed('promo off', cluster(), { trigger: trigger(300), onPatch })
    expect(steps).toEqual(['armed', 'trigger-missed'])
    expect(patches).toEqual([])
  })
})
