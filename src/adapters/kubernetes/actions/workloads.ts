/** Actions on Deployments and StatefulSets: scale and rollout. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { FieldValue, Settled } from '../../../domain/evidence.ts'
import type { Act, Workload } from '../../../domain/rehearsal.ts'
import { after } from '../../../domain/units.ts'
import { demand, itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type LabelSelector, selects } from '../../../protocols/kubernetes/label-selector.ts'
import { fields } from '../fields.ts'
import { type ActionContext, change, LOOK_EVERY, restoreOf } from './change.ts'
import { untilSettled } from './settled.ts'

/** The annotation that `kubectl rollout restart` sets, so that `kubectl rollout history` shows it as usual. */
const RESTARTED_FIELD = ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'] as const
export const REPLICAS_FIELD = ['spec', 'replicas'] as const

export const workloadPath = ({ kind, name }: Workload, namespace: string): string =>
  `${kind === 'Deployment' ? paths.deployments(namespace) : paths.statefulSets(namespace)}/${name}`

export function onWorkload(
  context: ActionContext,
  act: Extract<Act, { kind: 'scale' | 'rollout' }>,
): Promise<PreparedAction> {
  const title = `${act.workload.kind} ${act.workload.name}`
  if (act.kind === 'scale')
    return rolling(context, act.workload, REPLICAS_FIELD, act.replicas, `${title} has ${act.replicas} replicas`)
  const now = new Date(context.clock.now()).toISOString()
  return rolling(context, act.workload, RESTARTED_FIELD, now, `every pod of ${title} was replaced`)
}

/**
 * One field is written and its controller does the rest. Restoring the old value during a rollout returns the pods to the former template, which
 * still exists as a revision. `kubectl rollout undo` does the same.
 */
async function rolling(
  context: ActionContext,
  workload: Workload,
  field: readonly string[],
  value: FieldValue,
  note: string,
): Promise<PreparedAction> {
  const path = workloadPath(workload, context.target)
  const settled: Settled = { kind: 'rolled-out', path }
  const object = (await demand(context.api, { method: 'GET', path })) as KubeObject
  const undo = restoreOf(object, path, field, value, settled)
  return {
    undos: undo === undefined ? [] : [undo],
    perform: async (onStep, signal) => {
      if (undo !== undefined) await change(context, undo, signal)
      onStep({ is: 'begun', targets: [`${workload.kind}/${context.target}/${workload.name}`] })
      await untilSettled(context, settled, () => false, signal)
      await untilOldPodsAreGone(context, object, signal)
      onStep({ is: 'done', note })
    },
  }
}

/** A rollout counts as complete while its last old pods still finish their requests. The harm is over when they are gone. */
export async function untilOldPodsAreGone(
  context: ActionContext,
  workload: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const selector = fields(workload.spec).selector as LabelSelector | undefined
  const path = paths.pods(context.target, selector?.matchLabels)
  for (;;) {
    const pods = itemsOf(await demand(context.api, { method: 'GET', path, signal }))
    const going = pods.filter(
      ({ metadata }) => metadata.deletionTimestamp !== undefined && selects(selector ?? {}, metadata.labels ?? {}),
    )
    if (going.length === 0) return
    await context.clock.until(after(context.clock.now(), LOOK_EVERY), signal)
  }
}
