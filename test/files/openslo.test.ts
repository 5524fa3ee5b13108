import { describe, expect, it } from 'vitest'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { type Edit, REHEARSAL, stockFiles, TARGET } from './stock.ts'

const FILE = 'scenarios/slos/shop.yaml'
const PROMETHEUS: Edit = ['  books:', "  prometheus: {url: 'http://p', scrapeInterval: 5s, sources: {}}\n  books:"]

const source = (query: string) => `{metricSource: {type: Prometheus, spec: {query: '${query}'}}}`
const GOOD = source('sum(rate(orders_total{code!~"5.."}[5m]))')
const TOTAL = source('sum(rate(orders_total[5m]))')
const ratio = (part = `good: ${GOOD}`) => `ratioMetric: {counter: true, ${part}, total: ${TOTAL}}`

type Parts = {
  readonly metric?: string
  readonly objectives?: string
  readonly window?: string
  readonly method?: string
  readonly more?: string
}
const slo = (
  name: string,
  { metric = ratio(), objectives = '- target: 0.999', window = '30d', method = 'Occurrences', more = '' }: Parts = {},
) =>
  `apiVersion: openslo/v1
kind: SLO
metadata: {name: ${name}, displayName: Orders}
spec:
  service: shop
  indicator:
    metadata: {name: ${name}}
    spec: {${metric}}
  timeWindow: [{duration: ${window}, isRolling: true}]
  budgetingMethod: ${method}
  objectives:
    ${objectives}
${more}`

const latency = (query: string, objectives: string) =>
  slo('order-time', { metric: `thresholdMetric: ${source(query)}`, objectives })

function parsed(text: string, target: readonly Edit[] = [PROMETHEUS], rehearsal: readonly Edit[] = []) {
  const edits: readonly Edit[] = [['  guardrails:\n', `    - {openslo: slos/shop.yaml}\n  guardrails:\n`], ...rehearsal]
  const files = stockFiles({ [REHEARSAL]: edits, [TARGET]: target })
  files.set(FILE, text)
  const read = { read: (path: string) => files.get(path) }
  const read2 = parseTarget(read, TARGET)
  if (!read2.ok) throw new Error(JSON.stringify(read2.issues))
  return parseRehearsal(read, REHEARSAL, read2.value)
}

function accepted(text: string) {
  const result = parsed(text)
  if (!result.ok) throw new Error(result.issues.map(({ at, problem }) => `${at.file}:${at.line} ${problem}`).join('\n'))
  return result
}
const linesOf = (result: ReturnType<typeof parsed>): readonly string[] =>
  (result.ok ? (result.warnings ?? []) : result.issues)
    .filter(({ at }) => at.file === FILE)
    .map(({ at, code, problem }) => `${at.line} ${code}: ${problem}`)

describe('OpenSLO documents', () => {
  it('are objectives: a ratio of two counters, with the selectors of their series', () => {
    const { value } = accepted(slo('orders'))
    expect(value.slos.at(-1)).toMatchObject({ kind: 'availability', sli: 'orders', objective: 0.999 })
    expect(value.slis.orders).toMatchObject({
      kind: 'prometheus-ratio',
      of: 'openslo/orders',
      series: { good: 'orders_total{code!~"5.."}', total: 'orders_total' },
    })
  })

  it('count failures where the document does', () => {
    const bad = `bad: ${source('sum(increase(orders_total{code=~"5.."}[5m]))')}`
    expect(accepted(slo('orders', { metric: ratio(bad) })).value.slis.orders).toMatchObject({
      kind: 'prometheus-failures',
      series: { bad: 'orders_total{code=~"5.."}', total: 'orders_total' },
    })
  })

  it('are latencies: the buckets of a histogram, whose target is the share within the limit', () => {
    const text = latency('sum by (le) (rate(order_seconds_bucket[5m]))', '- {op: lte, value: 0.25, targetPercent: 95}')
    const { value } = accepted(text)
    expect(value.slos.at(-1)).toMatchObject({ kind: 'latency', sli: 'order-time', quantile: 0.95, targetMs: 250 })
    expect(value.slis['order-time']).toMatchObject({
      kind: 'prometheus-buckets',
      unit: 's',
      series: { buckets: 'order_seconds_bucket' },
    })
  })

  it('may stand with their SLI and their Service in one file', () => {
    const text = `apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {description: The shop}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: taken}
spec: {${ratio()}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders-are-taken}
spec:
  service: shop
  indicatorRef: taken
  budgetingMethod: Occurrences
  objectives: [{targetPercent: 99.9}]
`
    expect(accepted(text).value.slos.at(-1)).toMatchObject({ sli: 'taken', objective: 0.999 })
    expect(linesOf(parsed(text.replace('indicatorRef: taken', 'indicatorRef: took')))).toEqual([
      '16 unknown-sli: There is no SLI "took" in this file.',
    ])
  })

  it('say what of them is not used', () => {
    const policy = `---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page}
spec: {}
`
    expect(linesOf(accepted(slo('orders', { more: policy })))).toEqual([
      '9 openslo-unused: The window of 30d is not used: the objective is judged over the load, which lasts 2m40s.',
      '14 openslo-unused: A rehearsal does not use documents of the kind AlertPolicy.',
    ])
    expect(linesOf(accepted(slo('orders', { window: '3m' })))).toEqual([])
  })

  it.each([
    ['time slices', slo('orders', { method: 'Timeslices' }), '10 openslo-refused: Timeslices judge shares of time'],
    [
      'a calendar window',
      slo('orders').replace('isRolling: true', 'calendar: {startTime: "2026-01-01 00:00:00", timeZone: Europe/Vienna}'),
      '9 openslo-refused: A calendar window',
    ],
    [
      'a composite',
      slo('orders', { objectives: '- {target: 0.9, compositeWeight: 2, indicatorRef: x}' }),
      '12 openslo-refused: A rehearsal does not judge composite SLOs',
    ],
    [
      'another source',
      slo('orders', { metric: ratio(`good: ${GOOD.replace('Prometheus', 'Datadog')}`) }),
      '8 openslo-refused: The metric is in Datadog',
    ],
    [
      'a share that was computed elsewhere',
      slo('orders', { metric: `ratioMetric: {rawType: success, raw: ${GOOD}}` }),
      '8 openslo-refused: A share that was computed elsewhere',
    ],
    [
      'arithmetic',
      slo('orders', { metric: ratio(`good: ${source('sum(rate(a[5m])) - sum(rate(b[5m]))')}`) }),
      '8 openslo-refused: The query cannot be read as the series of one counter: it does arithmetic with several series.',
    ],
    [
      'a quantile of Prometheus',
      latency(
        'histogram_quantile(0.95, sum by (le) (rate(order_seconds_bucket[5m])))',
        '- {op: lte, value: 0.25, target: 0.99}',
      ),
      '8 openslo-refused: The query cannot be read as the series of one counter: it uses histogram_quantile().',
    ],
    [
      'a share that no latency is judged at',
      latency('order_seconds_bucket', '- {op: lte, value: 0.25, target: 0.97}'),
      '12 openslo-refused: A latency is judged at the shares',
    ],
    [
      'a limit from below',
      latency('order_seconds_bucket', '- {op: gte, value: 0.25, target: 0.95}'),
      '12 openslo-refused: A bucket counts the attempts within a limit (lte), found gte.',
    ],
    [
      'an unknown key',
      slo('orders').replace('displayName', 'displayname'),
      '3 unknown-key: metadata has no key "displayname".',
    ],
    ['a share below zero', slo('orders', { objectives: '- target: -0.001' }), '12 wrong-value'],
    ['a percentage below zero', slo('orders', { objectives: '- targetPercent: -0.1' }), '12 wrong-value'],
    [
      'a limit that is no number of seconds',
      latency('order_seconds_bucket', '- {op: lte, value: -1000000000001, target: 0.95}'),
      '12 wrong-value',
    ],
    ['a target that cannot be proven', slo('orders', { objectives: '- target: 1' }), '12 out-of-range'],
  ])('are refused with %s, at its line', (_, text, line) => {
    const result = parsed(text)
    expect(result.ok).toBe(false)
    expect(linesOf(result).join('\n')).toContain(line)
  })

  it.each([
    ['none at all', '0s', false],
    ['the shortest', '1ms', true],
    ['the longest', '24h', true],
    ['a longer one', '24h1ms', false],
    ['one that no computer can count', `${'9'.repeat(400)}h`, false],
  ])('have a ceiling as long as any other duration: %s', (_, ceiling, isAccepted) => {
    const text = latency('order_seconds_bucket', '- {op: lte, value: 0.001, target: 0.95}')
    const annotated = text.replace('displayName: Orders', `annotations: {matchday.dev/ceiling: '${ceiling}'}`)
    const told = '3 out-of-range: The annotation matchday.dev/ceiling must be at least 1ms and at most 24h.'
    const issues = linesOf(parsed(annotated)).filter((line) => !line.includes('openslo-unused'))
    expect(issues).toEqual(isAccepted ? [] : [told])
  })

  it('that could not be read are not called missing where a reaction names one', () => {
    const naming: Edit = ['slo: deposit, within: 10s', 'slo: taken, within: 10s']
    const codes = (text: string) => {
      const result = parsed(text, [PROMETHEUS], [naming])
      return result.ok ? [] : result.issues.map(({ code }) => code).filter((code) => code !== 'openslo-unused')
    }
    expect(codes(slo('orders', { objectives: '- target: 1' }))).toEqual(['out-of-range'])
    expect(codes(slo('orders'))).toEqual(['unknown-sli'])
  })

  it('need a Prometheus in the target file', () => {
    const result = parsed(slo('orders'), [])
    expect(linesOf(result).join('\n')).toContain('has no prometheus that could count it')
  })
})
