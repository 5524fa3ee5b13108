/**
 * The filter of an HTTPRoute that copies requests to another Service (Gateway API, `RequestMirror`). It stands in each rule that sends requests to the
 * old release. A merge patch replaces whole lists, so each patch contains all rules.
 */
import type { Undo } from '../../../domain/evidence.ts'
import type { Fields } from '../../../protocols/fields.ts'
import type { KubeObject } from '../../../protocols/kubernetes/api.ts'
import { fields, list, text } from '../fields.ts'
import { isBackend, refsOf, rulesOf } from './route-weights.ts'

export type RemoveMirror = Extract<Undo, { does: 'remove-mirror' }>
type Mirror = Pick<RemoveMirror, 'stable' | 'backend' | 'share'>

const filtersOf = (rule: Fields): readonly Fields[] => list(rule.filters)
const mirrorIn = (filter: Fields): Fields => fields(filter.requestMirror)

/** The rules that send requests to a Service. */
export const rulesWith = (route: KubeObject, service: string): readonly Fields[] =>
  rulesOf(route).filter((rule) => refsOf(rule).some((ref) => isBackend(ref, service)))

/** Whether somebody copies requests to this Service already. */
export const isMirrored = (route: KubeObject, service: string): boolean =>
  rulesOf(route).some((rule) =>
    filtersOf(rule).some((filter) => text(fields(mirrorIn(filter).backendRef).name) === service),
  )

export const holdsMirror = (route: KubeObject, mirror: Mirror): boolean =>
  rulesOf(route).some((rule) => filtersOf(rule).some((filter) => isOurs(filter, mirror)))

/** Writes the filter into each rule that sends requests to the old release and does not have it. */
export const mirrorPatch = (route: KubeObject, mirror: Mirror): object =>
  patchOf(route, (rule) => {
    const stable = refsOf(rule).find((ref) => isBackend(ref, mirror.stable))
    if (stable === undefined || filtersOf(rule).some((filter) => isOurs(filter, mirror))) return rule
    return { ...rule, filters: [...filtersOf(rule), filterOf(mirror, stable.port)] }
  })

/** Leaves no empty list behind, because a rule without filters has none. */
export const withoutMirror = (route: KubeObject, mirror: Mirror): object =>
  patchOf(route, (rule) => {
    const { filters: _, ...rest } = rule
    const left = filtersOf(rule).filter((filter) => !isOurs(filter, mirror))
    return left.length === 0 ? rest : { ...rest, filters: left }
  })

const patchOf = (route: KubeObject, edited: (rule: Fields) => Fields): object => ({
  spec: { rules: rulesOf(route).map(edited) },
})

/** In thousandths where whole per cent do not say it. */
const shareOf = (share: number): { readonly percent: number } | { readonly fraction: object } =>
  Number.isInteger(perCent(share))
    ? { percent: perCent(share) }
    : { fraction: { numerator: Math.round(share * 1000), denominator: 1000 } }

const perCent = (share: number): number => Number((share * 100).toFixed(6))

const filterOf = ({ backend, share }: Mirror, port: unknown): Fields => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: { name: backend, port }, ...shareOf(share) },
})

/** The API server adds defaults, so only what was written is compared. */
function isOurs(filter: Fields, { backend, share }: Mirror): boolean {
  const { backendRef, percent, fraction } = mirrorIn(filter)
  if (text(fields(backendRef).name) !== backend) return false
  if (typeof percent === 'number') return percent === perCent(share)
  const { numerator, denominator = 100 } = fields(fraction)
  return Number(numerator) / Number(denominator) === Math.round(share * 1000) / 1000
}
