/** DNSChaos: names do not resolve, or resolve to random addresses. */
import type { CommonSpec } from '../common.ts'
import type { FaultKind } from '../kind.ts'
import { commonFields, list, oneOf, record, text } from '../schema.ts'
import { type StrictProblem, stop } from '../strict-problem.ts'
import { durationRefused, valueRefused } from '../webhook-checks.ts'

export type DNSChaosSpec = CommonSpec & {
  readonly action: 'error' | 'random'
  /** `*` only at the end; an empty list means every name. */
  readonly patterns?: readonly string[]
  readonly containerNames?: readonly string[]
}

export const dnsChaos: FaultKind<DNSChaosSpec> = {
  schema: record(
    { ...commonFields, action: oneOf('error', 'random'), containerNames: list(text), patterns: list(text) },
    'action',
    'mode',
    'selector',
  ),
  refused: (spec) => [
    ...valueRefused(spec, 'spec', 'Spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector'),
    ...durationRefused(spec.duration),
  ],
  doubtful: ({ patterns = [] }) => patterns.flatMap(patternDoubtful),
  effect: ({ action }) => (action === 'error' ? 'cuts' : 'damages'),
  words: ({ action }) => [action],
  containers: ({ containerNames = [] }) => containerNames,
}

function patternDoubtful(pattern: string, index: number): StrictProblem[] {
  const path = `spec.patterns[${index}]`
  if (pattern === '') return [stop('no-effect', path, 'an empty pattern means no name', 'leave it out')]
  if (!pattern.slice(0, -1).includes('*') && !/[[\]]/.test(pattern)) return []
  const problem = `"${pattern}" is admitted, and then refused by the DNS server or read as something else`
  return [stop('pattern-unreadable', path, problem, 'put one * at its end, or none')]
}
