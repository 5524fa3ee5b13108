import { describe, expect, it } from 'vitest'
import { chaosMeshInjector } from '../../src/adapters/chaos-mesh/injector.ts'
import { createHealing, createUndoer, healLeftovers } from '../../src/controller/healing.ts'
import type { Clock, Undoer } from '../../src/controller/ports.ts'
import type { Undo } from '../../src/domain/evidence.ts'
import { instant, seconds } from '../../src/domain/units.ts'
import { everythingPair } from '../files/stock.ts'
import { refusal, smallApiServer } from '../support/small-api-server.ts'

/** Time passes only while somebody waits. */
function patientClock(): Clock {
  let now = instant(1_000_000)
  return {
    now: () => now,
    until: async (at) => {
      if (at > now) now = at
    },
  }
}

describe('an undo on a cluster that does not answer', () => {
  it('gets one minute, and 15 s for the retry at the end of the run', async () => {
    const clock = patientClock()
    const faults = chaosMeshInjector(await smallApiServer(() => refusal(503)), clock)
    const recorder = { record: () => undefined, flush: async () => undefined }
    const owed = createHealing(recorder, faults, { keep: async () => undefined })
    const object = { apiVersion: 'chaos-mesh.org/v1alpha1', objectKind: 'PodChaos', plural: 'podchaos' }
    const id = await owed.prepare({ does: 'delete-object', ...object, namespace: 'casino', name: 'kill' })
    const beganAt = clock.now()
    await expect(owed.healMany([id])).rejects.toThrow('503')
    const failedAt = clock.now()
    expect(await owed.healAll()).toEqual([expect.stringContaining('503')])
    expect([failedAt - beganAt, clock.now() - failedAt].map((ms) => Math.round(ms / 1000))).toEqual([60, 15])
  })
})

describe('a change of configuration', () => {
  it('gives the values back before the template, because pods that start again read them', async () => {
    const path = '/apis/apps/v1/namespaces/shop/deployments/cart'
    const settled = { kind: 'rolled-out', path } as const
    const sum = (value: string) => ({ images: {}, annotations: { 'checksum/config': value } })
    const template: Undo = { does: 'restore-template', path, wrote: sum('b'), was: sum('a'), settled }
    const at = '/api/v1/namespaces/shop/configmaps/cart'
    const values: Undo = { does: 'restore-values', path: at, wrote: { LIMIT: '20' }, was: { LIMIT: '10' } }
    const undone: string[] = []
    const undo: Undoer['undo'] = async (each) => {
      // Both in parallel would let this one end last.
      if (each.does === 'restore-values') await new Promise((resolve) => setTimeout(resolve, 20))
      undone.push(each.does)
      return 'undone'
    }
    const recorder = { record: () => undefined, flush: async () => undefined }
    const undoer = { undo, leftovers: async () => [], residue: async () => [] }
    const owed = createHealing(recorder, undoer, { keep: async () => undefined })
    const ids = [await owed.prepare(values), await owed.prepare(template)]
    await owed.healMany(ids)
    expect(undone).toEqual(['restore-values', 'restore-template'])
  })
})

describe('weights that cannot be restored', () => {
  const pods = '/apis/apps/v1/namespaces/shop/deployments/front-next'
  const settled = { kind: 'rolled-out', path: pods } as const
  const replicas: Undo = { does: 'restore-field', path: pods, field: ['spec', 'replicas'], wrote: 2, was: 0, settled }
  const other: Undo = { ...replicas, path: '/apis/apps/v1/namespaces/shop/deployments/cart' }
  const weights: Undo = {
    does: 'restore-weights',
    path: '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/front',
    serves: pods,
    backends: ['front', 'front-next'],
    wrote: [[0, 1000]],
    was: [100, 0],
  }
  /** Refuses the route's undo the first `refusals` times. */
  function undoer(refusals: number) {
    const undone: Undo[] = []
    const left = { refusals }
    const undo: Undoer['undo'] = async (each) => {
      if (each === weights && left.refusals-- > 0) throw new Error('403')
      undone.push(each)
      return 'undone'
    }
    return { undone, undo, leftovers: async () => [], residue: async () => [] }
  }
  const recorder = { record: () => undefined, flush: async () => undefined }

  it('keep the pods that still get requests, until a later try restores them', async () => {
    const api = undoer(1)
    const owed = createHealing(recorder, api, { keep: async () => undefined })
    const ids = []
    for (const undo of [replicas, weights, other]) ids.push(await owed.prepare(undo))
    await expect(owed.healMany(ids)).rejects.toThrow(
      /httproutes\/front: 403.*front-next.*not tried, because its pods may/,
    )
    expect(api.undone).toEqual([other])
    expect(await owed.healAll()).toEqual([])
    expect(api.undone).toEqual([other, weights, replicas])
  })

  it('keep them too when a dead run is healed', async () => {
    const api = undoer(1)
    const undos = [other, weights, replicas].map((undo) => ({ undo, run: 'run-1' }))
    const { healed, problems } = await healLeftovers(api, everythingPair().target, undos)
    expect(healed.map(({ id }) => id)).toEqual([expect.stringContaining('cart')])
    expect(problems).toHaveLength(2)
  })

  it.each([
    ['the mark of the pods is found after that, and not that of the route', [replicas], [], 2],
    [
      'both marks are found after that, and the weights are restored this time',
      [weights, replicas],
      [weights, replicas],
      1,
    ],
  ])('keep them when %s', async (_, marked, undone, count) => {
    const api = { ...undoer(1), leftovers: async () => marked.map((undo) => ({ undo, run: 'run-1' })) }
    const { problems } = await healLeftovers(api, everythingPair().target, [{ undo: weights, run: 'run-1' }])
    expect([api.undone, problems.length]).toEqual([undone, count])
  })
})

describe('an undo goes to the adapter that made the change', () => {
  const object = { does: 'delete-object', namespace: 'shop', name: 'x' } as const
  const chaos: Undo = { ...object, apiVersion: 'chaos-mesh.org/v1alpha1', objectKind: 'PodChaos', plural: 'podchaos' }
  const job: Undo = { ...object, apiVersion: 'batch/v1', objectKind: 'Job', plural: 'jobs' }
  const copy: Undo = { does: 'delete-copy', apiVersion: 'batch/v1', plural: 'jobs', namespace: 'shop', name: 'x' }
  const taint: Undo = { does: 'remove-taint', node: 'a', key: 'k', effect: 'NoExecute' }

  it.each<[string, Undo]>([
    ['faults', chaos],
    ['runners', job],
    ['actions', copy],
    ['actions', taint],
  ])('%s: %o', async (name, undo) => {
    const asked: string[] = []
    const each = (own: string): Undoer => ({
      undo: async () => {
        asked.push(own)
        return 'undone'
      },
      leftovers: async () => [],
      residue: async () => [],
    })
    await createUndoer({ faults: each('faults'), actions: each('actions'), runners: each('runners') }).undo(
      undo,
      seconds(1),
    )
    expect(asked).toEqual([name])
  })
})

describe('a cutover that a dead run left', () => {
  const region = (name: string) => ({
    name,
    namespace: `shop-${name}`,
    writable: {
      reading: { kind: 'status', method: 'POST', namespace: `shop-${name}`, service: 'cart', port: 8080, path: '/try' },
      wants: { kind: 'is', value: 200 },
    } as const,
  })
  const undo: Undo = {
    does: 'end-cutover',
    plan: 'eastward',
    namespace: 'shop-west',
    name: 'matchday-cutover-eastward',
    from: region('west'),
    to: region('east'),
    back: [],
    onward: [],
  }

  it.each([
    ['undone', 'writes go to west, and to no other region'],
    ['completed', 'writes go to east, and to no other region'],
    ['already-gone', undefined],
  ] as const)('that is %s: heal names the region that accepts writes', async (outcome, note) => {
    const undoer: Undoer = { undo: async () => outcome, leftovers: async () => [], residue: async () => [] }
    const { healed } = await healLeftovers(undoer, everythingPair().target, [{ undo, run: 'run-1' }])
    expect(healed).toEqual([
      {
        id: 'cutover/shop-west/matchday-cutover-eastward',
        run: 'run-1',
        outcome,
        ...(note === undefined ? {} : { note }),
      },
    ])
  })
})
