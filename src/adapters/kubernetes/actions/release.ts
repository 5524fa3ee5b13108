/**
 * A release by rolling update: one PATCH of the pod template, and the Deployment's controller does the rest. Its undo writes the values before, which
 * brings the former revision back, as `kubectl rollout undo` does.
 */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { ActionStepData, Settled, TemplateValues, Undo } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { showDuration } from '../../../domain/show.ts'
import { after, type Millis } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import { demand, itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type LabelSelector, selects } from '../../../protocols/kubernetes/label-selector.ts'
import { fields, list, text } from '../fields.ts'
import { type ActionContext, change } from './change.ts'
import { missingConfig, type PlannedConfig, planConfig, sameConfig, whyNotTaken } from './configuration.ts'
import {
  CHANGED,
  type ChangeEnactor,
  type Checked,
  type Enacting,
  issueOf,
  noSuchObject,
  type Resource,
  readIfAllowed,
} from './enactor.ts'
import { migrate, migrationNeeds, planMigration, whyNotMigrated } from './migration.ts'
import { untilSettled } from './settled.ts'
import { containerNames, imageOf, valuesNow } from './template.ts'
import { onWorkload, untilOldPodsAreGone, workloadPath } from './workloads.ts'

type Release = ChangeOn<'pod-template'>
/** A release before its times are known. */
type Released = Pick<Release, 'workload'> & TemplateValues

export const podTemplate: ChangeEnactor<Release> = { ...onWorkload, needs, problem: whyNotAdmitted, prepare: release }

function needs(change: Release, target: Target): readonly Resource[] {
  const { namespace } = target
  const config: Resource = { group: '', resource: 'configmaps', namespace, verbs: CHANGED }
  return [
    ...onWorkload.needs(change, target),
    ...migrationNeeds(change, target),
    ...(change.config === undefined ? [] : [config]),
  ]
}

async function whyNotAdmitted(checked: Checked<Release>): Promise<Issue | undefined> {
  const { api, action, change, target } = checked
  const path = workloadPath(change.workload, target.namespace)
  const object = await readIfAllowed(api, path)
  if (object === 'forbidden') return undefined
  if (object === 'missing') return noSuchObject(api, action, path)
  const { config, migration } = change
  const isMore = config !== undefined || migration !== undefined
  const found = isMore ? whyNotRolledOut(object, change) : whyNotReleased(object, change)
  if (found !== undefined) return issueOf(action, found.code, found.problem, found.next)
  const standing = await whyNotMigrated(checked)
  if (standing !== undefined || config === undefined) return standing
  return whyNotConfigured(checked, config, object)
}

async function whyNotConfigured(
  checked: Checked<Release>,
  config: NonNullable<Release['config']>,
  object: KubeObject,
): Promise<Issue | undefined> {
  const { api, action, change, target } = checked
  const gone = await missingConfig(checked, config)
  if (gone !== undefined) return gone === 'forbidden' ? undefined : gone
  const idle = whyNotTaken(object, change.workload, config)
  if (idle !== undefined) return issueOf(action, idle.code, idle.problem, idle.next)
  const planned = await planConfig(api, target.namespace, config, object, change)
  return planned.was === planned.now ? sameConfig(checked, planned) : undefined
}

async function release(enacting: Enacting<Release>): Promise<PreparedAction> {
  const { targets, note } = enacting
  const { workload, withinMs } = enacting.change
  const path = workloadPath(workload, enacting.target)
  const object = (await demand(enacting.api, { method: 'GET', path })) as KubeObject
  const config = await configOf(enacting, object)
  const wanted = { ...enacting.change, ...config?.template }
  const migration = planMigration(enacting.change, enacting.settings)
  const isMore = config?.values !== undefined || migration !== undefined
  const problem = isMore ? whyNotRolledOut(object, wanted) : whyNotReleased(object, wanted)
  if (problem !== undefined) throw new Error(problem.problem)
  const undo = restoreTemplate(object, path, wanted)
  const values = config?.values
  return {
    undos: [undo, values, migration?.undo].filter((each) => each !== undefined),
    perform: async (onStep, signal) => {
      if (migration !== undefined) {
        onStep({ is: 'begun', targets })
        await migrate(enacting, migration, onStep, signal)
      }
      // Pods that the new template starts read the values when they start.
      if (values !== undefined) await change(enacting, values, signal)
      if (undo !== undefined) await change(enacting, undo, signal)
      if (migration === undefined) onStep({ is: 'begun', targets })
      if (config !== undefined) onStep(writtenStep(config))
      if (undo !== undefined) {
        await untilRolledOut(enacting, object, undo.settled, withinMs, signal)
        await untilOldPodsAreGone(enacting, object, signal)
      }
      onStep({ is: 'done', note: note(0) })
    },
  }
}

const configOf = async ({ api, target, change }: Enacting<Release>, object: KubeObject) =>
  change.config && planConfig(api, target, change.config, object, change)

const writtenStep = ({ configMap, was, now, taken }: PlannedConfig): ActionStepData => ({
  is: 'config-written',
  configMap,
  was,
  now,
  taken,
})

/** Undefined if the template holds all of it: then no pod is replaced. */
function restoreTemplate(
  object: KubeObject,
  path: string,
  wanted: Released,
): Extract<Undo, { does: 'restore-template' }> | undefined {
  const wrote = whatDiffers(object, wanted)
  if (isEmpty(wrote)) return undefined
  const settled = { kind: 'rolled-out', path } as const
  return { does: 'restore-template', path, wrote, was: valuesNow(object, wrote), settled }
}

const isEmpty = ({ images, annotations, configMaps }: TemplateValues): boolean =>
  Object.keys({ ...images, ...annotations, ...configMaps }).length === 0

/** Throws when it is not complete in time, with what its containers wait for. */
export async function untilRolledOut(
  context: ActionContext,
  workload: KubeObject,
  settled: Settled,
  withinMs: Millis,
  signal: AbortSignal,
): Promise<void> {
  const deadline = after(context.clock.now(), withinMs)
  const late = () => context.clock.now() >= deadline
  await untilSettled(context, settled, late, signal).catch(async (error: unknown) => {
    if (!late() || signal.aborted) throw error
    const waiting = await waitingContainers(context, workload).catch(() => [])
    const why = [messageOf(error), ...waiting].join('; ')
    throw new Error(`not rolled out within ${showDuration(withinMs)}, so it is rolled back: ${why}`)
  })
}

/** Reasons shown; the pods of one release mostly wait for the same. */
const REASONS_SHOWN = 3

/** What containers of its pods wait for, as `app in orders-7d4b-x waits: ImagePullBackOff`. */
async function waitingContainers({ api, target }: ActionContext, workload: KubeObject): Promise<readonly string[]> {
  const selector = fields(workload.spec).selector as LabelSelector | undefined
  const pods = itemsOf(await demand(api, { method: 'GET', path: paths.pods(target, selector?.matchLabels) }))
  const reasons = pods
    .filter(({ metadata }) => selects(selector ?? {}, metadata.labels ?? {}))
    .flatMap(({ metadata, status }) =>
      list(fields(status).containerStatuses).flatMap(({ name, state }) => {
        const reason = text(fields(fields(state).waiting).reason)
        return reason === '' ? [] : [`${text(name)} in ${metadata.name} waits: ${reason}`]
      }),
    )
  return reasons.slice(0, REASONS_SHOWN)
}

/** Finds what would block a release, before anything is changed. */
export type Obstacle = { readonly code: string; readonly problem: string; readonly next: string }

/** Why this release would not be one, or could not be rolled out. */
export function whyNotReleased(object: KubeObject, act: Released): Obstacle | undefined {
  const unfit = whyNotRolledOut(object, act)
  if (unfit !== undefined) return unfit
  if (!isEmpty(whatDiffers(object, act))) return undefined
  const problem = `the pod template of ${act.workload.kind} ${act.workload.name} holds all of this already, so nothing would be rolled out`
  return { code: 'release-changes-nothing', problem, next: 'Name another image, or another value of the annotation.' }
}

/** Why this template could not be rolled out, whether or not it changes anything. */
export function whyNotRolledOut(
  object: KubeObject,
  { workload, images }: Pick<Released, 'workload' | 'images'>,
): Obstacle | undefined {
  const name = `${workload.kind} ${workload.name}`
  const stranger = Object.keys(images).find((container) => imageOf(object, container) === undefined)
  if (stranger !== undefined) {
    const next = `It has ${containerNames(object).join(', ')}.`
    return { code: 'object-missing', problem: `${name} has no container ${stranger}`, next }
  }
  if (fields(object.spec).paused === true) {
    const next = `Resume it first: kubectl rollout resume deployment/${workload.name}`
    return { code: 'rollout-paused', problem: `the rollout of ${name} is paused, so nothing would be rolled out`, next }
  }
  return undefined
}

/** What the template does not hold yet: only this is written and taken back. */
export function whatDiffers(object: KubeObject, { images, annotations, configMaps }: Released): TemplateValues {
  const now = valuesNow(object, { images, annotations, ...(configMaps === undefined ? {} : { configMaps }) })
  const differing = <T>(wanted: Readonly<Record<string, T>>, has: Readonly<Record<string, string | null>> = {}) =>
    Object.fromEntries(Object.entries(wanted).filter(([name, value]) => has[name] !== value))
  return {
    images: differing(images, now.images),
    annotations: differing(annotations, now.annotations),
    ...(configMaps === undefined ? {} : { configMaps: differing(configMaps, now.configMaps) }),
  }
}
