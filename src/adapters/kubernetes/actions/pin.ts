/**
 * Holds a Deployment at a number of replicas. KEDA is paused by its annotation, an HPA gets an equal minimum and maximum, and without an autoscaler
 * the Deployment itself is scaled.
 */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn, Workload } from '../../../domain/change.ts'
import { after } from '../../../domain/units.ts'
import { demand, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { count, fields, list, text } from '../fields.ts'
import { change, fieldAt, LOOK_EVERY, type RestoreField, restoreOf } from './change.ts'
import { CHANGED, type ChangeEnactor, type Enacting, missing } from './enactor.ts'
import { untilSettled } from './settled.ts'
import { onWorkload, REPLICAS_FIELD, workloadPath } from './workloads.ts'

type Pinned = ChangeOn<'pinned-replicas'>

/** KEDA scales to this number and stops there (keda.sh/docs, "Pausing autoscaling"). */
const KEDA_PAUSE = ['metadata', 'annotations', 'autoscaling.keda.sh/paused-replicas'] as const

export const pinnedReplicas: ChangeEnactor<Pinned> = {
  ...onWorkload,
  needs: (change, target) => [
    ...onWorkload.needs(change, target),
    { group: 'autoscaling', resource: 'horizontalpodautoscalers', namespace: target.namespace, verbs: CHANGED },
  ],
  problem: ({ api, action, change: { workload }, target }) =>
    missing(api, action, workloadPath(workload, target.namespace)),
  prepare: pin,
}

async function pin(enacting: Enacting<Pinned>): Promise<PreparedAction> {
  const { api, target, targets, note } = enacting
  const { workload, replicas } = enacting.change
  const path = workloadPath(workload, target)
  const undos = pinning(await whoScales(api, workload, target), replicas)
  return {
    undos,
    perform: async (onStep, signal) => {
      for (const undo of undos) await change(enacting, undo, signal)
      onStep({ is: 'begun', targets })
      await untilScaled(enacting, path, signal)
      await untilSettled(enacting, { kind: 'rolled-out', path }, () => false, signal)
      onStep({ is: 'done', note: note(0) })
    },
  }
}

type Scaler = { readonly kind: 'keda' | 'hpa' | 'none'; readonly path: string; readonly object: KubeObject }

async function whoScales(api: KubernetesApi, workload: Workload, namespace: string): Promise<Scaler> {
  const scalers = itemsOf(await demand(api, { method: 'GET', path: paths.autoscalers(namespace) }))
  const hpa = scalers.find(({ spec }) => {
    const { kind, name } = fields(fields(spec).scaleTargetRef)
    return text(kind) === workload.kind && text(name) === workload.name
  })
  if (hpa === undefined) return at('none', workloadPath(workload, namespace))
  const owner = list(fields(hpa.metadata).ownerReferences).find(({ kind }) => kind === 'ScaledObject')
  return owner === undefined
    ? at('hpa', `${paths.autoscalers(namespace)}/${hpa.metadata.name}`)
    : at('keda', `${paths.scaledObjects(namespace)}/${text(owner.name)}`)

  async function at(kind: Scaler['kind'], path: string): Promise<Scaler> {
    return { kind, path, object: (await demand(api, { method: 'GET', path })) as KubeObject }
  }
}

/** Ordered so that the minimum of an HPA never exceeds its maximum. The undo runs in reverse order through the same states. */
export function pinning({ kind, path, object }: Scaler, replicas: number): readonly RestoreField[] {
  const write = (field: readonly string[], value: number | string) => restoreOf(object, path, field, value) ?? []
  switch (kind) {
    case 'none':
      return [write(REPLICAS_FIELD, replicas)].flat()
    case 'keda':
      return [write(KEDA_PAUSE, String(replicas))].flat()
    case 'hpa': {
      const [least, most] = [write(['spec', 'minReplicas'], replicas), write(['spec', 'maxReplicas'], replicas)]
      return (replicas > count(fields(object.spec).maxReplicas) ? [most, least] : [least, most]).flat()
    }
  }
}

/** An autoscaler writes the number at its next sync. */
async function untilScaled({ api, clock, change }: Enacting<Pinned>, path: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const workload = await demand(api, { method: 'GET', path, signal })
    if (fieldAt(workload, REPLICAS_FIELD) === change.replicas) return
    await clock.until(after(clock.now(), LOOK_EVERY), signal)
  }
}
