import { globSync, readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'
import { mutantsOf, mutated } from './mutants.ts'
import { switched } from './switched.ts'
import { Switches, switchGlobals, UNLIMITED } from './switches.ts'

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
    const mutants = numbered(source)
    const isActive = (wanted: number | undefined) => (index: number) => index === wanted
    const active = (wanted: number | undefined) => ({
      ...switchGlobals(new Switches(mutants.length)),
      __mutant: isActive(wanted),
      __looked: isActive(wanted),
    })
    expect(answers(text, active(undefined))).toEqual(answers(source))
    for (const mutant of mutants) {
      expect([mutant.kind, mutant.to, answers(text, active(mutant.index))]).toEqual([
        mutant.kind,
        mutant.to,
        answers(mutated(source, mutant)),
      ])
    }
  })

  it.each(sources)('marks a mutant wherever it gives another value: %s', (_, source) => {
    const mutants = numbered(source)
    const switches = new Switches(mutants.length)
    const callsOf = (text: string): ((a: number) => unknown) => runInNewContext(`${text};f`, switchGlobals(switches))
    const [plain, looked] = [callsOf(source), callsOf(switched(source, mutants))]
    for (const a of [-1, 0, 1, 2, 3]) {
      looked(a)
      const different = switches.takeDifferent()
      for (const [index, mutant] of mutants.entries())
        if (JSON.stringify(callsOf(mutated(source, mutant))(a)) !== JSON.stringify(plain(a)))
          expect([a, mutant.kind, mutant.to, different[index]]).toEqual([a, mutant.kind, mutant.to, 1])
    }
  })

  it('marks limits, numbers and conditions only where they decide', () => {
    const source = 'const f = (a) => { if (a > 1) return 0; return a === 2 ? 3 : 4 }'
    const mutants = numbered(source)
    const switches = new Switches(mutants.length)
    const f: unknown = runInNewContext(`${switched(source, mutants)};f`, switchGlobals(switches))
    if (typeof f !== 'function') throw new Error('no function f')
    const markedAt = (a: number): readonly string[] => {
      f(a)
      const different = switches.takeDifferent()
      const marked = mutants.filter(({ kind }, index) => different[index] === 1 && kind !== 'comparison')
      return marked.map(({ kind, from, to }) => (kind === 'guard' ? kind : `${from} to ${to}`))
    }
    expect(markedAt(1)).toEqual(['> to >=', '1 to 0', 'a === 2 to true', '2 to 1', '4 to 5', '4 to 3'])
    expect(markedAt(2)).toEqual(['guard', '1 to 2', '0 to 1', '0 to (-1)'])
    expect(markedAt(5)).toEqual(['guard', '0 to 1', '0 to (-1)'])
  })

  it('evaluates the constants of a module anew while a mutant is active', async () => {
    const source = 'const limit = 2\nconst twice = [limit, limit]\nfunction f(a) { return a < limit && twice }'
    const mutants = numbered(source)
    const switches = new Switches(mutants.length)
    const f: unknown = runInNewContext(`${switched(source, mutants)};f`, switchGlobals(switches))
    if (typeof f !== 'function') throw new Error('no function f')
    expect(JSON.stringify(f(1))).toBe('[2,2]')
    const plain: unknown = f(1)
    const three = mutants.findIndex(({ to }) => to === '3')
    await switches.withMutants([three], true, UNLIMITED, () => expect(JSON.stringify(f(2))).toBe('[3,3]'))
    expect(f(2)).toBe(false)
    expect(f(1)).toBe(plain) // the same object as before
  })

  it('is a program', () => {
    const broken = globSync('src/{plan,files,journal}/**/*.ts').filter((file) => {
      const source = readFileSync(file, 'utf8')
      try {
        for (const mutants of [numbered(source), []]) parseAst(switched(source, mutants), { lang: 'ts' })
        return false
      } catch {
        return true
      }
    })
    expect(broken).toEqual([])
  })
})
