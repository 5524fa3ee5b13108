/**
 * The kinds of fault that the lab enacts. A kind is one file here and one line in this table (docs/adr/0026). Admission refuses objects of other
 * kinds.
 */
import { type ChaosKind, type ChaosObject, KINDS } from '../../protocols/chaos-mesh/objects.ts'
import { dnsChaos } from './dns-faults.ts'
import type { EnactedFault, ExperimentName } from './enactor.ts'
import { httpChaos } from './http-faults.ts'
import { networkChaos } from './network-faults.ts'
import type { ExperimentKey } from './paths.ts'
import { podChaos } from './pod-faults.ts'

export const enacted = {
  PodChaos: podChaos,
  NetworkChaos: networkChaos,
  HTTPChaos: httpChaos,
  DNSChaos: dnsChaos,
} as const satisfies Partial<Readonly<Record<ChaosKind, EnactedFault>>>

export type EnactedKind = keyof typeof enacted
export const isEnacted = (kind: ChaosKind): kind is EnactedKind => Object.hasOwn(enacted, kind)
export const ENACTED_KINDS: readonly EnactedKind[] = KINDS.filter(isEnacted)

const faultOf = (kind: EnactedKind): EnactedFault => enacted[kind]
export const titleOf = (kind: EnactedKind): string => faultOf(kind).title ?? kind

export function keyOf({ kind, metadata: { namespace, name } }: ChaosObject): ExperimentKey | undefined {
  return isEnacted(kind) ? { kind, namespace, name } : undefined
}

/** The name of an experiment's rules in the pod network, if its kind sets rules. */
export const sourceOf = (kind: EnactedKind, experiment: ExperimentName): string | undefined =>
  faultOf(kind).sources?.of(experiment)

/** The experiment that waits for a source's acknowledgement. */
export function keyOfSource(source: string): ExperimentKey | undefined {
  const [key] = ENACTED_KINDS.flatMap((kind) => {
    const experiment = faultOf(kind).sources?.waiting(source)
    return experiment === undefined ? [] : [{ kind, ...experiment }]
  })
  return key
}
