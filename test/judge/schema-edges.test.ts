/** What is left open of a schema change and of a configuration whose records are not whole. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { configUnpinned } from '../../src/judge/causes/configurations.ts'
import { judgeConfiguration } from '../../src/judge/reactions/configuration.ts'
import { judgeMigration } from '../../src/judge/reactions/migration.ts'
import { actionOf, podLife, readyPod, seen as shown, target } from '../support/evidence.ts'
import { migratingAct, migratingTarget } from '../support/evidence-migration.ts'
import { releaseAct } from '../support/evidence-release.ts'
import { begun, heal, type Step } from '../support/release-run.ts'
import { it } from '../support/reviewed.ts'
import {
  actionIn,
  atMs,
  causesIn,
  counted,
  faulted,
  framesOf,
  listOf,
  partsOn,
  type SmallRun,
  seenIn,
} from '../support/small-run.ts'

describe('a schema change', () => {
  const start: Step = [41_000, { is: 'migration-begun', migration: 'orders-schema', job: 'j' }]
  const done: Step = [44_000, { is: 'migration-done', migration: 'orders-schema' }]
  const calm = counted(
    'orders-db',
    'db_lock_wait_seconds',
    {},
    listOf([40_000, 0], [42_000, 0.2], [46_000, 0], [48_000, 0]),
  )
  const login = (...rows: Parameters<typeof framesOf>[1]) => framesOf('login', rows)
  const migrated = (
    steps: readonly Step[],
    records: readonly Evidence[] = [],
    run: SmallRun = {},
    expect_: readonly object[] = [],
  ) => {
    const spec = { ...actionOf('v2', migratingAct()), expect: expect_ as never }
    const { seen, harm } = actionIn(spec, [begun, ...steps], { ...run, target: migratingTarget }, [...calm, ...records])
    return partsOn(judgeMigration(seen, harm))
  }
  const usual = login([30_000, { good: 50 }], [62_000, {}], [70_000, { good: 50 }])
  const healed: readonly Step[] = [heal(55_000), [60_000, { is: 'healed' }]]
  const fault = (ms: number) => faulted({ endMs: ms })
  const unknown = (n: number) => Array.from({ length: n }, () => 'works-with-schema gap no-evidence')

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that never began', () => migrated([]), ['migrated gap no-evidence', 'locks-short gap no-evidence']],
    [
      'that began and failed',
      () => migrated([start, [42_000, { is: 'failed', problem: 'no image' }]]),
      ['migrated breach rollout-stuck', 'locks-short gap no-evidence'],
    ],
    [
      'whose rollback was not seen',
      () => migrated([start, done]),
      ['migrated held', 'locks-short held', ...unknown(2)],
    ],
    [
      'that is complete',
      () => migrated([start, done, ...healed], usual),
      ['migrated held', 'locks-short held', 'works-with-schema held', ...unknown(1)],
    ],
    [
      'of which the rehearsal asks one indicator',
      () =>
        migrated([start, done, ...healed], usual, {}, [
          { kind: 'undisturbed', sli: 'login', badMax: 0 },
          { kind: 'undisturbed', sli: 'login', badMax: 1 },
        ]),
      ['migrated held', 'locks-short held', 'works-with-schema held'],
    ],
    [
      'whose attempts end with the load',
      () => migrated([start, done, ...healed], usual, { until: 70_000 }),
      ['migrated held', 'locks-short held', 'works-with-schema held', ...unknown(1)],
    ],
    [
      'that asks for less than the load shows',
      () => migrated([start, done, ...healed], login([30_000, { good: 29 }], [62_000, {}], [70_000, { good: 50 }])),
      ['migrated held', 'locks-short held', ...unknown(2)],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('leaves out attempts that another harm may have spoilt, and those of the 5 s after it', () => {
    const fits = (endMs: number, ms: number) => {
      const spec = actionOf('v2', migratingAct())
      const records = [begun, start, done, ...healed].map(
        ([at_, step]): Evidence => ({ kind: 'action-step', at: atMs(at_), action: 'v2', step }),
      )
      const rows = login([30_000, { good: 50 }], [ms, {}], [ms + 1000, { good: 50 }])
      const seen = seenIn([...calm, ...rows, ...fault(endMs), ...records], {
        target: migratingTarget,
        rehearsal: { actions: [spec] },
      })
      return partsOn(judgeMigration(seen, actionIn(spec, [begun]).harm))[2]
    }
    expect([fits(70_000, 75_999), fits(70_000, 76_000), fits(70_000, 64_000), fits(70_000, 64_001)]).toEqual([
      'works-with-schema gap no-evidence',
      'works-with-schema held',
      'works-with-schema held',
      'works-with-schema gap no-evidence',
    ])
  })
})

describe('a configuration that pods take as they start', () => {
  const act = releaseAct({ images: {}, config: { kind: 'values', configMap: 'flags', set: { promo: 'off' } } })
  const pod = (name: string, changes: Partial<Parameters<typeof podLife>[0]> = {}) =>
    podLife({ name, app: 'gateway', born: -20, ready: -19, ...changes })
  const started = (name: string, second: number, restarts = 1) =>
    shown(second, { ...readyPod(name, 'gateway', { restarts }), node: undefined as never })
  const written = (taken: readonly string[] = ['environment']): Step => [
    40_000,
    { is: 'config-written', configMap: 'flags', was: 'old', now: 'new', taken: taken as never },
  ]
  const judged = (
    records: readonly Evidence[],
    { steps = [written()], healMs = 100_000 as number | 'never', until = 160_000 } = {},
  ) => {
    const back = healMs === 'never' ? [] : [heal(healMs)]
    const { seen, harm } = actionIn(actionOf('off', act), [begun, ...steps, ...back], { until }, records)
    return partsOn(judgeConfiguration(seen, harm))
  }
  const both = (...more: readonly (readonly Evidence[])[]) => [...pod('gateway-1'), ...pod('gateway-2'), ...more.flat()]
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'of which each was started again, twice',
      () =>
        judged(
          both([
            started('gateway-1', 50),
            started('gateway-2', 60),
            started('gateway-1', 105, 2),
            started('gateway-2', 110, 2),
          ]),
        ),
      ['configured held', 'configured-back held'],
    ],
    [
      'of which one was not started again',
      () => judged(both([started('gateway-1', 50)])),
      ['configured breach config-unpinned', 'configured-back breach rollback-late'],
    ],
    [
      'of which none was started again',
      () => judged(both()),
      ['configured breach config-unpinned', 'configured-back held'],
    ],
    [
      'as files',
      () => judged(both(), { steps: [written(['files', 'environment'])] }),
      ['configured gap no-evidence', 'configured-back gap no-evidence'],
    ],
    [
      'as nothing',
      () => judged(both(), { steps: [written([])] }),
      ['configured breach config-unpinned', 'configured-back held'],
    ],
    [
      'that was never taken back',
      () => judged(both(), { healMs: 'never' }),
      ['configured breach config-unpinned', 'configured-back gap no-evidence'],
    ],
    [
      'of a release that failed',
      () => judged(both(), { steps: [written(), [50_000, { is: 'failed', problem: 'x' }]] }),
      ['configured-back held'],
    ],
    ['that was never written', () => judged(both(), { steps: [] }), []],
    ['without pods', () => judged([]), ['configured gap no-evidence', 'configured-back gap no-evidence']],
    [
      'as the release is written',
      () => judged(both([started('gateway-1', 40), started('gateway-2', 40)])),
      ['configured breach config-unpinned', 'configured-back held'],
    ],
    [
      'as the rollback begins',
      () => judged(both([started('gateway-1', 50), started('gateway-2', 100)])),
      ['configured breach config-unpinned', 'configured-back breach rollback-late'],
    ],
    [
      'of a pod that was born in between',
      () => judged([...pod('gateway-1', { ends: 50, gone: 51 }), ...pod('gateway-2', { born: 45, ready: 46 })]),
      ['configured held', 'configured-back breach rollback-late'],
    ],
    [
      'of a pod that is Ready only after its rollback',
      () => judged([...pod('gateway-1', { ends: 101, gone: 102 }), ...pod('gateway-2', { born: 101, ready: 103 })]),
      ['configured breach config-unpinned', 'configured-back held'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

/** Its pods tell the digest of their configuration. */
const source = {
  namespace: 'casino',
  selector: {},
  port: 1,
  path: '/m',
  metrics: ['info'],
  configuration: { metric: 'info', label: 'digest' },
}
const tellsOf =
  (of: string) =>
  (pod: string, ms: number, digest: string): Evidence => ({
    kind: 'sample',
    at: atMs(ms),
    source: of,
    pod,
    ok: true,
    series: [{ name: 'info', labels: { digest }, value: 1 }],
  })

describe('pods of one template that report different configurations', () => {
  const owner = { kind: 'ReplicaSet', name: 'bets' }
  const pod = (name: string, ready: number, changes: object = {}) =>
    shown(ready, { ...readyPod(name, 'bets'), owner, labels: { 'pod-template-hash': 'a' }, ...changes } as never)
  const tells = tellsOf('bets')
  const found = (records: readonly Evidence[], until = 160_000) =>
    causesIn(configUnpinned(seenIn(records, { until, target: { sources: { ...target.sources, bets: source } } })))
  const two = (ms = 1000, ready = -1, changes: object = {}) => [
    pod('bets-1', -1),
    pod('bets-2', ready, changes),
    tells('bets-1', 1000, 'old'),
    tells('bets-2', ms, 'new'),
  ]
  const is = ['breach config-unpinned']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['for two minutes', () => found(two(40_000)), is],
    ['for less', () => found(two(40_001)), []],
    ['of which one serves for two minutes', () => found(two(1000, 40)), is],
    ['of which one serves for less', () => found(two(1000, 40.001)), []],
    ['of different templates', () => found(two(1000, -1, { labels: { 'pod-template-hash': 'b' } })), []],
    ['of different owners', () => found(two(1000, -1, { owner: { kind: 'ReplicaSet', name: 'x' } })), []],
    ['of different namespaces', () => found(two(1000, -1, { namespace: 'bank' })), []],
    [
      'without owners',
      () =>
        found([pod('bets-1', -1, { owner: undefined }), pod('bets-2', -1, { owner: undefined }), ...two().slice(2)]),
      [],
    ],
    ['of which one serves no more', () => found([...two(), pod('bets-2', 100, { deleting: true })]), []],
    ['of which one tells nothing', () => found(two().slice(0, 3)), []],
    ['that are alike', () => found([...two().slice(0, 3), tells('bets-2', 1000, 'old')]), []],
    ['and became alike', () => found([...two(), tells('bets-2', 2000, 'old')]), []],
    ['of three, of which two are alike', () => found([...two(), pod('bets-0', -1), tells('bets-0', 1000, 'old')]), is],
  ])('%s', (_, run, expected) => expect(run()).toEqual(expected))
})

describe('a release of configuration that its pods tell', () => {
  it('is not known of a pod that has not told for 15 s', () => {
    const act = releaseAct({ images: {}, config: { kind: 'values', configMap: 'flags', set: { promo: 'off' } } })
    const tells = tellsOf('gateway')
    const born = (second: number) => {
      const records = [
        ...podLife({ name: 'gateway-1', app: 'gateway', born: -20, ready: -19 }),
        ...podLife({ name: 'gateway-2', app: 'gateway', born: second, ready: second }),
        tells('gateway-1', 1000, 'old'),
        tells('gateway-1', 50_000, 'new'),
      ]
      const steps: readonly Step[] = [
        begun,
        [40_000, { is: 'config-written', configMap: 'flags', was: 'a', now: 'b', taken: ['files'] }],
        heal(100_000),
      ]
      const { seen, harm } = actionIn(
        actionOf('off', act),
        steps,
        { until: 110_000, target: { sources: { ...target.sources, gateway: source } } },
        records,
      )
      return partsOn(judgeConfiguration(seen, harm))[0]
    }
    expect([born(85), born(84.998)]).toEqual(['configured held', 'configured gap no-evidence'])
  })
})
