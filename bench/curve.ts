/** Reading a curve of 10,000 points: what a rehearsal of a measured evening costs before it begins. */
import { readCurve } from '../src/files/curve.ts'
import { collectIssues } from '../src/files/report.ts'

const POINTS = 10_000
const GOAL_MS = 3000

export async function bench() {
  const rate = (index: number) => (100 + 40 * Math.sin(index / 300) + (index % 13)).toFixed(3)
  const rows = Array.from({ length: POINTS }, (_, index) => [index, rate(index)] as const)
  const csv = rows.map(([at, value]) => `${at},${value}`).join('\n')
  const result = [{ metric: {}, values: rows }]
  const json = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })
  return [
    ['CSV', csv],
    ['Prometheus', json],
  ].map(([name = '', text = '']) => {
    const { report } = collectIssues()
    const from = performance.now()
    const points = readCurve(text, { file: name, factor: 1, speed: 1 }, report)
    const tookMs = performance.now() - from
    const figure = `${tookMs.toFixed(0)} ms, ${points?.length} points kept`
    return { name: `a curve of ${POINTS} points, ${name}`, goal: `≤ ${GOAL_MS} ms`, figure, met: tookMs <= GOAL_MS }
  })
}
