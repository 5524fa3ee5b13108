/** One stored run as a side of a comparison: what is counted of its load, whether it can be compared, and how it reacted. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { createRunSums, reactionsOf, unfitReason } from '../../src/judge/stored-run.ts'
import { evidence, runStarted, secondAt } from '../support/evidence.ts'
import { shown, told } from '../support/judged.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, framesOf, listOf } from '../support/small-run.ts'

describe('the load of a stored run', () => {
  const started: Evidence = { kind: 'load-started', at: atMs(-50), zeroAt: atMs(0), instance: 'k6', pid: 1 }
  const goodOf = (rows: readonly (readonly [ms: number, good: number])[], before: readonly Evidence[] = []) => {
    const sums = createRunSums()
    const frames = framesOf(
      'bet',
      rows.map(([ms, good]) => [ms, { good }] as const),
    )
    for (const record of [runStarted(), ...before, started, ...frames]) sums.add(record)
    return sums.sums().bet?.good
  }

  // The first phase of the stock rehearsal ramps for 5 s. A frame counts where its middle is.
  it.each<[string, readonly (readonly [number, number])[], number | undefined]>([
    ['begins after the first ramp', listOf([4500, 10], [5500, 3], [6500, 4]), 7],
    ['leaves out a frame of the ramp', listOf([4500, 10], [5499, 3], [6500, 4]), 4],
    ['is nothing within the ramp', listOf([1000, 10], [2000, 3]), undefined],
  ])('%s', (_, rows, good) => expect(goodOf(rows)).toBe(good))

  it('is the same whatever else was recorded', () => {
    const other: Evidence = { kind: 'phase-started', at: atMs(-10), phase: 'baseline', index: 0 }
    expect(goodOf(listOf([4500, 10], [5500, 3]), [other])).toBe(3)
  })

  it('counts parts of a union', () => {
    const sums = createRunSums()
    for (const record of [runStarted(), started, ...framesOf('bet', listOf([6000, { good: 1 }], [7000, { good: 2 }]))])
      sums.add(record)
    expect(sums.sums().api?.good).toBe(3)
  })
})

describe('a stored run can be compared', () => {
  const unseen = (slos: Judgment['slos']) => slos.map((slo) => ({ ...slo, state: 'no-evidence' }) as const)
  const stopped: Judgment['verdict'] = { kind: 'aborted', by: 'operator', at: atMs(0), gaps: [] }
  it.each<[string, (run: Judgment) => Partial<Judgment>, string | undefined]>([
    ['where all is well', () => ({}), undefined],
    ['not where it was stopped', () => ({ verdict: stopped }), 'it was stopped'],
    [
      'not where its load generator cannot be trusted',
      ({ generator }) => ({ generator: { ...generator, trusted: false, sentence: 'It was starved.' } }),
      'It was starved.',
    ],
    ['not where no objective was measured', ({ slos }) => ({ slos: unseen(slos) }), 'nothing was measured in it'],
    ['where one was', ({ slos }) => ({ slos: [...unseen(slos.slice(1)), ...slos.slice(0, 1)] }), undefined],
  ])('%s', (_, changes, why) => {
    const run = told()
    expect(unfitReason({ ...run, ...changes(run) })).toBe(why)
  })
})

it.each<[string, () => Judgment, RegExp]>([
  ['whose controller was killed', () => judge(evidence().filter(({ at }) => at < secondAt(60))), /matchday was killed/],
  ['whose load crashed', () => told({ lasts: 100, outcome: 'crashed' }), /The load generator crashed/],
  [
    'whose journal was changed',
    () => shown([{ kind: 'evidence-doubted', at: secondAt(0), doubt: 'changed', problem: 'line 7' }]),
    /The journal was changed after it was written: line 7/,
  ],
])('a stored run %s cannot be compared', (_, run, why) => {
  expect(unfitReason(run())).toMatch(why)
})

describe('reactions of stored runs', () => {
  type Harmed = Pick<Judgment['faults'][number], 'failovers' | 'recoveries' | 'costs'>
  const none: Harmed = { failovers: [], recoveries: [], costs: [] }
  const run = (faults: Partial<Harmed>, actions: Partial<Harmed> = {}, readyMs?: number): Judgment =>
    ({
      ...told(),
      faults: [{ fault: 'psp-a down', ...none, ...faults }],
      actions: [{ action: 'drain', ...none, ...actions }],
      autoscalers: [
        {
          name: 'api',
          phase: 'peak',
          steps: [
            { name: 'decided', afterMs: 5 },
            { name: 'ready', ...(readyMs === undefined ? {} : { afterMs: readyMs }) },
          ],
        },
      ],
    }) as unknown as Judgment
  const failover = (tookMs?: number) =>
    ({ failovers: [{ from: 'a', to: 'b', ...(tookMs === undefined ? {} : { tookMs }) }] }) as unknown as Partial<Harmed>
  const recovery = (tookMs: number) => ({ recoveries: [{ sli: 'bet', tookMs }] }) as unknown as Partial<Harmed>
  const cost = (budgetBurnt: number) =>
    ({ costs: [{ sli: 'bet', kind: 'availability', budgetBurnt }] }) as unknown as Partial<Harmed>

  it('are paired by what they are of, in the order of the runs', () => {
    expect(
      noted(
        reactionsOf([run(failover(100), recovery(7), 900), run(failover(), {}, 800)], [run(failover(120), cost(0.5))]),
      ),
    ).toEqual([
      { what: 'psp-a down: failover a → b', unit: 'ms', a: [100], b: [120] },
      { what: 'drain: bet recovers', unit: 'ms', a: [7], b: [] },
      { what: 'api scales in peak', unit: 'ms', a: [900, 800], b: [] },
      { what: 'drain: budget burnt of bet availability', unit: 'share', a: [], b: [0.5] },
    ])
  })

  it('are none where nothing was harmed', () => expect(noted(reactionsOf([run({})], [run({})]))).toEqual([]))
})
