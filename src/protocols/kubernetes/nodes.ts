/** Which nodes a choice by zone and pool means. */
import type { NodeChoice } from '../../domain/rehearsal.ts'

export const ZONE_LABEL = 'topology.kubernetes.io/zone'
export const POOL_LABELS = ['matchday.dev/pool', 'node.kubernetes.io/pool'] as const

type Labelled = {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> }
}

/** Nodes that fit everything given; the first `atMost` of them by name. */
export function chosenNodes<N extends Labelled>(choice: NodeChoice, nodes: readonly N[]): readonly N[] {
  const nameOf = (node: N): string => node.metadata?.name ?? ''
  const fits = (node: N): boolean => {
    const labels = node.metadata?.labels ?? {}
    const inPool = choice.pool === undefined || POOL_LABELS.some((label) => labels[label] === choice.pool)
    return inPool && (choice.zone === undefined || labels[ZONE_LABEL] === choice.zone)
  }
  const byName = nodes.filter(fits).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  return choice.atMost === undefined ? byName : byName.slice(0, choice.atMost)
}
