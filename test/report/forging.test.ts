import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { eventText } from '../../src/cli/event-text.ts'
import { type Paint, printable, term } from '../../src/cli/terminal.ts'
import { verdictText } from '../../src/cli/verdict-text.ts'
import type { Evidence, RunStarted } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { annotations } from '../../src/report/annotations.ts'
import { htmlReport } from '../../src/report/html.ts'
import { junitReport } from '../../src/report/junit.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { createViewing } from '../../src/report/view.ts'
import { everything } from '../support/evidence-everything.ts'
import { hostileNames, obeyed, parsedHtml } from '../support/hostile.ts'

const FAULT = 'psp-a down'
const plain: Paint = (_, text) => term`${text}`
const COLOURED = '\u001b[31mERRO[0007]\u001b[0m console.error: the deposit failed\n::error::forged'

/** The run of everything, its fault named so and never healed, its load crashed with a coloured log line. */
function records(name: string): readonly Evidence[] {
  return everything().flatMap((record): Evidence[] => {
    switch (record.kind) {
      case 'run-started':
        return [renamed(record, name)]
      case 'fault-step':
        if (record.fault !== FAULT) return [record]
        return record.step.is === 'healed' ? [] : [{ ...record, fault: name }]
      case 'load-ended':
        return [{ ...record, outcome: 'crashed', problems: [COLOURED] }]
      default:
        return [record]
    }
  })
}

const renamed = (record: RunStarted, name: string): RunStarted => {
  const of = <T extends { readonly name: string }>(all: readonly T[]) =>
    all.map((each) => (each.name === FAULT ? { ...each, name } : each))
  const { rehearsal, timeline } = record
  return {
    ...record,
    rehearsal: { ...rehearsal, name, hypothesis: name, faults: of(rehearsal.faults) },
    timeline: { ...timeline, faults: of(timeline.faults) },
  }
}

function sinksOf(name: string) {
  const all = records(name)
  const view = createViewing()
  for (const record of all) view.add(record)
  const seen = view.result()
  if (!seen) throw new Error('nothing to see')
  const judgment = judge(all)
  const { rehearsal } = seen.started
  return {
    html: htmlReport(judgment, seen),
    markdown: markdownReport(judgment),
    junit: junitReport(judgment, rehearsal),
    commands: annotations(judgment, rehearsal).map(({ text }) => text),
    terminal: [
      ...verdictText(judgment, 'reports/latest', plain, 100),
      ...all.flatMap((record) => eventText(record) ?? []),
    ].map(printable),
  }
}

/** The names of all elements; throws where the file is not well-formed. */
function xmlElements(xml: string): readonly string[] {
  const elements: string[] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name }) => elements.push(name))
  parser.write(xml).close()
  return elements
}

const markdownElements = (text: string) =>
  parsedHtml(micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })).elements

/** Our own colours, which tests show only where a stream wants them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
const withoutColours = (line: string) => line.replace(/\u001b\[\d+m/g, '')

const harmless = sinksOf('a name')

/** The cases forging-names and coloured-log. */
describe.each([...hostileNames.map((name) => [JSON.stringify(name), name] as const)])('a fault named %s', (_, name) => {
  const forged = sinksOf(name)

  it('adds no element to page, summary or JUnit file', () => {
    // Long names may lose their place on a chart, where text is only drawn if it fits.
    const elements = (html: string) => parsedHtml(html).elements.filter((each) => each !== 'text')
    expect(elements(forged.html)).toEqual(elements(harmless.html))
    expect(markdownElements(forged.markdown)).toEqual(markdownElements(harmless.markdown))
    expect(xmlElements(forged.junit)).toEqual(xmlElements(harmless.junit))
  })

  it('is neither a command to a CI runner nor an escape sequence on a terminal', () => {
    expect(forged.commands).toHaveLength(harmless.commands.length)
    for (const line of forged.commands) expect(line).toMatch(/^::(error|warning|notice) [^\r\n]*$/)
    for (const text of forged.terminal) {
      expect(withoutColours(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
      expect(obeyed(text), text).toBe(false)
    }
  })
})

describe('a coloured log line', () => {
  it('is shown in each sink, with its escape made visible', () => {
    const { html, markdown, junit, commands, terminal } = harmless
    expect(parsedHtml(html).text).toContain('␛[31mERRO[0007]␛[0m console.error: the deposit failed\n::error::forged')
    expect(markdown).toContain('the deposit failed␊::error::forged')
    expect(junit).toContain('␛[31mERRO[0007]␛[0m console.error')
    expect(commands.join('\n')).toContain('␛[31mERRO[0007]␛[0m')
    expect(terminal.join('\n')).toContain('␛[31mERRO[0007]␛[0m console.error: the deposit failed␊::error::forged')
  })
})
