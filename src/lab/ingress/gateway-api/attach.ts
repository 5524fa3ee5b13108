// Which routes each listener serves, and what becomes of each parentRef of each route.

import { unsupportedIn } from './filters.ts'
import { commonHostnames } from './hostnames.ts'
import { allowsNamespace, type CheckedListener } from './listeners.ts'
import { unsupportedMatch } from './matches.ts'
import { type Gateway, GROUP, type HttpRoute, keyOf, type ParentRef } from './objects.ts'
import type { References, Unresolved } from './references.ts'

export type CheckedGateway = { readonly gateway: Gateway; readonly listeners: readonly CheckedListener[] }

/** A route on one listener, under the host names that both have in common. */
export type Attached = { readonly route: HttpRoute; readonly hostnames: readonly string[] }

/** A parentRef to a Gateway of this ingress. `accepted` and `resolved` hold what is wrong. */
export type ParentOutcome = {
  readonly parentRef: ParentRef
  readonly accepted: Unresolved | undefined
  readonly resolved: Unresolved | undefined
}

export type Attachments = {
  readonly routesOf: (listener: CheckedListener) => readonly Attached[]
  readonly parentsOf: (route: HttpRoute) => readonly ParentOutcome[]
}

export type AttachInput = {
  readonly gateways: readonly CheckedGateway[]
  readonly routes: readonly HttpRoute[]
  readonly references: References
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>> | undefined
}

export function attachRoutes({ gateways, routes, references, labelsOf }: AttachInput): Attachments {
  const byKey = new Map(gateways.map((each) => [keyOf(each.gateway), each]))
  const attached = new Map<CheckedListener, Attached[]>()
  const parents = new Map<HttpRoute, ParentOutcome[]>()
  for (const route of routes) {
    const unsupported = unsupportedOf(route)
    const resolved = unresolvedOf(route, references)
    const outcomes: ParentOutcome[] = []
    for (const parentRef of route.spec?.parentRefs ?? []) {
      const gateway = isGateway(parentRef)
        ? byKey.get(`${parentRef.namespace ?? namespaceOf(route)}/${parentRef.name}`)
        : undefined
      if (!gateway) continue
      const found = listenersFor(route, parentRef, gateway, labelsOf)
      outcomes.push({ parentRef, accepted: unsupported ?? found.problem, resolved })
      if (unsupported) continue
      for (const { listener, hostnames } of found.listeners) {
        const list = attached.get(listener) ?? []
        if (!list.some((each) => each.route === route)) list.push({ route, hostnames })
        attached.set(listener, list)
      }
    }
    parents.set(route, outcomes)
  }
  return { routesOf: (listener) => attached.get(listener) ?? [], parentsOf: (route) => parents.get(route) ?? [] }
}

const namespaceOf = ({ metadata }: HttpRoute): string => metadata.namespace ?? ''
const isGateway = ({ group = GROUP, kind = 'Gateway' }: ParentRef): boolean => group === GROUP && kind === 'Gateway'

type Found = {
  readonly listeners: readonly { listener: CheckedListener; hostnames: readonly string[] }[]
  readonly problem?: Unresolved
}

/** Each step leaves fewer listeners; the step that leaves none is the reason. */
function listenersFor(
  route: HttpRoute,
  { sectionName, port }: ParentRef,
  { gateway, listeners }: CheckedGateway,
  labelsOf: AttachInput['labelsOf'],
): Found {
  const named = listeners.filter(
    ({ listener }) =>
      (sectionName === undefined || listener.name === sectionName) && (port === undefined || listener.port === port),
  )
  if (named.length === 0) return none('NoMatchingParent', 'the Gateway has no such listener')
  const allowing = named.filter(
    ({ listener, supportedKinds }) =>
      supportedKinds.length > 0 &&
      allowsNamespace(listener, gateway.metadata.namespace ?? '', namespaceOf(route), labelsOf),
  )
  if (allowing.length === 0) return none('NotAllowedByListeners', 'no listener takes HTTPRoutes of this namespace')
  const sharing = allowing.flatMap((each) => {
    const hostnames = commonHostnames(each.listener.hostname ?? '', route.spec?.hostnames ?? [])
    return hostnames.length > 0 ? [{ listener: each, hostnames }] : []
  })
  if (sharing.length === 0) return none('NoMatchingListenerHostname', 'no listener has a host name of this route')
  return { listeners: sharing }
}

const none = (reason: string, message: string): Found => ({ listeners: [], problem: { reason, message } })

/** A route with something that this ingress does not do is not served at all. */
function unsupportedOf({ spec }: HttpRoute): Unresolved | undefined {
  for (const rule of spec?.rules ?? []) {
    const type = (rule.matches ?? []).map(unsupportedMatch).find((each) => each !== undefined)
    const what = type === undefined ? unsupportedIn(rule) : `a match of type ${type}`
    if (what !== undefined) return { reason: 'UnsupportedValue', message: `${what} is not supported` }
  }
  return undefined
}

/** The first reference of a route that leads nowhere. Its share of requests gets a response of 500. */
function unresolvedOf(route: HttpRoute, references: References): Unresolved | undefined {
  const from = { kind: 'HTTPRoute', namespace: namespaceOf(route) } as const
  for (const { backendRefs = [], filters = [] } of route.spec?.rules ?? []) {
    const mirrored = filters.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? [])
    for (const reference of [...backendRefs, ...mirrored]) {
      const found = references.backend(from, reference)
      if (!found.ok) return found.problem
    }
  }
  return undefined
}
