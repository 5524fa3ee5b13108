/** What a release in a file becomes, and the rules of its own. */
import type { Canary } from '../domain/canary.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { showDuration, showPercent } from '../domain/show.ts'
import { millis } from '../domain/units.ts'
import type { ActDraft, ActionName } from './act-draft.ts'
import type { CanaryDraft, ReleaseDraft, RollingDraft } from './release-shape.ts'
import type { Report } from './report.ts'

export function releaseOf(draft: ReleaseDraft, at: SourcePoint): Omit<ActDraft, 'at'> {
  const { deployment, image, annotations, within, rollBackWithin } = draft
  const base = {
    kind: 'release',
    workload: { kind: 'Deployment', name: deployment },
    images: image ?? {},
    annotations: annotations ?? {},
    withinMs: within.value,
    backWithinMs: rollBackWithin.value,
  } as const
  return {
    act:
      draft.shape === 'canary' ? { ...base, shape: 'canary', canary: canaryOf(draft) } : { ...base, shape: 'rolling' },
    mayMoveDatabase: true,
    times: {
      done: { what: 'The release', within },
      undone: { what: 'The rollback', within: rollBackWithin },
    },
    check: (action, report) => {
      if (draft.shape === 'canary') checkCanary(draft, action, report)
      else checkRolling(draft, at, action, report)
      if (action.lastsMs !== undefined) return
      const problem = `The release "${action.name}" has no time after which it is rolled back.`
      report(action.at, 'missing-key', problem, 'add for: 60s.')
    },
  }
}

function checkRolling(
  { image, annotations }: RollingDraft,
  at: SourcePoint,
  { name }: ActionName,
  report: Report,
): void {
  if (Object.keys({ ...image, ...annotations }).length === 0)
    report(at, 'missing-key', `The release "${name}" changes nothing.`, 'add image or annotations.')
}

/** Its steps rise and fit into the time of the action. */
function checkCanary(draft: CanaryDraft, { lastsMs }: ActionName, report: Report): void {
  const { steps, hold, within } = draft
  const fallen = steps.value.find((share, index) => index > 0 && share <= (steps.value[index - 1] ?? 0))
  if (fallen !== undefined) {
    const problem = `The step to ${showPercent(fallen)} comes after one that is not smaller.`
    report(steps.at, 'wrong-value', problem, 'let the shares rise: [5%, 25%, 100%].')
  }
  const extraMs: number = draft.extraHold ?? 0
  const needs = within.value + steps.value.length * hold.value + extraMs
  if (lastsMs === undefined || needs <= lastsMs) return
  const parts = `${showDuration(within.value)} until its pods are Ready, ${steps.value.length} steps of ${showDuration(hold.value)}, ${showDuration(extraMs)} more`
  const problem = `The steps need up to ${showDuration(needs)} (${parts}), and the action lasts ${showDuration(lastsMs)}.`
  report(hold.at, 'expectation-unobservable', problem, 'let the action last longer, or shorten hold or extraHold.')
}

function canaryOf({ replicas, route, stable, canary, steps, hold, extraHold, gate }: CanaryDraft): Canary {
  const { latency } = gate
  return {
    replicas,
    route,
    stable,
    canary,
    steps: steps.value,
    holdMs: hold.value,
    extraMs: extraHold ?? millis(0),
    gate: {
      stable: gate.stable.value,
      canary: gate.canary.value,
      where: gate.where ?? [],
      errors: gate.errors,
      ...(latency === undefined ? {} : { latency: { ...latency, histogram: latency.histogram.value } }),
      slis: (gate.slis ?? []).map(({ value }) => value),
    },
  }
}
