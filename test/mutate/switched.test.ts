import { globSync, readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'
import { mutantsOf, mutated } from './mutants.ts'
import { switched } from './switched.ts'
import { Switches } from './switches.ts'

const numbered = (source: string) => mutantsOf('a.ts', source).map((mutant, index) => ({ ...mutant, index }))

/** Calls `f(a)` of a source for some values. */
function answers(source: string, globals: object = {}): readonly unknown[] {
  const f: unknown = runInNewContext(`${source};f`, globals)
  if (typeof f !== 'function') throw new Error('no function f')
  return [-1, 0, 1, 2, 3].map((a) => JSON.stringify(f(a)) ?? 'undefined')
}

const sources = [
  ['nested comparisons', 'function f(a) { return (a < 2 && a > 0) || !(a === 1) }'],
  [
    'guards',
    'function f(a) { if (!a || a > 2) return 9; if (a === 1) { throwing = 1; return 8 } return a }\nlet throwing = 0',
  ],
  ['conditions in a condition', 'const f = (a) => (a > 1 ? (a > 2 ? 5 : true) : -1)'],
  [
    'calls',
    'const f = (a) => [[1, 2].some((b) => b > a), Math.min(a, 1), [0, a]?.every((b) => b <= 0), (a ? [a] : []).some(Boolean)]',
  ],
  ['a number after a keyword', 'function f(a) { switch (a) { case 1: return 4; default: return typeof 0 } }'],
] as const

describe('the text with all mutants', () => {
  it.each(sources)('does as the source, and as each mutant of it: %s', (_, source) => {
    const text = switched(source, numbered(source))
    const active = (wanted: number | undefined) => ({
      __mutant: (index: number) => index === wanted,
      __constant: () => undefined,
    })
    expect(answers(text, active(undefined))).toEqual(answers(source))
    for (const mutant of numbered(source)) {
      expect([mutant.kind, mutant.to, answers(text, active(mutant.index))]).toEqual([
        mutant.kind,
        mutant.to,
        answers(mutated(source, mutant)),
      ])
    }
  })

  it('evaluates the constants of a module anew while a mutant is active', async () => {
    const source = 'const limit = 2\nconst twice = [limit, limit]\nfunction f(a) { return a < limit && twice }'
    const mutants = numbered(source)
    const switches = new Switches(mutants.length)
    const globals = { __mutant: switches.isActive, __constant: switches.addConstant }
    const f: unknown = runInNewContext(`${switched(source, mutants)};f`, globals)
    if (typeof f !== 'function') throw new Error('no function f')
    expect(JSON.stringify(f(1))).toBe('[2,2]')
    const plain: unknown = f(1)
    const three = mutants.findIndex(({ to }) => to === '3')
    await switches.withMutant(three, true, Number.POSITIVE_INFINITY, () => expect(JSON.stringify(f(2))).toBe('[3,3]'))
    expect(f(2)).toBe(false)
    expect(f(1)).toBe(plain) // the same object as before
  })

  it('is a program', () => {
    const broken = globSync('src/{plan,journal}/**/*.ts').filter((file) => {
      const source = readFileSync(file, 'utf8')
      try {
        parseAst(switched(source, numbered(source)), { lang: 'ts' })
        return false
      } catch {
        return true
      }
    })
    expect(broken).toEqual([])
  })
})
