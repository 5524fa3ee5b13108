/** Turns a release of a file into a domain value, and checks its own rules. */
import type { ReleaseShape } from '../domain/action.ts'
import type { Canary, CanaryGate } from '../domain/canary.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { showDuration, showPercent } from '../domain/show.ts'
import { millis, ratio } from '../domain/units.ts'
import { type Cohorts, PREVIEW_ROOM } from '../domain/visit.ts'
import type { ActDraft, ActionName } from './act-draft.ts'
import type { ABDraft, BlueGreenDraft, CanaryDraft, ReleaseDraft, RollingDraft } from './release-shape.ts'
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
    act: { ...base, ...shapeOf(draft) },
    mayMoveDatabase: true,
    times: {
      done: { what: 'The release', within },
      undone: { what: 'The rollback', within: rollBackWithin },
    },
    check: (action, report) => {
      checkShape(draft, at, action, report)
      if (action.lastsMs !== undefined) return
      const problem = `The release "${action.name}" has no time after which it is rolled back.`
      report(action.at, 'missing-key', problem, 'add for: 60s.')
    },
  }
}

function shapeOf(draft: ReleaseDraft): ReleaseShape {
  switch (draft.shape) {
    case 'canary':
      return { shape: 'canary', canary: canaryOf(draft, draft.steps.value, gateOf(draft.gate)) }
    case 'blue-green':
      return {
        shape: 'blue-green',
        canary: canaryOf(draft, [ratio(1)], gateOf(draft.gate)),
        preview: draft.preview,
      }
    case 'a-b':
      return { shape: 'a-b', canary: canaryOf(draft, [ratio(1)], gateOf(draft.gate)), cohorts: draft.cohorts }
    default:
      return { shape: 'rolling' }
  }
}

function checkShape(draft: ReleaseDraft, at: SourcePoint, action: ActionName, report: Report): void {
  switch (draft.shape) {
    case 'canary':
      return checkCanary(draft, action, report)
    case 'blue-green':
      return checkTime(draft, 1, action, report, PREVIEW_ROOM)
    case 'a-b':
      checkTold(draft.cohorts, at, report)
      return checkTime(draft, 1, action, report)
    default:
      return checkRolling(draft, at, action, report)
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
function checkCanary(draft: CanaryDraft, action: ActionName, report: Report): void {
  const { steps } = draft
  const fallen = steps.value.find((share, index) => index > 0 && share <= (steps.value[index - 1] ?? 0))
  if (fallen !== undefined) {
    const problem = `The step to ${showPercent(fallen)} is not larger than the step before it.`
    report(steps.at, 'wrong-value', problem, 'let the shares rise: [5%, 25%, 100%].')
  }
  checkTime(draft, steps.value.length, action, report)
}

function checkTime(
  { hold, within, extraHold }: CanaryDraft | BlueGreenDraft | ABDraft,
  steps: number,
  { lastsMs }: ActionName,
  report: Report,
  previewMs = millis(0),
): void {
  const extraMs: number = extraHold ?? 0
  const needs = within.value + previewMs + steps * hold.value + extraMs
  if (lastsMs === undefined || needs <= lastsMs) return
  const held = steps === 1 ? `a hold of ${showDuration(hold.value)}` : `${steps} steps of ${showDuration(hold.value)}`
  const preview = previewMs > 0 ? `${showDuration(previewMs)} for its preview, ` : ''
  const parts = `${showDuration(within.value)} until its pods are Ready, ${preview}${held}, ${showDuration(extraMs)} more`
  const problem = `The steps need up to ${showDuration(needs)} (${parts}), and the action lasts ${showDuration(lastsMs)}.`
  report(hold.at, 'expectation-unobservable', problem, 'let the action last longer, or shorten hold or extraHold.')
}

function checkTold({ answeredBy: { header, stable, canary } }: Cohorts, at: SourcePoint, report: Report): void {
  if (stable !== canary) return
  const problem = `Both releases answer with ${header}: ${stable}, so they cannot be told apart.`
  report(at, 'wrong-value', problem, 'let a filter of the route, or the service itself, name the release.')
}

function canaryOf(
  { replicas, route, stable, canary, hold, extraHold }: CanaryDraft | BlueGreenDraft | ABDraft,
  steps: Canary['steps'],
  gate: CanaryGate,
): Canary {
  return { replicas, route, stable, canary, steps, holdMs: hold.value, extraMs: extraHold ?? millis(0), gate }
}

function gateOf(gate: BlueGreenDraft['gate'] & Partial<Pick<CanaryDraft['gate'], 'latency'>>): CanaryGate {
  const { latency } = gate
  return {
    stable: gate.stable.value,
    canary: gate.canary.value,
    where: gate.where ?? [],
    errors: gate.errors,
    ...(latency === undefined ? {} : { latency: { ...latency, histogram: latency.histogram.value } }),
    slis: (gate.slis ?? []).map(({ value }) => value),
  }
}
