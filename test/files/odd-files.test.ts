/** Curves and OpenSLO documents at the limits of what is read, and the OpenSLO documents that are written, against golden files. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Issue } from '../../src/domain/issue.ts'
import { ratio } from '../../src/domain/units.ts'
import { readCurve } from '../../src/files/curve.ts'
import { readOpenSlo } from '../../src/files/openslo/read.ts'
import { openSloText } from '../../src/files/openslo/write.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { collectIssues } from '../../src/files/report.ts'
import { parseTarget } from '../../src/files/target.ts'

const said = (issues: readonly Issue[]): readonly string[] =>
  issues.map(({ at, code, problem, next }) => `  :${at.line} ${code} ${problem} → ${next}`)

const matrix = (...series: readonly (readonly (readonly [number, string])[])[]): string =>
  JSON.stringify({ data: { resultType: 'matrix', result: series.map((values) => ({ metric: {}, values })) } })

const CURVES: readonly (readonly [title: string, text: string, column?: string])[] = [
  ['seconds', 'time,rate\n10,5\n20,7.5\n'],
  ['without a head', '10,5\n20,7\n'],
  ['without a head, by a column', '10,5\n20,7\n', 'rate'],
  ['by a column', 'time,a,b\n0,1,2\n1,3,4\n', 'b'],
  ['by a column that is not there', 'time,a,b\n0,1,2\n1,3,4\n', 'c'],
  ['by the column of times', 'time,a\n0,1\n1,2\n', 'time'],
  ['milliseconds since 1970', 'time,rate\n1700000000000,5\n1700000001500,6\n'],
  ['the largest second, and the first millisecond', 'time,rate\n100000000000,5\n100000000001,6\n'],
  ['dates', 'time,rate\n2026-03-01T20:00:00Z,5\n2026-03-01 20:00:30Z,6\n'],
  ['quotes and Windows line ends', '"time","rate"\r\n"0","5"\r\n"60","6"\r\n'],
  ['empty lines', 'time,rate\n\n0,5\n,\n60,6\n\n'],
  ['gaps', 'time,rate\n0,NaN\n1,5\n2,\n3,null\n4,9\n'],
  ['nothing but gaps', 'time,rate\n0,NaN\n1,\n'],
  ['a rate below zero', 'time,rate\n0,-5\n1,6\n'],
  ['a rate without end', 'time,rate\n0,Infinity\n1,6\n'],
  ['no rate and no time', 'time,rate\nsoon,many\n1,6\n2,7\n'],
  ['a row without a rate', 'time,rate\n0\n1,6\n2,7\n'],
  ['one point', 'time,rate\n0,5\n'],
  ['no point', 'time,rate\n'],
  ['two rows of one time', 'time,rate\n0,5\n0,6\n1,7\n'],
  ['rows that go back', 'time,rate\n5,5\n4,6\n6,7\n'],
  ['exponents', 'time,rate\n1e1,1e2\n2E1,1.5e+1\n'],
  [
    'a matrix',
    matrix([
      [10, '5'],
      [20, '6'],
    ]),
  ],
  [
    'a matrix of two series',
    matrix(
      [
        [10, '5'],
        [20, '6'],
      ],
      [
        [10, '1'],
        [30, '2'],
      ],
    ),
  ],
  [
    'a matrix with gaps',
    matrix(
      [
        [10, 'NaN'],
        [20, '6'],
        [30, 'NaN'],
      ],
      [
        [10, '1'],
        [20, 'NaN'],
        [30, 'NaN'],
      ],
    ),
  ],
  [
    'a matrix over many lines',
    '{"data": {"resultType": "matrix", "result": [\n{"values": [\n[10, "5"],\n[20, "x"],\n[30, "6"],\n[40, "7"]]}]}}',
  ],
  ['a matrix without its envelope', '{"resultType": "matrix", "result": [{"values": [[1, "2"], [2, "3"]]}]}'],
  ['a result without a type', '{"result": [{"values": [[1, "2"], [2, "3"]]}]}'],
  ['a vector', '{"data": {"resultType": "vector", "result": []}}'],
  ['no result', '{"data": {"resultType": "matrix"}}'],
  ['a list', '[1, 2]'],
  ['broken JSON', '{"data": '],
]

it('curves are read as the golden file shows', async () => {
  const shown = CURVES.map(([title, text, column]) => {
    const { report, found } = collectIssues()
    const wish = { file: 'x.csv', factor: 2, speed: 4, ...(column === undefined ? {} : { column }) }
    const points = readCurve(text, wish, report)
    return [`## ${title}`, ...said(found()), `  ${JSON.stringify(points) ?? 'no points'}`, ''].join('\n')
  })
  await expect(shown.join('\n').replace(/no JSON: .*/g, 'no JSON: …')).toMatchFileSnapshot('golden/odd-curves.md')
})

const FOLDER = 'test/files/good/keys'
const textOf = (name: string): string => readFileSync(`${FOLDER}/${name}`, 'utf8')
const [SHOP, LATENCY] = [textOf('shop.openslo.yaml'), textOf('latency.openslo.yaml')]

function edited(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`no ${from}`)
  return text.replace(from, () => to)
}
const latency = (from: string, to: string): string => edited(LATENCY, from, to)
const shop = (from: string, to: string): string => edited(SHOP, from, to)
const other = (kind: string): string =>
  `---\napiVersion: openslo/v1\nkind: ${kind}\nmetadata: {name: other}\nspec: {}\n`
const LONGEST = 'a'.repeat(63)

const DOCUMENTS: readonly (readonly [title: string, text: string])[] = [
  ['as they are', `${SHOP}---\n${LATENCY}`],
  ['as a list', '- {apiVersion: openslo/v1, kind: Service, metadata: {name: shop}, spec: {}}\n'],
  ['an empty file', ''],
  ['no SLO', other('Service').slice(4)],
  ...['DataSource', 'AlertPolicy', 'AlertCondition', 'AlertNotificationTarget', 'Service', 'Sl0', 'Pod'].map(
    (kind) => [`beside a ${kind}`, SHOP + other(kind)] as const,
  ),
  ['beside a document without a kind', `${SHOP}---\na: 1\n`],
  ['the longest name', shop('name: orders-placed}\nspec', `name: ${LONGEST}}\nspec`)],
  ['a name that is too long', shop('name: orders-placed}\nspec', `name: ${LONGEST}a}\nspec`)],
  ['the longest name of an indicator', SHOP.replaceAll('name: orders-placed', `name: ${'a'.repeat(31)}`)],
  ['a name of an indicator that is too long', SHOP.replaceAll('name: orders-placed', `name: ${'a'.repeat(32)}`)],
  ...['0.001', '0.0005', '0.0015', '0.002', '1e12', '1000000000001', '-1e12'].map(
    (value) => [`a limit of ${value} s`, latency('value: 0.25', `value: ${value}`)] as const,
  ),
  ['a limit in milliseconds', edited(latency('unit: s', 'unit: ms'), 'value: 0.25', 'value: 250')],
  ['an unknown unit', latency('unit: s', 'unit: h')],
  [
    'a unit from the name',
    edited(latency(', annotations: {matchday.dev/unit: s}', ''), 'order_seconds_bucket', 'order_ms_bucket'),
  ],
  ['a seconds unit by default', latency(', annotations: {matchday.dev/unit: s}', '')],
  ...['0.009', '0.01', '0.999999', '0.9999995', '0.5', '0.9', '0.99', '0.97'].map(
    (target) => [`a latency at ${target}`, latency('target: 0.95', `target: ${target}`)] as const,
  ),
  ...['0.009', '0.01', '0.999999', '0.9999995', '1', '1.1'].map(
    (target) => [`a share of ${target}`, shop('target: 0.99', `target: ${target}`)] as const,
  ),
  ...['99.9', '0.5', '100', '101'].map(
    (percent) => [`a share of ${percent} %`, shop('target: 0.99', `targetPercent: ${percent}`)] as const,
  ),
  ['two targets', shop('target: 0.99', 'target: 0.99, targetPercent: 99')],
  ['no target', shop('target: 0.99', 'op: lte')],
  ['op of a ratio', shop('target: 0.99', 'target: 0.99, op: lte')],
  ['value of a ratio', shop('target: 0.99', 'target: 0.99, value: 1')],
  ['no op', latency('op: lte, ', '')],
  ['no value', latency('value: 0.25, ', '')],
  ['a strict op', latency('op: lte', 'op: lt')],
  ['a window of the length of the load', latency('duration: 30d', 'duration: 2m')],
  ['a window in hours', latency('duration: 30d', 'duration: 1h')],
  [
    'two windows',
    latency('[{duration: 30d, isRolling: true}]', '[{duration: 2m, isRolling: true}, {duration: 2m, isRolling: true}]'),
  ],
  ['a window that does not roll', latency('isRolling: true', 'isRolling: false')],
  ['a sum by a label', shop('query: \'orders_total{code="200"}\'', 'query: sum by (code) (orders_total)')],
  [
    'both parts',
    shop('        total:', '        bad: {metricSource: {type: Prometheus, spec: {query: b_total}}}\n        total:'),
  ],
  ['no total', SHOP.replace(/ {8}total:.*\n/, '')],
  ['good that cannot be read', shop('query: \'orders_total{code="200"}\'', 'query: a_total + b_total')],
  ['total that cannot be read', shop('query: orders_total}', 'query: a_total + b_total}')],
  ['no counter', shop('counter: true', 'counter: false')],
  [
    'no counter, and an increase',
    edited(shop('counter: true', 'counter: false'), 'query: orders_total}', "query: 'increase(orders_total[5m])'}"),
  ],
  ['a promql', shop('query: orders_total}', 'promql: orders_total}')],
  ['no query', shop('query: orders_total}', 'other: orders_total}')],
  [
    'a data source by name',
    shop(
      'type: Prometheus, spec: {query: orders_total}',
      'metricSourceRef: main, type: prometheus, spec: {query: orders_total}',
    ),
  ],
  ['buckets of no histogram', latency("'order_seconds_bucket'", "'order_seconds_count'")],
  ['buckets by another label', latency("'order_seconds_bucket'", "'sum by (le, pod) (order_seconds_bucket)'")],
  ['two indicators', shop('  objectives:', '  indicatorRef: x\n  objectives:')],
  ['no indicator that is there', `${LATENCY.replace(/ {2}indicator:\n(?: {4}.*\n)+/, '  indicatorRef: gone\n')}`],
  ['alert policies', shop('  objectives:', '  alertPolicies: [page]\n  objectives:')],
  ['a ceiling that is no duration', latency('ceiling: 500ms', 'ceiling: high')],
  [
    'what matchday publishes',
    latency(
      "'order_seconds_bucket'",
      '\'sum by (le) (matchday_sli_latency_seconds_bucket{rehearsal="x", sli="checkout"})\'',
    ),
  ],
]

it('OpenSLO documents are read as the golden file shows', async () => {
  const shown = DOCUMENTS.map(([title, text]) => {
    const { report, found, warned } = collectIssues()
    const named = { file: 'x.rehearsal.yaml', line: 0, column: 0 }
    const read = readOpenSlo({ read: () => text }, 'x.openslo.yaml', named, 120_000, report)
    const slos = read.slos.map(({ value: { sli, objective, ceiling, ...limits } }) => {
      const measures = Object.entries(limits).flatMap(([name, limit]) => (limit ? [`${name} ${limit.value}ms`] : []))
      const share = objective === undefined ? [] : [String(objective)]
      return `  ${sli.value}: ${[...share, ...measures, ...(ceiling ? [`ceiling ${ceiling.value}ms`] : [])].join(', ')}`
    })
    const slis = Object.entries(read.slis).map(
      ([name, { ...sli }]) => `  ${name} = ${JSON.stringify({ ...sli, at: undefined })}`,
    )
    return [`## ${title}`, ...said(found()), ...said(warned()), ...slos, ...slis, ''].join('\n')
  })
  await expect(shown.join('\n')).toMatchFileSnapshot('golden/odd-openslo.md')
})

it('the objectives of a rehearsal are written as the golden file shows', async () => {
  const files = { read: (path: string) => (path === 'shop.ts' ? '' : textOf(path)) }
  const [rehearsal, target] = [parseRehearsal(files, 'run.rehearsal.yaml'), parseTarget(files, 'target.yaml')]
  if (!rehearsal.ok || !target.ok) throw new Error('the files with every key are good')
  const { at } = rehearsal.value.slos[0]
  const more = ['orders', 'refused'].map((sli) => ({ kind: 'availability' as const, sli, objective: ratio(0.99), at }))
  const [first, ...others] = rehearsal.value.slos
  const text = openSloText({ ...rehearsal.value, slos: [first, ...others, ...more] }, target.value)
  await expect(text).toMatchFileSnapshot('golden/odd-openslo-written.yaml')
})
