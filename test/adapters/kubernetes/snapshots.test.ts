import { describe, expect, it } from 'vitest'
import { deploymentSeen, endpointsSeen, hpaSeen, podSeen } from '../../../src/adapters/kubernetes/snapshots.ts'

const metadata = { name: 'payments-api', namespace: 'casino', uid: 'u-1', creationTimestamp: '2026-11-23T20:00:00Z' }

describe('snapshots of Kubernetes objects', () => {
  it('keep the times at which a pod was created, scheduled and Ready', () => {
    const pod = podSeen({
      metadata: { ...metadata, labels: { 'app.kubernetes.io/name': 'payments-api' } },
      spec: { nodeName: 'zone-a-api' },
      status: {
        phase: 'Running',
        podIP: '10.244.1.7',
        conditions: [
          { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-11-23T20:00:01Z' },
          { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-23T20:00:04Z' },
        ],
        containerStatuses: [{ restartCount: 2 }, { restartCount: 1 }],
      },
    })
    expect(pod).toMatchObject({ app: 'payments-api', node: 'zone-a-api', ready: true, restarts: 3, deleting: false })
    expect([pod.createdAt, pod.scheduledAt, pod.readyAt]).toEqual(
      ['20:00:00', '20:00:01', '20:00:04'].map((time) => Date.parse(`2026-11-23T${time}Z`)),
    )
  })

  it('keep how the container of a pod that ended last had ended', () => {
    const ended = (name: string, reason: string, exitCode: number, finishedAt: string) => ({
      name,
      restartCount: 1,
      state: { running: {} },
      lastState: { terminated: { reason, exitCode, finishedAt } },
    })
    const containerStatuses = [
      ended('sidecar', 'Error', 1, '2026-11-23T20:00:04Z'),
      ended('app', 'OOMKilled', 137, '2026-11-23T20:07:00Z'),
      { name: 'fresh', restartCount: 0, lastState: {} },
    ]
    expect(podSeen({ metadata, status: { containerStatuses } })).toMatchObject({
      restarts: 2,
      lastTermination: {
        container: 'app',
        reason: 'OOMKilled',
        exitCode: 137,
        at: Date.parse('2026-11-23T20:07:00Z'),
      },
    })
    expect(podSeen({ metadata, status: { containerStatuses: [containerStatuses[2]] } }).lastTermination).toBeUndefined()
  })

  it('keep why the scheduler has no node for a pod, and its priority', () => {
    const waiting = (reason: string) =>
      podSeen({
        metadata,
        spec: { priority: -10 },
        status: {
          conditions: [{ type: 'PodScheduled', status: 'False', reason, message: '0/6 nodes are available.' }],
        },
      })
    expect(waiting('Unschedulable')).toMatchObject({ unschedulable: '0/6 nodes are available.', priority: -10 })
    expect(waiting('SchedulingGated')).not.toHaveProperty('unschedulable')
    expect(podSeen({ metadata, spec: { priority: 0 } })).not.toHaveProperty('priority')
  })

  it('keep the wanted and the running image of each container of a pod', () => {
    const id = `registry.example/gateway@sha256:${'a'.repeat(64)}`
    const pod = podSeen({
      metadata,
      spec: {
        initContainers: [{ name: 'setup', image: 'setup:1' }],
        containers: [
          { name: 'app', image: 'gateway:1' },
          { name: 'waits', image: 'proxy:1' },
          { name: 'unseen', image: 'other:1' },
        ],
      },
      status: {
        containerStatuses: [
          { name: 'waits', image: 'proxy:1', imageID: '', restartCount: 0 },
          { name: 'app', image: 'mirror.example/gateway:latest', imageID: id, restartCount: 0 },
        ],
      },
    })
    expect(pod.images).toEqual([
      { container: 'app', image: 'gateway:1', id },
      { container: 'waits', image: 'proxy:1' },
      { container: 'unseen', image: 'other:1' },
    ])
  })

  it('do not call a pod Ready, and give no time, when its condition is False', () => {
    const pod = podSeen({
      metadata,
      status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-11-23T20:00:04Z' }] },
    })
    expect(pod.ready).toBe(false)
    expect(pod.readyAt).toBeUndefined()
  })

  it.each([
    [
      'the Deployment that made its ReplicaSet',
      'ReplicaSet',
      'rel1-payments-api-5f6d',
      'Deployment',
      'rel1-payments-api',
    ],
    ['a ReplicaSet that no Deployment made', 'ReplicaSet', 'payments-api', 'ReplicaSet', 'payments-api'],
    ['its StatefulSet', 'StatefulSet', 'wallet-db', 'StatefulSet', 'wallet-db'],
  ])('keep as the owner of a pod %s', (_, kind, name, ownerKind, owner) => {
    const labels = { 'pod-template-hash': '5f6d' }
    const ownerReferences = [
      { kind: 'Node', name: 'a1' },
      { kind, name, controller: true },
    ]
    expect(podSeen({ metadata: { ...metadata, labels, ownerReferences } }).owner).toEqual({
      kind: ownerKind,
      name: owner,
    })
  })

  it('keep a pod without a controller as its own owner', () => {
    expect(podSeen({ metadata }).owner).toEqual({ kind: 'Pod', name: 'payments-api' })
  })

  it('pair each metric of an autoscaler with its current value, and leave a missing value out', () => {
    const spec = {
      scaleTargetRef: { name: 'payments-api' },
      minReplicas: 2,
      maxReplicas: 8,
      metrics: [
        {
          type: 'Pods',
          pods: { metric: { name: 'rps_per_pod' }, target: { type: 'AverageValue', averageValue: '12' } },
        },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    }
    const status = {
      currentReplicas: 2,
      desiredReplicas: 4,
      currentMetrics: [
        { type: 'Pods', pods: { metric: { name: 'rps_per_pod' }, current: { averageValue: '21500m' } } },
      ],
    }
    expect(hpaSeen({ metadata, spec, status })).toMatchObject({
      of: 'payments-api',
      min: 2,
      max: 8,
      desired: 4,
      metrics: [
        { metric: 'Pods/rps_per_pod', target: 12, value: 21.5 },
        { metric: 'Resource/cpu', target: 70 },
      ],
    })
    expect(hpaSeen({ metadata, spec, status }).metrics[1]).not.toHaveProperty('value')
  })

  it('read a missing replica count as the default of Kubernetes', () => {
    expect(deploymentSeen({ metadata, spec: {}, status: {} })).toMatchObject({ wanted: 1, ready: 0 })
  })

  it('count an endpoint without a ready condition as ready', () => {
    const slice = endpointsSeen({
      metadata,
      endpoints: [{ conditions: {} }, { conditions: { ready: true } }, { conditions: { ready: false } }],
    })
    expect(slice).toMatchObject({ ready: 2, notReady: 1 })
  })
})
