// Objects of gateway.networking.k8s.io/v1 in the JSON of the API, with the fields that are read. The API server has checked and defaulted them
// by the definitions.
import type { LabelSelector } from '../../../protocols/kubernetes/label-selector.ts'
import type { ApiObject } from '../../cluster-access/kube-object.ts'

export const GROUP = 'gateway.networking.k8s.io'
export const GATEWAY_CLASS = 'matchday'
/** Names the lab's ingress as the one that serves a GatewayClass and that wrote a status. */
export const CONTROLLER_NAME = 'matchday.dev/lab-ingress'

export type StatusCondition = {
  type: string
  status: 'True' | 'False'
  reason: string
  message: string
  observedGeneration: number
  lastTransitionTime?: string
}

export type GatewayClass = ApiObject & {
  spec: { controllerName: string }
  status?: { conditions?: readonly StatusCondition[]; supportedFeatures?: readonly { name: string }[] }
}

export type RouteKind = { group?: string; kind: string }

export type SecretRef = { group?: string; kind?: string; name: string; namespace?: string }

export type GatewayListener = {
  name: string
  port: number
  protocol: string
  hostname?: string
  tls?: { mode?: string; certificateRefs?: readonly SecretRef[] }
  allowedRoutes?: { kinds?: readonly RouteKind[]; namespaces?: { from?: string; selector?: LabelSelector } }
}

export type GatewayAddress = { type?: string; value?: string }

export type ListenerStatus = {
  name: string
  supportedKinds: readonly RouteKind[]
  attachedRoutes: number
  conditions: readonly StatusCondition[]
}

export type Gateway = ApiObject & {
  spec: { gatewayClassName: string; listeners: readonly GatewayListener[]; addresses?: readonly GatewayAddress[] }
  status?: {
    addresses?: readonly GatewayAddress[]
    conditions?: readonly StatusCondition[]
    listeners?: readonly ListenerStatus[]
  }
}

export type ParentRef = {
  group?: string
  kind?: string
  namespace?: string
  name: string
  sectionName?: string
  port?: number
}

export type ValueMatch = { type?: string; name: string; value: string }

export type RouteMatch = {
  path?: { type?: string; value?: string }
  headers?: readonly ValueMatch[]
  queryParams?: readonly ValueMatch[]
  method?: string
}

export type HeaderValue = { name: string; value: string }

export type HeaderModifier = {
  set?: readonly HeaderValue[]
  add?: readonly HeaderValue[]
  remove?: readonly string[]
}

export type PathModifier = { type: string; replaceFullPath?: string; replacePrefixMatch?: string }

export type ObjectRef = { group?: string; kind?: string; name: string; namespace?: string; port?: number }

export type HttpFilter = {
  type: string
  requestHeaderModifier?: HeaderModifier
  responseHeaderModifier?: HeaderModifier
  requestRedirect?: { scheme?: string; hostname?: string; port?: number; statusCode?: number; path?: PathModifier }
  urlRewrite?: { hostname?: string; path?: PathModifier }
  requestMirror?: { backendRef: ObjectRef; percent?: number; fraction?: { numerator: number; denominator?: number } }
}

export type BackendRef = ObjectRef & { weight?: number; filters?: readonly HttpFilter[] }

export type RouteRule = {
  name?: string
  matches?: readonly RouteMatch[]
  filters?: readonly HttpFilter[]
  backendRefs?: readonly BackendRef[]
  timeouts?: { request?: string; backendRequest?: string }
}

export type ParentStatus = { parentRef: ParentRef; controllerName: string; conditions: readonly StatusCondition[] }

export type HttpRoute = ApiObject & {
  spec?: { parentRefs?: readonly ParentRef[]; hostnames?: readonly string[]; rules?: readonly RouteRule[] }
  status?: { parents?: readonly ParentStatus[] }
}

export type ReferenceGrant = ApiObject & {
  spec: {
    from: readonly { group: string; kind: string; namespace: string }[]
    to: readonly { group: string; kind: string; name?: string }[]
  }
}

/** namespace/name of an object. */
export const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`
