// What routes and listeners refer to in other namespaces, and whether a ReferenceGrant there allows it.
import type { KubeService } from '../../pod-network/objects.ts'
import { GROUP, keyOf, type ObjectRef, type ReferenceGrant, type SecretRef } from './objects.ts'

export type Referrer = { kind: 'HTTPRoute' | 'Gateway'; namespace: string }

/** A reason of the condition ResolvedRefs, and a sentence for its message. */
export type Unresolved = { reason: string; message: string }

export type BackendTarget = { namespace: string; service: string; port: number }

export type Resolved = { ok: true; target: BackendTarget } | { ok: false; problem: Unresolved }

export type References = {
  backend(from: Referrer, reference: ObjectRef): Resolved
  /** Whether a reference is within one namespace or granted. */
  isGranted(from: Referrer, to: { kind: 'Service' | 'Secret'; namespace: string; name: string }): boolean
}

export function createReferences(services: readonly KubeService[], grants: readonly ReferenceGrant[]): References {
  const ports = new Map(services.map((service) => [keyOf(service), service.spec?.ports ?? []]))
  const isGranted: References['isGranted'] = (from, to) =>
    from.namespace === to.namespace || grants.some((grant) => allows(grant, from, to))
  return {
    isGranted,
    backend(from, { group = '', kind = 'Service', name, namespace = from.namespace, port }) {
      const shown = `${namespace}/${name}`
      if (group !== '' || kind !== 'Service') return refused('InvalidKind', `${kind} ${shown} is no Service`)
      if (!isGranted(from, { kind: 'Service', namespace, name }))
        return refused('RefNotPermitted', `no ReferenceGrant in ${namespace} allows Service ${shown}`)
      const found = ports.get(shown)
      if (!found) return refused('BackendNotFound', `there is no Service ${shown}`)
      if (port === undefined || !found.some((each) => each.port === port))
        return refused('BackendNotFound', `Service ${shown} has no port ${port ?? '(none was given)'}`)
      return { ok: true, target: { namespace, service: name, port } }
    },
  }
}

const refused = (reason: string, message: string): Resolved => ({ ok: false, problem: { reason, message } })

function allows(
  { metadata, spec }: ReferenceGrant,
  from: Referrer,
  to: { kind: string; namespace: string; name: string },
): boolean {
  return (
    metadata.namespace === to.namespace &&
    spec.from.some((each) => each.group === GROUP && each.kind === from.kind && each.namespace === from.namespace) &&
    spec.to.some((each) => each.group === '' && each.kind === to.kind && (each.name ?? to.name) === to.name)
  )
}

/** namespace/name of a Secret that a listener names; undefined where it names something else. */
export function secretKey(
  { group = '', kind = 'Secret', name, namespace }: SecretRef,
  own: string,
): string | undefined {
  return group === '' && kind === 'Secret' ? `${namespace ?? own}/${name}` : undefined
}
