/** Paths in the API. */

import type { ChaosKind } from '../../protocols/chaos-mesh/objects.ts'
import { API_VERSION, pluralOf } from '../../protocols/chaos-mesh/objects.ts'

/** One experiment: the key of the queue. */
export type ExperimentKey = { readonly kind: ChaosKind; readonly namespace: string; readonly name: string }

export const listPath = (kind: ChaosKind): string => `/apis/${API_VERSION}/${pluralOf(kind)}`
export const objectPath = ({ kind, namespace, name }: ExperimentKey): string =>
  `/apis/${API_VERSION}/namespaces/${namespace}/${pluralOf(kind)}/${name}`
export const podPath = (namespace: string, name: string): string => `/api/v1/namespaces/${namespace}/pods/${name}`

/** `ns/pod` or `ns/pod/container`. */
export function partsOfId(id: string): {
  readonly namespace: string
  readonly pod: string
  readonly container: string
} {
  const [namespace = '', pod = '', container = ''] = id.split('/')
  return { namespace, pod, container }
}
