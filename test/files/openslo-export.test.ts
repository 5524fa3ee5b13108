import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { openSloText } from '../../src/files/openslo/write.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { type Edit, REHEARSAL, stockFiles, TARGET } from './stock.ts'

/** The rules of the specification (OpenSLO v1, README and schemas/v1), written again: no package registry has its JSON Schema. */
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const annotations = z.record(
  z.string().regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
)
const metadata = z.strictObject({
  name,
  displayName: z.string().min(1).optional(),
  annotations: annotations.optional(),
})
const head = { apiVersion: z.literal('openslo/v1'), metadata }
const metric = z.strictObject({
  metricSource: z.strictObject({ type: z.string(), spec: z.strictObject({ query: z.string().min(1) }) }),
})
const ratioMetric = z
  .strictObject({ counter: z.boolean(), good: metric.optional(), bad: metric.optional(), total: metric })
  .refine(({ good, bad }) => (good === undefined) !== (bad === undefined), 'good or bad')
const document = z.discriminatedUnion('kind', [
  z.strictObject({ ...head, kind: z.literal('Service'), spec: z.strictObject({ description: z.string().max(1050) }) }),
  z.strictObject({
    ...head,
    kind: z.literal('SLI'),
    spec: z.union([z.strictObject({ ratioMetric }), z.strictObject({ thresholdMetric: metric })]),
  }),
  z.strictObject({
    ...head,
    kind: z.literal('SLO'),
    spec: z.strictObject({
      service: name,
      indicatorRef: name,
      timeWindow: z
        .array(z.strictObject({ duration: z.string().regex(/^[1-9][0-9]*[mhdwMQY]$/), isRolling: z.literal(true) }))
        .length(1),
      budgetingMethod: z.literal('Occurrences'),
      objectives: z
        .array(
          z.strictObject({
            op: z.enum(['lte', 'lt', 'gte', 'gt']).optional(),
            value: z.number().optional(),
            target: z.number().min(0).lt(1),
          }),
        )
        .min(1),
    }),
  }),
])

const METRICS = `{orders_good: 'orders_total{code!~"5..", by="a, b"}', orders_bad: 'orders_total{code=~"5.."}', orders_all: orders_total, order_seconds_bucket: order_seconds_bucket}`
const PROMETHEUS: Edit = [
  '  books:',
  `  prometheus: {url: 'http://p', scrapeInterval: 5s, sources: {shop: ${METRICS}}}\n  books:`,
]
const SLIS = `  slis:
    orders: {prometheus: {of: shop, good: orders_good, total: orders_all}}
    refused: {prometheus: {of: shop, bad: orders_bad, total: orders_all}}
    order-time: {prometheus: {of: shop, buckets: order_seconds_bucket, unit: ms}}
`
const SLOS = `    - {sli: orders, objective: 99.9%}
    - {sli: refused, objective: 99.5%}
    - {sli: order-time, p99: 250ms, ceiling: 1500ms}
`

type Pair = { readonly rehearsal: Rehearsal; readonly target: Target }

function pairOf(edits: readonly Edit[], more: Readonly<Record<string, string>> = {}): Pair {
  const files = stockFiles({ [REHEARSAL]: edits, [TARGET]: [PROMETHEUS] })
  for (const [path, text] of Object.entries(more)) files.set(path, text)
  const read = { read: (path: string) => files.get(path) }
  const target = parseTarget(read, TARGET)
  const rehearsal = target.ok ? parseRehearsal(read, REHEARSAL, target.value) : target
  if (!target.ok || !rehearsal.ok) throw new Error(JSON.stringify(rehearsal))
  expect(rehearsal.warnings).toBeUndefined()
  return { rehearsal: rehearsal.value, target: target.value }
}

/** The stock rehearsal with three indicators of Prometheus beside those of its load. */
const written = () =>
  pairOf([
    ['  slis:\n', SLIS],
    ['  guardrails:\n', `${SLOS}  guardrails:\n`],
  ])

/** The same rehearsal with nothing but the exported file as objectives. */
function readBack(text: string): Pair {
  const stock = stockFiles().get(REHEARSAL) ?? ''
  const [, slos = ''] = /\n {2}slos:\n([\s\S]*?)\n {2}\S/.exec(stock) ?? []
  return pairOf([[slos, '    - {openslo: slos.yaml}']], { 'scenarios/slos.yaml': text })
}

const objectives = ({ rehearsal }: Pair) => rehearsal.slos.map(({ at: _, ...slo }) => slo)

describe('objectives as OpenSLO', () => {
  it('follow the rules of the specification', () => {
    const { rehearsal, target } = written()
    const documents = parseAllDocuments(openSloText(rehearsal, target)).map((each) => document.parse(each.toJS()))
    expect(documents.filter(({ kind }) => kind === 'SLO')).toHaveLength(rehearsal.slos.length)
    const slis = documents.flatMap((each) => (each.kind === 'SLI' ? [each.metadata.name] : []))
    expect(new Set(slis).size).toBe(slis.length)
    for (const each of documents) if (each.kind === 'SLO') expect(slis).toContain(each.spec.indicatorRef)
  })

  it('are the same objectives when they are read back', () => {
    const before = written()
    const after = readBack(openSloText(before.rehearsal, before.target))
    expect(objectives(after)).toEqual(objectives(before))
    expect(after.rehearsal.slis).toMatchObject({
      orders: {
        kind: 'prometheus-ratio',
        series: { good: 'orders_total{code!~"5..", by="a, b"}', total: 'orders_total' },
      },
      refused: { kind: 'prometheus-failures', series: { bad: 'orders_total{code=~"5.."}', total: 'orders_total' } },
      'order-time': { kind: 'prometheus-buckets', unit: 'ms', series: { buckets: 'order_seconds_bucket' } },
    })
  })

  it('do not change when they are exported again', () => {
    const before = written()
    const text = openSloText(before.rehearsal, before.target)
    const { rehearsal, target } = readBack(text)
    expect(openSloText(rehearsal, target)).toBe(text)
  })
})
