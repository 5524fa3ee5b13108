/** Deployments are pinned against an API server that keeps its objects; the test moves the time. */
import { describe, expect, it, vi } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { createHealing, undoId } from '../../src/controller/healing.ts'
import { type Pin, pinReleases } from '../../src/controller/pinning.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import type { Warm } from '../../src/controller/session.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { paths } from '../../src/protocols/kubernetes/api.ts'
import { stockPair } from '../files/stock.ts'
import { smallApiServer, standing } from '../support/small-api-server.ts'
import { lookingClock, type VirtualClock, virtualClock } from '../support/virtual-clock.ts'

const FROM = 1_790_000_000_000
const FIVE_MINUTES = 300_000
const ORDERS = `${paths.deployments('casino')}/orders`
const CATALOG = `${paths.deployments('casino')}/catalog`
const HPA = `${paths.autoscalers('casino')}/orders`
const RESTARTED = 'kubectl.kubernetes.io/restartedAt'
const at = { file: 'target.yaml', line: 1, column: 1 }
const pinOf = (deployment: string, replicas: number): Pin => ({ deployment, replicas, at })

type Deployment = { metadata: object; spec: { replicas: number; template: { metadata: { annotations?: object } } } }
const deployment = (name: string, replicas: number) => ({
  metadata: { name, namespace: 'casino' },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: {}, spec: { containers: [] } } },
})
const autoscaler = {
  metadata: { name: 'orders', namespace: 'casino' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'orders' }, minReplicas: 2, maxReplicas: 8 },
}

/** The autoscaler syncs at once. `ready`: the pods that become ready, of those that are wanted. */
function shown(objects: Record<string, unknown>, path: string, ready: (wanted: number) => number): unknown {
  const found = objects[path] as Deployment
  const hpa = path === ORDERS ? (objects[HPA] as typeof autoscaler | undefined)?.spec : undefined
  if (hpa) found.spec.replicas = Math.min(hpa.maxReplicas, Math.max(hpa.minReplicas, found.spec.replicas))
  const { replicas } = found.spec
  return { ...found, status: { replicas, updatedReplicas: replicas, availableReplicas: ready(replicas) } }
}

type Bench = { readonly clock: VirtualClock; readonly ready?: (wanted: number) => number; readonly scaled?: boolean }

/** `events`: what was written, what reached the disk, and what was changed, in order. */
async function bench({ clock, ready = (wanted) => wanted, scaled = true }: Bench) {
  const objects: Record<string, unknown> = { [ORDERS]: deployment('orders', 5), [CATALOG]: deployment('catalog', 1) }
  if (scaled) objects[HPA] = structuredClone(autoscaler)
  const before = structuredClone(objects)
  const events: string[] = []
  const answers = standing(objects)
  const api = await smallApiServer((request) => {
    const { method, path } = request
    if (path === paths.autoscalers('casino')) return { items: scaled ? [objects[HPA]] : [] }
    if (path === paths.pods('casino')) return { items: [] }
    const answer = answers(request)
    if (method === 'PATCH') events.push(`changed ${path.split('/').slice(-2).join('/')}`)
    return path === ORDERS || path === CATALOG ? shown(objects, path, ready) : answer
  })
  const records: Evidence[] = []
  const sink = {
    append(record: Evidence) {
      records.push(record)
      if (record.kind === 'undo-written') events.push(`written ${undoId(record.undo).split('/').slice(-2).join('/')}`)
    },
    // A disk slower than the API server, so that a change that does not wait for it comes first.
    flush: async () => {
      await new Promise((written) => setTimeout(written, 20))
      events.push('on disk')
    },
  }
  const recorder = createRecorder(
    sink,
    clock,
    () => {},
    () => {},
  )
  const actions = kubernetesActions(api, clock)
  const healing = createHealing(recorder, actions, actions)
  const stop = new AbortController()
  const warm: Warm = {
    recorder,
    healing,
    stopping: stop.signal,
    measure: () => Promise.reject(new Error('nothing is measured')),
    untilAtRest: async () => [],
  }
  const pin = (...pins: readonly Pin[]) =>
    pinReleases(
      { clock, actions, warm, healing, target: { ...stockPair().target, namespace: 'casino' }, run: 'run-1' },
      pins,
    )
  const steps = () =>
    records.flatMap((record) => (record.kind === 'action-step' ? [`${record.action}: ${record.step.is}`] : []))
  const outcomes = () => records.flatMap((record) => (record.kind === 'undo-done' ? [record.outcome] : []))
  return { pin, objects, before, events, healing, stop, steps, outcomes }
}

const restartOf = (object: unknown): unknown =>
  (object as Deployment).spec.template.metadata.annotations?.[RESTARTED as keyof object]

describe('releases that are pinned', () => {
  it('have each undo on disk before its change', async () => {
    const { pin, events } = await bench({ clock: lookingClock(FROM) })
    await pin(pinOf('orders', 3))
    expect(events).toEqual([
      'written horizontalpodautoscalers/orders#spec.minReplicas',
      'on disk',
      'written horizontalpodautoscalers/orders#spec.maxReplicas',
      'on disk',
      'changed horizontalpodautoscalers/orders',
      'changed horizontalpodautoscalers/orders',
      expect.stringMatching(/^written .*restartedAt$/),
      'on disk',
      'changed deployments/orders',
      // The mark of the restart is removed: it stays.
      'changed deployments/orders',
    ])
  })

  it('keep their restart, and have their autoscaler back when all is healed', async () => {
    const { pin, objects, before, healing, outcomes } = await bench({ clock: lookingClock(FROM) })
    await pin(pinOf('orders', 3))
    expect(objects[HPA]).toMatchObject({ spec: { minReplicas: 3, maxReplicas: 3 } })
    expect([outcomes(), restartOf(objects[ORDERS])]).toEqual([['kept'], expect.any(String)])
    expect(await healing.healAll()).toEqual([])
    expect(outcomes()).toEqual(['kept', 'undone', 'undone'])
    expect(objects[HPA]).toMatchObject({ spec: (before[HPA] as typeof autoscaler).spec })
    expect(restartOf(objects[ORDERS])).toEqual(expect.any(String))
    expect(JSON.stringify(objects)).not.toContain('matchday')
  })

  it('are all held and then restarted, each by itself', async () => {
    const { pin, objects, steps } = await bench({ clock: lookingClock(FROM) })
    await pin(pinOf('orders', 3), pinOf('catalog', 3))
    expect([objects[ORDERS], objects[CATALOG]]).toMatchObject([{ spec: { replicas: 3 } }, { spec: { replicas: 3 } }])
    for (const name of ['orders', 'catalog'])
      expect(steps().filter((step) => step.includes(name))).toEqual([
        `pin ${name} at 3: begun`,
        `pin ${name} at 3: done`,
        `rollout ${name}: begun`,
        `rollout ${name}: done`,
      ])
  })

  it('have five minutes to become ready, and are given back when they are not', async () => {
    const clock = virtualClock(FROM)
    const { pin, objects, steps, healing, outcomes } = await bench({ clock, ready: () => 0 })
    const failed = vi.fn()
    const ended = pin(pinOf('orders', 3)).catch(failed)
    await vi.waitFor(() => expect(steps()).toEqual(['pin orders at 3: begun']), { timeout: 10_000 })
    await clock.advanceTo(FROM + FIVE_MINUTES - 1)
    expect(failed).not.toHaveBeenCalled()
    await clock.advanceTo(FROM + FIVE_MINUTES)
    await ended
    expect(failed).toHaveBeenCalledWith(
      expect.objectContaining({ message: 'pin orders at 3: the pods were not ready within 5 min' }),
    )
    expect(steps()).toEqual(['pin orders at 3: begun'])
    expect(await healing.healAll()).toEqual([])
    expect([objects[HPA], outcomes()]).toMatchObject([{ spec: autoscaler.spec }, ['undone', 'undone']])
  })

  it('that are stopped in the middle of their restart do not keep it', async () => {
    const clock = virtualClock(FROM)
    const { pin, objects, steps, stop, healing, outcomes } = await bench({
      clock,
      ready: (wanted) => (restartOf(objects[CATALOG]) === undefined ? wanted : 0),
    })
    const failed = vi.fn()
    const ended = pin(pinOf('catalog', 1)).catch(failed)
    await vi.waitFor(() => expect(steps()).toContain('rollout catalog: begun'), { timeout: 10_000 })
    stop.abort(new Error('Ctrl-C'))
    await ended
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ message: 'Ctrl-C' }))
    expect([restartOf(objects[CATALOG]), outcomes()]).toEqual([expect.any(String), []])
    expect(await healing.healAll()).toEqual([])
    expect([restartOf(objects[CATALOG]), outcomes()]).toEqual([undefined, ['undone']])
  })
})
