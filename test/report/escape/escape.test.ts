import fc from 'fast-check'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { escapeData, escapeProperty, githubCommand } from '../../../src/report/escape/github.ts'
import { html, scriptJson } from '../../../src/report/escape/html.ts'
import { code, md } from '../../../src/report/escape/markdown.ts'
import { jsonText, printable, term, termLines } from '../../../src/report/escape/terminal.ts'
import { visible } from '../../../src/report/escape/visible.ts'
import { xml } from '../../../src/report/escape/xml.ts'
import { anyText, obeyed, parsedHtml } from '../../support/hostile.ts'

const RUNS = { numRuns: 300 }
const holds = (property: fc.IPropertyWithHooks<[string]>): void => fc.assert(property, RUNS)

/** As GitHub renders it: raw HTML is let through, so that a tag that slips through is seen. */
const rendered = (markdown: string) =>
  parsedHtml(
    micromark(markdown, {
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
      allowDangerousHtml: true,
      allowDangerousProtocol: true,
    }),
  )

describe('text on a terminal', () => {
  it('is one line without any control or bidirectional character', () => {
    holds(
      fc.property(anyText, (text) => {
        expect(term`${text}`.text).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
      }),
    )
  })

  it('is never a command for the runner of GitHub, anywhere in a line', () => {
    holds(
      fc.property(anyText, (text) => {
        for (const line of [
          term`${text}`,
          term`  ${text}`,
          term`:${text}`,
          term`#${text}`,
          term`##${text}]`,
          term`a: ${text}`,
        ])
          expect(obeyed(printable(line)), printable(line)).toBe(false)
        for (const line of printable(termLines(text)).split('\n')) expect(obeyed(line), line).toBe(false)
      }),
    )
  })

  it('keeps its content', () => {
    expect(term`fault ${'\u001b[31mx\n::error::y'}`.text).toBe('fault ␛[31mx␊::error::y')
    expect(printable(term`${'::error::y'}`)).toBe(': :error::y')
  })

  it('is not escaped twice if it was made by the tag', () => {
    expect(term`${term.own('\u001b[31m')}${'\u001b'}${[term`a`, term`b`]}`.text).toBe('\u001b[31m␛ab')
  })

  it('is JSON of the same value, without control characters', () => {
    holds(
      fc.property(anyText, (text) => {
        const value = { [`k${text}`]: [text] }
        const line = jsonText(value).text
        expect(JSON.parse(line)).toEqual(value)
        expect(line.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
        for (const each of line.split('\n')) expect(obeyed(each)).toBe(false)
      }),
    )
  })
})

/** As actions/runner reads a command. */
function readCommand(line: string) {
  const found = /^::(\w+) (.*?)::(.*)$/.exec(line)
  const unescaped = (text: string) =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%')
  const properties = (found?.[2] ?? '').split(',').map((pair) => pair.split(/=(.*)/s).slice(0, 2))
  return {
    command: found?.[1],
    properties: Object.fromEntries(properties.map(([name, value = '']) => [name, unescaped(value)])),
    data: unescaped(found?.[3] ?? ''),
  }
}

describe('text in a GitHub command', () => {
  it('is read back unchanged, as one command on one line', () => {
    holds(
      fc.property(anyText, (text) => {
        const { text: line } = githubCommand('error', { title: text, line: 3 }, text)
        expect(line).not.toMatch(/[\r\n]/)
        const read = readCommand(line)
        expect(read.command).toBe('error')
        const shown = visible(text, '\n').replaceAll('##[', '## [')
        expect(read.properties).toEqual({ title: shown, line: '3' })
        expect(read.data).toBe(shown)
      }),
    )
  })

  it('is escaped as actions/toolkit does it', () => {
    expect(escapeData('50 %: a,b\nc')).toBe('50 %25: a,b%0Ac')
    expect(escapeProperty('50 %: a,b\nc')).toBe('50 %25%3A a%2Cb%0Ac')
  })
})

describe('text in Markdown', () => {
  it.each([
    ['on a line of its own', (text: string) => md`${text}`, ['p']],
    ['in a list', (text: string) => md`- ${text}`, ['ul', 'li']],
    ['in emphasis', (text: string) => md`x **a ${text} b** y`, ['p', 'strong']],
    ['in a heading', (text: string) => md`# x ${text} y`, ['h1']],
    ['in a code span', (text: string) => md`x ${code(text)} y`, ['p', 'code']],
  ])('remains text %s', (_, write, elements) => {
    holds(
      fc.property(anyText, (text) => {
        if (visible(text).trim() === '') return
        const read = rendered(write(text).text)
        expect(read.elements).toEqual(elements)
        expect(read.text.replaceAll('\n', '')).toContain(visible(text))
      }),
    )
  })

  it('stays in its cell of a table', () => {
    holds(
      fc.property(anyText, (text) => {
        const read = rendered(md`| a | b |\n| --- | --- |\n| ${text} | x |`.text)
        expect(read.elements).toEqual(['table', 'thead', 'tr', 'th', 'th', 'tbody', 'tr', 'td', 'td'])
        expect(read.text).toContain(visible(text))
      }),
    )
  })

  it('keeps names readable', () => {
    expect(md`${'wallet_pool_connections{outcome="good"} of psp-a: 1.2 s'}`.text).toBe(
      'wallet_pool_connections{outcome="good"} of psp-a: 1.2 s',
    )
  })
})

function parsedXml(text: string) {
  const parser = new SaxesParser()
  const elements: string[] = []
  const attributes: Record<string, string> = {}
  let inside = ''
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', (tag) => {
    elements.push(tag.name)
    Object.assign(attributes, tag.attributes)
  })
  parser.on('text', (each) => {
    inside += each
  })
  parser.write(text).close()
  return { elements, attributes, inside }
}

describe('text in XML', () => {
  it('is read back unchanged by a strict parser, in attributes and in elements', () => {
    holds(
      fc.property(anyText, (text) => {
        const read = parsedXml(xml`<?xml version="1.0"?><a b="${text}">${text}</a>`.text)
        const shown = visible(text, '\n\t')
        expect(read).toEqual({ elements: ['a'], attributes: { b: shown }, inside: shown })
      }),
    )
  })
})

describe('text in HTML', () => {
  it('is read back unchanged by the parser of a browser, in elements and in attributes', () => {
    holds(
      fc.property(anyText, (text) => {
        const read = parsedHtml(html`<p title="${text}">x${text}</p>`.text)
        expect(read).toEqual({ elements: ['p'], text: `x${visible(text, '\n\t')}` })
      }),
    )
  })

  it('does not end a script element of data', () => {
    holds(
      fc.property(anyText, (text) => {
        const { elements, text: inside } = parsedHtml(
          html`<script type="application/json">${scriptJson([text])}</script>`.text,
        )
        expect(elements).toEqual(['script'])
        expect(JSON.parse(inside)).toEqual([text])
      }),
    )
  })
})
