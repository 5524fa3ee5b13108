import { describe, expect, it } from 'vitest'
import type { Mutant } from './mutants.ts'
import { figureOf, type Outcome, summary, type Trial } from './outcome.ts'

const mutant: Mutant = {
  file: 'src/judge/a.ts',
  line: 3,
  kind: 'guard',
  start: 0,
  end: 2,
  from: 'if',
  to: ';',
  site: undefined,
}
const trial = (outcome: Outcome): Trial => ({ id: outcome.kind, mutant, outcome })
const trials: readonly Trial[] = [
  trial({ kind: 'killed', by: 'a test' }),
  trial({ kind: 'timed-out' }),
  trial({ kind: 'survived' }),
  trial({ kind: 'no-test' }),
  trial({ kind: 'unclear', why: 'out of memory' }),
]

describe('the figure', () => {
  it('counts a timeout as killed, a mutant without a test as a survivor, and leaves out what is unclear', () => {
    expect(figureOf(trials)).toMatchObject({ killed: 2, counted: 4 })
  })

  // Clopper and Pearson for 2 of 4: 6.76 % to 93.24 %.
  it('has an exact interval', () => {
    expect(figureOf(trials).low).toBeCloseTo(0.0676, 4)
    expect(figureOf(trials).high).toBeCloseTo(0.9324, 4)
  })

  it('is printed for each room, with the survivors', () => {
    const text = summary(trials, () => 'judge')
    expect(text).toContain('judge: 2 of 4 killed, 50 % (95 % interval 6 % to 93 %); 1 unclear, not counted')
    expect(text).toContain('  src/judge/a.ts:3 guard: if -> (removed)')
  })
})
