/** Kubernetes label selection, as far as Chaos Mesh uses it: exact pairs and set-based expressions. */

import type { LabelRequirement } from './objects.ts'

export type Labels = Readonly<Record<string, string>>
const own = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)

export const hasPairs = (labels: Labels, pairs: Labels | undefined): boolean =>
  Object.entries(pairs ?? {}).every(([key, value]) => own(labels, key) === value)

/** Why an expression can't be evaluated, or undefined. */
export function requirementProblem({ key, operator, values = [] }: LabelRequirement): string | undefined {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0 ? undefined : `for operator ${operator} of ${key}, values can't be empty`
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0 ? undefined : `for operator ${operator} of ${key}, values must be empty`
    default:
      return `"${operator}" is not a valid label selector operator`
  }
}

/** `NotIn` holds for objects that lack the label, too. */
export function meets(labels: Labels, { key, operator, values = [] }: LabelRequirement): boolean {
  const value = own(labels, key)
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
