/**
 * What Chaos Mesh admits and a rehearsal should not rely on: objects that cut far more than they name, do nothing, fail only when
 * they are injected, or mean something else than they seem to.
 */

import { isFields } from '../fields.ts'
import { withDefaults } from './admission.ts'
import { PAUSE_ANNOTATION } from './common.ts'
import { isOneShot, isPaused } from './experiment.ts'
import { parseGoDuration } from './go-text.ts'
import { ask, type ChaosObject } from './objects.ts'
import { selectionDoubtful } from './selection-doubts.ts'
import { type StrictProblem, stop, warn } from './strict-problem.ts'

export type { StrictProblem } from './strict-problem.ts'

/** Of an object that `admit` lets pass, as its file has it. */
export function strictProblems(object: ChaosObject): readonly StrictProblem[] {
  const missing = missingSelectors(object)
  if (missing.length > 0) return missing
  const complete = withDefaults(object)
  return [
    ...pauseProblems(complete),
    ...selectionDoubtful(complete.spec, 'spec'),
    ...timeProblems(complete),
    ...ask(complete, (kind, spec) => kind.doubtful(spec, complete.metadata)),
  ]
}

/** Chaos Mesh fills an absent selector in as an empty one, which matches every pod of the namespace. */
function missingSelectors({ spec }: ChaosObject): StrictProblem[] {
  const target = 'target' in spec && isFields(spec.target) ? [['spec.target', spec.target] as const] : []
  return [['spec', spec] as const, ...target]
    .filter(([, { selector }]) => !isFields(selector))
    .map(([path]) =>
      stop(
        'selector-missing',
        path,
        `without ${path}.selector it selects every pod of its namespace`,
        `add ${path}.selector with labelSelectors`,
      ),
    )
}

function pauseProblems(object: ChaosObject): StrictProblem[] {
  if (!isPaused(object)) return []
  const problem = 'the experiment is paused, so the fault is never injected'
  return [stop('paused', `metadata.annotations.${PAUSE_ANNOTATION}`, problem, 'remove the annotation')]
}

// Creation time is cut to whole seconds and injection takes up to half a second: a shorter fault may be over before it begins.
const DURATION_MIN_MS = 2000

function timeProblems(object: ChaosObject): StrictProblem[] {
  const { spec } = object
  const problems: StrictProblem[] = []
  const { duration } = spec
  const parsed = duration === undefined ? undefined : parseGoDuration(duration)
  if (parsed !== undefined && !parsed.ok)
    problems.push(
      stop(
        'duration-ignored',
        'spec.duration',
        `"${duration}" is no duration, so the fault never ends by itself`,
        'write it like 30s',
      ),
    )
  if (parsed?.ok && parsed.value < DURATION_MIN_MS)
    problems.push(
      stop(
        'duration-too-short',
        'spec.duration',
        `"${duration}" may be over before the fault is injected`,
        'use at least 2s',
      ),
    )
  if (duration !== undefined && isOneShot(object))
    problems.push(warn('duration-ignored', 'spec.duration', 'it happens at once and has no duration', 'leave it out'))
  if (spec.remoteCluster)
    problems.push(
      stop(
        'remote-cluster',
        'spec.remoteCluster',
        'the fault would act in a cluster that is not watched',
        'rehearse with that cluster as the target',
      ),
    )
  return problems
}
