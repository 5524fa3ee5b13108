/** Causes that pods and nodes show, at the last moment and the last attempt on either side of their limits. */
import { describe, expect } from 'vitest'
import type { PodSeen } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { ActionSpec } from '../../../src/domain/rehearsal.ts'
import { budgetBlocks, budgetMissing } from '../../../src/judge/causes/budgets.ts'
import { drainMissing, slowTermination } from '../../../src/judge/causes/endings.ts'
import { podErrors } from '../../../src/judge/causes/pod-errors.ts'
import { readyButFailing } from '../../../src/judge/causes/readiness.ts'
import { noRedundancy } from '../../../src/judge/causes/redundancy.ts'
import { containerRestarted } from '../../../src/judge/causes/restarts.ts'
import { headroomMissing, zoneConcentrated } from '../../../src/judge/causes/zones.ts'
import type { Seen } from '../../../src/judge/seen/seen.ts'
import {
  actionOf,
  actionSteps,
  budget,
  drainA,
  endpoints,
  named,
  node,
  nodes,
  podLife,
  readyPod,
  rollout,
  seen,
  standing,
  together,
} from '../../support/evidence.ts'
import { it, noted } from '../../support/reviewed.ts'
import { atMs, causesIn, counted, faulted, framesOf, listOf, type SmallRun, seenIn } from '../../support/small-run.ts'

const faultOn = (pod = 'casino/bets-9') => faulted({ pods: [pod] })

/** An action from 100 s until some second. */
const acted = (spec: ActionSpec, until: number, ...between: Parameters<typeof actionSteps>[1][]) =>
  actionSteps(
    spec.name,
    [100, { is: 'begun', targets: [] }],
    ...between,
    [until, { is: 'done', note: '' }],
    [until, { is: 'heal-requested' }],
    [until, { is: 'healed' }],
  )
const inAction = (spec: ActionSpec, records: readonly Evidence[], run: SmallRun = {}): Seen =>
  seenIn([...nodes(), ...records], { ...run, rehearsal: { actions: [spec], faults: [], ...run.rehearsal } })

describe('a drain', () => {
  const pod = (n: number, ends?: number) =>
    podLife({
      name: `bets-${n}`,
      app: 'bets',
      node: 'zone-a-api',
      born: -2,
      ready: -1,
      ...(ends === undefined ? {} : { ends, gone: ends + 1 }),
    })
  const evicted = (n: number) => [101, { is: 'evicted', pod: `casino/bets-${n}`, node: 'zone-a-api' }] as const
  const missing = (...pods: readonly (readonly Evidence[])[]) =>
    causesIn(noted(budgetMissing(inAction(drainA, [...acted(drainA, 115, evicted(1), evicted(2)), ...pods.flat()]))))
  const found = ['breach budget-missing']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that leaves none of two', () => missing(pod(1, 101), pod(2, 101)), found],
    ['that leaves one of two', () => missing(pod(1, 101), pod(2)), []],
    ['that leaves one of three', () => missing(pod(1, 101), pod(2, 101), pod(3)), found],
    ['that takes the only one', () => missing(pod(1, 101)), []],
    ['whose last pod ends 5 s after it', () => missing(pod(1, 101), pod(2, 120)), found],
    ['whose last pod ends later', () => missing(pod(1, 101), pod(2, 120.001)), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const refused = (at: number, spec = drainA, done = false) => {
    const steps = actionSteps(
      spec.name,
      [100, { is: 'begun', targets: [] }],
      [101, { is: 'eviction-refused', pod: 'casino/bets-1', node: 'zone-a-api', problem: 'budget' }],
      ...(done ? [[129, { is: 'done', note: '' }] as const] : []),
      [130, { is: 'heal-requested' }],
      [130, { is: 'healed' }],
    )
    const stuck = budget(at, 'bets', { healthy: 2, wantedHealthy: 2, allowed: 0 })
    return causesIn(noted(budgetBlocks(inAction(spec, [...steps, ...pod(1), ...pod(2), stuck]))))
  }
  const completes = { kind: 'completes', withinMs: 20_000, at: drainA.at } as (typeof drainA)['expect'][number]
  const blocks = ['breach budget-blocks']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that a budget blocked a minute before', () => refused(40), blocks],
    ['that a budget blocked earlier', () => refused(39.999), []],
    ['that a budget blocks as it ends', () => refused(130), blocks],
    ['that a budget blocks later', () => refused(130.001), []],
    ['that is done in the end', () => refused(110, drainA, true), []],
    ['whose time another rule judges', () => refused(110, { ...drainA, expect: [completes] }), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a pod that is asked to end', () => {
  const life = (ends: number, gone: number, grace: number, node_ = 'zone-a-api') =>
    podLife({ name: 'gateway-1', app: 'gateway', node: node_, born: -2, ready: -1, ends, gone, grace })
  const called = (...samples: readonly (readonly [ms: number, value: number])[]) =>
    counted('gateway', 'http_requests_total', { code: '200' }, samples, 'gateway-1')
  const usual = called([90_000, 0], [99_000, 9], [100_500, 18])
  const hasty = (ends: number, requests = usual, grace = 10, tookMs = 499) =>
    causesIn(
      noted(
        drainMissing(
          inAction(rollout, [...acted(rollout, 120), ...life(ends, ends + tookMs / 1000, grace), ...requests]),
        ),
      ),
    )
  const found = ['breach drain-missing']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['just after a rollout began', () => hasty(100.001), found],
    ['as a rollout begins', () => hasty(100), []],
    ['with a grace of 2 s', () => hasty(101, usual, 2), found],
    ['with less', () => hasty(101, usual, 1.999), []],
    ['and ends within 499 ms', () => hasty(101), found],
    ['and ends within 500 ms', () => hasty(101, usual, 10, 500), []],
    ['less than 10 s after its last call', () => hasty(108.999, called([97_000, 0], [99_000, 9])), found],
    ['10 s after its last call', () => hasty(109, called([97_000, 0], [99_000, 9])), []],
    ['before its first call', () => hasty(101, called([101_000, 0], [102_000, 9])), []],
    ['without a call', () => hasty(101, called([97_000, 9], [99_000, 9])), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const slow = (tookMs: number, grace: number, ...more: readonly Evidence[]) =>
    causesIn(noted(slowTermination(seenIn([...nodes(), ...life(100, 100 + tookMs / 1000, grace), ...more]))))
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['takes all but half a second of its grace', () => slow(9500, 10), ['breach slow-termination']],
    ['takes less', () => slow(9499, 10), []],
    ['has a grace of 2 s', () => slow(2000, 2), ['breach slow-termination']],
    ['has less', () => slow(1999, 1.999), []],
    [
      'was on a node that was down as it was asked',
      () => slow(9500, 10, node(99, 'a', 'api', false), node(105, 'a')),
      [],
    ],
    ['was on a node that was down as it ended', () => slow(9500, 10, node(105, 'a', 'api', false)), []],
    [
      'was on a node that was down in between',
      () => slow(9500, 10, node(103, 'a', 'api', false), node(105, 'a')),
      ['breach slow-termination'],
    ],
  ])('and %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('errors at the edges of pods', () => {
  type Bad = readonly (readonly [ms: number, bad: number])[]
  const bad = (rows: Bad) =>
    framesOf(
      'login',
      rows.map(([ms, n]) => [ms, { good: 10, bad: n, badBy: { 'http-502': n } }] as const),
    )
  const gateway = (n: number, changes: Partial<Parameters<typeof podLife>[0]>) =>
    podLife({ name: `gateway-${n}`, app: 'gateway', node: 'zone-a-api', born: -2, ready: -1, ...changes })
  const ending = (gone: number, grace?: number) =>
    gateway(1, { ends: 103, gone, ...(grace === undefined ? {} : { grace }) })
  const judged = (rows: Bad, ...pods: readonly (readonly Evidence[])[]) =>
    noted(podErrors(inAction(rollout, [...acted(rollout, 120), ...bad(rows), ...pods.flat()])))
  const BEFORE: Bad = [[102_000, 0]]

  it.each<[string, number, number | undefined, boolean]>([
    ['for 3 s', 106, undefined, true],
    ['for less', 105.999, undefined, false],
    ['for half a second less than its grace', 106.4, 3.9, false],
    ['for a little less than that', 106.399, 3.9, true],
  ])('are those of the callers of a pod that went on %s', (_, gone, grace, isOfCallers) => {
    const [found, ...others] = judged([...BEFORE, [103_000, 0], [104_000, 4], [105_000, 0]], ending(gone, grace))
    expect([found?.cause, others]).toEqual(['errors-at-shutdown', []])
    expect(found?.next.startsWith('The pods gave their callers time')).toBe(isOfCallers)
  })

  it.each<[string, number, readonly string[]]>([
    ['three in a rollout', 3, ['breach errors-at-shutdown']],
    ['two in a rollout', 2, []],
  ])('are %s', (_, n, expected) => {
    expect(causesIn(judged([...BEFORE, [103_000, 0], [104_000, n], [105_000, 0]], ending(104)))).toEqual(expected)
  })

  it.each<[string, Bad, readonly string[]]>([
    ['until 3 s after it was asked to end', listOf([105_999, 0], [107_000, 4]), ['breach errors-at-shutdown']],
    ['later', listOf([106_000, 0], [107_000, 4]), []],
    ['from half a second before it was asked', listOf([101_000, 0], [102_501, 4]), ['breach errors-at-shutdown']],
    ['earlier', listOf([101_000, 0], [102_500, 4]), []],
  ])('are counted %s', (_, rows, expected) => expect(causesIn(judged(rows, ending(120, 30)))).toEqual(expected))

  const fresh = (n: number, runs: number, ready: number) => gateway(n, { born: runs - 1, runs, ready })
  const answers = (code: string, ...values: readonly (readonly [ms: number, value: number])[]) =>
    counted('gateway', 'http_requests_total', { code }, values, 'gateway-2')
  // A new pod is Ready at 105 s, two seconds after it runs, and an old one is asked to end at 105.2 s.
  const both = [...fresh(2, 103, 105), ...gateway(1, { ends: 105.2, gone: 110 })]
  const atBoth: Bad = listOf([104_000, 0], [105_000, 0], [106_000, 4], [107_000, 0])
  const [began, ended] = [['breach early-errors-at-rollout'], ['breach errors-at-shutdown']]

  it.each<[string, readonly Evidence[], readonly string[]]>([
    ['the old one, where nothing says otherwise', both, ended],
    ['the new one, where it was Ready within 499 ms', [...fresh(2, 104.501, 105), ...both.slice(3)], began],
    ['not the new one, where it was Ready within 500 ms', [...fresh(2, 104.5, 105), ...both.slice(3)], ended],
    [
      'the new one, where it counted errors after it was Ready',
      [...both, ...answers('500', [104_000, 0], [105_001, 1])],
      began,
    ],
    ['not where it counted them before', [...both, ...answers('500', [104_000, 0], [105_000, 1])], ended],
    [
      'the new one, where it counted errors within 3 s',
      [...both, ...answers('500', [107_999, 0], [109_000, 1])],
      began,
    ],
    ['not where it counted them later', [...both, ...answers('500', [108_000, 0], [109_000, 1])], ended],
    ['not where it counted other answers', [...both, ...answers('200', [104_000, 0], [105_001, 1])], ended],
    ['the new one, where another pod ended without errors', [...both, ...gateway(3, { ends: 140, gone: 141 })], began],
    [
      'not where another one began without errors, too',
      [...both, ...gateway(3, { ends: 140, gone: 141 }), ...fresh(4, 148, 150)],
      ended,
    ],
    [
      'not where a pod of another app ended well',
      [
        ...both,
        ...podLife({ name: 'bets-1', app: 'bets', node: 'zone-b-api', born: -2, ready: -1, ends: 140, gone: 141 }),
      ],
      ended,
    ],
  ])('of a new and an old pod are blamed on %s', (_, pods, expected) => {
    expect(causesIn(judged(atBoth, pods))).toEqual(expected)
  })

  const alsoAt = (...more: Bad): Bad => [...atBoth, ...more]
  it('are blamed on the new one, where another new one had errors alone', () => {
    const pods = [...both, ...fresh(4, 128, 130)]
    expect(causesIn(judged(alsoAt([129_500, 0], [130_500, 6], [131_500, 0]), pods))).toEqual(began)
    const old = gateway(5, { ends: 140, gone: 141 })
    const rows = alsoAt([129_500, 0], [130_500, 6], [131_500, 0], [139_500, 0], [140_500, 4], [142_000, 0])
    expect(causesIn(judged(rows, [...pods, ...old]))).toEqual([
      'warning early-errors-at-rollout',
      'breach errors-at-shutdown',
    ])
  })

  it.each<[string, number, readonly string[]]>([
    ['within 5 s after the healing', 95_999, []],
    ['later', 96_000, ['warning errors-at-shutdown']],
  ])('belong to a fault %s', (_, fromMs, expected) => {
    const pods = gateway(1, { ends: 95.8, gone: 97 })
    const rows = bad(listOf([fromMs, 0], [fromMs + 1000, 9]))
    expect(causesIn(noted(podErrors(seenIn([...nodes(), ...faultOn(), ...rows, ...pods]))))).toEqual(expected)
  })

  it.each<[string, number, readonly string[]]>([
    ['as it begins', 65_000, ['warning errors-at-shutdown']],
    ['once it began', 65_001, []],
  ])('do not belong to a fault before it: %s', (_, toMs, expected) => {
    const pods = gateway(1, { ends: 64.2, gone: 67 })
    const rows = bad(listOf([toMs - 1000, 0], [toMs, 9]))
    expect(causesIn(noted(podErrors(seenIn([...nodes(), ...faultOn(), ...rows, ...pods]))))).toEqual(expected)
  })
})

describe('a Ready pod that fails', () => {
  type Counts = readonly (readonly [second: number, all: number, failed: number])[]
  /** What it has counted by then. */
  const answering = (pod: string, counts: Counts): Evidence[] =>
    counts.map(([second, all, failed]) => ({
      kind: 'sample',
      at: atMs(second * 1000),
      source: 'bets',
      pod,
      ok: true,
      series: [
        { name: 'http_requests_total', labels: { code: '200' }, value: all - failed },
        { name: 'http_requests_total', labels: { code: '500' }, value: failed },
      ],
    }))
  const spell = (from: number, lasts: number, requests = 12, failed = requests) =>
    answering(
      'bets-1',
      [0, 5, 10, 15, lasts].map((n, index) => [
        from + n,
        Math.round((requests * index) / 4),
        Math.round((failed * index) / 4),
      ]),
    )
  const judged = (...records: readonly (readonly Evidence[])[]) =>
    causesIn(
      noted(readyButFailing(seenIn([...nodes(), ...standing('bets', 'zone-a-api', 'zone-b-api'), ...records.flat()]))),
    )
  const found = ['breach ready-but-failing']

  // Probes have 17 s to notice, and scrapes 3 s.
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['for 20 s', () => judged(spell(110, 20)), found],
    ['for less', () => judged(spell(110, 19.999)), []],
    ['in more than half of its requests', () => judged(spell(110, 20, 24, 16)), found],
    ['in half of its requests', () => judged(spell(110, 20, 24, 12)), []],
    ['and begins 10 s after a healing', () => judged(faultOn(), spell(101, 20)), found],
    ['and begins before', () => judged(faultOn(), spell(100.999, 20)), []],
    ['until a fault begins', () => judged(faultOn(), spell(45, 20)), found],
    ['until a moment later', () => judged(faultOn(), spell(45.001, 20)), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const beside = (all: number, failed: number, from = 70, to = 75) =>
    judged(faultOn(), spell(67, 20), answering('bets-2', listOf([from, 0, 0], [to, all, failed])))
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['10 answers of which none fails', () => beside(10, 0), found],
    ['9 of which none fails', () => beside(9, 0), []],
    ['11 of which one fails', () => beside(11, 1), found],
    ['10 of which one fails', () => beside(10, 1), []],
    ['10 that end as it begins to fail', () => beside(10, 0, 62, 67), []],
    ['10 that end a moment later', () => beside(10, 0, 62, 67.001), found],
    ['10 that begin as it ends to fail', () => beside(10, 0, 87, 92), []],
  ])('during a fault is found beside a pod with %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a service with one pod', () => {
  const judged = (fall: number, rows: Parameters<typeof framesOf>[1] = [], pods: readonly Evidence[] = []) =>
    causesIn(
      noted(
        noRedundancy(
          inAction(drainA, [
            ...acted(drainA, 115),
            ...standing('wallet', 'zone-a-api'),
            ...pods,
            endpoints(-1, 'wallet', 1),
            endpoints(fall, 'wallet', 0),
            endpoints(fall + 5, 'wallet', 1),
            ...framesOf('login', rows),
          ]),
        ),
      ),
    )
  const bad = (n: number, good: number) => [[101_000, { good, bad: n, badBy: { 'http-503': n } }]] as const
  const warned = ['warning no-redundancy']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that falls as a drain begins', () => judged(100), warned],
    ['that falls before', () => judged(99.999), []],
    ['that falls 5 s after a drain', () => judged(120), warned],
    ['that falls later', () => judged(120.001), []],
    ['with three of fifteen attempts gone wrong', () => judged(100, bad(3, 12)), ['breach no-redundancy']],
    ['with three of sixteen', () => judged(100, bad(3, 13)), warned],
    ['with two of two', () => judged(100, bad(2, 0)), warned],
    [
      'whose second pod was Ready 2 s before the drain',
      () =>
        judged(
          101,
          [],
          podLife({ name: 'wallet-2', app: 'wallet', node: 'zone-b-api', born: -2, ready: -1, ends: 98.001, gone: 99 }),
        ),
      [],
    ],
    [
      'whose second pod ended earlier',
      () =>
        judged(
          101,
          [],
          podLife({ name: 'wallet-2', app: 'wallet', node: 'zone-b-api', born: -2, ready: -1, ends: 98, gone: 99 }),
        ),
      warned,
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a container that is started again', () => {
  const pod = (second: number, changes: Partial<PodSeen>, change: 'present' | 'modified' = 'modified') =>
    seen(second, readyPod('gateway-1', 'gateway', changes), change)
  const at = (second: number, more: readonly Evidence[] = [], until = 160_000) =>
    causesIn(
      noted(
        containerRestarted(
          seenIn([...nodes(), pod(-10, {}, 'present'), pod(second, { restarts: 1 }), ...more], { until }),
        ),
      ),
    )
  const warned = ['warning container-restarted']
  const down = (second: number) => [node(second - 0.5, 'a'), node(second, 'a', 'api', false), node(second + 1, 'a')]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['as the load begins', () => at(0), warned],
    ['before', () => at(-0.001), []],
    ['as the load ends', () => at(100, [], 100_000), warned],
    ['later', () => at(100.001, [], 100_000), []],
    ['as its pod is deleted', () => at(100, [pod(100, { restarts: 1, deleting: true })]), []],
    ['60 s after its node was down', () => at(120, down(60)), []],
    ['later than that', () => at(120.001, down(60)), warned],
    ['as its node goes down', () => at(60, down(60)), []],
    ['before its node goes down', () => at(59.999, down(60)), warned],
    ['as a fault on it begins', () => at(65, faultOn('casino/gateway-1')), []],
    ['before the fault', () => at(64.999, faultOn('casino/gateway-1')), warned],
    ['60 s after the fault', () => at(151, faultOn('casino/gateway-1')), []],
    ['later than that', () => at(151.001, faultOn('casino/gateway-1')), warned],
    ['in a fault on another pod', () => at(70, faultOn()), warned],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const bad = (...rows: readonly (readonly [ms: number, bad: number])[]) =>
    framesOf(
      'login',
      rows.map(([ms, n]) => [ms, { good: 5, bad: n, badBy: { 'http-502': n } }] as const),
    )
  const breach = ['breach container-restarted']

  // Not Ready from 118 s to 125 s: what goes wrong from 115 s to 125 s is around it.
  const around = (...rows: readonly (readonly [ms: number, bad: number])[]) =>
    causesIn(
      noted(
        containerRestarted(
          seenIn([
            ...nodes(),
            pod(-10, {}, 'present'),
            pod(118, { ready: false }),
            pod(120, { ready: false, restarts: 1 }),
            pod(125, { restarts: 1 }),
            ...bad(...rows),
          ]),
        ),
      ),
    )
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['three attempts', () => around([119_000, 0], [120_000, 3]), breach],
    ['two attempts', () => around([119_000, 0], [120_000, 2]), warned],
    ['three until 3 s before it was not Ready', () => around([114_000, 0], [115_000, 3]), warned],
    ['three a moment later', () => around([114_000, 0], [115_001, 3]), breach],
    ['three from its being Ready again on', () => around([125_000, 0], [126_000, 3]), warned],
    ['three a moment before', () => around([124_999, 0], [126_000, 3]), breach],
    ['as many as elsewhere', () => around([40_000, 0], [41_000, 23], [119_000, 0], [120_000, 3]), warned],
    ['twice as many as elsewhere', () => around([40_000, 0], [41_000, 22], [119_000, 0], [120_000, 3]), breach],
  ])('loses %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('the loss of a zone', () => {
  const dark = actionOf('zone a dark', { kind: 'power-off', nodes: { zone: 'a' } })
  const lost = (rule: typeof headroomMissing, records: readonly Evidence[]) =>
    causesIn(rule(inAction(dark, [...acted(dark, 125), ...records])))
  const unplaced = (born: number, placed?: number) => [
    ...podLife({ name: 'wallet-9', app: 'wallet', born }),
    ...(placed === undefined
      ? []
      : podLife({ name: 'wallet-9', app: 'wallet', node: 'zone-b-api', born: placed }).slice(0, 1)),
  ]
  const missing = ['breach headroom-missing']
  const hpa = (second: number, desired: number, value: number) =>
    seen(second, {
      resource: 'HorizontalPodAutoscaler',
      ...named('gateway'),
      of: 'gateway',
      min: 2,
      max: 4,
      current: 2,
      desired,
      conditions: [],
      metrics: [{ metric: 'Pods/rps_per_pod', target: 10, value }],
    })

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['as it begins', () => lost(headroomMissing, unplaced(100)), missing],
    ['before', () => lost(headroomMissing, unplaced(99.999)), []],
    ['10 s before its end', () => lost(headroomMissing, unplaced(115)), missing],
    ['later', () => lost(headroomMissing, unplaced(115.001)), []],
    ['and is placed after 10 s', () => lost(headroomMissing, unplaced(103, 113)), missing],
    ['and is placed sooner', () => lost(headroomMissing, unplaced(103, 112.999)), []],
  ])('has no room for a pod that is born %s', (_, is, expected) => expect(is()).toEqual(expected))

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['more than half of it', () => lost(headroomMissing, [hpa(0, 3, 9), hpa(110, 4, 16), hpa(122.501, 4, 9)]), missing],
    ['half of it', () => lost(headroomMissing, [hpa(0, 3, 9), hpa(110, 4, 16), hpa(122.5, 4, 9)]), []],
    ['all of it, as before', () => lost(headroomMissing, [hpa(100, 4, 16), hpa(110, 4, 17)]), []],
    ['all of it, and was not seen before', () => lost(headroomMissing, [hpa(100.001, 4, 16)]), []],
  ])('leaves an autoscaler over its target for %s', (_, is, expected) => expect(is()).toEqual(expected))

  it('names the lines of the autoscaler within it', () => {
    const records = [hpa(0, 3, 9), hpa(100.001, 4, 16), hpa(125, 4, 17), hpa(125.001, 4, 18)]
    const found = noted(headroomMissing(inAction(dark, [...acted(dark, 125), ...records])))
    expect(found[0]?.evidence).toHaveLength(2)
  })

  it.each<[string, readonly string[], readonly string[]]>([
    ['both of two', ['a', 'a'], ['breach zone-concentrated']],
    ['one of two', ['a', 'b'], []],
    ['all of three', ['a', 'a', 'a'], ['breach zone-concentrated']],
    ['three of four', ['a', 'a', 'a', 'b'], []],
    ['four of four', ['a', 'a', 'a', 'a'], ['breach zone-concentrated']],
    ['four of five', ['a', 'a', 'a', 'a', 'b'], ['breach zone-concentrated']],
    ['four of seven', ['a', 'a', 'a', 'a', 'b', 'b', 'c'], []],
    ['five of seven', ['a', 'a', 'a', 'a', 'a', 'b', 'c'], ['breach zone-concentrated']],
  ])('that held %s', (_, zones, expected) => {
    const pods = standing('wallet', ...zones.map((zone) => `zone-${zone}-api`))
    expect(lost(zoneConcentrated, pods)).toEqual(expected)
  })

  it('names nothing of the zones that only other pools use', () => {
    const own = nodes().filter((each) => each.kind === 'object-seen' && each.object.name.endsWith('realtime'))
    const records = together(own, [node(-2, 'a')], acted(dark, 125), standing('wallet', 'zone-a-api', 'zone-a-api'))
    const found = noted(zoneConcentrated(seenIn(records, { rehearsal: { actions: [dark], faults: [] } })))
    expect(found).toEqual([])
  })
})
