/**
 * A release by rolling update: one PATCH of the pod template, and the Deployment's controller does the rest. Its undo writes the values before, which
 * brings the former revision back, as `kubectl rollout undo` does.
 */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn, PodTemplate } from '../../../domain/change.ts'
import type { Settled, Undo } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import { showDuration } from '../../../domain/show.ts'
import { after, type Millis } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import { demand, itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type LabelSelector, selects } from '../../../protocols/kubernetes/label-selector.ts'
import { fields, list, text } from '../fields.ts'
import { type ActionContext, change } from './change.ts'
import { type ChangeEnactor, type Checked, type Enacting, issueOf, noSuchObject, readIfAllowed } from './enactor.ts'
import { untilSettled } from './settled.ts'
import { containerNames, imageOf, valuesNow } from './template.ts'
import { onWorkload, untilOldPodsAreGone, workloadPath } from './workloads.ts'

type Release = ChangeOn<'pod-template'>
/** A release before its times are known. */
type Released = Pick<Release, 'workload' | 'images' | 'annotations'>

export const podTemplate: ChangeEnactor<Release> = { ...onWorkload, problem: whyNotAdmitted, prepare: release }

async function whyNotAdmitted({ api, action, change, target }: Checked<Release>): Promise<Issue | undefined> {
  const path = workloadPath(change.workload, target.namespace)
  const object = await readIfAllowed(api, path)
  if (object === 'forbidden') return undefined
  if (object === 'missing') return noSuchObject(api, action, path)
  const found = whyNotReleased(object, change)
  return found && issueOf(action, found.code, found.problem, found.next)
}

async function release(enacting: Enacting<Release>): Promise<PreparedAction> {
  const { targets, note } = enacting
  const { workload, withinMs } = enacting.change
  const path = workloadPath(workload, enacting.target)
  const object = (await demand(enacting.api, { method: 'GET', path })) as KubeObject
  const problem = whyNotReleased(object, enacting.change)
  if (problem !== undefined) throw new Error(problem.problem)
  const wrote = whatDiffers(object, enacting.change)
  const undo: Extract<Undo, { does: 'restore-template' }> = {
    does: 'restore-template',
    path,
    wrote,
    was: valuesNow(object, wrote),
    settled: { kind: 'rolled-out', path },
  }
  return {
    undos: [undo],
    perform: async (onStep, signal) => {
      await change(enacting, undo, signal)
      onStep({ is: 'begun', targets })
      await untilRolledOut(enacting, object, undo.settled, withinMs, signal)
      await untilOldPodsAreGone(enacting, object, signal)
      onStep({ is: 'done', note: note(0) })
    },
  }
}

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
  const { images: others, annotations } = whatDiffers(object, act)
  if (Object.keys({ ...others, ...annotations }).length > 0) return undefined
  const problem = `the pod template of ${act.workload.kind} ${act.workload.name} holds all of this already, so nothing would be rolled out`
  return { code: 'release-changes-nothing', problem, next: 'Name another image, or another value of the annotation.' }
}

/** Why this template could not be rolled out, whether or not it changes anything. */
export function whyNotRolledOut(object: KubeObject, { workload, images }: Released): Obstacle | undefined {
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
export function whatDiffers(object: KubeObject, { images, annotations }: Released): PodTemplate {
  const now = valuesNow(object, { images, annotations })
  const differing = (wanted: Readonly<Record<string, string>>, has: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(Object.entries(wanted).filter(([name, value]) => has[name] !== value))
  return { images: differing(images, now.images), annotations: differing(annotations, now.annotations) }
}
