import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { publishedSeries } from '../../src/domain/published.ts'
import { grafanaDashboard } from '../../src/report/dashboard.ts'

/**
 * The rules of Grafana's dashboard JSON model that an import depends on (its documentation and kinds/dashboard): names and types of the fields, unique
 * ids, a grid of 24 columns, a data source for each panel and query. Grafana itself cannot be installed here.
 */
const source = z.strictObject({ type: z.enum(['prometheus', 'grafana']), uid: z.string().min(1) })
const panel = z.strictObject({
  id: z.int().min(1),
  type: z.enum(['timeseries', 'state-timeline']),
  title: z.string().min(1),
  description: z.string(),
  datasource: source,
  gridPos: z.strictObject({
    h: z.int().min(1),
    w: z.int().min(1).max(24),
    x: z.int().min(0).max(23),
    y: z.int().min(0),
  }),
  fieldConfig: z.strictObject({ defaults: z.looseObject({ unit: z.string() }), overrides: z.array(z.unknown()) }),
  options: z.looseObject({}),
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        datasource: source,
        expr: z.string().min(1),
        legendFormat: z.string(),
        range: z.literal(true),
      }),
    )
    .min(1),
})
const dashboard = z.strictObject({
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  title: z.string().min(1),
  description: z.string(),
  tags: z.array(z.string()),
  editable: z.boolean(),
  graphTooltip: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  timezone: z.enum(['browser', 'utc']),
  refresh: z.string().regex(/^\d+[smh]$/),
  schemaVersion: z.int().min(36),
  version: z.int(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timepicker: z.looseObject({}),
  links: z.array(z.unknown()),
  templating: z.strictObject({
    list: z.array(z.looseObject({ name: z.string(), type: z.enum(['datasource', 'query']) })),
  }),
  annotations: z.strictObject({
    list: z.array(
      z.looseObject({
        name: z.string(),
        datasource: source,
        enable: z.boolean(),
        target: z.strictObject({
          type: z.literal('tags'),
          limit: z.int(),
          matchAny: z.boolean(),
          tags: z.array(z.string()).min(1),
        }),
      }),
    ),
  }),
  panels: z.array(panel),
})

const read = dashboard.parse(grafanaDashboard())
const expressions = read.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))

describe('the Grafana dashboard', () => {
  it('is what it was (mend with vitest -u)', async () => {
    await expect(`${JSON.stringify(grafanaDashboard(), undefined, 2)}\n`).toMatchFileSnapshot('golden/dashboard.json')
  })

  it('has panels with ids of their own that do not overlap and stay within 24 columns', () => {
    const cells = read.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(read.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
    expect(new Set(read.panels.map(({ id }) => id)).size).toBe(read.panels.length)
  })

  it('asks only for series that are published, and uses every one but the plain count', () => {
    const asked = new Set(expressions.flatMap((expr) => expr.match(/matchday_[a-z0-9_]+/g) ?? []))
    expect(Object.keys(publishedSeries)).toEqual(expect.arrayContaining([...asked]))
    const unused = Object.keys(publishedSeries).filter((name) => !asked.has(name))
    expect(unused).toEqual(['matchday_sli_latency_seconds_count'])
  })

  it('uses no variable that it does not have', () => {
    const known = new Set(read.templating.list.map(({ name }) => name))
    const used = JSON.stringify(read).matchAll(/\$\{?([a-z]+)/g)
    expect([...used].map(([, name]) => name).filter((name) => !known.has(name ?? ''))).toEqual([])
  })
})
