import { describe, expect } from 'vitest'
import type { PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { evidence, named, type Story, seen, together } from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

// The load calls for five pods at 25.5 s, and they are allowed 30 s.
const WHY = '0/6 nodes are available: 6 Insufficient cpu. preemption: 0/6 nodes are available.'

const pod = (name: string, second: number, changes: Partial<PodSeen>): Evidence =>
  seen(second, {
    resource: 'Pod',
    ...named(name),
    app: 'payments-api',
    labels: {},
    podPhase: 'Pending',
    ready: false,
    deleting: false,
    restarts: 0,
    ...changes,
  })

/** A pod that waits for a node from this second on, and is Ready three seconds after it got one. */
const waits = (name: string, from: number, placed?: { readonly second: number; readonly node: string }): Evidence[] => [
  pod(name, from, { unschedulable: WHY }),
  ...(placed === undefined
    ? []
    : [
        pod(name, placed.second, { node: placed.node }),
        pod(name, placed.second + 3, { node: placed.node, podPhase: 'Running', ready: true }),
      ]),
]

const newNode = (born: number, ready?: number, name = 'lab-x7k2p'): Evidence[] =>
  [born, ...(ready === undefined ? [] : [ready])].map((second) =>
    seen(second, {
      resource: 'Node',
      ...named(name, ''),
      zone: 'zone-a',
      pool: 'api',
      ready: second === ready,
      unschedulable: false,
      taints: [],
    }),
  )

/** A pod of the warm pool that is preempted at this second. */
const warm = (name: string, preempted?: number): Evidence[] => {
  const placed = { app: 'warm', priority: -10, node: 'zone-a-api', podPhase: 'Running', ready: true }
  return [
    pod(name, -1, placed),
    ...(preempted === undefined ? [] : [pod(name, preempted, { ...placed, deleting: true })]),
  ]
}

/** What a ReplicaSet makes of a preempted pod: one that waits itself. */
const replacement = (name: string, born: number): Evidence =>
  pod(name, born, { app: 'warm', priority: -10, unschedulable: WHY })

const three: Story['pods'] = (second) => ({ scheduled: second < 32 ? 2 : 3, ready: second < 40 ? 2 : 3 })
const told = (...more: readonly Evidence[][]) => judge(together(evidence({ pods: three }), ...more))

const pair = (placed?: Parameters<typeof waits>[2]) => [...waits('new-1', 31, placed), ...waits('new-2', 31.2, placed)]
const onNewNode = { second: 63, node: 'lab-x7k2p' }

describe('pods of an autoscaler that waited for a node', () => {
  it.each<[string, Evidence[], string[]]>([
    ['that never came were pending', pair(), ['pods-pending', 'autoscaler-late']],
    ['that came late had a late node', [...newNode(61, 63), ...pair(onNewNode)], ['node-late', 'autoscaler-late']],
    ['that was never Ready had a late node', [...newNode(61), ...pair()], ['node-late', 'autoscaler-late']],
    [
      'when the warm pool was used up wanted a larger one',
      [...warm('warm-1', 31.5), ...newNode(61, 63), ...pair(onNewNode)],
      ['warm-pool-empty', 'autoscaler-late'],
    ],
    [
      'when the warm pool had been used up before wanted a larger one',
      [...warm('warm-1', 10), replacement('warm-2', 10), ...pair()],
      ['warm-pool-empty', 'autoscaler-late'],
    ],
    [
      'when the warm pool had been taken away before had none',
      [...warm('warm-1', 10), ...pair()],
      ['pods-pending', 'autoscaler-late'],
    ],
    [
      'although the warm pool still had a place had a late node',
      [...warm('warm-1', 31.5), ...warm('warm-2'), ...newNode(61, 63), ...pair(onNewNode)],
      ['node-late', 'autoscaler-late'],
    ],
    [
      'until a preemption freed a place in time did not wait for a node',
      waits('new-1', 31, { second: 33, node: 'zone-a-api' }),
      ['autoscaler-late'],
    ],
    [
      'but had a node when more pods were called for were slow for another reason',
      [pod('new-1', 20, { unschedulable: WHY }), pod('new-1', 24, { node: 'zone-a-api' })],
      ['autoscaler-late'],
    ],
    [
      'and were deleted before their time was over say nothing',
      [...waits('new-1', 31), pod('new-1', 40, { unschedulable: WHY, deleting: true })],
      ['autoscaler-late'],
    ],
    [
      'for a node that was there but not Ready had a late node',
      [...newNode(20, 63), ...pair(onNewNode)],
      ['node-late', 'autoscaler-late'],
    ],
    ['of another workload say nothing', [pod('other', 31, { app: 'other', unschedulable: WHY })], ['autoscaler-late']],
    ['after the time allowed say nothing', waits('new-1', 56), ['autoscaler-late']],
  ])('%s', (_, more, causes) => {
    expect(causesOf(told(more))).toEqual(causes)
  })

  it('are named with what the scheduler said', () => {
    expect(sentenceOf(told(pair()), 'pods-pending')).toBe(
      '2 pods of payments-api waited for a node, and no new node came: 0/6 nodes are available: 6 Insufficient cpu.',
    )
  })

  it('are named with the time until the new node was Ready', () => {
    expect(sentenceOf(told(newNode(61, 63), pair(onNewNode)), 'node-late')).toBe(
      '2 pods of payments-api waited for a node: node lab-x7k2p was Ready 32.0 s later.',
    )
  })

  it('are named with the node that they got, not with one that was Ready before it', () => {
    const judgment = told(newNode(50, 52, 'lab-other'), newNode(61, 63), pair(onNewNode))
    expect(sentenceOf(judgment, 'node-late')).toContain('node lab-x7k2p was Ready 32.0 s later')
  })

  it('are named with the size of the warm pool and when it was used up', () => {
    expect(
      sentenceOf(
        told(warm('warm-1', 31.5), warm('warm-2', 32), [replacement('warm-3', 31.5)], pair()),
        'warm-pool-empty',
      ),
    ).toBe(
      '2 pods of payments-api waited for a node: the warm pool of 2 pods with a priority below 0 was used up 1.0 s later, so a new node was needed.',
    )
  })

  it('are no finding where the autoscaler was in time', () => {
    const judgment = judge(together(evidence(), waits('new-1', 31), newNode(61, 63)))
    expect(causesOf(judgment)).toEqual([])
  })
})
