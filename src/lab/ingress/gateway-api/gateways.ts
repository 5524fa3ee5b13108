// The Gateways that this ingress serves: their routers and entry points, and the statuses that tell what became of them.
import type { KubeService } from '../../pod-network/objects.ts'
import type { EntryPoint, EntryPoints } from '../entry-points.ts'
import { type AddressRange, createAddresses } from './addresses.ts'
import { bySpecificity, hostOf, matchesHostname } from './hostnames.ts'
import { type CheckedListener, isServing } from './listeners.ts'
import { type GatewayObjects, type GatewayPlan, type PlannedGateway, planGateways } from './plan.ts'
import type { Unresolved } from './references.ts'
import { createRouter, type Router } from './rules.ts'
import { createShares } from './shares.ts'
import { type StatusWrite, statusWrites } from './status.ts'
import type { Chance } from './weights.ts'

export type Gateways = {
  set(objects: GatewayObjects, services: readonly KubeService[]): void
  /** The routes of all listeners on port 80, which the front door serves after those of Ingresses. */
  frontDoor: Router
  /** What has to be written now. */
  statuses(now: string): StatusWrite[]
}

export type GatewaysOptions = {
  readonly range: AddressRange
  /** The port of the front door: where a plain user reaches port 80. */
  readonly frontPort: number
  readonly entryPoints: EntryPoints
  readonly chance?: Chance
}

const HTTP_PORT = 80

export function createGateways({ range, frontPort, entryPoints, chance }: GatewaysOptions): Gateways {
  const shares = createShares(chance)
  const addresses = createAddresses(range)
  let plan: GatewayPlan | undefined
  let addressOf: ReadonlyMap<string, string> = new Map()
  let front: Router = () => ({ kind: 'none' })

  function unbound(key: string, port: number): Unresolved | undefined {
    const problem = entryPoints.problem(addressOf.get(key) ?? '', port)
    if (!problem) return undefined
    // A plain user may not listen below 1024. Port 80 is served at the front door all the same.
    if (problem.code === 'EACCES' && port === HTTP_PORT) return undefined
    return { reason: 'AddressNotUsable', message: `${problem.message}; ports below 1024 need root` }
  }

  return {
    set(objects, services) {
      const next = planGateways(objects, services)
      plan = next
      const serving = next.gateways.filter(({ invalid }) => !invalid)
      addressOf = addresses.assign(serving)
      const context = (port: number, isTls: boolean) => ({ references: next.references, shares, port, isTls })
      const routerOf = (listeners: readonly CheckedListener[], port: number, isTls: boolean) =>
        createRouter(
          listeners.map((each) => ({
            hostname: each.listener.hostname ?? '',
            routes: next.attachments.routesOf(each),
          })),
          context(port, isTls),
        )
      entryPoints.set(serving.flatMap((each) => entryPointsOf(each, addressOf.get(each.key), next, routerOf)))
      const public80 = serving.flatMap((each) => servingOn(each, HTTP_PORT)).filter(({ secret }) => !secret)
      front = routerOf(public80, frontPort, false)
      shares.sweep()
    },
    frontDoor: (request) => front(request),
    statuses(now) {
      if (!plan) return []
      const standing = ({ key }: PlannedGateway) => ({
        address: addressOf.get(key),
        unbound: (port: number) => unbound(key, port),
      })
      return statusWrites(plan, standing, now)
    },
  }
}

const servingOn = ({ listeners }: PlannedGateway, port: number): readonly CheckedListener[] =>
  listeners.filter((each) => each.listener.port === port && isServing(each))

function entryPointsOf(
  planned: PlannedGateway,
  address: string | undefined,
  { certificates }: GatewayPlan,
  routerOf: (listeners: readonly CheckedListener[], port: number, isTls: boolean) => Router,
): EntryPoint[] {
  if (address === undefined) return []
  const ports = new Set(planned.listeners.map(({ listener }) => listener.port))
  return [...ports].flatMap((port): EntryPoint[] => {
    const listeners = servingOn(planned, port)
    if (listeners.length === 0) return []
    const isTls = listeners.some(({ secret }) => secret !== undefined)
    const bySpecific = listeners.toSorted((one, other) =>
      bySpecificity(one.listener.hostname ?? '', other.listener.hostname ?? ''),
    )
    const certificate = (serverName: string) => {
      const host = hostOf(serverName)
      const found = bySpecific.find(({ listener }) => matchesHostname(listener.hostname ?? '', host))
      return certificates.get(found?.secret ?? '')
    }
    return [{ address, port, route: routerOf(listeners, port, isTls), ...(isTls ? { certificate } : {}) }]
  })
}
