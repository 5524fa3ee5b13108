import { describe, expect, it } from 'vitest'
import { clipped, columnsOf, type Paint, type TerminalText, term, widthOf, wrapped } from '../../src/cli/terminal.ts'
import { verdictText } from '../../src/cli/verdict-text.ts'
import { judge } from '../../src/judge/judge.ts'
import { evidence } from '../support/evidence.ts'
import { everything } from '../support/evidence-everything.ts'

const plain: Paint = (_, text) => term`${text}`
const red: Paint = (_, text) => term`${term.own('\u001b[31m')}${text}${term.own('\u001b[39m')}`
const textsOf = (lines: readonly TerminalText[]): readonly string[] => lines.map(({ text }) => text)
const judgment = judge(everything())
const told = (paint: Paint, columns: number) => verdictText(judgment, 'reports/latest', paint, columns)
const linesOf = (paint: Paint, columns: number) => textsOf(told(paint, columns))
const at = (lines: readonly string[], text: string): number => lines.findIndex((line) => line.includes(text))

describe('the verdict on the console', () => {
  it('has the verdict first, then each cause with its next step, then objectives, faults and actions, then the reports', () => {
    const lines = linesOf(plain, Number.POSITIVE_INFINITY)
    const [first] = judgment.findings
    const order = [
      '✗ FAIL',
      judgment.summary,
      first?.cause ?? '?',
      `Next: ${first?.next}`,
      'deposit  ✗ missed',
      'fault zone-c lost',
      'action drain a node',
      'report.html',
    ]
    const found = order.map((text) => at(lines, text))
    expect(found.every((line) => line >= 0)).toBe(true)
    expect(found).toEqual(found.toSorted((a, b) => a - b))
  })

  it('lists the expectations of a harm, what was refused, and its cost', () => {
    const lines = linesOf(plain, Number.POSITIVE_INFINITY)
    expect(lines[at(lines, 'action drain a node')]).toContain('2 of 2 reactions held, 3 evictions refused, not felt')
    expect(lines[at(lines, 'action promote db-b')]).toContain('of the budget of deposit')
  })

  it('does not report a harm that was never in effect as free of cost', () => {
    const blind = judge(everything().filter((record) => record.kind !== 'fault-step' || record.fault !== 'zone-c lost'))
    const lines = textsOf(verdictText(blind, 'reports/latest', plain, Number.POSITIVE_INFINITY))
    expect(lines[at(lines, 'fault zone-c lost')]).toMatch(/not/)
    expect(lines[at(lines, 'fault zone-c lost')]).not.toContain('felt')
  })

  it('wraps its sentences at 80 columns, and keeps each on one line in a pipe', () => {
    const causes = (columns: number) =>
      linesOf(plain, columns).slice(0, at(linesOf(plain, columns), 'deposit  ✗ missed'))
    for (const line of causes(80)) expect(line.length, line).toBeLessThanOrEqual(80)
    expect(causes(80).length).toBeGreaterThan(causes(Number.POSITIVE_INFINITY).length)
  })

  it('has the same columns with and without colours', () => {
    const width = (lines: readonly TerminalText[]) => lines.map(widthOf)
    expect(width(told(red, 80))).toEqual(width(told(plain, 80)))
  })

  it('has no causes for a pass', () => {
    const lines = textsOf(verdictText(judge(evidence()), 'reports/latest', plain, 80))
    expect(lines[1]).toContain('PASS')
    expect(at(lines, 'Next:')).toBe(-1)
  })
})

describe('a line that is repainted', () => {
  const line = term`${red('red', 'deposit')} 99.9 % of all`

  it('is cut to the width of the screen, with colours kept and not counted', () => {
    expect(clipped(term`a short one`, 20).text).toBe('a short one')
    expect(clipped(line, 12).text).toBe('\u001b[31mdeposit\u001b[39m 99.…')
    expect(widthOf(clipped(line, 12))).toBe(12)
  })

  it('is broken only between words', () => {
    expect(textsOf(wrapped('one two three', 9, '- ', '  '))).toEqual(['- one two', '  three'])
    expect(textsOf(wrapped('unbreakable', 4, '', ''))).toEqual(['unbreakable'])
  })

  it.each([
    ['a pipe', { isTTY: false, columns: 0 }, Number.POSITIVE_INFINITY],
    ['a terminal of 100 columns', { isTTY: true, columns: 100 }, 100],
    ['a terminal that reports no columns', { isTTY: true, columns: 0 }, Number.POSITIVE_INFINITY],
  ])('has the width of %s', (_, stream, columns) => expect(columnsOf(stream)).toBe(columns))
})
