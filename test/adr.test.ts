/** Decisions in docs/adr are written in one way, so that they can be skimmed. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const files = readdirSync('docs/adr').sort()

describe('the architecture decision records', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThan(40)
  })

  it('have each a number of its own', () => {
    const numbers = files.map((file) => file.slice(0, 4))
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([])
  })

  it.each(files)('%s has a numbered title, a context, a decision, and what would change it', (file) => {
    const text = readFileSync(`docs/adr/${file}`, 'utf8')
    expect(text).toMatch(new RegExp(`^# ${Number(file.slice(0, 4))}\\. (?:k6|[A-Z])[^\\n]*[^.\\n]\\n`))
    for (const heading of [/^## Context$/m, /^## Decision(: .+)?$/m, /^## What would change our mind$/m])
      expect(text).toMatch(heading)
  })
})

describe('the glossary', () => {
  it('defines each term once', () => {
    const page = readFileSync('docs/glossary.md', 'utf8').split('## Causes')[0] ?? ''
    const terms = page
      .split('\n')
      .filter((line) => line.startsWith('- **'))
      .flatMap((line) => [...(line.split(': ')[0] ?? '').matchAll(/\*\*([^*]+)\*\*/g)].map(([, term]) => term))
    expect(terms.length).toBeGreaterThan(60)
    expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([])
  })
})
