/** Weights of a route: how they are written and taken back, found after a crash, and what is refused before anything is touched. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../../src/adapters/kubernetes/actions/actions.ts'
import { change } from '../../../src/adapters/kubernetes/actions/change.ts'
import { hasMark, markedWith } from '../../../src/adapters/kubernetes/actions/marks.ts'
import { routePath, weightsNow, weightsPatch } from '../../../src/adapters/kubernetes/actions/route-weights.ts'
import { preflight } from '../../../src/adapters/kubernetes/preflight.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { Undo } from '../../../src/domain/evidence.ts'
import { seconds } from '../../../src/domain/units.ts'
import { type KubeObject, paths } from '../../../src/protocols/kubernetes/api.ts'
import { everythingPair } from '../../files/stock.ts'
import { canaryAct } from '../../support/canary.ts'
import { actionOf } from '../../support/evidence-actions.ts'
import { type Answers, patched, refusal, smallApiServer, standing } from '../../support/small-api-server.ts'

const ROUTE = routePath('casino', 'gateway')
const ROUTES = ROUTE.slice(0, -'/gateway'.length)
const CANARY = `${paths.deployments('casino')}/gateway-canary`
const BACKENDS = ['gateway', 'gateway-canary'] as const

type Ref = { readonly name: string; readonly weight?: number; readonly kind?: string }
const other = { name: 'elsewhere', port: 1 }
const route = (...rules: readonly (readonly Ref[])[]): KubeObject => ({
  metadata: { name: 'gateway', namespace: 'casino', resourceVersion: '7' },
  spec: { hostnames: ['play.example'], rules: rules.map((backendRefs) => ({ matches: [{}], backendRefs })) },
})
const weighed = (stable?: number, canary?: number): readonly Ref[] => [
  { name: 'gateway', ...(stable === undefined ? {} : { weight: stable }) },
  { name: 'gateway-canary', ...(canary === undefined ? {} : { weight: canary }) },
]

describe('the weights of a route', () => {
  it('are read and written only in rules with both backends', () => {
    const both = route(weighed(90, 10), [other], weighed())
    expect(weightsNow(both, BACKENDS)).toEqual([
      [90, 10],
      [null, null],
    ])
    const written = patched(both, weightsPatch(both, BACKENDS, [750, 250]))
    expect(written).toEqual({ ...route(weighed(750, 250), [other], weighed(750, 250)) })
  })

  it('of something that is no Service are not those of a Service with this name', () => {
    expect(weightsNow(route([{ name: 'gateway', kind: 'Bucket' }, { name: 'gateway-canary' }]), BACKENDS)).toEqual([])
  })
})

const undo: Extract<Undo, { does: 'restore-weights' }> = {
  does: 'restore-weights',
  path: ROUTE,
  backends: BACKENDS,
  wrote: [
    [900, 100],
    [0, 1000],
  ],
  was: [null, 0],
}

async function withRoute(start: KubeObject) {
  const objects: Record<string, unknown> = { [ROUTE]: start }
  const answers: Answers = (request) => {
    if (request.path !== ROUTES) return standing(objects)(request)
    return { items: [objects[ROUTE]] }
  }
  const api = await smallApiServer(answers)
  const actions = kubernetesActions(api, systemClock)
  const context = { api, clock: systemClock, run: 'run-1', target: 'casino' }
  const write = (pair: readonly [number, number]) =>
    change(context, undo, new AbortController().signal, (now) => weightsPatch(now, BACKENDS, pair))
  return { actions, write, now: () => objects[ROUTE] as KubeObject }
}

describe('the undo of weights', () => {
  it('is on the route with the change, and found there without a journal after a crash', async () => {
    const { actions, write, now } = await withRoute(route(weighed(undefined, 0)))
    await write([900, 100])
    await write([0, 1000])
    const { target } = everythingPair()
    const [left, ...more] = await actions.leftovers({ ...target, namespace: 'casino', databases: {} })
    expect([left, more]).toEqual([{ run: 'run-1', target: 'casino', undo }, []])
    expect(await actions.undo(left?.undo ?? undo, seconds(5))).toBe('undone')
    expect(now()).toMatchObject(route(weighed(undefined, 0)))
    expect(now().metadata.annotations).toEqual({})
    expect(await actions.undo(undo, seconds(5))).toBe('already-gone')
  })

  it('leaves weights that somebody else has written since', async () => {
    const { actions, write, now } = await withRoute(route(weighed(undefined, 0)))
    await write([900, 100])
    const others = patched(now(), { spec: route(weighed(500, 500)).spec }) as KubeObject
    const again = await withRoute(others)
    expect(await again.actions.undo(undo, seconds(5))).toBe('already-gone')
    expect(weightsNow(again.now(), BACKENDS)).toEqual([[500, 500]])
    await expect(again.write([0, 1000])).rejects.toThrow('have changed since they were read: 500:500')
    expect(actions).toBeDefined()
  })
})

describe('the undo of weights that serve pods', () => {
  const serving = { ...undo, serves: CANARY }
  const undone = async (...rules: readonly (readonly Ref[])[]) => {
    const marked = patched(route(...rules), markedWith({ run: 'run-1', target: 'casino', undo: serving })) as KubeObject
    const { actions, now } = await withRoute(marked)
    const outcome = await actions.undo(serving, seconds(5)).catch(({ message }: Error) => message)
    return { outcome, weights: weightsNow(now(), BACKENDS), isMarked: hasMark(now(), serving) }
  }
  const OTHERS = `${ROUTE} has the weights 500:500, which somebody else wrote, and sends requests to gateway-canary. Write weight: 0 for gateway-canary there, and heal again`

  it('fails, and keeps its mark, while weights of others send them requests', async () => {
    expect(await undone(weighed(500, 500))).toEqual({ outcome: OTHERS, weights: [[500, 500]], isMarked: true })
    const both = await undone(weighed(900, 100), weighed(500, 500))
    expect(both).toEqual({
      outcome: OTHERS,
      weights: [
        [null, 0],
        [500, 500],
      ],
      isMarked: true,
    })
  })

  it.each([
    ['others send them none', weighed(100, 0), 'already-gone'],
    ['they are as they were', weighed(undefined, 0), 'already-gone'],
    ['they are those of the run', weighed(900, 100), 'undone'],
  ])('is done where %s', async (_, refs, outcome) => {
    expect(await undone(refs)).toMatchObject({ outcome, isMarked: false })
  })
})

describe('a canary, before anything is touched', () => {
  const deployment = (spec: object = {}) => ({
    metadata: { name: 'gateway-canary' },
    spec: { ...spec, template: { spec: { containers: [{ name: 'gateway', image: 'gateway:1' }] } } },
  })
  const services = (...names: readonly string[]) => ({ items: names.map((name) => ({ metadata: { name } })) })
  const autoscaled = {
    items: [{ metadata: { name: 'own' }, spec: { scaleTargetRef: { kind: 'Deployment', name: 'gateway-canary' } } }],
  }
  const good: Record<string, unknown> = {
    [CANARY]: deployment(),
    [ROUTE]: route(weighed(100, 0)),
    [paths.services('casino')]: services(...BACKENDS),
  }

  async function told(objects: Record<string, unknown>): Promise<readonly string[]> {
    const { rehearsal, target } = everythingPair()
    const api = await smallApiServer(({ path, method }) =>
      method === 'POST' ? { status: { allowed: true } } : { ...good, ...objects }[path],
    )
    const actions = [actionOf('gateway 2', canaryAct())]
    const issues = await preflight(
      api,
      { ...rehearsal, faults: [], expectations: [], actions },
      { ...target, sources: {} },
    )
    return issues
      .filter(({ problem }) => problem.startsWith('"gateway 2"'))
      .map(({ code, problem }) => `${code} ${problem}`)
  }

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['with all that it needs', {}, []],
    ['without its Deployment', { [CANARY]: refusal(404) }, ['object-missing']],
    ['without its route', { [ROUTE]: refusal(404) }, ['object-missing']],
    ['whose route may not be read', { [ROUTE]: refusal(403) }, []],
    ['without its backend in the route', { [ROUTE]: route([{ name: 'gateway' }]) }, ['object-missing']],
    ['without its Service', { [paths.services('casino')]: services('gateway') }, ['object-missing']],
    ['that gets requests already', { [ROUTE]: route(weighed(90, 10)) }, ['canary-serves-already']],
    ['whose backend has no weight, which means 1', { [ROUTE]: route(weighed()) }, ['canary-serves-already']],
    ['whose rules differ', { [ROUTE]: route(weighed(100, 0), weighed(90, 10)) }, ['weights-differ']],
    ['that an autoscaler scales', { [paths.autoscalers('casino')]: autoscaled }, ['workload-autoscaled']],
    ['that is paused', { [CANARY]: deployment({ paused: true }) }, ['rollout-paused']],
  ])('%s', async (_, objects, codes) => {
    expect((await told(objects)).map((each) => each.split(' ')[0])).toEqual(codes)
  })
})
