/** Schema changes and releases of configuration, to the millisecond. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judgeConfiguration } from '../../src/judge/reactions/configuration.ts'
import { judgeMigration } from '../../src/judge/reactions/migration.ts'
import { actionOf, podLife, target } from '../support/evidence.ts'
import { migratingAct, migratingTarget } from '../support/evidence-migration.ts'
import { releaseAct } from '../support/evidence-release.ts'
import { begun, heal, type Step } from '../support/release-run.ts'
import { it } from '../support/reviewed.ts'
import { actionIn, atMs, counted, framesOf, listOf, partsOn, type SmallRun } from '../support/small-run.ts'

describe('a schema change', () => {
  const waits = (...values: readonly (readonly [ms: number, seconds: number])[]) =>
    counted('orders-db', 'db_lock_wait_seconds', {}, values)
  const judged = (steps: readonly Step[], records: readonly Evidence[], run: SmallRun = {}) => {
    const { seen, harm } = actionIn(
      actionOf('v2', migratingAct()),
      [begun, ...steps],
      { ...run, target: migratingTarget },
      records,
    )
    return partsOn(judgeMigration(seen, harm))
  }
  const start: Step = [41_000, { is: 'migration-begun', migration: 'orders-schema', job: 'j' }]
  const done = (ms: number): Step => [ms, { is: 'migration-done', migration: 'orders-schema' }]
  const calm = waits([40_000, 0], [42_000, 0], [44_000, 0], [46_000, 0], [48_000, 0])
  const first = (steps: readonly Step[], run: SmallRun = {}) => judged([start, ...steps], calm, run)[0]

  it.each<[string, () => string | undefined, string]>([
    ['in time', () => first([done(46_000)]), 'migrated held'],
    ['too late', () => first([done(46_001)]), 'migrated breach rollout-stuck'],
    ['not when its time is over', () => first([heal(46_000)]), 'migrated breach rollout-stuck'],
    ['not when the rollback came before', () => first([heal(45_999)]), 'migrated gap no-evidence'],
    ['not when the run ended before', () => first([], { until: 45_999 }), 'migrated gap no-evidence'],
    [
      'not when it failed',
      () => first([[42_000, { is: 'failed', problem: 'x' }], heal(43_000)]),
      'migrated breach rollout-stuck',
    ],
  ])('completes %s', (_, is, expected) => expect(is()).toBe(expected))

  const locks = (...values: readonly (readonly [ms: number, seconds: number])[]) =>
    judged([start, done(45_000)], waits(...values))[1]
  it.each<[string, () => string | undefined, string]>([
    ['as long as may be', () => locks([42_000, 1], [45_000, 0]), 'locks-short held'],
    ['longer', () => locks([42_000, 1.001], [45_000, 0]), 'locks-short breach schema-locked'],
    ['before it', () => locks([38_000, 2], [40_999, 0], [42_000, 0], [45_000, 0]), 'locks-short held'],
    ['until the scrape 3 s after it', () => locks([42_000, 0], [48_000, 2]), 'locks-short breach schema-locked'],
    ['later', () => locks([42_000, 0], [45_000, 0], [48_001, 2]), 'locks-short held'],
    ['and is not read to its end', () => locks([42_000, 0], [44_999, 0]), 'locks-short gap no-evidence'],
    ['and is not read', () => locks(), 'locks-short gap no-evidence'],
  ])('locks tables %s', (_, is, expected) => expect(is()).toBe(expected))

  const login = (rows: readonly (readonly [ms: number, good: number, bad: number])[]) =>
    framesOf(
      'login',
      rows.map(([ms, good, bad]) => [ms, { good, bad }] as const),
    )
  const fits = (rows: Parameters<typeof login>[0], healedMs = 60_000) =>
    judged([start, done(44_000), heal(55_000), [healedMs, { is: 'healed' }]], [...calm, ...login(rows)])
      .slice(2)
      .at(0)
  // From the start of the load to 41 s, and from 62 s on.
  it.each<[string, () => string | undefined, string]>([
    ['thirty attempts on either side', () => fits(listOf([30_000, 30, 0], [62_000, 0, 0], [70_000, 30, 0])), 'held'],
    ['fewer before', () => fits(listOf([30_000, 29, 0], [62_000, 0, 0], [70_000, 30, 0])), 'gap no-evidence'],
    ['fewer after', () => fits(listOf([30_000, 30, 0], [62_000, 0, 0], [70_000, 29, 0])), 'gap no-evidence'],
    [
      'attempts in a frame that began too early',
      () => fits(listOf([30_000, 30, 0], [61_999, 0, 0], [70_000, 30, 0])),
      'gap no-evidence',
    ],
    ['two bad ones', () => fits(listOf([30_000, 900, 0], [62_000, 0, 0], [70_000, 28, 2])), 'held'],
    [
      'three bad ones',
      () => fits(listOf([30_000, 900, 0], [62_000, 0, 0], [70_000, 27, 3])),
      'breach schema-incompatible',
    ],
    ['as many as before', () => fits(listOf([30_000, 27, 3], [62_000, 0, 0], [70_000, 27, 3])), 'held'],
  ])('is followed by %s', (_, is, expected) => expect(is()).toBe(`works-with-schema ${expected}`))
})

describe('a release of configuration', () => {
  const source = { namespace: 'casino', selector: {}, port: 1, path: '/m', metrics: ['config_info'] as const }
  const sources = {
    ...target.sources,
    gateway: { ...source, configuration: { metric: 'config_info', label: 'digest' } },
  }
  const act = releaseAct({ images: {}, config: { kind: 'values', configMap: 'flags', set: { promo: 'off' } } })
  const pods = ['gateway-1', 'gateway-2'].flatMap((name) =>
    podLife({ name, app: 'gateway', labels: { app: 'gateway' }, born: -20, ready: -19 }),
  )
  const tells = (pod: string, ...values: readonly (readonly [ms: number, digest: string])[]): Evidence[] =>
    values.map(([ms, digest]) => ({
      kind: 'sample',
      at: atMs(ms),
      source: 'gateway',
      pod,
      ok: true,
      series: [{ name: 'config_info', labels: { digest }, value: 1 }],
    }))
  const written: Step = [40_000, { is: 'config-written', configMap: 'flags', was: 'old', now: 'new', taken: ['files'] }]
  const judged = (now: number, back: number, { healMs = 100_000, until = 160_000, other = now } = {}) => {
    const steps: readonly Step[] = [
      begun,
      written,
      [60_000, { is: 'done', note: '' }],
      [healMs, { is: 'heal-requested' }],
    ]
    const records = [
      ...pods,
      ...tells('gateway-1', [1000, 'old'], [now, 'new'], [back, 'old']),
      ...tells('gateway-2', [1000, 'old'], [other, 'new'], [back, 'old']),
    ]
    const { seen, harm } = actionIn(actionOf('off', act), steps, { until, target: { sources } }, records)
    return partsOn(judgeConfiguration(seen, harm))
  }
  // 30 s are allowed, and 20 s for the way back.
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['in time, both ways', () => judged(70_000, 120_000), ['configured held', 'configured-back held']],
    ['too late', () => judged(70_001, 120_000), ['configured breach rollout-stuck', 'configured-back held']],
    [
      'too late on one pod',
      () => judged(50_000, 120_000, { other: 70_001 }),
      ['configured breach rollout-stuck', 'configured-back held'],
    ],
    ['back too late', () => judged(70_000, 120_001), ['configured held', 'configured-back breach rollback-late']],
    [
      'not at all',
      () => judged(130_000, 140_000),
      ['configured breach config-unpinned', 'configured-back breach rollback-late'],
    ],
    [
      'not in a time that was too short',
      () => judged(130_000, 140_000, { healMs: 69_999, until: 89_000 }),
      ['configured gap no-evidence', 'configured-back held'],
    ],
    [
      'not in just the time',
      () => judged(130_000, 140_000, { healMs: 70_000, until: 89_000 }),
      ['configured breach config-unpinned', 'configured-back held'],
    ],
    [
      'and not back before the run ends',
      () => judged(50_000, 140_000, { until: 119_999 }),
      ['configured held', 'configured-back gap no-evidence'],
    ],
    [
      'and not back as its time is over',
      () => judged(50_000, 140_000, { until: 120_000 }),
      ['configured held', 'configured-back breach rollback-late'],
    ],
  ])('is used %s', (_, is, expected) => expect(is()).toEqual(expected))
})
