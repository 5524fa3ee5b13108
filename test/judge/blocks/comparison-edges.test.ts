/** The platform at rest between blocks, and what a comparison says of its pairs. */
import { describe, expect } from 'vitest'
import type { ClusterObject } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { instant } from '../../../src/domain/units.ts'
import { createAtRest } from '../../../src/judge/blocks/at-rest.ts'
import { lossText, summaryOf } from '../../../src/judge/blocks/summary.ts'
import { createComparing } from '../../../src/judge/comparing.ts'
import { JudgeError } from '../../../src/judge/seen/judge-error.ts'
import { endedBlock as ended, startedBlock as started } from '../../support/block-run.ts'
import { runStarted, ZERO } from '../../support/evidence.ts'
import { blockPlan, blockRecords, session } from '../../support/evidence-blocks.ts'
import { it, noted } from '../../support/reviewed.ts'
import { atMs } from '../../support/small-run.ts'

describe('the platform', () => {
  const named = { namespace: 'n', name: 'x', uid: 'u' }
  const pod = (changes: object = {}) => ({
    resource: 'Pod',
    ...named,
    podPhase: 'Running',
    deleting: false,
    ...changes,
  })
  const scaler = (current: number, desired: number) => ({
    resource: 'HorizontalPodAutoscaler',
    ...named,
    current,
    desired,
  })
  const deployment = (wanted: number, current: number, ready: number, updated: number) => ({
    resource: 'Deployment',
    ...named,
    wanted,
    current,
    ready,
    updated,
  })
  const seen = (object: object, at = 0, change: 'present' | 'modified' | 'deleted' = 'present'): Evidence => ({
    kind: 'object-seen',
    at: atMs(at),
    change,
    object: object as ClusterObject,
  })
  const source = (...metrics: readonly string[]) => ({ namespace: 'n', selector: {}, port: 1, path: '/m', metrics })
  const sample = (at: number, value: number, name = 'jobs_pending', podName = 'p', ok = true): Evidence =>
    ({
      kind: 'sample',
      at: atMs(at),
      source: 's',
      pod: podName,
      ...(ok ? { ok, series: [{ name, labels: {}, value }] } : { ok, problem: 'x' }),
    }) as Evidence
  const unrest = (records: readonly Evidence[], at = 20_000, metrics: readonly string[] = []) => {
    const rest = createAtRest({ sources: { s: source(...metrics) as never } })
    for (const record of records) rest.add(record)
    return noted(rest.unrest(ZERO + at))
  }
  const running: Evidence = { ...started(), at: atMs(0) }
  it.each<[string, () => readonly string[], number]>([
    ['with nothing in it', () => unrest([]), 0],
    ['with a pod that runs', () => unrest([seen(pod())]), 0],
    ['with a pod that is pending', () => unrest([seen(pod({ podPhase: 'Pending' }))]), 1],
    ['with a pod that is deleted', () => unrest([seen(pod({ deleting: true }))]), 1],
    ['with a pod that is gone', () => unrest([seen(pod({ deleting: true })), seen(pod(), 1, 'deleted')]), 0],
    [
      'with a pod that runs since 5 s',
      () => unrest([seen(pod({ podPhase: 'Pending' })), seen(pod(), 15_000, 'modified')]),
      0,
    ],
    [
      'with a pod that runs since less',
      () => unrest([seen(pod({ podPhase: 'Pending' })), seen(pod(), 15_001, 'modified')]),
      1,
    ],
    ['with a pod that did not change', () => unrest([seen(pod()), seen(pod(), 19_000, 'modified')]), 0],
    ['with a pod that is new', () => unrest([seen(pod(), 19_000, 'modified')]), 1],
    ['with an autoscaler on its way', () => unrest([seen(scaler(2, 3))]), 1],
    ['with an autoscaler that is there', () => unrest([seen(scaler(3, 3))]), 0],
    ['with a Deployment that is whole', () => unrest([seen(deployment(2, 2, 2, 2))]), 0],
    ['with one that is not Ready', () => unrest([seen(deployment(2, 2, 1, 2))]), 1],
    ['with one that is not updated', () => unrest([seen(deployment(2, 2, 2, 1))]), 1],
    ['with one of too many pods', () => unrest([seen(deployment(2, 3, 2, 2))]), 1],
    [
      'with a StatefulSet that is not Ready',
      () => unrest([seen({ resource: 'StatefulSet', ...named, wanted: 2, ready: 1, current: 2 })]),
      1,
    ],
    [
      'with a StatefulSet that is',
      () => unrest([seen({ resource: 'StatefulSet', ...named, wanted: 2, ready: 2, current: 1 })]),
      0,
    ],
    ['with a node', () => unrest([seen({ resource: 'Node', ...named })]), 0],
    ['with a load', () => unrest([running]), 1],
    ['after a load', () => unrest([running, ended()], 40_000), 0],
    ['with a queue', () => unrest([sample(10_000, 1)]), 1],
    ['with an empty queue', () => unrest([sample(10_000, 0)]), 0],
    ['with a queue that was read 15 s before', () => unrest([sample(5000, 1)]), 1],
    ['with a queue that was read earlier', () => unrest([sample(4999, 1)]), 0],
    ['with requests in flight', () => unrest([sample(10_000, 1, 'http_inflight')]), 1],
    ['with an open breaker', () => unrest([sample(10_000, 0.5, 'psp_breaker_state')]), 1],
    ['with a closed breaker', () => unrest([sample(10_000, 0, 'psp_breaker_state')]), 0],
    ['with another gauge', () => unrest([sample(10_000, 5, 'jobs_done')]), 0],
    ['with a queue in two pods', () => unrest([sample(10_000, 1), sample(10_000, 2, 'jobs_pending', 'q')]), 2],
    ['with a source that is not read', () => unrest([], 20_000, ['jobs_pending']), 1],
    [
      'with one whose scrape failed',
      () => unrest([sample(10_000, 0, 'jobs_pending', 'p', false)], 20_000, ['jobs_pending']),
      1,
    ],
    ['with one that was read', () => unrest([sample(10_000, 0)], 20_000, ['jobs_pending']), 0],
    ['with one that tells nothing of rest', () => unrest([], 20_000, ['http_requests_total']), 0],
  ])('%s is at rest or not', (_, is, n) => expect(is()).toHaveLength(n))
})

describe('a comparison', () => {
  const quiet = () => ({ login: { histogram: [[100, 24]] as const } })
  const pair = (n: number, changes: object = {}) =>
    ['a', 'b'].flatMap((of, index) =>
      blockRecords(blockPlan(`p${n}-${of}`, of, n), ZERO + (2 * n + index) * 40_000, quiet, of === 'b' ? changes : {}),
    )
  const compared = (...records: readonly Evidence[]) => {
    const comparing = createComparing()
    for (const record of [
      runStarted(),
      { kind: 'session-started', at: instant(ZERO - 1000), session: session() } as Evidence,
      ...records,
    ])
      comparing.add(record)
    return noted(comparing.result())
  }
  it.each<[string, () => readonly unknown[], readonly unknown[]]>([
    [
      'of two pairs',
      () => [compared(...pair(1), ...pair(2)).pairs, compared(...pair(1), ...pair(2)).voidPairs.length],
      [2, 0],
    ],
    [
      'of which one block crashed',
      () => [
        compared(...pair(1), ...pair(2, { outcome: 'crashed' })).pairs,
        compared(...pair(1), ...pair(2, { outcome: 'crashed' })).voidPairs.length,
      ],
      [1, 1],
    ],
    [
      'of which one block still runs',
      () => [
        compared(...pair(1), ...pair(2).slice(0, -1)).pairs,
        compared(...pair(1), ...pair(2).slice(0, -1)).voidPairs.length,
      ],
      [1, 0],
    ],
    ['on a full machine', () => [compared(...pair(1, { hostBusy: 0.99 })).pairs], [1]],
    [
      'that was stopped',
      () => [compared(...pair(1), { kind: 'stop-requested', at: atMs(0), by: 'operator', reason: 'x' }).exitCode],
      [4],
    ],
    [
      'of a journal that was changed',
      () =>
        compared(...pair(1), { kind: 'evidence-doubted', at: atMs(0), doubt: 'changed', problem: 'line 7' }).gaps.slice(
          0,
          1,
        ),
      ['the journal was changed: line 7'],
    ],
    ['of no pair', () => [compared().pairs, compared().pairsMost], [0, 16]],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('needs a session', () => {
    const comparing = createComparing()
    comparing.add(runStarted())
    expect(() => comparing.result()).toThrow(JudgeError)
    comparing.add({ kind: 'session-started', at: atMs(0), session: { ...session(), kind: 'capacity' } as never })
    expect(comparing.is).toBe(false)
  })

  const measure = (changes: object = {}) =>
    ({
      sli: 'checkout',
      kind: 'latency',
      statistic: 'p95',
      state: 'undecided',
      estimate: 1.2,
      interval: [1.1, 1.3],
      ...changes,
    }) as unknown as Parameters<typeof lossText>[0]
  it.each([
    [{}, 'checkout p95 20 % slower (90 %: 10 % slower to 30 % slower)'],
    [{ estimate: 0.9, interval: [0.8, 1.05] }, 'checkout p95 10 % faster (90 %: 20 % faster to 5 % slower)'],
    [{ interval: undefined }, 'checkout p95 not measured in two pairs'],
    [{ estimate: undefined }, 'checkout p95 not measured in two pairs'],
    [
      { kind: 'rate', statistic: 'bad share', estimate: 0.01, interval: [-0.01, 0.02] },
      'checkout bad share 1 points more (90 %: 1 points fewer to 2 points more)',
    ],
  ])('tells a loss: %j', (changes, text) => expect(lossText(measure(changes))).toBe(text))

  const summary = (outcome: string, changes: object = {}) =>
    summaryOf({
      outcome,
      a: { name: 'v1' },
      b: { name: 'v2' },
      aa: false,
      pairs: 4,
      objectives: [
        measure(),
        measure({ state: 'regressed', sli: 'search' }),
        measure({ state: 'not-worse', sli: 'x' }),
      ],
      ...changes,
    } as never)
  it.each<[string, () => string, string]>([
    [
      'worse',
      () => summary('regressed'),
      'v2 against v1: worse, proven with 4 pairs: search p95 20 % slower (90 %: 10 % slower to 30 % slower).',
    ],
    [
      'not worse',
      () => summary('not-worse', { pairs: 1 }),
      'v2 against v1: not worse, proven with 1 pair: every objective is within its margin.',
    ],
    [
      'undecided',
      () => summary('undecided', { aa: true }),
      'v1 against itself: undecided after 4 pairs: checkout p95 20 % slower (90 %: 10 % slower to 30 % slower).',
    ],
    [
      'undecided, with what it needs',
      () => summary('undecided', { pairsMore: 1, objectives: [] }),
      'v2 against v1: undecided after 4 pairs. It needs about 1 pair more.',
    ],
  ])('is %s in one sentence', (_, is, expected) => expect(is()).toBe(expected))
})
