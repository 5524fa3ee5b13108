/** Words about a row never cover its name. */
import { describe, expect, it } from 'vitest'
import type { Span } from '../../src/report/chart.ts'
import { LEFT, WIDTH } from '../../src/report/draw/axes.ts'
import { rowsSvg } from '../../src/report/draw/rows.ts'

const SECONDS = 180
const x = (seconds: number): number => LEFT + (seconds / SECONDS) * (WIDTH - LEFT - 20)

/** Where the words begin and end, in px. */
function placeOf(words: string, spans: readonly Span[]): readonly [number, number] {
  const svg = String(rowsSvg([{ name: 'A move', spans, words }], x, SECONDS, 0)[0])
  const [, at = '', anchor] = /class="words"[^>]* x="([\d.]+)"[^>]* text-anchor="(\w+)"/.exec(svg) ?? []
  const length = words.length * 6.2
  return anchor === 'start' ? [Number(at), Number(at) + length] : [Number(at) - length, Number(at)]
}

const LONG = 'a cutover that is called eastward; recovered 4.8 s after it'
const planned = (from: number, to: number): Span => ({ from, to, look: 'planned', text: 'planned' })
const real = (from: number, to: number): Span => ({ from, to, look: 'action', text: 'done' })

describe('words of a row', () => {
  it('stand after its spans where there is room', () => {
    expect(placeOf(LONG, [planned(10, 40), real(10, 30)])[0]).toBeGreaterThan(x(40))
  })

  it('stand before spans that end at the right edge', () => {
    const [from, to] = placeOf(LONG, [planned(120, 170), real(120, 170)])
    expect(to).toBeLessThan(x(120))
    expect(from).toBeGreaterThanOrEqual(LEFT)
  })

  it('stand in the outline of the plan where neither side has room', () => {
    const [from, to] = placeOf(LONG, [planned(30, 138), real(30, 51)])
    expect(from).toBeGreaterThan(x(51))
    expect(to).toBeLessThanOrEqual(WIDTH)
  })

  it('end at the right edge where nothing has room', () => {
    const [from, to] = placeOf(LONG, [planned(0, 180), real(0, 170)])
    expect(from).toBeGreaterThanOrEqual(LEFT)
    expect(to).toBeLessThanOrEqual(WIDTH)
  })
})
