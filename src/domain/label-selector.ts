/** Kubernetes label selection: exact pairs and set-based expressions, as in policies, faults and queries. */

export type Labels = Readonly<Record<string, string>>

export type LabelRequirement = {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export type LabelSelector = {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly LabelRequirement[]
}

/** An empty selector selects everything. The caller decides what an absent one means. */
export const selects = ({ matchLabels, matchExpressions = [] }: LabelSelector, labels: Labels): boolean =>
  hasPairs(labels, matchLabels) && matchExpressions.every((requirement) => meets(labels, requirement))

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

/** `NotIn` also holds for objects without the label. An unknown operator selects nothing, so that it never opens a policy. */
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
