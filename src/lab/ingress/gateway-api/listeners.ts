// Listeners of a Gateway: which are valid, which kinds and namespaces of routes they take.
import { selects } from '../../../protocols/kubernetes/label-selector.ts'
import type { ApiObject } from '../../cluster-access/kube-object.ts'
import type { Gateway, GatewayListener, RouteKind } from './objects.ts'
import { GROUP } from './objects.ts'
import { type References, secretKey, type Unresolved } from './references.ts'

/** A listener with all that is wrong with it. It serves when `accepted`, `conflict` and `resolved` have no problem. */
export type CheckedListener = {
  readonly listener: GatewayListener
  readonly supportedKinds: readonly RouteKind[]
  readonly accepted: Unresolved | undefined
  readonly conflict: Unresolved | undefined
  readonly resolved: Unresolved | undefined
  /** namespace/name of the Secret with its certificate; only of HTTPS. */
  readonly secret: string | undefined
}

export type SecretCheck = (key: string) => boolean

const HTTP_ROUTE: RouteKind = { group: GROUP, kind: 'HTTPRoute' }
const PROTOCOLS: readonly string[] = ['HTTP', 'HTTPS']

export function checkListeners(
  gateway: Gateway,
  references: References,
  hasCertificate: SecretCheck,
): CheckedListener[] {
  const { listeners } = gateway.spec
  return listeners.map((listener) => {
    const kinds = listener.allowedRoutes?.kinds ?? [HTTP_ROUTE]
    const supportedKinds = kinds.filter(isHttpRoute).slice(0, 1)
    const supported = PROTOCOLS.includes(listener.protocol)
    const certificate = supported ? certificateOf(gateway, listener, references, hasCertificate) : {}
    return {
      listener,
      supportedKinds: supported ? supportedKinds.map(() => HTTP_ROUTE) : [],
      accepted: supported ? undefined : problem('UnsupportedProtocol', `${listener.protocol} is not served`),
      conflict: conflictOf(listener, listeners),
      resolved:
        kinds.length > kinds.filter(isHttpRoute).length
          ? problem('InvalidRouteKinds', 'only HTTPRoute is served')
          : certificate.problem,
      secret: certificate.secret,
    }
  })
}

export const isServing = ({ accepted, conflict, resolved, supportedKinds }: CheckedListener): boolean =>
  !accepted && !conflict && supportedKinds.length > 0 && (!resolved || resolved.reason === 'InvalidRouteKinds')

const isHttpRoute = ({ group = GROUP, kind }: RouteKind): boolean => group === GROUP && kind === 'HTTPRoute'

const problem = (reason: string, message: string): Unresolved => ({ reason, message })

function conflictOf(listener: GatewayListener, all: readonly GatewayListener[]): Unresolved | undefined {
  const others = all.filter((other) => other !== listener && other.port === listener.port)
  const stranger = others.find(({ protocol }) => protocol !== listener.protocol)
  if (stranger) return problem('ProtocolConflict', `${stranger.name} has another protocol on port ${listener.port}`)
  const twin = others.find(({ hostname }) => (hostname ?? '') === (listener.hostname ?? ''))
  return twin && problem('HostnameConflict', `${twin.name} has the same host name on port ${listener.port}`)
}

/** One certificate for each listener, as the API requires at least. */
function certificateOf(
  { metadata }: Gateway,
  { protocol, tls }: GatewayListener,
  references: References,
  hasCertificate: SecretCheck,
): { secret?: string; problem?: Unresolved } {
  if (protocol !== 'HTTPS') return {}
  const [reference] = tls?.certificateRefs ?? []
  if (!reference || tls?.mode === 'Passthrough')
    return { problem: problem('InvalidCertificateRef', 'an HTTPS listener needs a certificate to end TLS') }
  const namespace = metadata.namespace ?? ''
  const key = secretKey(reference, namespace)
  if (key === undefined) return { problem: problem('InvalidCertificateRef', `${reference.kind} is no Secret`) }
  const to = { kind: 'Secret', namespace: reference.namespace ?? namespace, name: reference.name } as const
  if (!references.isGranted({ kind: 'Gateway', namespace }, to))
    return { problem: problem('RefNotPermitted', `no ReferenceGrant allows Secret ${key}`) }
  if (!hasCertificate(key))
    return { problem: problem('InvalidCertificateRef', `Secret ${key} holds no certificate with its key`) }
  return { secret: key }
}

/** Whether a listener takes routes of a namespace. */
export function allowsNamespace(
  { allowedRoutes }: GatewayListener,
  own: string,
  namespace: string,
  labelsOf: (namespace: string) => ApiObject['metadata']['labels'],
): boolean {
  const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {}
  switch (from) {
    case 'All':
      return true
    case 'Selector':
      return selector !== undefined && selects(selector, labelsOf(namespace) ?? {})
    case 'None':
      return false
    default:
      return namespace === own
  }
}
