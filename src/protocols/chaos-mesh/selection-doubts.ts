/** Selectors that Chaos Mesh accepts and that select something else than they seem to. */
import type { PodSelector } from './common.ts'
import { type StrictProblem, stop, warn } from './strict-problem.ts'

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']

export function selectionDoubtful({ selector, mode }: PodSelector, path: string): StrictProblem[] {
  const problems: StrictProblem[] = []
  const { pods, namespaces, ...narrowing } = selector
  const narrowed = Object.values(narrowing).some((value) => Object.keys(value).length > 0)
  const named = pods !== undefined && Object.keys(pods).length > 0
  if (named && narrowed)
    problems.push(
      stop(
        'selector-ignored',
        `${path}.selector`,
        '`pods` makes Chaos Mesh ignore every other selector beside it',
        'keep one of them',
      ),
    )
  if (!named && !narrowed)
    problems.push(
      warn('selects-everything', `${path}.selector`, 'it selects every pod of its namespaces', 'add labelSelectors'),
    )
  if (mode === 'random-max-percent')
    problems.push(
      stop(
        'selects-by-chance',
        `${path}.mode`,
        'random-max-percent may draw no pod at all',
        'use fixed or fixed-percent',
      ),
    )
  const phase = selector.podPhaseSelectors?.find((text) => !PHASES.includes(text.replace(/^!/, '').trim()))
  if (phase !== undefined)
    problems.push(
      stop(
        'unknown-phase',
        `${path}.selector.podPhaseSelectors`,
        `no pod is ever in phase "${phase}"`,
        `use ${PHASES.join(', ')}`,
      ),
    )
  return problems
}
