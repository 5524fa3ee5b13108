/**
 * The weights of two backends in an HTTPRoute (Gateway API, `backendRefs`). A merge patch replaces whole lists, so each patch contains all rules. It
 * also carries the resourceVersion that was read (change.ts), so that a concurrent change is not overwritten.
 */
import type { Undo } from '../../../domain/evidence.ts'
import type { Fields } from '../../../protocols/fields.ts'
import { type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { fields, list, text } from '../fields.ts'

type RestoreWeights = Extract<Undo, { does: 'restore-weights' }>
export type RouteBackends = RestoreWeights['backends']
/** Null: the route sets no weight, which means 1 (Gateway API, HTTPBackendRef). */
export type Weights = RestoreWeights['was']

export const ROUTE_API = 'gateway.networking.k8s.io/v1'
export const routePath = (namespace: string, name: string): string =>
  paths.object(ROUTE_API, 'httproutes', namespace, name)

export const rulesOf = (route: KubeObject): readonly Fields[] => list(fields(route.spec).rules)
export const refsOf = (rule: Fields): readonly Fields[] => list(rule.backendRefs)

/** A backend without a group and kind is a Service, and without a namespace it is in that of its route. */
export const isBackend = (ref: Fields, service: string): boolean =>
  text(ref.name) === service && (ref.kind === undefined || ref.kind === 'Service') && !ref.group

const hasBoth = (rule: Fields, backends: RouteBackends): boolean =>
  backends.every((service) => refsOf(rule).some((ref) => isBackend(ref, service)))

/** The weights of both backends in each rule that has both. */
export const weightsNow = (route: KubeObject, backends: RouteBackends): readonly Weights[] =>
  rulesOf(route)
    .filter((rule) => hasBoth(rule, backends))
    .map((rule) => [weightIn(rule, backends[0]), weightIn(rule, backends[1])])

function weightIn(rule: Fields, service: string): number | null {
  const weight = refsOf(rule).find((ref) => isBackend(ref, service))?.weight
  return typeof weight === 'number' ? weight : null
}

const isSame = ([a, b]: Weights, [x, y]: Weights): boolean => a === x && b === y
export const shownWeights = ([stable, canary]: Weights): string => `${stable ?? 1}:${canary ?? 1}`

/** Whether a rule has weights that matchday wrote and that differ from those before. */
export const holdsWritten = (route: KubeObject, { backends, wrote, was }: RestoreWeights): boolean =>
  weightsNow(route, backends).some((now) => !isSame(now, was) && wrote.some((pair) => isSame(now, pair)))

/** Weights that somebody else wrote: neither those before nor any that matchday writes. */
export const otherWeights = (route: KubeObject, { backends, wrote, was }: RestoreWeights): Weights | undefined =>
  weightsNow(route, backends).find((now) => !isSame(now, was) && !wrote.some((pair) => isSame(now, pair)))

/** Weights of others that send requests to the new release. A backend without a weight has 1. */
export const weightsOfOthers = (route: KubeObject, { backends, wrote, was }: RestoreWeights): Weights | undefined =>
  weightsNow(route, backends).find(
    (now) => (now[1] ?? 1) > 0 && !isSame(now, was) && !wrote.some((pair) => isSame(now, pair)),
  )

/** Writes these weights into each rule that has both backends; with `only`, into those whose weights it holds for. */
export function weightsPatch(
  route: KubeObject,
  backends: RouteBackends,
  weights: Weights,
  only: (now: Weights) => boolean = () => true,
): object {
  const rules = rulesOf(route).map((rule) => {
    if (!hasBoth(rule, backends)) return rule
    if (!only([weightIn(rule, backends[0]), weightIn(rule, backends[1])])) return rule
    return { ...rule, backendRefs: refsOf(rule).map((ref) => weighed(ref, backends, weights)) }
  })
  return { spec: { rules } }
}

/** The weights before, in the rules that still hold what was written. */
export const weightsBefore = (route: KubeObject, { backends, wrote, was }: RestoreWeights): object =>
  weightsPatch(route, backends, was, (now) => wrote.some((pair) => isSame(now, pair)))

function weighed(ref: Fields, backends: RouteBackends, weights: Weights): Fields {
  const side = backends.findIndex((service) => isBackend(ref, service))
  const weight = weights[side]
  if (weight === undefined) return ref
  const { weight: _, ...rest } = ref
  return weight === null ? rest : { ...rest, weight }
}
