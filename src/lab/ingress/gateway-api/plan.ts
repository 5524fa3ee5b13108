// What this ingress serves of the Gateway API, from the objects of the cluster. Pure.
import type { ApiObject } from '../../cluster-access/kube-object.ts'
import type { KubeService } from '../../pod-network/objects.ts'
import { type Attachments, attachRoutes } from './attach.ts'
import { type Certificates, certificatesOf, type TlsSecret } from './certificates.ts'
import { type CheckedListener, checkListeners } from './listeners.ts'
import {
  CONTROLLER_NAME,
  type Gateway,
  type GatewayClass,
  type HttpRoute,
  keyOf,
  type ReferenceGrant,
} from './objects.ts'
import { createReferences, type References, type Unresolved } from './references.ts'

export type GatewayObjects = {
  readonly classes: readonly GatewayClass[]
  readonly gateways: readonly Gateway[]
  readonly routes: readonly HttpRoute[]
  readonly grants: readonly ReferenceGrant[]
  readonly namespaces: readonly ApiObject[]
  readonly secrets: readonly TlsSecret[]
}

export type PlannedGateway = {
  readonly gateway: Gateway
  readonly key: string
  readonly listeners: readonly CheckedListener[]
  /** The address that the Gateway asks for. */
  readonly wanted: string | undefined
  /** Why the whole Gateway is not served. */
  readonly invalid: Unresolved | undefined
}

export type GatewayPlan = {
  readonly classes: readonly GatewayClass[]
  /** The oldest first. */
  readonly gateways: readonly PlannedGateway[]
  readonly routes: readonly HttpRoute[]
  readonly attachments: Attachments
  readonly references: References
  readonly certificates: Certificates
}

export function planGateways(objects: GatewayObjects, services: readonly KubeService[]): GatewayPlan {
  const classes = objects.classes.filter(({ spec }) => spec.controllerName === CONTROLLER_NAME)
  const ours = new Set(classes.map(({ metadata }) => metadata.name))
  const references = createReferences(services, objects.grants)
  const certificates = certificatesOf(objects.secrets)
  const labels = new Map(objects.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]))
  const gateways = objects.gateways
    .filter(({ spec }) => ours.has(spec.gatewayClassName))
    .toSorted(byAge)
    .map((gateway): PlannedGateway => {
      const listeners = checkListeners(gateway, references, (key) => certificates.has(key))
      return { gateway, key: keyOf(gateway), listeners, ...addressAsked(gateway) }
    })
  const attachments = attachRoutes({
    gateways,
    routes: objects.routes,
    references,
    labelsOf: (name) => labels.get(name),
  })
  return { classes, gateways, routes: objects.routes, attachments, references, certificates }
}

function byAge(one: Gateway, other: Gateway): number {
  const { creationTimestamp: a = '' } = one.metadata
  const { creationTimestamp: b = '' } = other.metadata
  return a < b || (a === b && keyOf(one) < keyOf(other)) ? -1 : 1
}

/** Only loopback can be listened on without changing the machine. */
function addressAsked({ spec }: Gateway): Pick<PlannedGateway, 'wanted' | 'invalid'> {
  const strange = spec.addresses?.find(({ type = 'IPAddress' }) => type !== 'IPAddress')
  const message = `addresses of type ${strange?.type} are not supported`
  const invalid = strange && { reason: 'UnsupportedAddress', message }
  return { wanted: spec.addresses?.find(({ value }) => value)?.value, invalid }
}
