/** An API server with two small regions behind it, and a cutover between them that the adapter performs. */
import { expect } from 'vitest'
import { kubernetesActions } from '../../src/adapters/kubernetes/actions/actions.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { type CutoverPlace, cutoverSteps } from '../../src/domain/cutover.ts'
import type { ActionStepData, Undo } from '../../src/domain/evidence.ts'
import type { Target } from '../../src/domain/rehearsal.ts'
import type { PlannedAction } from '../../src/domain/timeline.ts'
import { type Millis, millis, seconds } from '../../src/domain/units.ts'
import { actionOf } from './evidence-actions.ts'
import { cutoverAct, eastward } from './evidence-cutover.ts'
import { target as shopTarget } from './evidence-rehearsal.ts'
import { type Answers, patched, refusal, Said, smallApiServer } from './small-api-server.ts'

export const base: Target = {
  ...shopTarget,
  namespace: 'shop-west',
  books: [{ book: 'wallet', namespace: 'shop-west', service: 'orders', port: 8080 }],
}
export const targetOf = (place: CutoverPlace): Target => ({ ...base, cutovers: { eastward: place } })
const usual = { ...cutoverAct.budgets, 'catch-up': seconds(1) }
const plannedOf = (budgets: typeof cutoverAct.budgets): PlannedAction => {
  const act = { ...cutoverAct, budgets, holdMs: millis(10) } as const
  return { ...actionOf('go east', act), atMs: millis(0) } as unknown as PlannedAction
}

export const CONFIG = (region: string) => `/api/v1/namespaces/shop-${region}/configmaps/orders`
export const ROUTE = '/apis/gateway.networking.k8s.io/v1/namespaces/shop-west/httproutes/entry'
const LOGS = '/api/v1/namespaces/shop-west/configmaps'
export const LOG = `${LOGS}/matchday-cutover-eastward`

const LISTS = /\/(deployments|statefulsets|configmaps|httproutes|horizontalpodautoscalers|scaledobjects)$/

export type Stored = {
  metadata: { name: string; uid?: string; labels?: Record<string, string> }
  data?: Record<string, string>
  spec?: unknown
}
type Region = { role: 'primary' | 'standby'; fenced: boolean; lsn: number; warm: boolean }
/** Called before each request that is not a GET. A result means that the request fails and changes nothing. `unready`: the Service has no Ready pod. */
type Interrupt = (nth: number, path: string) => 'refused' | 'unready' | undefined

/** Writes are accepted in the west, and all traffic goes there. */
export const regionObjects = (): Map<string, Stored> =>
  new Map<string, Stored>([
    [CONFIG('west'), { metadata: { name: 'orders' }, data: { writes: 'on' } }],
    [CONFIG('east'), { metadata: { name: 'orders' }, data: { writes: 'off' } }],
    [
      ROUTE,
      {
        metadata: { name: 'entry' },
        spec: {
          rules: [
            {
              backendRefs: [
                { name: 'west', weight: 1 },
                { name: 'east', weight: 0 },
              ],
            },
          ],
        },
      },
    ],
  ])

/** Operations in the book, and the position of its database. */
const AT_FIRST = 9
/** What the book had at first was booked before the first cut, and what it got later after the last one. */
function cutInto(body: unknown, count: number) {
  const { cuts } = body as { readonly cuts: readonly number[] }
  const nothing = { count: 0, amountCents: 0, low: 0, high: 0 }
  const early = Math.min(count, AT_FIRST)
  const late = { ...nothing, count: count - early }
  return [{ count: early, amountCents: 0, low: 1, high: 2 }, ...cuts.slice(1).map(() => nothing), late]
}

/** Both regions: writes are accepted where the switch is on and the database is a primary that is not fenced. */
export async function platform(changes: { readonly lag?: number; readonly fences?: boolean } = {}) {
  const objects = regionObjects()
  const regions: Record<string, Region> = {
    west: { role: 'primary', fenced: false, lsn: AT_FIRST, warm: true },
    east: { role: 'standby', fenced: false, lsn: AT_FIRST - (changes.lag ?? 0), warm: false },
  }
  const writes = (name: string): boolean => {
    const { role, fenced } = regions[name] as Region
    return objects.get(CONFIG(name))?.data?.writes === 'on' && role === 'primary' && !fenced
  }
  const serve = (name: string, path: string, body: unknown): unknown => {
    const region = regions[name] as Region
    switch (path) {
      case '/trial-write':
        return new Said(writes(name) ? 200 : 503)
      case '/database':
        return { replicas: 2, underWay: 0, lsn: region.lsn, role: region.role }
      case '/fence':
        region.fenced = changes.fences ?? true
        return {}
      case '/promote':
        region.role = 'primary'
        return {}
      case '/warm-up':
        region.warm = true
        return {}
      case '/warm':
        return new Said(region.warm ? 200 : 503)
      case '/books/cut':
        return { operations: [{ operation: 'order', cells: cutInto(body, region.lsn) }] }
      default:
        return undefined
    }
  }
  let asked = 0
  let interrupt: Interrupt = () => undefined
  const answers: Answers = ({ method, path, body }) => {
    const interrupted = method === 'GET' ? undefined : interrupt(++asked, path)
    if (interrupted === 'refused') return refusal(500)
    if (interrupted === 'unready' || path.includes('/services/gone:8080/'))
      return new Said(503, { kind: 'Status', apiVersion: 'v1', code: 503 })
    const proxied = /^\/api\/v1\/namespaces\/shop-(\w+)\/services\/orders:8080\/proxy(.*)$/.exec(path)
    if (proxied !== null) return serve(proxied[1] ?? '', proxied[2] ?? '', body)
    if (path === LOGS && method === 'POST') {
      if (objects.has(LOG)) return refusal(409)
      objects.set(LOG, body as Stored)
      return body
    }
    if (path.endsWith('/nodes')) return { items: [] }
    const object = objects.get(path)
    if (method === 'DELETE') objects.delete(path)
    if (method === 'PATCH' && object !== undefined) objects.set(path, patched(object, body) as Stored)
    return objects.get(path) ?? object ?? (LISTS.test(path) ? { items: [] } : undefined)
  }
  const api = await smallApiServer(answers)
  const weights = () =>
    [...JSON.stringify(objects.get(ROUTE)).matchAll(/"weight":(\d+)/g)].map(([, weight]) => Number(weight))
  return {
    api,
    actions: () => kubernetesActions(api, systemClock),
    objects,
    regions,
    writes,
    weights,
    /** Requests that were no GET. */
    asked: () => asked,
    onRequest: (by: Interrupt) => {
      interrupt = by
    },
  }
}
export type Platform = Awaited<ReturnType<typeof platform>>

const allOf = (budget: Millis) =>
  Object.fromEntries(cutoverSteps.map((step) => [step, budget])) as typeof cutoverAct.budgets
const nobodyAsks = () => Promise.reject(new Error('nobody asks'))
const nobody = { preview: nobodyAsks, step: nobodyAsks }

/** Dies at the first step that `at` holds for, or when `dies` is aborted: nothing after it is sent. `stepMs`: the budget of each step. */
export async function perform(
  { actions }: Pick<Platform, 'actions'>,
  place = eastward,
  at: (step: ActionStepData) => boolean = () => false,
  { dies = new AbortController(), stepMs }: { readonly dies?: AbortController; readonly stepMs?: Millis } = {},
) {
  const steps: ActionStepData[] = []
  const budgets = stepMs === undefined ? usual : allOf(stepMs)
  const prepared = await actions().prepare('run-7', targetOf(place), plannedOf(budgets), ['Region/west'])
  const outcome = await prepared
    .perform(
      (step) => {
        steps.push(step)
        if (at(step)) dies.abort(new Error('killed'))
      },
      dies.signal,
      nobody,
    )
    .then(
      () => 'done',
      ({ message }: Error) => message,
    )
  return { undo: prepared.undos[0] as Undo, steps, outcome }
}

export const shownBy = (steps: readonly ActionStepData[]): readonly string[] =>
  steps.flatMap((step) => {
    switch (step.is) {
      case 'cutover-begun':
        return [step.step]
      case 'cutover-stopped':
        return [`stopped at ${step.step}, ${step.ends}`]
      case 'cutover-share':
        return [`${step.share * 100} %`]
      case 'region-book':
        return [`book ${step.region}`]
      case 'regions-read':
        return [`west ${step.from}, east ${step.to}`]
      default:
        return []
    }
  })

export const eastOnly = ({ writes, weights, objects }: Platform) => {
  expect([writes('west'), writes('east'), weights(), objects.has(LOG)]).toEqual([false, true, [0, 1000], false])
}
export const westOnly = ({ writes, weights, objects }: Platform) => {
  expect([writes('west'), writes('east'), weights(), objects.has(LOG)]).toEqual([true, false, [1, 0], false])
}
