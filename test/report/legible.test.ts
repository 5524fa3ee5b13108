import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import { htmlReport } from '../../src/report/html.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { createViewing } from '../../src/report/view.ts'
import { mapped } from '../support/evidence.ts'
import { gameday } from '../support/evidence-gameday.ts'

function reportOf(records: readonly Evidence[]) {
  const view = createViewing()
  for (const record of records) view.add(record)
  const seen = view.result()
  if (seen === undefined) throw new Error('nothing to see')
  const judgment = judge(records)
  return { html: htmlReport(judgment, seen), markdown: markdownReport(judgment, seen.people), seen, judgment }
}

const { html, markdown, judgment } = reportOf(gameday())
const charts = [...html.matchAll(/<svg class="chart".*?<\/svg>/gs)].map(([svg]) => svg)

type Label = { left: number; right: number; top: number; bottom: number; text: string }

/** Labels of limits and marks, with the room that they take at 11 px. */
const labelsIn = (svg: string): readonly Label[] =>
  [
    ...svg.matchAll(/<g class="(?:limit|mark) \w+"><text[^>]* x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]*)</g),
  ].map(([, x = '', y = '', anchor, text = '']) => {
    const width = text.length * 6
    const left = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
    return { left, right: left + width, top: Number(y) - 8, bottom: Number(y) + 2, text }
  })

describe('charts', () => {
  it('have labels that lie on no other label and on no limit', () => {
    const all = charts.map(labelsIn)
    expect(all.flat().length).toBeGreaterThan(20)
    for (const [index, labels] of all.entries()) {
      const levels = [...(charts[index] ?? '').matchAll(/<g class="limit \w+"><line[^>]* y1="([\d.]+)"/g)].map(
        ([, y]) => Number(y),
      )
      for (const [at, a] of labels.entries()) {
        const over = labels
          .slice(at + 1)
          .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        expect(over, a.text).toEqual([])
        expect(
          levels.filter((y) => y > a.top && y < a.bottom),
          a.text,
        ).toEqual([])
      }
    }
  })

  it('hatch every fault and every action in a way of its own', () => {
    for (const svg of charts) {
      const fills = [...svg.matchAll(/class="(?:fault|action) injected" fill="(url\([^)]*\))"/g)].map(
        ([, fill]) => fill,
      )
      expect(fills.length).toBe(6)
      expect(new Set(fills).size).toBe(6)
    }
    for (const [, id] of html.matchAll(/url\(#([\w-]+)\)/g)) expect(html).toContain(`id="${id}"`)
  })

  it('are one for each indicator, with the limits of all its objectives', () => {
    const ids = [...html.matchAll(/<svg class="chart"[^>]* id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const api = charts.find((svg) => svg.includes('id="latency-api"')) ?? ''
    for (const limit of ['p95 target 250 ms', 'p95 ceiling 400 ms', 'p95 target 500 ms', 'p95 ceiling 800 ms'])
      expect(api).toContain(`>${limit}<`)
  })

  it('do not end before the last undo', () => {
    const late = mapped(gameday(), 'fault-step', (record) =>
      record.step.is === 'healed' ? { ...record, at: instant(record.at + 90_000) } : record,
    ).sort((a, b) => a.at - b.at)
    const { seen } = reportOf(late)
    for (const { healed = 0 } of seen.harms) expect(seen.axis).toBeGreaterThan(healed)
    expect(Math.max(...seen.harms.map(({ healed = 0 }) => healed))).toBeGreaterThan(170)
  })
})

describe('tables', () => {
  it('have a caption, and each head says what it heads', () => {
    for (const [table] of html.matchAll(/<table.*?<\/table>/gs)) {
      expect(table).toMatch(/<caption[^>]*>[^<]+<\/caption>/)
      expect(table).not.toMatch(/<th(?=[ >])(?![^>]*scope=)|<th(?=[ >])[^>]*><\/th>/)
    }
  })

  it('tell two objectives of one indicator apart, and a latency in ms', () => {
    for (const text of [html, markdown.replaceAll('\\', '')]) {
      expect(text).toContain('api latency ≤ 250 ms')
      expect(text).toContain('api latency ≤ 500 ms')
      expect(text).toMatch(/p95 ≤ 250 ms \(ceiling 400 ms\)[^\n]*?p95 41 ms/)
    }
    expect(judgment.slos.every(({ whole }) => (whole.p99Ms ?? 0) > 0)).toBe(true)
  })

  it('have the agenda beside what became of it', () => {
    const agenda = html.slice(html.indexOf('<section id="agenda">')).split('</section>')[0] ?? ''
    expect(agenda).toMatch(/phase promo peak<\/th><td>0:25–2:05<\/td><td>0:25–2:05<\/td><td class="good">on time/)
    expect(agenda).toMatch(/fault C psp-a down<\/th><td>1:05–1:30<\/td><td>1:0\d–1:30/)
    expect(agenda).toMatch(/time box<\/th><td>0:00–90:00<\/td><td>0:00–2:4\d<\/td><td class="good">87:1\d left/)
  })
})
