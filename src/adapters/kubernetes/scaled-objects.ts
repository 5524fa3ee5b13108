/** KEDA's ScaledObjects (keda.sh/v1alpha1): whether the cluster has them, and one reduced to the judged fields. */
import type { ScaledObjectSeen } from '../../domain/cluster.ts'
import { type Millis, millis } from '../../domain/units.ts'
import { find, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { conditionsOf, fields, named, optional, text, timeOf } from './fields.ts'

// KEDA's defaults for absent fields: scaledobject_types.go and the documentation of ScaledObject.
const POLLING_SECONDS = 30
const COOLDOWN_SECONDS = 300
const REPLICAS_MAX = 100

/** Asks discovery, which every authenticated user may read. Clusters without KEDA are fine. */
export async function servesScaledObjects(api: KubernetesApi): Promise<boolean> {
  return (await find(api, { method: 'GET', path: paths.keda })) !== undefined
}

export function scaledObjectSeen(object: KubeObject): ScaledObjectSeen {
  const spec = fields(object.spec)
  const status = fields(object.status)
  const target = fields(spec.scaleTargetRef)
  return {
    resource: 'ScaledObject',
    ...named(object),
    of: text(target.name),
    ofKind: text(target.kind) || 'Deployment',
    min: numberOr(spec.minReplicaCount, 0),
    max: numberOr(spec.maxReplicaCount, REPLICAS_MAX),
    ...optional('idle', typeof spec.idleReplicaCount === 'number' ? spec.idleReplicaCount : undefined),
    pollingMs: seconds(spec.pollingInterval, POLLING_SECONDS),
    cooldownMs: seconds(spec.cooldownPeriod, COOLDOWN_SECONDS),
    conditions: conditionsOf(status),
    metrics: [...texts(status.externalMetricNames), ...texts(status.resourceMetricNames)],
    ...optional('lastActiveAt', timeOf(status.lastActiveTime)),
    ...optional('hpaName', text(status.hpaName) || undefined),
  }
}

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)
const seconds = (value: unknown, otherwise: number): Millis => millis(numberOr(value, otherwise) * 1000)
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : [])
