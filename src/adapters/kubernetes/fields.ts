/** Reads Kubernetes objects of uncertain shape: absent fields, or fields of another type, read as empty and never fail. */
import type { ConditionSeen } from '../../domain/cluster.ts'
import type { LabelSelector, Labels } from '../../domain/label-selector.ts'
import { type Instant, instant } from '../../domain/units.ts'
import type { Fields } from '../../protocols/fields.ts'
import type { KubeObject } from '../../protocols/kubernetes/api.ts'

export const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
export const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : [])
export const count = (value: unknown): number => (typeof value === 'number' ? value : 0)
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export const named = (object: KubeObject) => ({
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  uid: object.metadata.uid ?? '',
})

export const timeOf = (value: unknown): Instant | undefined => {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : instant(at)
}
export const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: V })

export const conditionsOf = (status: Fields): readonly ConditionSeen[] =>
  list(status.conditions).map((each) => ({
    type: text(each.type),
    status: text(each.status),
    reason: text(each.reason),
    message: text(each.message),
  }))

export const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : [])
export const labelsOf = (value: unknown): Labels =>
  Object.fromEntries(Object.entries(fields(value)).map(([key, each]) => [key, text(each)]))

export function selectorOf(value: unknown): LabelSelector {
  const { matchLabels, matchExpressions } = fields(value)
  return {
    ...optional('matchLabels', matchLabels === undefined ? undefined : labelsOf(matchLabels)),
    ...optional(
      'matchExpressions',
      matchExpressions === undefined
        ? undefined
        : list(matchExpressions).map(({ key, operator, values }) => ({
            key: text(key),
            operator: text(operator),
            ...optional('values', Array.isArray(values) ? texts(values) : undefined),
          })),
    ),
  }
}
