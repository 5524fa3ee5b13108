import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'
import { drawn, idOf, mutantsOf, mutated } from './mutants.ts'

const changedFrom = (source: string): readonly string[] =>
  mutantsOf('a.ts', source).map((mutant) => mutated(source, mutant))

describe('mutants', () => {
  it.each([
    ['a limit', 'a < b', ['a <= b', 'a >= b']],
    ['an equality', 'a === b', ['a !== b']],
    ['logic', 'a && b', ['a || b']],
    ['a negation, with the parentheses behind it', 'c && !(a + b)', ['c || !(a + b)', 'c && (a + b)']],
    ['a number', 'f(1)', ['f(2)', 'f(0)']],
    ['a number that becomes negative', 'f(-0.5)', ['f(-1.5)', 'f(-(-0.5))']],
    ['a boolean', 'f(true)', ['f(false)']],
    ['a guard', 'function f() { if (a) return; g() }', ['function f() { ; g() }']],
    ['a guard with a block', 'function f() { if (a) { h(); throw e } g() }', ['function f() { ; g() }']],
    ['a condition', 'a ? b : c', ['true ? b : c', 'false ? b : c']],
    ['a call', 'a.some(b)', ['a.every(b)']],
    ['text behind characters of two units', "f('→😀', a || b)", ["f('→😀', a && b)"]],
    ['an operator behind one in a comment', 'a /* < */ < b', ['a /* < */ <= b', 'a /* < */ >= b']],
  ])('change %s', (_, source, changed) => expect(changedFrom(source)).toEqual(changed))

  it.each([
    ['a type', 'let a: 1 | true = b as 2'],
    ['an if with an else', 'function f() { if (a) return 0n; else g() }'],
    ['an if that goes on', 'if (a) g()'],
    ['a method that every object has', 'a.toString()'],
    ['a large integer', 'f(1n)'],
  ])('leave %s', (_, source) => expect(changedFrom(source)).toEqual([]))

  it('have the line of what they change', () => {
    expect(mutantsOf('a.ts', 'f()\n\nf(a > b)').map(({ line }) => line)).toEqual([3, 3])
  })

  it('are always a program, so that none is killed for its syntax', () => {
    const broken = globSync('src/plan/s*.ts').flatMap((file) => {
      const source = readFileSync(file, 'utf8')
      return mutantsOf(file, source).filter((mutant) => {
        try {
          parseAst(mutated(source, mutant), { lang: 'ts' })
          return false
        } catch {
          return true
        }
      })
    })
    expect(broken).toEqual([])
  })

  it('have an id that changes with their file', () => {
    const [mutant] = mutantsOf('a.ts', 'a < b')
    if (mutant === undefined) throw new Error('no mutant')
    expect(idOf(mutant, 'a < b')).not.toBe(idOf(mutant, 'a < b // changed'))
  })

  it('are drawn so that a larger sample contains the smaller one', () => {
    const all = Array.from({ length: 50 }, (_, index) => ({ id: String(index) }))
    expect(drawn(all, 20, 7).slice(0, 5)).toEqual(drawn(all, 5, 7))
    expect(drawn(all, 5, 8)).not.toEqual(drawn(all, 5, 7))
  })
})
