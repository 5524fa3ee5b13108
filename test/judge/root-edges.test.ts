/** Which findings excuse others, and which follow from a root. */
import { describe, expect } from 'vitest'
import { type Cause, causeNames } from '../../src/domain/causes.ts'
import type { Evidence, EvidenceKind } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { ratio } from '../../src/domain/units.ts'
import type { Finding } from '../../src/domain/verdict.ts'
import { finding } from '../../src/judge/findings/findings.ts'
import { excuseLost } from '../../src/judge/verdict/lost-evidence.ts'
import { withRoots } from '../../src/judge/verdict/roots.ts'
import { excuseStarved } from '../../src/judge/verdict/starvation.ts'
import { place as at, budget, podLife, rehearsal } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, counted, frame, type SmallRun, seenIn } from '../support/small-run.ts'

const of = (weight: Finding['weight'], cause: Cause, subject = 'x'): Finding =>
  finding(weight, cause, subject, 'y', [1])
const all = (weight: Finding['weight']) => causeNames.map((cause) => of(weight, cause))
const named = (findings: readonly Finding[]) => noted(findings.map(({ cause }) => cause).join(', '))
const health = (ms: number): Evidence => ({
  kind: 'generator-health',
  at: atMs(ms),
  instance: 'k6',
  cpuCores: 0.1,
  hostBusy: ratio(0.1),
  rssBytes: 1,
})
const seconds_ = (one: (ms: number) => Evidence, from = 1000, to = 60_000) =>
  Array.from({ length: (to - from) / 1000 + 1 }, (_, n) => one(from + n * 1000))
const run: SmallRun = { until: 60_000 }
const usual = [...seconds_((ms) => frame(ms, {})), ...seconds_(health)]
const lost = (of_?: Exclude<EvidenceKind, 'evidence-doubted'>, about = 'x', ms = 30_000): Evidence => ({
  kind: 'evidence-lost',
  at: atMs(ms),
  about,
  problem: 'y',
  ...(of_ === undefined ? {} : { of: of_ }),
})

describe('breaches that lost evidence excuses', () => {
  const excused = (records: readonly Evidence[]) =>
    excuseLost(seenIn(records, run), all('breach')).filter(({ weight }) => weight === 'gap')

  it.each<[string, readonly Evidence[]]>([
    ['scrapes', [lost('sample')]],
    ['objects', [lost('object-seen')]],
    ['lists', [lost('objects-listed')]],
    ['frames', [lost('load-frame')]],
    ['the health of the generator', [lost('generator-health')]],
    ['books', [lost('book-read')]],
    ['keys', [lost('keys-read')]],
    ['notes', [lost('note')]],
    ['alerts', [lost('alerts-read')]],
    ['receipts', [lost('receipts-told')]],
    ['messages', [lost('deliveries-read')]],
    ['audits', [lost('residue')]],
    ['steps of faults', [lost('fault-step')]],
    ['something that nobody can name', [lost()]],
    ['lines that are out of order', [frame(60_000, {})]],
    ['more than fifty things', Array.from({ length: 51 }, () => lost('residue'))],
    [
      'a pod that was scraped and never seen',
      [...counted('payments-api', 'x', {}, [[30_000, 1]], 'p-9'), ...podLife({ name: 'a', app: 'a', born: -1 })],
    ],
  ])('are some: %s', (_, records) => expect(named(excused([...usual, ...records]))).toBeTypeOf('string'))

  it.each<[string, readonly Evidence[]]>([
    ['no frame', seconds_(health)],
    ['no health', seconds_((ms) => frame(ms, {}))],
    [
      'a hole in the frames',
      usual.filter(({ kind, at: ms }) => kind !== 'load-frame' || ms < atMs(20_000) || ms > atMs(30_000)),
    ],
    [
      'a hole in the health',
      usual.filter(({ kind, at: ms }) => kind === 'load-frame' || ms < atMs(20_000) || ms > atMs(30_000)),
    ],
    ['a hole in everything', usual.filter(({ at: ms }) => ms < atMs(20_000) || ms > atMs(30_000))],
  ])('are some where there is %s', (_, records) => expect(named(excused(records))).not.toBe(''))

  it('are none if no evidence was lost, and never warnings', () => {
    expect(excused(usual)).toEqual([])
    const other = [of('warning', 'slo-missed'), of('breach', 'slo-missed')]
    expect(excuseLost(seenIn([...usual, lost()], run), other).map(({ weight }) => weight)).toEqual(['warning', 'gap'])
    expect(excuseLost(seenIn([...usual, lost()], run), other)[1]?.sentence).toBe(
      'y (Evidence was lost, so this is not certain.)',
    )
  })
})

describe('breaches that a starved machine excuses', () => {
  const weights = (findings: readonly Finding[], contended = true) =>
    excuseStarved(
      seenIn([budget(-1, 'x', { healthy: 2, wantedHealthy: 2 }), budget(50, 'x', { healthy: 1, wantedHealthy: 2 })]),
      findings,
      contended,
    )
  it('are those of times, rates and shares', () => {
    expect(named(weights(all('breach')).filter(({ weight }) => weight === 'gap'))).toContain('slo-missed')
    expect(weights([of('breach', 'slo-missed')])[0]?.sentence).toBe(
      'y (The machine was starved, which may be the reason.)',
    )
    expect(
      [...weights(all('breach'), false), ...weights(all('warning'))].filter(({ weight }) => weight === 'gap'),
    ).toEqual([])
  })
})

describe('a root', () => {
  type Harms = Parameters<typeof withRoots>[2]
  /** Those of the findings that follow from it. */
  const follows = (
    root: Cause,
    findings: readonly Finding[],
    seen = seenIn([], run),
    harms: Harms = { faults: [], actions: [] },
  ) => findings.filter((each) => withRoots(seen, [of('gap', root, 'the root'), each], harms)[1]?.follows !== undefined)
  const roots = [
    'run-stopped',
    'run-incomplete',
    'cluster-unreachable',
    'load-missing',
    'load-crashed',
    'generator-starved',
    'fault-unproven',
    'slo-missed',
  ] as const

  it.each(roots)('%s explains these gaps, and no breach', (root) => {
    expect(named(follows(root, all('gap')))).toBeTypeOf('string')
    expect(follows(root, all('breach'))).toEqual([])
  })
  it.each(roots)('%s explains these warnings', (root) =>
    expect(named(follows(root, all('warning'))) !== '').toBe(root === 'generator-starved'),
  )

  const harms = (changes: object): Harms =>
    ({
      faults: [{ fault: 'f', state: 'proven', ...changes }],
      actions: [{ action: 'a', state: 'not-done', ...changes }],
    }) as unknown as Harms
  const open = (harm: object) =>
    follows(
      'run-incomplete',
      [of('gap', 'fault-unproven', 'f'), of('gap', 'fault-not-recovered', 'f'), of('gap', 'action-not-done', 'a')],
      seenIn([], run),
      harms(harm),
    ).length
  it.each<[string, object, number]>([
    ['that is open', {}, 3],
    ['that is healed', { healedAt: atMs(1) }, 1],
    ['that was refused', { state: 'refused' }, 0],
    ['that was not reached', { state: 'not-reached' }, 3],
    ['that was done', { state: 'done' }, 2],
    ['of another name', { fault: 'g', action: 'b' }, 0],
  ])('that cut a run short explains a harm %s', (_, harm, n) => expect(open(harm)).toBe(n))

  it.each<[string, object, number]>([
    ['unproven', { state: 'unproven' }, 1],
    ['not reached', { state: 'not-reached' }, 1],
    ['proven', { state: 'proven' }, 0],
    ['of another name', { fault: 'g', state: 'unproven' }, 0],
  ])('without a load explains a fault that is %s', (_, harm, n) =>
    expect(
      follows(
        'load-missing',
        [of('gap', 'fault-unproven', 'f'), of('gap', 'fault-not-recovered', 'f')],
        seenIn([], run),
        harms(harm),
      ),
    ).toHaveLength(n),
  )

  it('that starved the machine explains what a guardrail cut short', () => {
    const trip = {
      kind: 'guardrail-tripped',
      at: atMs(1000),
      id: 'g',
      sli: 'x',
      measured: ratio(0),
      below: ratio(1),
      forMs: 1,
    } as never
    const gaps = [of('gap', 'load-crashed'), of('gap', 'no-evidence'), of('gap', 'unsettled')]
    expect(named(follows('generator-starved', gaps))).toBe('unsettled')
    expect(named(follows('generator-starved', gaps, seenIn([trip], run)))).toBe('load-crashed, unsettled')
  })

  it('that silenced the cluster explains what was lost since', () => {
    const seen = seenIn([lost(undefined, 'pods')], run)
    const gaps = ['pods', 'nodes', 'more'].map((subject) => of('gap', 'evidence-lost', subject))
    expect(noted(follows('cluster-unreachable', gaps, seen)).map(({ subject }) => subject)).toEqual(['pods', 'more'])
  })

  const missing = (changes: Partial<Rehearsal>, subject: string, records: readonly Evidence[] = []) =>
    follows('run-incomplete', [of('gap', 'no-evidence', subject)], seenIn(records, { ...run, rehearsal: changes }))
      .length
  const [scaler, disruption] = rehearsal.expectations
  if (scaler === undefined || disruption === undefined) throw new Error('the stock rehearsal expects something')
  const hpa = {
    kind: 'object-seen',
    at: atMs(1000),
    change: 'present',
    object: {
      resource: 'HorizontalPodAutoscaler',
      namespace: 'casino',
      name: 'payments-api',
      uid: 'u',
      of: 'w',
      min: 1,
      max: 2,
      current: 1,
      desired: 1,
      metrics: [],
      conditions: [],
    },
  } as Evidence
  const keda = {
    kind: 'keda',
    scaledObject: 'worker',
    phase: 'recovery',
    activatesWithinMs: 1,
    readyWithinMs: 1,
    atLeast: 1,
    at,
  } as never
  it.each<[string, () => number, number]>([
    ['an autoscaler that was never seen', () => missing({ expectations: [scaler] }, 'payments-api'), 0],
    ['an autoscaler that was seen', () => missing({ expectations: [scaler] }, 'payments-api', [hpa]), 1],
    ['what no expectation is about', () => missing({ expectations: [scaler] }, 'other'), 1],
    ['a queue that was never seen', () => missing({ expectations: [keda] }, 'worker'), 0],
    ['another queue', () => missing({ expectations: [keda] }, 'mail'), 1],
    [
      'a budget that was never seen',
      () => missing({ expectations: [{ kind: 'disruption', budget: 'b', at }] }, 'b'),
      0,
    ],
    [
      'a budget that was seen',
      () => missing({ expectations: [{ kind: 'disruption', budget: 'b', at }] }, 'b', [budget(1, 'b', {})]),
      1,
    ],
    ['another budget', () => missing({ expectations: [{ kind: 'disruption', budget: 'b', at }] }, 'c'), 1],
    ['objectives', () => missing({}, 'objectives'), 0],
    ['the ledger', () => missing({}, 'ledger'), 0],
    [
      'a maximum of an autoscaler that was never seen',
      () => missing({ reaches: [{ kind: 'at-maximum', autoscaler: 'payments-api', at }] }, 'autoscaler payments-api'),
      0,
    ],
    [
      'a maximum of one that was seen',
      () =>
        missing({ reaches: [{ kind: 'at-maximum', autoscaler: 'payments-api', at }] }, 'autoscaler payments-api', [
          hpa,
        ]),
      1,
    ],
    [
      'another maximum',
      () => missing({ reaches: [{ kind: 'at-maximum', autoscaler: 'payments-api', at }] }, 'autoscaler other'),
      1,
    ],
  ])('explains what was not seen, unless its name is wrong: %s', (_, is, n) => expect(is()).toBe(n))

  it('is the last reason of a chain', () => {
    const chain = [of('gap', 'run-stopped', 'a'), of('gap', 'cluster-unreachable', 'b'), of('gap', 'load-missing', 'c')]
    const told = noted(withRoots(seenIn([], run), chain, { faults: [], actions: [] }))
    expect(told.map((each) => each.follows?.subject)).toEqual(['b', undefined, 'b'])
  })
})
