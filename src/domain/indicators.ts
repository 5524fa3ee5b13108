/**
 * What a rehearsal says of its indicators (SLIs). A profile of the load is an indicator without any entry; an entry says that an indicator is a union
 * of others, that its good answer is a refusal, or that it is counted from k6's own metrics or by a Prometheus.
 */
import type { Indicator } from './indicator.ts'
import type { PrometheusSli } from './prometheus-sli.ts'
import type { Some } from './units.ts'

export type SliSpec =
  /** No samples of its own: the attempts of all its parts together. */
  | { readonly kind: 'union'; readonly of: Some<string> }
  /** What it tries must be refused (a wrong signature, a wrong password); an attempt that is let in is a finding. */
  | { readonly kind: 'refusal' }
  /** Counted from k6's own metrics. */
  | Indicator
  /** Counted by a Prometheus of the target. */
  | PrometheusSli

export type Slis = Readonly<Record<string, SliSpec>>
/** Name of each union and its parts. */
export type Unions = Readonly<Record<string, Some<string>>>

const specOf = (slis: Slis, sli: string): SliSpec | undefined => (Object.hasOwn(slis, sli) ? slis[sli] : undefined)

/** The indicators of which `sli` is made; itself, if it is no union. */
export function partsOfIndicator(slis: Slis, sli: string): readonly string[] {
  const spec = specOf(slis, sli)
  return spec?.kind === 'union' ? spec.of : [sli]
}

export const isUnion = (slis: Slis, sli: string): boolean => specOf(slis, sli)?.kind === 'union'
export const mustBeRefused = (slis: Slis, sli: string): boolean => specOf(slis, sli)?.kind === 'refusal'

export const unionsIn = (slis: Slis): Unions =>
  Object.fromEntries(
    Object.entries(slis).flatMap(([name, spec]) => (spec.kind === 'union' ? [[name, spec.of] as const] : [])),
  )
/** Indicators that are counted from k6's own metrics. */
export const measuredIn = (slis: Slis): Readonly<Record<string, Indicator>> =>
  Object.fromEntries(Object.entries(slis).flatMap(([name, spec]) => (isOfK6(spec) ? [[name, spec] as const] : [])))

/** Indicators that a Prometheus counts. */
export const prometheusIn = (slis: Slis): Readonly<Record<string, PrometheusSli>> =>
  Object.fromEntries(
    Object.entries(slis).flatMap(([name, spec]) => (isOfPrometheus(spec) ? [[name, spec] as const] : [])),
  )

/** Its attempts are counted by a Prometheus, and not by the load generator. */
export const isCountedByPrometheus = (slis: Slis, sli: string): boolean => {
  const spec = specOf(slis, sli)
  return spec !== undefined && isOfPrometheus(spec)
}

const isOfPrometheus = (spec: SliSpec): spec is PrometheusSli =>
  spec.kind === 'prometheus-ratio' || spec.kind === 'prometheus-failures' || spec.kind === 'prometheus-buckets'
const isOfK6 = (spec: SliSpec): spec is Indicator =>
  spec.kind !== 'union' && spec.kind !== 'refusal' && !isOfPrometheus(spec)

export const partsIn = (unions: Unions, sli: string): readonly string[] =>
  Object.hasOwn(unions, sli) ? (unions[sli] ?? [sli]) : [sli]
