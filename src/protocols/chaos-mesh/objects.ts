/**
 * Chaos Mesh (`chaos-mesh.org/v1alpha1`) as pure code: its objects, what its admission says, how it selects pods, and the state
 * machine by which an experiment is applied and recovered. Files and plan ask it before anything is touched, the client reads
 * status by it, and the lab's daemon acts by it, so that one file means the same on a laptop and in staging.
 *
 * A kind of fault is one file in `kinds/` and one line in the table here; the union of objects, the list of kinds, the schemas and the
 * CRDs come from the table. Facts are from Chaos Mesh 608b61e; the recordings in test/protocols/chaos-mesh/observed hold this code to them.
 */
import { isSome, type Some } from '../../domain/units.ts'
import { API_VERSION, type ChaosStatus, type CommonSpec, type ObjectMeta } from './common.ts'
import type { FaultKind } from './kind.ts'
import { dnsChaos } from './kinds/dns-chaos.ts'
import { httpChaos } from './kinds/http-chaos.ts'
import { ioChaos } from './kinds/io-chaos.ts'
import { networkChaos } from './kinds/network-chaos.ts'
import { podChaos } from './kinds/pod-chaos.ts'
import { stressChaos } from './kinds/stress-chaos.ts'
import { timeChaos } from './kinds/time-chaos.ts'

export * from './common.ts'
export type { DNSChaosSpec } from './kinds/dns-chaos.ts'
export type { HTTPChaosSpec } from './kinds/http-chaos.ts'
export type { Direction, NetworkChaosSpec } from './kinds/network-chaos.ts'
export type { PodChaosSpec } from './kinds/pod-chaos.ts'

/** Every kind that this code knows. */
export const faultKinds = {
  PodChaos: podChaos,
  NetworkChaos: networkChaos,
  HTTPChaos: httpChaos,
  DNSChaos: dnsChaos,
  StressChaos: stressChaos,
  IOChaos: ioChaos,
  TimeChaos: timeChaos,
} as const

export type ChaosKind = keyof typeof faultKinds
export const KINDS: Some<ChaosKind> = namesOf(faultKinds)

function namesOf<K extends string>(table: Readonly<Record<K, unknown>>): Some<K> {
  const names = Object.keys(table).filter((name): name is K => Object.hasOwn(table, name))
  if (!isSome(names)) throw new Error('there is no kind of fault')
  return names
}

/** Its lower-case name. */
export const pluralOf = (kind: ChaosKind): string => kind.toLowerCase()

type Specs = {
  readonly [K in ChaosKind]: (typeof faultKinds)[K] extends FaultKind<infer S extends CommonSpec> ? S : never
}
type ChaosOf<K extends ChaosKind> = {
  [P in K]: {
    readonly apiVersion: typeof API_VERSION
    readonly kind: P
    readonly metadata: ObjectMeta
    readonly spec: Specs[P]
    readonly status?: ChaosStatus
  }
}[K]
export type ChaosObject = ChaosOf<ChaosKind>

const kinds: { readonly [K in ChaosKind]: FaultKind<Specs[K]> } = faultKinds

/** Asks the object's kind about its spec. */
export function ask<K extends ChaosKind, T>(
  object: ChaosOf<K>,
  question: (kind: FaultKind<Specs[K]>, spec: Specs[K]) => T,
): T {
  const kind: FaultKind<Specs[K]> = kinds[object.kind]
  return question(kind, object.spec)
}

export const isChaosKind = (kind: unknown): kind is ChaosKind => KINDS.some((known) => known === kind)

/** Of an object that is being watched or was admitted, so that its shape is the API server's promise. */
export function isChaosObject(object: unknown): object is ChaosObject {
  if (typeof object !== 'object' || object === null) return false
  return 'kind' in object && isChaosKind(object.kind) && 'apiVersion' in object && object.apiVersion === API_VERSION
}
