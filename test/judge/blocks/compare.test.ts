import { describe, expect } from 'vitest'
import type { Comparison } from '../../../src/domain/comparison.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { BUCKET_FACTOR } from '../../../src/domain/histogram.ts'
import { createRandom, type Random } from '../../../src/domain/random.ts'
import { instant } from '../../../src/domain/units.ts'
import { createComparing } from '../../../src/judge/comparing.ts'
import { runStarted, ZERO } from '../../support/evidence.ts'
import { blockPlan, blockRecords, session } from '../../support/evidence-blocks.ts'
import { it, noted } from '../../support/reviewed.ts'

type Side = { readonly slower?: number; readonly badPerBlock?: number }
type Options = {
  readonly pairs: number
  readonly a?: Side
  readonly b?: Side
  readonly seed?: number
  readonly hostBusy?: number
  readonly starved?: (pair: number) => boolean
  readonly more?: readonly Evidence[]
  readonly ended?: boolean
}

/** Latencies of a block: lognormal around 100 ms, the whole block shifted by noise, in k6's buckets. */
function secondsOf(draw: Random, { slower = 1, badPerBlock = 0 }: Side) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
  const shift = slower * Math.exp(0.07 * normal())
  const one = (count: number, bad: number) => {
    const buckets = new Map<number, number>()
    for (let n = 0; n < count; n++) {
      const value = 60 * shift * Math.exp(0.4 * normal())
      const bound = BUCKET_FACTOR ** Math.ceil(Math.log(value) / Math.log(BUCKET_FACTOR))
      buckets.set(bound, (buckets.get(bound) ?? 0) + 1)
    }
    return { histogram: [...buckets].sort(([x], [y]) => x - y), bad }
  }
  return (second: number) => {
    const bad = second >= 5 && second < 5 + badPerBlock ? 1 : 0
    return { login: one(24, 0), deposit: one(22, bad), bet: one(14, 0), 'ws-rtt': one(40, 0) }
  }
}

/** The journal of a comparison by the stock rehearsal. */
function journal({
  pairs,
  a = {},
  b = {},
  seed = 1,
  hostBusy = 0.5,
  starved = () => false,
  more = [],
  ended = true,
}: Options): Evidence[] {
  const draw = createRandom(seed, 'comparison')
  const records: Evidence[] = [runStarted(), { kind: 'session-started', at: instant(ZERO - 1000), session: session() }]
  let at = ZERO
  for (let pair = 1; pair <= pairs; pair++) {
    for (const [of, side] of [
      ['a', a],
      ['b', b],
    ] as const) {
      const dropped = of === 'b' && starved(pair) ? 100 : 0
      records.push(
        ...blockRecords(blockPlan(`p${pair}-${of}`, of, pair), at, secondsOf(draw, side), { hostBusy, dropped }),
      )
      at += 40_000
    }
  }
  records.push(...more)
  if (ended) records.push({ kind: 'run-ended', at: instant(at), healed: true })
  return records
}

function judged(options: Options): Comparison {
  const judge = createComparing()
  for (const record of journal(options)) judge.add(record)
  const comparison = judge.result()
  const short = (all: Comparison['objectives']) => all.map(({ values: _, ...each }) => each)
  noted([{ ...comparison, objectives: [], others: [] }, ...short(comparison.objectives), ...short(comparison.others)])
  return comparison
}

const gate = ({ objectives }: Comparison, sli: string, kind: 'latency' | 'rate') =>
  objectives.find((each) => each.sli === sli && each.kind === kind)

describe('a comparison of the stock rehearsal', () => {
  it('has one gating statistic for each objective, and shows the rest', () => {
    const { objectives, others } = judged({ pairs: 4 })
    expect(objectives.map(({ sli, statistic }) => `${sli} ${statistic}`).sort()).toEqual([
      'api p95',
      'deposit bad share',
      'login bad share',
      'ws-rtt p95',
    ])
    expect(objectives.every(({ gates }) => gates) && others.every(({ gates }) => !gates)).toBe(true)
    expect(others.map(({ sli, statistic }) => `${sli} ${statistic}`)).toEqual(
      expect.arrayContaining(['api p99', 'api share over 400 ms', 'deposit p95', 'ws-rtt bad share']),
    )
  })

  it('proves an equal release not worse, and stops at the first look that does', () => {
    const comparison = judged({ pairs: 16 })
    expect(comparison).toMatchObject({ outcome: 'not-worse', exitCode: 0, gaps: [] })
    expect(comparison.pairs).toBeLessThan(16)
    expect(comparison.summary).toMatch(/^v2 against v1: not worse, proven with \d+ pairs/)
  })

  it('finds a release that is 25 % slower, and says by how much', () => {
    const comparison = judged({ pairs: 8, b: { slower: 1.25 } })
    expect(comparison).toMatchObject({ outcome: 'regressed', exitCode: 1 })
    const api = gate(comparison, 'api', 'latency')
    expect(api?.estimate).toBeGreaterThan(1.15)
    expect(api?.estimate).toBeLessThan(1.35)
    expect(api?.interval?.[0]).toBeGreaterThan(1)
    expect(comparison.summary).toContain('api p95')
    expect(comparison.summary).toMatch(/% slower \(90 %: .* slower to .* slower\)/)
  })

  it('finds a release that fails more often but is equally fast', () => {
    const comparison = judged({ pairs: 12, b: { badPerBlock: 6 } })
    expect(comparison.outcome).toBe('regressed')
    expect(gate(comparison, 'deposit', 'rate')).toMatchObject({ state: 'regressed' })
    expect(gate(comparison, 'api', 'latency')?.state).not.toBe('regressed')
  })

  it('is undecided with few pairs, and says how many more are needed', () => {
    const comparison = judged({ pairs: 3, b: { slower: 1.08 } })
    expect(comparison).toMatchObject({ outcome: 'undecided', exitCode: 3, pairs: 3 })
    expect(comparison.pairsMore).toBeGreaterThan(0)
    expect(comparison.summary).toMatch(/undecided after 3 pairs: .*It needs about \d+ pairs? more\./)
  })

  it('gives no verdict before its first look', () => {
    const comparison = judged({ pairs: 3, b: { slower: 3 }, ended: false })
    expect(comparison.outcome).toBe('undecided')
  })

  it('leaves out a pair with a starved block, and says why', () => {
    const comparison = judged({ pairs: 6, starved: (pair) => pair === 2 })
    expect(comparison.voidPairs.map(({ pair }) => pair)).toEqual([2])
    expect(comparison.voidPairs[0]?.reasons[0]).toContain('p2-b: its load generator was starved')
    expect(gate(comparison, 'api', 'latency')?.values.map(({ pair }) => pair)).not.toContain(2)
  })

  it('proves nothing on a full machine, which slows both releases', () => {
    const comparison = judged({ pairs: 16, hostBusy: 0.99 })
    expect(comparison).toMatchObject({ outcome: 'undecided', exitCode: 3 })
    expect(comparison.gaps[0]).toContain('The machine was full')
    expect(judged({ pairs: 8, hostBusy: 0.99, b: { slower: 1.3 } }).outcome).toBe('regressed')
  })

  it('is undecided with exit code 4 when it was stopped', () => {
    const stop: Evidence = {
      kind: 'stop-requested',
      at: instant(ZERO),
      by: 'operator',
      reason: 'the operator asked to stop',
    }
    const comparison = judged({ pairs: 2, more: [stop] })
    expect(comparison).toMatchObject({ outcome: 'undecided', exitCode: 4 })
    expect(comparison.gaps).toContain('It was stopped: the operator asked to stop.')
  })

  it('does not trust a journal that was changed', () => {
    const doubt: Evidence = {
      kind: 'evidence-doubted',
      at: instant(ZERO),
      doubt: 'changed',
      problem: 'line 7: its hash is wrong',
    }
    expect(judged({ pairs: 16, more: [doubt] })).toMatchObject({ outcome: 'undecided', exitCode: 3 })
  })

  it('lists its limits', () => {
    const { limits } = judged({ pairs: 4 })
    expect(limits.join('\n')).toContain('One session is one placement of pods')
    expect(limits.join('\n')).toMatch(/No availability objective counts the bad attempts of .*ws-rtt/)
  })

  it('is refused without a session record', () => {
    const judge = createComparing()
    judge.add(runStarted())
    expect(() => judge.result()).toThrow('no session-started record')
  })

  it('judges 16 pairs in less than a second', () => {
    const records = journal({ pairs: 16, b: { slower: 1.06 } })
    const from = performance.now()
    const judge = createComparing()
    for (const record of records) judge.add(record)
    judge.result()
    // The bench has the goal; here only a slip by an order of magnitude.
    expect(performance.now() - from).toBeLessThan(5000)
  })
})
