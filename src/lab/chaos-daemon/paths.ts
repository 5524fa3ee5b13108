/** Paths in the API. */

import type { ChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import { API_VERSION, pluralOf } from '../../protocols/chaos-mesh/objects.ts'

/** The kinds that the lab enacts. Admission refuses objects of other kinds. */
export const ENACTED_KINDS = ['PodChaos', 'NetworkChaos', 'HTTPChaos', 'DNSChaos'] as const
export type EnactedKind = (typeof ENACTED_KINDS)[number]

/** One experiment: the key of the queue. */
export type ExperimentKey = { readonly kind: EnactedKind; readonly namespace: string; readonly name: string }

export const listPath = (kind: EnactedKind): string => `/apis/${API_VERSION}/${pluralOf(kind)}`
export const objectPath = ({ kind, namespace, name }: ExperimentKey): string =>
  `/apis/${API_VERSION}/namespaces/${namespace}/${pluralOf(kind)}/${name}`
export const podPath = (namespace: string, name: string): string => `/api/v1/namespaces/${namespace}/pods/${name}`

export function keyOf(object: ChaosObject): ExperimentKey | undefined {
  const kind = ENACTED_KINDS.find((enacted) => enacted === object.kind)
  return kind && { kind, namespace: object.metadata.namespace, name: object.metadata.name }
}

type Named = { readonly kind: ChaosObject['kind']; readonly metadata: Pick<ExperimentKey, 'namespace' | 'name'> }

/** The source name of an experiment's rules in the pod network. Chaos Mesh's DNS server knows no namespaces. */
export function sourceOf({ kind, metadata: { namespace, name } }: Named): string {
  switch (kind) {
    case 'HTTPChaos':
      return `httpchaos:${namespace}/${name}`
    case 'DNSChaos':
      return `dnschaos:${name}`
    default:
      return `${namespace}/${name}`
  }
}

/** The experiment that waits for a source's acknowledgement; none for a DNSChaos. */
export function keyOfSource(source: string): ExperimentKey | undefined {
  const [path = '', prefix] = source.split(':').reverse()
  if (prefix === 'dnschaos') return undefined
  const [namespace = '', name = ''] = path.split('/')
  return { kind: prefix === 'httpchaos' ? 'HTTPChaos' : 'NetworkChaos', namespace, name }
}

/** `ns/pod` or `ns/pod/container`. */
export function partsOfId(id: string): {
  readonly namespace: string
  readonly pod: string
  readonly container: string
} {
  const [namespace = '', pod = '', container = ''] = id.split('/')
  return { namespace, pod, container }
}
