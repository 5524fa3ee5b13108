import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { parseExposition } from '../../../src/protocols/prometheus/text.ts'

describe('the text exposition parser', () => {
  it('reads what prom-client writes', async () => {
    const registry = new Registry()
    const counter = new Counter({
      name: 'http_requests_total',
      help: 'h',
      labelNames: ['route', 'code'],
      registers: [registry],
    })
    const gauge = new Gauge({ name: 'sockets', help: 'h', registers: [registry] })
    const seconds = new Histogram({ name: 'took_seconds', help: 'h', buckets: [0.1, 1], registers: [registry] })
    counter.inc({ route: '/a "quoted" \\ path\nnext', code: '200' }, 7)
    gauge.set(-2.5)
    seconds.observe(0.5)
    const { samples, types, problems } = parseExposition(await registry.metrics())
    expect(problems).toEqual([])
    expect(types.get('took_seconds')).toBe('histogram')
    expect(samples).toContainEqual({
      name: 'http_requests_total',
      labels: { route: '/a "quoted" \\ path\nnext', code: '200' },
      value: 7,
    })
    expect(samples).toContainEqual({ name: 'sockets', labels: {}, value: -2.5 })
    expect(samples).toContainEqual({ name: 'took_seconds_bucket', labels: { le: '+Inf' }, value: 1 })
  })

  it.each([
    ['a value of infinity', 'x +Inf', Number.POSITIVE_INFINITY],
    ['a value that is not a number', 'x NaN', Number.NaN],
    ['an exponent', 'x 1.5e-3', 0.0015],
    ['an empty label list with spaces', 'x { } 3', 3],
    ['a comma behind the last label', 'x{a="b",} 4', 4],
    ['an exemplar', 'x_bucket{le="1"} 5 # {trace="t"} 0.4', 5],
  ])('reads %s', (_, line, value) => {
    expect(parseExposition(line).samples.map((sample) => sample.value)).toEqual([value])
  })

  it('keeps a timestamp when there is one', () => {
    expect(parseExposition('x{a="}"} 1 1700000000123').samples).toEqual([
      { name: 'x', labels: { a: '}' }, value: 1, timestampMs: 1700000000123 },
    ])
  })

  it.each([
    ['a missing value', 'x'],
    ['a value that is a word', 'x many'],
    ['an unclosed label list', 'x{a="b" 1'],
    ['a label without quotes', 'x{a=b} 1'],
    ['a line that is HTML', '<html>'],
    ['a timestamp that is a word', 'x 1 now'],
  ])('reports %s with its line and keeps the good lines', (_, line) => {
    const { samples, problems } = parseExposition(`good 1\n${line}\nalso_good 2\n`)
    expect(samples.map((sample) => sample.name)).toEqual(['good', 'also_good'])
    expect(problems.map((problem) => problem.line)).toEqual([2])
  })

  it('reads only the wanted metrics, but all declarations', () => {
    const text = '# TYPE a counter\n# TYPE b gauge\na{x="1"} 1\nab 2\nb many\na many\n{} 3\n'
    const { samples, families, problems } = parseExposition(text, new Set(['a']))
    expect(samples).toEqual([{ name: 'a', labels: { x: '1' }, value: 1 }])
    expect([...families]).toEqual(['a', 'b'])
    expect(problems.map(({ line, name }) => [line, name])).toEqual([
      [6, 'a'],
      [7, undefined],
    ])
  })

  it('never throws, and accounts for every line that is neither empty nor a comment', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (lines) => {
        const text = lines.map((line) => line.replaceAll('\n', ' ')).join('\n')
        const wanted = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
        const { samples, problems } = parseExposition(text)
        expect(samples.length + problems.length).toBe(wanted.length)
      }),
    )
  })

  it('reads back the labels that were written', () => {
    const value = fc.string().map((text) => text.replaceAll('\r', ''))
    const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
    fc.assert(
      fc.property(value, value, (a, b) => {
        const { samples } = parseExposition(`m{a="${escaped(a)}",b="${escaped(b)}"} 1`)
        expect(samples).toEqual([{ name: 'm', labels: { a, b }, value: 1 }])
      }),
    )
  })
})
