import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCurve } from '../../src/files/curve.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { collectIssues } from '../../src/files/report.ts'

function read(
  text: string,
  wish: { readonly column?: string; readonly factor?: number; readonly speed?: number } = {},
) {
  const { report, found } = collectIssues()
  const points = readCurve(text, { file: 'c.csv', factor: 1, speed: 1, ...wish }, report)
  return { points, issues: found().map(({ at, problem }) => `${at.line}: ${problem}`) }
}

const prometheus = (...series: readonly (readonly (readonly [number, string])[])[]): string =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'matrix', result: series.map((values) => ({ metric: {}, values })) },
  })

describe('a curve in CSV', () => {
  it('counts times from its first row, and takes seconds, milliseconds and dates', () => {
    const points = [
      [0, 10],
      [60_000, 20],
    ]
    expect(read('0,10\n60,20\n').points).toEqual(points)
    expect(read('time,rate\n1767225600,10\n1767225660,20').points).toEqual(points)
    expect(read('"Time","x"\n1767225600000,10\n1767225660000,20').points).toEqual(points)
    expect(read('t,x\r\n2026-01-01T00:00:00Z,10\r\n2026-01-01 00:01:00Z,20\r\n').points).toEqual(points)
  })

  it('reads the named column, multiplied by the factor, at the given speed', () => {
    expect(read('t,a,b\n0,1,10\n60,2,20', { column: 'b', factor: 2, speed: 10 }).points).toEqual([
      [0, 20],
      [6000, 40],
    ])
  })

  it('reads NaN as the value before it, and a rate below 0 as 0', () => {
    expect(read('0,NaN\n1,5\n2,\n3,-1').points).toEqual([
      [0, 5],
      [1000, 5],
      [2000, 5],
      [3000, 0],
    ])
  })

  it('reports all problems with their lines', () => {
    const { points, issues } = read('t,x\n0,1\nnoon,2\n2,many\n1,4\n1,5')
    expect(issues).toEqual([
      '3: "noon" is no time.',
      '4: "many" is no rate.',
      '6: time 1 does not come after the one before it.',
    ])
    expect(points).toBeDefined()
    expect(read('t,x\n0,1\n1,2', { column: 'y' }).issues).toEqual(['1: there is no column "y".'])
    expect(read('t,x\n0,1').issues).toEqual(['0: c.csv has 1 points.'])
  })
})

describe('a curve with times or rates that are too large', () => {
  const oddIn = (row: string) => read(`0,1\n${row}\n9e12,2`).issues.filter((each) => each.startsWith('2:'))

  it.each([
    ['the first time of a date', '-8.64e12,5', ['2: time -8640000000000 does not come after the one before it.']],
    ['the last time of a date, in milliseconds', '8.64e15,5', []],
    ['a later time', '8.6400001e15,5', ['2: "8.6400001e15" is no time.']],
    ['an earlier time', '-8640000000001,5', ['2: "-8640000000001" is no time.']],
    ['a time without end', '1e999,5', ['2: "1e999" is no time.']],
    ['the largest rate', '1,1e12', []],
    ['a larger rate', '1,1000000000001', ['2: "1000000000001" is no rate.']],
    ['a rate far below zero', '1,-1e300', []],
  ])('has %s', (_, row, issues) => expect(oddIn(row)).toEqual(issues))

  it('adds up series and multiplies them without an end in between', () => {
    const largest = prometheus(
      [
        [1, '1e12'],
        [2, '1e12'],
      ],
      [
        [1, '1e12'],
        [2, '1e12'],
      ],
    )
    expect(read(largest, { factor: 1_000_000 }).points).toEqual([
      [0, 2e18],
      [1000, 2e18],
    ])
  })
})

describe('a curve from Prometheus', () => {
  it('adds up its series at the same times', () => {
    const text = prometheus(
      [
        [100, '1'],
        [115, '2'],
        [130, 'NaN'],
      ],
      [
        [115, '3'],
        [130, '4'],
      ],
    )
    expect(read(text).points).toEqual([
      [0, 1],
      [15_000, 5],
      [30_000, 4],
    ])
  })

  it('reports problems with the lines of the pairs', () => {
    const text = '{"data": {"resultType": "matrix", "result": [{"values": [\n[1, "1"],\n[2, "x"],\n[3, "3"]]}]}}'
    expect(read(text).issues).toEqual(['3: "x" is no rate.'])
    expect(read('{"data": {"resultType": "vector", "result": []}}').issues[0]).toMatch(/holds a vector/)
    expect(read('{"data"').issues[0]).toMatch(/is no JSON/)
  })
})

it('a curve of many points is simplified within 1 % of its peak', () => {
  const rate = (s: number) => 100 + 50 * Math.sin(s / 700) + (s % 7) / 10
  const { points = [] } = read(Array.from({ length: 10_000 }, (_, s) => `${s},${rate(s)}`).join('\n'))
  expect(points.length).toBeLessThanOrEqual(2000)
  for (const s of [100, 3333, 9876]) {
    const after = points.findIndex(([atMs]) => atMs >= s * 1000)
    const [[from, a], [to, b]] = [points[after - 1] ?? points[0], points[after] ?? points[0]] as never as [
      [number, number],
      [number, number],
    ]
    expect(Math.abs(a + ((b - a) * (s * 1000 - from)) / (to - from) - rate(s))).toBeLessThan(1.6)
  }
})

describe('load.arrivals with a curve', () => {
  const files = { read: (path: string) => (path.endsWith('c.csv') ? '0,10\n60,20' : readFileSync(path, 'utf8')) }
  const edited = (arrivals: string, forS = 60) => ({
    read: (path: string) =>
      path === 'x.yaml'
        ? readFileSync('test/capacity/orders.rehearsal.yaml', 'utf8')
            .replace('order: 10/s', `order: ${arrivals}`)
            .replace('script: orders.ts', 'script: test/capacity/orders.ts')
            .replace('ramp: 1s, for: 10s', `for: ${forS}s`)
        : files.read(path),
  })

  it('is parsed with its mean over the timeline', () => {
    const parsed = parseRehearsal(edited('{curve: c.csv, burstiness: 2}'), 'x.yaml')
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        load: {
          arrivals: { order: 15 },
          curves: {
            order: {
              file: 'c.csv',
              dispersion: 2,
              points: [
                [0, 10],
                [60_000, 20],
              ],
            },
          },
        },
      },
    })
  })

  it('must last as long as the timeline', () => {
    const parsed = parseRehearsal(edited('{curve: c.csv, speed: 2x}'), 'x.yaml')
    expect(parsed.ok ? [] : parsed.issues).toMatchObject([
      { code: 'curve-too-short', problem: 'c.csv ends after 30s, and the timeline lasts 1m.', at: { line: 10 } },
    ])
  })

  it('names every key that is wrong', () => {
    const parsed = parseRehearsal(edited('{curve: c.csv, burstiness: 0.5, speed: 3}'), 'x.yaml')
    expect(parsed.ok ? [] : parsed.issues.map(({ code }) => code).sort()).toEqual(['missing-unit', 'wrong-value'])
  })
})
