/** Changes of Deployments and StatefulSets: another number of replicas, and a rolling restart. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn, Workload } from '../../../domain/change.ts'
import type { FieldValue, Settled } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { after } from '../../../domain/units.ts'
import { demand, find, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { type LabelSelector, selects } from '../../../protocols/kubernetes/label-selector.ts'
import { fields, text } from '../fields.ts'
import { type ActionContext, change, LOOK_EVERY, restoreOf } from './change.ts'
import {
  CHANGED,
  type ChangeEnactor,
  type Checked,
  type Enacting,
  issueOf,
  type LiveInventory,
  listAt,
  missing,
  type Resource,
} from './enactor.ts'
import { untilSettled } from './settled.ts'

/** The annotation that `kubectl rollout restart` sets, so that `kubectl rollout history` shows it as usual. */
const RESTARTED_FIELD = ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'] as const
export const REPLICAS_FIELD = ['spec', 'replicas'] as const

export const workloadPath = ({ kind, name }: Workload, namespace: string): string =>
  `${kind === 'Deployment' ? paths.deployments(namespace) : paths.statefulSets(namespace)}/${name}`

type OnWorkload = { readonly workload: Workload }

/** What a change of any workload needs. A namespace's pods are what it may hit. */
export const onWorkload = {
  needs: ({ workload }: OnWorkload, { namespace }: Target): readonly Resource[] => [
    { group: 'apps', resource: `${workload.kind.toLowerCase()}s`, namespace, verbs: CHANGED },
  ],
  inventory: async (api: KubernetesApi, { workload }: OnWorkload, { namespace }: Target): Promise<LiveInventory> => {
    const [nodes, pods, found] = await Promise.all([
      listAt(api, paths.nodes),
      listAt(api, paths.pods(namespace)),
      find(api, { method: 'GET', path: workloadPath(workload, namespace) }) as Promise<KubeObject | undefined>,
    ])
    return { nodes, pods, workloads: found === undefined ? [] : [{ ...found, kind: workload.kind }] }
  },
}

export const replicas: ChangeEnactor<ChangeOn<'replicas'>> = {
  ...onWorkload,
  problem: whyNotScaled,
  prepare: (enacting) => rolling(enacting, REPLICAS_FIELD, enacting.change.replicas),
}

export const pods: ChangeEnactor<ChangeOn<'pods'>> = {
  ...onWorkload,
  problem: ({ api, action, change: { workload }, target }) =>
    missing(api, action, workloadPath(workload, target.namespace)),
  prepare: (enacting) => rolling(enacting, RESTARTED_FIELD, new Date(enacting.clock.now()).toISOString()),
}

/** An autoscaler would revert the scale at its next sync, so neither the harm nor its undo would be ours. */
async function whyNotScaled({
  api,
  action,
  change: { workload },
  target: { namespace },
}: Checked<ChangeOn<'replicas'>>): Promise<Issue | undefined> {
  const owner = await ownerOf(api, workload, namespace)
  if (owner === undefined) return missing(api, action, workloadPath(workload, namespace))
  const problem = `${workload.kind} ${workload.name} is scaled by the autoscaler ${owner.metadata.name}, which would set it back`
  return issueOf(action, 'workload-autoscaled', problem, 'Scale another workload, or let the load move the autoscaler.')
}

/** The autoscaler of a workload. */
export async function ownerOf(
  api: KubernetesApi,
  workload: Workload,
  namespace: string,
): Promise<KubeObject | undefined> {
  const { json } = await api.request({ method: 'GET', path: paths.autoscalers(namespace) })
  return itemsOf(json).find((autoscaler) => {
    const { kind, name } = fields(fields(autoscaler.spec).scaleTargetRef)
    return text(kind) === workload.kind && text(name) === workload.name
  })
}

/**
 * One field is written and its controller does the rest. Restoring the old value during a rollout returns the pods to the former template, which
 * still exists as a revision. `kubectl rollout undo` does the same.
 */
async function rolling(
  enacting: Enacting<OnWorkload>,
  field: readonly string[],
  value: FieldValue,
): Promise<PreparedAction> {
  const { api, target, targets, note } = enacting
  const path = workloadPath(enacting.change.workload, target)
  const settled: Settled = { kind: 'rolled-out', path }
  const object = (await demand(api, { method: 'GET', path })) as KubeObject
  const undo = restoreOf(object, path, field, value, settled)
  return {
    undos: undo === undefined ? [] : [undo],
    perform: async (onStep, signal) => {
      if (undo !== undefined) await change(enacting, undo, signal)
      onStep({ is: 'begun', targets })
      await untilSettled(enacting, settled, () => false, signal)
      await untilOldPodsAreGone(enacting, object, signal)
      onStep({ is: 'done', note: note(0) })
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
