// Kubernetes label selectors. Unknown operators select nothing: a policy that cannot be understood must not open anything.
import type { LabelSelector } from './objects.ts'

export type Labels = Readonly<Record<string, string>>

/** An empty selector selects everything; an absent one, nothing (the caller decides what absence means). */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {})
  if (!wanted.every(([key, value]) => labels[key] === value)) return false
  return (selector.matchExpressions ?? []).every((term) => holds(term.operator, labels[term.key], term.values ?? []))
}

function holds(operator: string, value: string | undefined, values: readonly string[]): boolean {
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
