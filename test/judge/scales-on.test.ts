import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { ScalingMetric } from '../../src/domain/rehearsal.ts'
import { perSecond } from '../../src/domain/units.ts'
import { rehearsal, type Story, scrapes, secondAt } from '../support/evidence.ts'
import { causesOf, sentenceOf, shown, withRehearsal } from '../support/judged.ts'
import { it } from '../support/reviewed.ts'

const QUEUE: ScalingMetric = {
  kind: 'gauge',
  of: 'broker',
  metric: 'orders_waiting',
  where: {},
  pods: 'sum',
  above: 100,
}
const ORDERS: ScalingMetric = { kind: 'rate', of: 'broker', metric: 'orders_total', where: {}, above: perSecond(100) }

/** An autoscaler that shows only CPU, as one on an external metric may. More pods are needed from 45 s on, in the promo peak. */
const run = (scalesOn: ScalingMetric | undefined, decidesAt: number, more: readonly Evidence[]) => {
  const cpu = [{ metric: 'Resource/cpu', target: 70, value: 45 }]
  const changes: Partial<Story> = {
    rehearsal: withRehearsal({
      expectations: rehearsal.expectations.map((each) =>
        each.kind === 'autoscaler' && scalesOn ? { ...each, scalesOn } : each,
      ),
    }),
    hpa: (second) => ({ desired: second < decidesAt ? 2 : 6, metrics: cpu }),
    pods: (second) => ({ scheduled: second < decidesAt + 1 ? 2 : 6, ready: second < decidesAt + 8 ? 2 : 6 }),
  }
  return shown(more, changes)
}
const queue = scrapes('broker', 'broker-1', 'orders_waiting', (second) => (second < 45 ? 20 : 400))
const orders = scrapes('broker', 'broker-1', 'orders_total', (second) => 10 * second + 240 * Math.max(0, second - 45))
const failedAt = (second: number): Evidence => ({
  kind: 'sample',
  at: secondAt(second + 0.2),
  source: 'broker',
  pod: 'broker-1',
  ok: false,
  problem: 'answered 503',
})

describe('an autoscaler that scales on a metric of a source', () => {
  it.each([
    ['a gauge', QUEUE, queue],
    ['the rate of a counter', ORDERS, orders],
  ])('is judged from the moment when %s called for more pods', (_, scalesOn, more) => {
    expect(causesOf(run(scalesOn, 49, more))).toEqual([])
    expect(causesOf(run(scalesOn, 62, more))).toContain('autoscaler-late')
    // Without it, from the start of the phase.
    expect(causesOf(run(undefined, 49, more))).toContain('autoscaler-late')
  })

  it('was not tried where the metric stayed below', () => {
    const judgment = run({ ...QUEUE, above: 1000 }, 999, queue)
    expect(causesOf(judgment)).toEqual(['no-evidence'])
    expect(sentenceOf(judgment, 'no-evidence')).toContain('in promo peak its metric was never over target')
  })

  it.each([
    ['was never read', []],
    ['was not read in every sixth scrape', queue.map((each, second) => (second % 6 === 0 ? failedAt(second) : each))],
  ])('is not judged where the metric %s: it may have called for more pods unseen', (_, more) => {
    const judgment = run(QUEUE, 49, more)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(sentenceOf(judgment, 'no-evidence')).toContain('orders_waiting was not read well enough in promo peak')
  })
})
