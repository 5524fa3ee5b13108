import { describe, expect, it } from 'vitest'
import { arrivalsBy } from '../../src/domain/arrivals.ts'
import { seconds } from '../../src/domain/units.ts'
import { blockIssues, planBlock, steadyIssues } from '../../src/plan/blocks.ts'
import { at, stock } from './plans.ts'

describe('a rehearsal whose load is measured in blocks', () => {
  it('has no objective that a Prometheus counts', () => {
    const { rehearsal } = stock
    expect(blockIssues(rehearsal)).toEqual([])
    const login = { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'all', at } as const
    expect(blockIssues({ ...rehearsal, slis: { ...rehearsal.slis, login } })).toMatchObject([
      { code: 'indicator-missing', problem: expect.stringContaining('"login" is counted by Prometheus') },
    ])
  })
})

describe('the load of a block', () => {
  const target = { ...stock.target, loadFactor: 2 }
  const wanted = {
    block: 'b1',
    of: 'a',
    run: 'run-1',
    seed: 7,
    factor: 3,
    settleMs: seconds(10),
    measuredMs: seconds(20),
  }
  const stagesOf = (more: object) =>
    planBlock(stock.rehearsal, target, { ...wanted, ...more }).load.profiles.find(({ name }) => name === 'login')
      ?.stages
  const rate = 6 * (stock.rehearsal.load.arrivals.login ?? 0)

  it('is constant, and multiplied by the factors of phase and target', () => {
    expect(stagesOf({})).toEqual([{ durationMs: 30_000, from: rate, to: rate }])
    expect(stagesOf({ rampMs: seconds(0) })).toEqual([{ durationMs: 30_000, from: rate, to: rate }])
  })

  it('rises while the block settles, which does not make the block longer', () => {
    expect(stagesOf({ rampMs: seconds(4) })).toEqual([
      { durationMs: 4_000, from: 0, to: rate },
      { durationMs: 26_000, from: rate, to: rate },
    ])
  })

  it('follows another load without a pause', () => {
    const stages = stagesOf({ rampMs: seconds(2), before: { factor: 1, forMs: seconds(5) } }) ?? []
    expect(stages).toEqual([
      { durationMs: 2_000, from: 0, to: rate / 3 },
      { durationMs: 5_000, from: rate / 3, to: rate / 3 },
      { durationMs: 23_000, from: rate, to: rate },
    ])
    expect(arrivalsBy(stages, seconds(30))).toBeCloseTo((rate / 3) * 6 + rate * 23, 6)
  })

  it('has the seed of its pair, so that players behave alike, and its own keys', () => {
    const load = (block: string, pair?: number) =>
      planBlock(stock.rehearsal, target, { ...wanted, block, ...(pair === undefined ? {} : { pair }) }).load
    expect(load('b1', 1).seed).toBe(load('b2', 1).seed)
    expect(load('b1', 1).seed).not.toBe(load('b1', 2).seed)
    expect(load('b1').seed).not.toBe(load('b2').seed)
    expect([load('b1', 1).run, load('b2', 1).run]).toEqual(['run-1-b1', 'run-1-b2'])
  })
})

describe('a block of a script that knows nothing of matchday', () => {
  const constant = { executor: 'constant-arrival-rate', rate: 20, duration: '2s', preAllocatedVUs: 5 }
  const facts = {
    usesLibrary: false,
    functions: ['default', 'handleSummary'],
    scenarios: { visitors: constant },
    thresholds: [{ metric: 'http_req_failed', expression: 'rate<0', abortOnFail: true }],
    bundled: false,
  }
  const own = { ...stock.rehearsal, load: { ...stock.rehearsal.load, own: true as const, env: { URL: '{entry}' } } }

  it('goes on to its end with the environment of its own entry, and has no thresholds and no summary', () => {
    const times = { settleMs: seconds(10), measuredMs: seconds(20) }
    const wanted = { block: 'b1', of: 'a', run: 'run-1', seed: 7, factor: 1, ...times, entry: 'http://b', facts }
    const { load } = planBlock(own, { ...stock.target, loadFactor: 1 }, wanted)
    expect(arrivalsBy(load.profiles[0]?.stages ?? [], seconds(30))).toBeCloseTo(600, 6)
    expect(load).toMatchObject({ entry: 'http://b', env: { URL: 'http://b' } })
    expect(load).not.toHaveProperty('thresholds')
    expect(load).not.toHaveProperty('handlesSummary')
  })

  it('must not change its load by itself', () => {
    const ramping = { visitors: { ...constant, executor: 'ramping-arrival-rate' } }
    expect(steadyIssues(own, facts)).toEqual([])
    expect(steadyIssues(own, { scenarios: ramping })).toMatchObject([{ code: 'load-not-steady' }])
    expect(steadyIssues(stock.rehearsal, { scenarios: ramping })).toEqual([])
  })
})
