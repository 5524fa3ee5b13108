/** A Deployment runs two releases in turn, against an API server that keeps its objects. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { createHealing } from '../../src/controller/healing.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { createRollOuts, type RollOuts, rollOutActions } from '../../src/controller/rolling-out.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { RollOut } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { paths } from '../../src/protocols/kubernetes/api.ts'
import { stockPair } from '../files/stock.ts'
import { smallApiServer, standing } from '../support/small-api-server.ts'
import { lookingClock } from '../support/virtual-clock.ts'

const ORDERS = `${paths.deployments('casino')}/orders`
const next: RollOut = {
  deployment: 'orders',
  images: { app: 'orders:2' },
  annotations: {},
  withinMs: seconds(60),
  at: { file: 'target.yaml', line: 1, column: 1 },
}
const later: RollOut = { ...next, images: { app: 'orders:3' } }

type Template = { spec: { template: { spec: { containers: { name: string; image: string }[] } } } }

async function bench(rollOuts: RollOuts) {
  const objects: Record<string, unknown> = {
    [ORDERS]: {
      metadata: { name: 'orders', namespace: 'casino' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'orders' } },
        template: { metadata: {}, spec: { containers: [{ name: 'app', image: 'orders:1' }] } },
      },
    },
  }
  const ran: string[] = []
  const image = () => (objects[ORDERS] as Template).spec.template.spec.containers[0]?.image ?? ''
  const answers = standing(objects)
  const api = await smallApiServer((request) => {
    if (request.path === paths.pods('casino')) return { items: [] }
    const answer = answers(request)
    if (request.path !== ORDERS) return answer
    if (image() !== (ran.at(-1) ?? 'orders:1')) ran.push(image())
    return {
      ...(objects[ORDERS] as object),
      status: { replicas: 2, updatedReplicas: 2, availableReplicas: ready() },
    }
  })
  let ready = () => 2
  const clock = lookingClock(1_790_000_000_000)
  const records: Evidence[] = []
  const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
  const recorder = createRecorder(
    sink,
    clock,
    () => {},
    () => {},
  )
  const actions = kubernetesActions(api, clock)
  const healing = createHealing(recorder, actions, actions)
  const warm = {
    recorder,
    healing,
    stopping: new AbortController().signal,
    measure: () => Promise.reject(new Error('nothing is measured')),
    untilAtRest: async () => [],
  }
  const acting = { clock, actions, warm, healing, target: { ...stockPair().target, namespace: 'casino' }, run: 'run-1' }
  const undos = () =>
    records.flatMap((record) =>
      record.kind === 'undo-written' ? ['written'] : record.kind === 'undo-done' ? [record.outcome] : [],
    )
  return {
    deploy: createRollOuts(acting, rollOuts),
    ran,
    image,
    healing,
    undos,
    neverReady: () => {
      ready = () => 0
    },
  }
}

describe('two releases of one Deployment', () => {
  it('serve in turn: the new one is rolled out, and what was deployed is restored', async () => {
    const { deploy, ran, undos, healing, image } = await bench({ b: next })
    expect([await deploy('a'), await deploy('b'), await deploy('b'), await deploy('a')]).toEqual([
      false,
      true,
      false,
      true,
    ])
    expect(ran).toEqual(['orders:2', 'orders:1'])
    expect(await deploy('b')).toBe(true)
    expect(await healing.healAll()).toEqual([])
    expect([image(), undos()]).toEqual(['orders:1', ['written', 'undone', 'written', 'undone']])
  })

  it('may both be rolled out', async () => {
    const { deploy, ran } = await bench({ a: next, b: later })
    for (const side of ['a', 'b', 'a'] as const) expect(await deploy(side)).toBe(true)
    expect(ran).toEqual(['orders:2', 'orders:1', 'orders:3', 'orders:1', 'orders:2'])
  })

  it('are rolled out once where a release is compared with itself', async () => {
    const { deploy, ran } = await bench({ a: next, b: next })
    expect([await deploy('a'), await deploy('b'), await deploy('a')]).toEqual([true, false, false])
    expect([ran, rollOutActions({ a: next, b: next }).length]).toEqual([['orders:2'], 1])
  })

  it('leave the undo outstanding if one does not become ready', async () => {
    const { deploy, neverReady, image, undos, healing } = await bench({ b: next })
    neverReady()
    await expect(deploy('b')).rejects.toThrow('not rolled out within 1m, so it is rolled back')
    expect([image(), undos()]).toEqual(['orders:2', ['written']])
    await healing.healAll()
    expect(image()).toBe('orders:1')
  })
})
