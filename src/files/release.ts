/** Turns a release of a file into a domain value, and checks its own rules. */
import type { ReleaseShape } from '../domain/action.ts'
import type { Canary, CanaryGate } from '../domain/canary.ts'
import type { ConfigRelease } from '../domain/configuration.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { Migration } from '../domain/migration.ts'
import { ANSWERS_ROOM, type Shadow, windowShares } from '../domain/shadow.ts'
import { showDuration, showPercent } from '../domain/show.ts'
import { type Millis, millis, ratio } from '../domain/units.ts'
import { type Cohorts, PREVIEW_ROOM } from '../domain/visit.ts'
import type { ActDraft, ActionName } from './act-draft.ts'
import type { CanaryDraft, ReleaseDraft, RollingDraft, ShadowDraft } from './release-shape.ts'
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
    case 'shadow': {
      const { share, pairs, window } = draft
      const canary = canaryOf({ ...draft, hold: window }, windowShares({ share, pairs }), gateOf(draft.gate))
      return { shape: 'shadow', canary, shadow: shadowOf(draft) }
    }
    case 'a-b':
      return { shape: 'a-b', canary: canaryOf(draft, [ratio(1)], gateOf(draft.gate)), cohorts: draft.cohorts }
    default:
      return {
        shape: 'rolling',
        ...(draft.config === undefined ? {} : { config: configOf(draft.config) }),
        ...(draft.migration === undefined ? {} : { migration: migrationOf(draft.migration) }),
      }
  }
}

function configOf(draft: NonNullable<RollingDraft['config']>): ConfigRelease {
  if ('replaceBy' in draft) return { kind: 'replaced', configMap: draft.configMap, by: draft.replaceBy }
  const { configMap, set, checksum } = draft
  return { kind: 'values', configMap, set, ...(checksum === undefined ? {} : { checksum }) }
}

const migrationOf = ({ run, within, waits }: NonNullable<RollingDraft['migration']>): Migration => ({
  run,
  withinMs: within.value,
  waitsMs: waits.value,
})

function checkShape(draft: ReleaseDraft, at: SourcePoint, action: ActionName, report: Report): void {
  if ('stable' in draft && draft.stable === draft.canary) {
    const problem = `The release "${action.name}" names ${draft.stable} as the Service of both releases, so that all requests go to both.`
    report(at, 'wrong-value', problem, 'name the Service of the new release under canary.')
  }
  switch (draft.shape) {
    case 'canary':
      return checkCanary(draft, action, report)
    case 'blue-green':
      return checkTime(draft, 1, action, report, { ms: PREVIEW_ROOM, what: 'preview' })
    case 'shadow':
      return checkWindows(draft, action, report)
    case 'a-b':
      checkTold(draft.cohorts, at, report)
      return checkTime(draft, 1, action, report)
    default:
      return checkRolling(draft, at, action, report)
  }
}

function checkRolling(
  { image, annotations, config, migration, within }: RollingDraft,
  at: SourcePoint,
  { name, lastsMs }: ActionName,
  report: Report,
): void {
  const needs = (migration?.within.value ?? 0) + within.value
  if (migration !== undefined && lastsMs !== undefined && needs > lastsMs) {
    const problem = `The migration and the release may take ${showDuration(millis(needs))}, and the action lasts ${showDuration(millis(lastsMs))}.`
    report(migration.within.at, 'expectation-unobservable', problem, `${LONGER}, or shorten one of the two.`)
  }
  if (config === undefined && migration === undefined && Object.keys({ ...image, ...annotations }).length === 0)
    report(at, 'missing-key', `The release "${name}" changes nothing.`, 'add image, annotations, config or migration.')
  if (config === undefined) return
  if ('replaceBy' in config && config.replaceBy === config.configMap)
    report(
      at,
      'wrong-value',
      `The release "${name}" replaces ${config.configMap} by itself.`,
      'name another ConfigMap.',
    )
  if ('set' in config && Object.keys(config.set).length === 0)
    report(at, 'missing-key', `The release "${name}" sets no key of ${config.configMap}.`, 'add a key to set.')
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

type Waits = { readonly ms: Millis; readonly what: string }

function checkTime(
  { hold, within, extraHold }: Pick<CanaryDraft, 'hold' | 'within'> & Partial<Pick<CanaryDraft, 'extraHold'>>,
  steps: number,
  action: ActionName,
  report: Report,
  before?: Waits,
): void {
  const extraMs: number = extraHold ?? 0
  const needs = within.value + (before?.ms ?? 0) + steps * hold.value + extraMs
  const held = steps === 1 ? `a hold of ${showDuration(hold.value)}` : `${steps} steps of ${showDuration(hold.value)}`
  const parts = [...startWords(within.value, before), held, `${showDuration(extraMs)} more`]
  if (isLonger(needs, action))
    report(
      hold.at,
      'expectation-unobservable',
      tooLong(needs, parts, action),
      `${LONGER}, or shorten hold or extraHold.`,
    )
}

function checkWindows({ window, pairs, answers, within }: ShadowDraft, action: ActionName, report: Report): void {
  const before = answers && { ms: ANSWERS_ROOM, what: 'answers' }
  const needs = within.value + (before?.ms ?? 0) + 2 * pairs * window.value
  const parts = [...startWords(within.value, before), `${2 * pairs} windows of ${showDuration(window.value)}`]
  if (isLonger(needs, action))
    report(
      window.at,
      'expectation-unobservable',
      tooLong(needs, parts, action),
      `${LONGER}, or shorten window or pairs.`,
    )
}

const LONGER = 'let the action last longer'

const isLonger = (needs: number, { lastsMs }: ActionName): boolean => lastsMs !== undefined && needs > lastsMs

const startWords = (withinMs: Millis, before: Waits | undefined): readonly string[] => [
  `${showDuration(withinMs)} until its pods are Ready`,
  ...(before === undefined ? [] : [`${showDuration(before.ms)} for its ${before.what}`]),
]

const tooLong = (needs: number, parts: readonly string[], { lastsMs }: ActionName): string =>
  `The steps need up to ${showDuration(needs)} (${parts.join(', ')}), and the action lasts ${showDuration(lastsMs ?? 0)}.`

function shadowOf({ share, pairs, latency, answers }: ShadowDraft): Shadow {
  return {
    share,
    pairs,
    ...(latency === undefined ? {} : { latency: { sli: latency.sli.value, atMost: latency.atMost } }),
    ...(answers === undefined ? {} : { answers }),
  }
}

function checkTold({ answeredBy: { header, stable, canary } }: Cohorts, at: SourcePoint, report: Report): void {
  if (stable !== canary) return
  const problem = `Both releases answer with ${header}: ${stable}, so they cannot be told apart.`
  report(at, 'wrong-value', problem, 'let a filter of the route, or the service itself, name the release.')
}

type Beside = Pick<CanaryDraft, 'replicas' | 'route' | 'stable' | 'canary' | 'hold'> &
  Partial<Pick<CanaryDraft, 'extraHold'>>

function canaryOf(
  { replicas, route, stable, canary, hold, extraHold }: Beside,
  steps: Canary['steps'],
  gate: CanaryGate,
): Canary {
  return { replicas, route, stable, canary, steps, holdMs: hold.value, extraMs: extraHold ?? millis(0), gate }
}

function gateOf(gate: ShadowDraft['gate'] & Partial<Pick<CanaryDraft['gate'], 'latency' | 'slis'>>): CanaryGate {
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
