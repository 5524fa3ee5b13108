import { describe, expect, it } from 'vitest'
import { scaledObjectSeen } from '../../../src/adapters/kubernetes/scaled-objects.ts'
import { hpaSeen, statefulSetSeen } from '../../../src/adapters/kubernetes/snapshots.ts'

const metadata = { name: 'payout-worker', namespace: 'casino', uid: 'u-9' }

describe('snapshots of what KEDA scales by', () => {
  it('keep bounds, polling interval and conditions of a ScaledObject', () => {
    const seen = scaledObjectSeen({
      metadata,
      spec: {
        scaleTargetRef: { name: 'payout-worker' },
        minReplicaCount: 0,
        maxReplicaCount: 4,
        pollingInterval: 2,
        cooldownPeriod: 10,
        triggers: [{ type: 'postgresql', metadata: {} }],
      },
      status: {
        externalMetricNames: ['s0-postgresql'],
        hpaName: 'keda-hpa-payout-worker',
        lastActiveTime: '2026-11-23T20:00:04Z',
        conditions: [
          { type: 'Ready', status: 'True', reason: 'ScaledObjectReady', message: 'ready' },
          { type: 'Active', status: 'False', reason: 'ScalerNotActive', message: 'no work' },
        ],
      },
    })
    expect(seen).toMatchObject({ of: 'payout-worker', ofKind: 'Deployment', min: 0, max: 4 })
    expect(seen).toMatchObject({ pollingMs: 2_000, cooldownMs: 10_000, hpaName: 'keda-hpa-payout-worker' })
    expect(seen.metrics).toEqual(['s0-postgresql'])
    expect(seen.conditions.map((each) => `${each.type}=${each.status}:${each.reason}`)).toEqual([
      'Ready=True:ScaledObjectReady',
      'Active=False:ScalerNotActive',
    ])
    expect(seen.lastActiveAt).toBe(Date.parse('2026-11-23T20:00:04Z'))
  })

  it('read a missing field as the default of KEDA, and leave fields out that KEDA has not set', () => {
    const seen = scaledObjectSeen({ metadata, spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'queue' } } })
    expect(seen).toMatchObject({ ofKind: 'StatefulSet', min: 0, max: 100, pollingMs: 30_000, cooldownMs: 300_000 })
    for (const field of ['idle', 'lastActiveAt', 'hpaName']) expect(seen).not.toHaveProperty(field)
  })

  it('show the values of external metrics in the HPA of KEDA', () => {
    const metric = {
      name: 's0-postgresql',
      selector: { matchLabels: { 'scaledobject.keda.sh/name': 'payout-worker' } },
    }
    const seen = hpaSeen({
      metadata: { ...metadata, name: 'keda-hpa-payout-worker' },
      spec: {
        metrics: [{ type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '5' } } }],
      },
      status: { currentMetrics: [{ type: 'External', external: { metric, current: { averageValue: '7500m' } } }] },
    })
    expect(seen.metrics).toEqual([{ metric: 'External/s0-postgresql', target: 5, value: 7.5 }])
  })

  it('count the replicas of a StatefulSet, 1 if none are given', () => {
    expect(statefulSetSeen({ metadata, spec: {}, status: { replicas: 1 } })).toMatchObject({
      wanted: 1,
      current: 1,
      ready: 0,
    })
  })
})
