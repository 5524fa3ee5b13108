/** The mirror of a route: how its filter is written and removed, found after a crash, and what is refused before anything is touched. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../../src/adapters/kubernetes/actions/actions.ts'
import { change } from '../../../src/adapters/kubernetes/actions/change.ts'
import {
  mirrorPatch,
  type RemoveMirror,
  withoutMirror,
} from '../../../src/adapters/kubernetes/actions/route-mirrors.ts'
import { routePath } from '../../../src/adapters/kubernetes/actions/route-weights.ts'
import { preflight } from '../../../src/adapters/kubernetes/preflight.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { seconds } from '../../../src/domain/units.ts'
import { type KubeObject, paths } from '../../../src/protocols/kubernetes/api.ts'
import { everythingPair } from '../../files/stock.ts'
import { shadowAct } from '../../support/canary.ts'
import { actionOf } from '../../support/evidence-actions.ts'
import { type Answers, patched, refusal, smallApiServer, standing } from '../../support/small-api-server.ts'

const ROUTE = routePath('casino', 'gateway')
const ROUTES = ROUTE.slice(0, -'/gateway'.length)
const SHADOW = `${paths.deployments('casino')}/gateway-canary`

const undo: RemoveMirror = {
  does: 'remove-mirror',
  path: ROUTE,
  stable: 'gateway',
  backend: 'gateway-canary',
  share: 0.2,
}
const header = { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'a', value: 'b' }] } }
const mirrorTo = (name: string, amount: object = { percent: 20 }) => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: { name, port: 8080 }, ...amount },
})
const ours = mirrorTo('gateway-canary')

type Rule = { readonly backends: readonly (string | readonly [string, number])[]; readonly filters?: readonly object[] }
const route = (...rules: readonly Rule[]): KubeObject => ({
  metadata: { name: 'gateway', namespace: 'casino', resourceVersion: '7' },
  spec: {
    rules: rules.map(({ backends, filters }) => ({
      ...(filters === undefined ? {} : { filters }),
      backendRefs: backends.map((each) =>
        typeof each === 'string' ? { name: each, port: 8080 } : { name: each[0], port: 8080, weight: each[1] },
      ),
    })),
  },
})
const plain = route(
  { backends: ['gateway'] },
  { backends: ['elsewhere'] },
  { backends: ['gateway'], filters: [header] },
)
const mirrored = route(
  { backends: ['gateway'], filters: [ours] },
  { backends: ['elsewhere'] },
  { backends: ['gateway'], filters: [header, ours] },
)

describe('the mirror of a route', () => {
  it('is written into each rule with the old release, once, and removed from there', () => {
    const written = patched(plain, mirrorPatch(plain, undo)) as KubeObject
    expect(written).toEqual(mirrored)
    expect(patched(written, mirrorPatch(written, undo))).toEqual(mirrored)
    expect(patched(written, withoutMirror(written, undo))).toEqual(plain)
  })

  it('of less than a per cent is a fraction', () => {
    const share = 0.005
    const written = patched(plain, mirrorPatch(plain, { ...undo, share })) as KubeObject
    const wanted = mirrorTo('gateway-canary', { fraction: { numerator: 5, denominator: 1000 } })
    expect(written.spec).toMatchObject({ rules: [{ filters: [wanted] }, {}, { filters: [header, wanted] }] })
    expect(patched(written, withoutMirror(written, { ...undo, share }))).toEqual(plain)
  })

  it('is found with the defaults that the API server adds', () => {
    const backendRef = { group: '', kind: 'Service', name: 'gateway-canary', port: 8080 }
    const defaulted = route({
      backends: ['gateway'],
      filters: [{ type: 'RequestMirror', requestMirror: { backendRef, percent: 20 } }],
    })
    expect(patched(defaulted, withoutMirror(defaulted, undo))).toEqual(route({ backends: ['gateway'] }))
  })

  it('of somebody else stays: to another Service, or of another share', () => {
    const others = route({
      backends: ['gateway'],
      filters: [mirrorTo('audit'), mirrorTo('gateway-canary', { percent: 5 })],
    })
    expect(patched(others, withoutMirror(others, undo))).toEqual(others)
  })
})

async function withRoute(start: KubeObject) {
  const objects: Record<string, unknown> = { [ROUTE]: start }
  const answers: Answers = (request) =>
    request.path === ROUTES ? { items: [objects[ROUTE]] } : standing(objects)(request)
  const api = await smallApiServer(answers)
  const context = { api, clock: systemClock, run: 'run-1', target: 'casino' }
  const write = (isOn: boolean) =>
    change(context, undo, new AbortController().signal, (now) =>
      isOn ? mirrorPatch(now, undo) : withoutMirror(now, undo),
    )
  return { actions: kubernetesActions(api, systemClock), write, now: () => objects[ROUTE] as KubeObject }
}

describe('the undo of a mirror', () => {
  it('is on the route with the filter, and found there without a journal after a crash', async () => {
    const { actions, write, now } = await withRoute(plain)
    await write(true)
    expect(now().spec).toEqual(mirrored.spec)
    const { target } = everythingPair()
    const [left, ...more] = await actions.leftovers({ ...target, namespace: 'casino', databases: {} })
    expect([left, more]).toEqual([{ run: 'run-1', target: 'casino', undo }, []])
    expect(await actions.undo(left?.undo ?? undo, seconds(5))).toBe('undone')
    expect(now().spec).toEqual(plain.spec)
    expect(now().metadata.annotations).toEqual({})
    expect(await actions.undo(undo, seconds(5))).toBe('already-gone')
  })

  it('in a window without the mirror removes its mark', async () => {
    const { actions, write, now } = await withRoute(plain)
    await write(true)
    await write(false)
    expect(now().spec).toEqual(plain.spec)
    expect(Object.keys(now().metadata.annotations ?? {})).toHaveLength(1)
    expect(await actions.undo(undo, seconds(5))).toBe('already-gone')
    expect(now().metadata.annotations).toEqual({})
  })
})

describe('a shadow, before anything is touched', () => {
  const deployment = {
    metadata: { name: 'gateway-canary' },
    spec: { template: { spec: { containers: [{ name: 'gateway', image: 'gateway:1' }] } } },
  }
  const services = (...names: readonly string[]) => ({ items: names.map((name) => ({ metadata: { name } })) })
  const good: Record<string, unknown> = {
    [SHADOW]: deployment,
    [ROUTE]: plain,
    [paths.services('casino')]: services('gateway', 'gateway-canary'),
  }

  async function told(objects: Record<string, unknown>): Promise<readonly string[]> {
    const { rehearsal, target } = everythingPair()
    const api = await smallApiServer(({ path, method }) =>
      method === 'POST' ? { status: { allowed: true } } : { ...good, ...objects }[path],
    )
    const actions = [actionOf('gateway shadow', shadowAct())]
    const issues = await preflight(
      api,
      { ...rehearsal, faults: [], expectations: [], actions },
      { ...target, sources: {} },
    )
    return issues.filter(({ problem }) => problem.startsWith('"gateway shadow"')).map(({ code }) => code)
  }

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['with all that it needs', {}, []],
    ['without its Deployment', { [SHADOW]: refusal(404) }, ['object-missing']],
    ['without its route', { [ROUTE]: refusal(404) }, ['object-missing']],
    ['without the old release in the route', { [ROUTE]: route({ backends: ['elsewhere'] }) }, ['object-missing']],
    ['without its Service', { [paths.services('casino')]: services('gateway') }, ['object-missing']],
    ['that gets copies already', { [ROUTE]: mirrored }, ['mirrored-already']],
    [
      'that gets requests of users',
      {
        [ROUTE]: route({
          backends: [
            ['gateway', 90],
            ['gateway-canary', 10],
          ],
        }),
      },
      ['canary-serves-already'],
    ],
    [
      'whose backend has no weight yet',
      {
        [ROUTE]: route({
          backends: [
            ['gateway', 100],
            ['gateway-canary', 0],
          ],
        }),
      },
      [],
    ],
  ])('%s', async (_, objects, codes) => {
    expect(await told(objects)).toEqual(codes)
  })
})
