import { describe, expect, it } from 'vitest'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { codesOf, type Edit, REHEARSAL, stockFiles, TARGET } from './stock.ts'

const METRICS = `{orders_good: 'orders_total{code!~"5.."}', orders_all: orders_total, order_seconds_bucket: order_seconds_bucket}`
const prometheus = (every: string): Edit => [
  '  books:',
  `  prometheus: {url: 'http://p', scrapeInterval: ${every}, sources: {shop: ${METRICS}}}\n  books:`,
]
const SLIS = `  slis:
    orders: {prometheus: {of: shop, good: orders_good, total: orders_all}}
    order-time: {prometheus: {of: shop, buckets: order_seconds_bucket}}
`
const SLOS = `    - {sli: orders, objective: 99.9%}
    - {sli: order-time, p95: 250ms, ceiling: 500ms}
`

const acting = (act: string): Edit => [
  '  slos:\n',
  `  actions:\n    - {name: v2, during: promo peak, at: 0s, ${act}}\n  slos:\n`,
]
const BESIDE = `deployment: g2, image: {a: 'b:2'}, replicas: 1, route: g, stable: g, canary: g2, within: 5s, rollBackWithin: 5s`
const COUNTS = 'stable: psp-a, canary: psp-b, errors: {atMost: 1%, from: 20}'
const CANARY = `for: 40s, release: {shape: canary, ${BESIDE}, steps: [100%], hold: 5s, gate: {${COUNTS}, slis: [orders]}}`
const SHADOW = `for: 90s, release: {shape: shadow, ${BESIDE}, share: 20%, window: 10s, pairs: 3, latency: {sli: orders, atMost: 15%}, gate: {${COUNTS}}}`
const BUDGETS = '{ready: 1s, freeze: 1s, drain: 1s, catchUp: 1s, promote: 1s, traffic: 1s, thaw: 1s}'
const cutover = (writes: string, reads: string): string =>
  `cutover: {plan: eastward, writes: ${writes}, rto: 30s, budgets: ${BUDGETS}, reads: {sli: ${reads}, p95: 250ms}}`

/** The stock rehearsal with two indicators of Prometheus, edited. */
function parsed(edits: readonly Edit[] = [], every = '5s') {
  const added: readonly Edit[] = [
    ['  slis:\n', SLIS],
    ['  guardrails:\n', `${SLOS}  guardrails:\n`],
  ]
  const files = stockFiles({ [REHEARSAL]: [...added, ...edits], [TARGET]: [prometheus(every)] })
  const read = { read: (path: string) => files.get(path) }
  const target = parseTarget(read, TARGET)
  if (!target.ok) throw new Error(codesOf(target).join())
  return { target: target.value, rehearsal: parseRehearsal(read, REHEARSAL, target.value) }
}
const problemsOf = ({ rehearsal }: ReturnType<typeof parsed>): readonly string[] =>
  rehearsal.ok ? [] : rehearsal.issues.map(({ code, problem }) => `${code}: ${problem}`)

describe('indicators that a Prometheus counts', () => {
  it('are two counters, or the buckets of a histogram', () => {
    const { rehearsal } = parsed()
    if (!rehearsal.ok) throw new Error(codesOf(rehearsal).join())
    expect(rehearsal.value.slis).toMatchObject({
      orders: { kind: 'prometheus-ratio', of: 'shop', good: 'orders_good', total: 'orders_all' },
      'order-time': { kind: 'prometheus-buckets', of: 'shop', buckets: 'order_seconds_bucket', unit: 's' },
    })
  })

  it('are shown in the plan with their series and scrape interval', () => {
    const { rehearsal, target } = parsed()
    if (!rehearsal.ok) throw new Error(codesOf(rehearsal).join())
    const timeline = planTimeline(rehearsal.value, target, { run: 'run-1', seed: 7 })
    if (!timeline.ok) throw new Error('no plan')
    const text = renderPlan(describePlan({ at: 0, rehearsal: rehearsal.value, target, timeline: timeline.value }))
    expect(text).toMatch(
      /orders ≥ 99.9% +Prometheus counts orders_good of orders_all \(shop, every 5s\) +proven by 2,995/,
    )
    expect(text).toMatch(
      /order-time p95 ≤ 250ms .+ +Prometheus counts buckets of order_seconds_bucket \(shop, every 5s\)/,
    )
  })

  it.each([
    ['a latency of two counters', [['sli: orders, objective: 99.9%', 'sli: orders, p95: 250ms']], 'no latency'],
    [
      'an availability of a histogram',
      [['sli: order-time, p95: 250ms, ceiling: 500ms', 'sli: order-time, objective: 99%']],
      'no bad attempts',
    ],
    ['a guardrail', [['sli: deposit, below', 'sli: orders, below']], 'a guardrail needs the load second by second'],
    ['a recovery', [['slo: deposit', 'slo: orders']], 'recovers needs the load second by second'],
    ['the gate of a canary', [acting(CANARY)], 'the gate of a release needs the load second by second'],
    ['a shadow', [acting(SHADOW)], 'a shadow needs the load second by second'],
    ['the writes of a cutover', [acting(cutover('orders', 'bet'))], 'a cutover needs the load second by second'],
    ['the reads of a cutover', [acting(cutover('bet', 'order-time'))], 'a cutover needs the load second by second'],
    ['a union', [['[login, deposit, bet]', '[login, orders]']], 'the union "api" needs the load second by second'],
    ['the name of a load profile', [['    orders: {prom', '    bet: {prom']], '"bet" has samples of its own'],
    [
      'a source that is read from pods',
      [['{of: shop, good', '{of: psp-a, good']],
      'no source "psp-a" under prometheus',
    ],
    ['a metric that is not listed', [['good: orders_good', 'good: orders_ok']], 'does not list orders_ok'],
  ] as const)('are refused with %s', (_, edits, words) => {
    expect(problemsOf(parsed(edits)).join('\n')).toContain(words)
  })

  it('need phases of at least two scrapes, so that each phase has its own counts', () => {
    expect(problemsOf(parsed([], '12500ms'))).toEqual([])
    expect(problemsOf(parsed([], '13s'))).toEqual([
      'budget-unseen: The phase "baseline" lasts 25s, and "orders" is counted by Prometheus, which scrapes every 13s.',
    ])
  })
})

describe('time budgets that are too short for the scrape interval of a Prometheus', () => {
  const metrics = `{psp_requests_total: psp_requests_total, calls: calls, http_requests_total: http_requests_total}`
  const moved = (name: string): Edit => [
    '  books:',
    `  prometheus: {url: 'http://p', scrapeInterval: 15s, sources: {${name}: ${metrics}}}\n  books:`,
  ]
  const told = (edits: readonly Edit[], target: readonly Edit[]) => {
    const files = stockFiles({ [REHEARSAL]: edits, [TARGET]: target })
    const read = { read: (path: string) => files.get(path) }
    const parsedTarget = parseTarget(read, TARGET)
    if (!parsedTarget.ok) throw new Error(codesOf(parsedTarget).join())
    const rehearsal = parseRehearsal(read, REHEARSAL, parsedTarget.value)
    return rehearsal.ok ? [] : rehearsal.issues.map(({ problem }) => problem)
  }

  it('are a fault whose attempts are counted', () => {
    const reaction = '- amplification: {of: shop, attempts: psp_requests_total, operations: calls, atMost: 2x}\n'
    expect(told([['- failover:', `${reaction}        - failover:`]], [moved('shop')])).toEqual([
      '"psp-a down" lasts 25s, and its amplification of "shop" is read from Prometheus, which scrapes every 15s.',
    ])
    expect(
      told(
        [
          ['- failover:', `${reaction}        - failover:`],
          ['for: 25s', 'for: 30s'],
        ],
        [moved('shop')],
      ),
    ).toEqual([])
  })

  it('are syncs of an autoscaler that scales on a gauge', () => {
    const scalesOn: Edit = ['atLeast: 5}', 'atLeast: 5, scalesOn: {gauge: calls, pods: max, of: shop, above: 100}}']
    expect(told([scalesOn], [moved('shop')])).toEqual([
      expect.stringContaining('and what calls for more pods, "shop", is read from Prometheus'),
    ])
    const missing: Edit = ['atLeast: 5}', 'atLeast: 5, scalesOn: {rate: callz, of: shop, above: 100/s}}']
    expect(told([missing], [moved('shop')])[0]).toContain('does not list callz among the metrics of "shop"')
  })

  it.each([
    ['10s', []],
    ['9999ms', [expect.stringMatching(/^3 syncs are 29997ms, and what calls for more pods, "shop", is read from/)]],
  ])('are 3 syncs of %s', (sync, problems) => {
    const scalesOn: Edit = ['atLeast: 5}', 'atLeast: 5, scalesOn: {gauge: calls, pods: max, of: shop, above: 100}}']
    expect(told([scalesOn], [['hpaSync: 2s', `hpaSync: ${sync}`], moved('shop')])).toEqual(problems)
  })

  it.each([
    ['30s', []],
    ['29999ms', ['29999ms cannot be seen: "shop" is read from Prometheus, which scrapes it every 15s.']],
  ])('are %s of a witness', (within, problems) => {
    const edits: readonly Edit[] = [
      ['of: psp-a, becomes: 0, within: 2s', `of: shop, becomes: 0, within: ${within}`],
      ['for: 25s', 'for: 40s'],
    ]
    expect(told(edits, [moved('shop')])).toEqual(problems)
  })

  it.each([
    ['psp-a', '5s', []],
    ['psp-a', '4999ms', ['The trigger is armed for 4999ms, and a rate of "psp-a" is measured over 5s.']],
    ['shop', '30s', []],
    ['shop', '29999ms', ['The trigger is armed for 29999ms, and a rate of "shop" is measured over 30s.']],
  ])('are a trigger on a rate of %s that is armed for %s', (of, by, problems) => {
    const edit: Edit = ['at: 30s', `when: {rate: psp_requests_total, of: ${of}, rises: 9/s, from: 0s, by: ${by}}`]
    expect(told([edit], [moved('shop')])).toEqual(problems)
  })

  it.each([
    ['30s', []],
    ['29999ms', ['A rate of "shop" is measured over 30s, and "recovery" lasts 29999ms.']],
  ])('are a phase of %s in which a rate must be reached', (lasts, problems) => {
    const edits: readonly Edit[] = [
      ['ramp: 5s, for: 30s, load: 1x}', `for: ${lasts}, load: 1x}`],
      ['  slos:\n', '  reaches:\n    - {rate: psp_requests_total, of: shop, atLeast: 50/s, on: recovery}\n  slos:\n'],
    ]
    expect(told(edits, [moved('shop')])).toEqual(problems)
  })

  it('are syncs of an autoscaler whose requests are counted', () => {
    const renamed: Edit = ['    payments-api:\n', '    payments:\n']
    expect(told([], [renamed, moved('payments-api')])).toEqual([
      expect.stringMatching(/^3 syncs are \d+s, and what calls for more pods, "payments-api", is read from Prometheus/),
    ])
  })
})
