// The statuses that the objects should have, and which of them have to be written.
import { classConditions, gatewayConditions, listenerConditions, routeConditions, timed } from './conditions.ts'
import { SUPPORTED_FEATURES } from './features.ts'
import {
  CONTROLLER_NAME,
  type Gateway,
  type GatewayClass,
  GROUP,
  type HttpRoute,
  type ParentRef,
  type ParentStatus,
} from './objects.ts'
import type { GatewayPlan, PlannedGateway } from './plan.ts'
import type { Unresolved } from './references.ts'

/** `path` is that of the object; `version` is what the status was made from. */
export type StatusWrite = { readonly path: string; readonly version: string; readonly status: object }

/** What became of a Gateway's address and of its listeners' ports. */
export type GatewayStanding = {
  readonly address: string | undefined
  /** Why a port of the address is not listened on. */
  unbound(port: number): Unresolved | undefined
}

export function statusWrites(
  plan: GatewayPlan,
  standingOf: (gateway: PlannedGateway) => GatewayStanding,
  now: string,
): StatusWrite[] {
  return [
    ...plan.classes.map((each) => written(each, 'gatewayclasses', classStatus(each, now))),
    ...plan.gateways.map((each) => written(each.gateway, 'gateways', gatewayStatus(each, plan, standingOf(each), now))),
    ...plan.routes.map((each) => written(each, 'httproutes', routeStatus(each, plan, now))),
  ].flatMap((each) => each ?? [])
}

/** Undefined when the object has that status already. */
function written(
  { metadata, status: before }: GatewayClass | Gateway | HttpRoute,
  plural: string,
  status: object,
): StatusWrite | undefined {
  if (JSON.stringify(sorted(before ?? {})) === JSON.stringify(sorted({ ...before, ...status }))) return undefined
  const { namespace, name, resourceVersion = '' } = metadata
  const place = namespace === undefined ? '' : `namespaces/${namespace}/`
  return { path: `/apis/${GROUP}/v1/${place}${plural}/${name}`, version: resourceVersion, status }
}

/** With the keys of all objects in order, so that equal values have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

const classStatus = ({ metadata, status }: GatewayClass, now: string): NonNullable<GatewayClass['status']> => ({
  conditions: timed(classConditions(metadata.generation), status?.conditions, now),
  supportedFeatures: SUPPORTED_FEATURES.map((name) => ({ name })),
})

function gatewayStatus(
  { gateway, listeners, invalid }: PlannedGateway,
  { attachments }: GatewayPlan,
  { address, unbound }: GatewayStanding,
  now: string,
): NonNullable<Gateway['status']> {
  const { generation } = gateway.metadata
  const unaddressed =
    address === undefined ? { reason: 'AddressNotUsable', message: 'only loopback is served' } : undefined
  const firstUnbound = listeners.map(({ listener }) => unbound(listener.port)).find((each) => each !== undefined)
  const outcome = { invalid, unaddressed: unaddressed ?? firstUnbound, listeners }
  return {
    addresses: address === undefined ? [] : [{ type: 'IPAddress', value: address }],
    conditions: timed(gatewayConditions(outcome, generation), gateway.status?.conditions, now),
    listeners: listeners.map((each) => {
      const { name, port } = each.listener
      const before = gateway.status?.listeners?.find((known) => known.name === name)?.conditions
      return {
        name,
        supportedKinds: each.supportedKinds,
        attachedRoutes: attachments.routesOf(each).length,
        conditions: timed(listenerConditions(each, unbound(port), generation), before, now),
      }
    }),
  }
}

/** Parents of other controllers stay as they are. */
function routeStatus(route: HttpRoute, { attachments }: GatewayPlan, now: string): { parents: ParentStatus[] } {
  const before = route.status?.parents ?? []
  const own = attachments.parentsOf(route).map((outcome): ParentStatus => {
    const { parentRef } = outcome
    const known = before.find((each) => each.controllerName === CONTROLLER_NAME && isSame(each.parentRef, parentRef))
    const conditions = timed(routeConditions(outcome, route.metadata.generation), known?.conditions, now)
    return { parentRef, controllerName: CONTROLLER_NAME, conditions }
  })
  return { parents: [...before.filter(({ controllerName }) => controllerName !== CONTROLLER_NAME), ...own] }
}

const isSame = (one: ParentRef, other: ParentRef): boolean =>
  JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
