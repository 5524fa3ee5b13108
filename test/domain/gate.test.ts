import { describe, expect, it } from 'vitest'
import type { ComparisonOutcome } from '../../src/domain/comparison.ts'
import { decide, type Gate, outcomeOf, outlookOf } from '../../src/domain/gate.ts'
import { createRandom } from '../../src/domain/random.ts'

const LOOKS = [4, 6, 8, 10, 12, 16]
const ALPHA = 0.05
/** Of the log ratio of p95 between two blocks of 30 s (compare.md: 0.09 to 0.13 on a quiet machine). */
const SD = 0.12

/** One simulated comparison: each objective has a true log ratio. Answers the outcome and the pairs that it took. */
function session(
  seed: number,
  truths: readonly number[],
  sd = SD,
): { readonly outcome: ComparisonOutcome; readonly pairs: number } {
  const draw = createRandom(seed, `session ${truths.join(' ')}`)
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
  const all = truths.map((truth) => Array.from({ length: 16 }, () => truth + sd * normal()))
  for (const [index, pairs] of LOOKS.entries()) {
    const gates = all.map((differences): Gate => {
      return { differences: differences.slice(0, pairs), worse: 0, margin: Math.log(1.15) }
    })
    const states = decide(gates, { alpha: ALPHA, looks: LOOKS.slice(0, index + 1), most: 16 })
    const outcome = outcomeOf(states.map(({ state }) => state))
    if (outcome !== 'undecided' || pairs === 16) return { outcome, pairs }
  }
  throw new Error('there is no last look')
}

const share = (
  sessions: number,
  truths: readonly number[],
  is: (each: ReturnType<typeof session>) => boolean,
): number => Array.from({ length: sessions }, (_, n) => session(n + 1, truths)).filter(is).length / sessions

const standardErrors = (n: number): number => 2 * Math.sqrt((ALPHA * (1 - ALPHA)) / n)
const SLOWER = Math.log(1.2)

describe('a comparison with looks and four objectives', () => {
  it('calls an equal release worse in at most 5 % + 2 s.e. of 200 sessions', () => {
    expect(share(200, [0, 0, 0, 0], ({ outcome }) => outcome === 'regressed')).toBeLessThanOrEqual(
      0.05 + standardErrors(200),
    )
  })

  it('keeps that over 2,000 sessions, with one objective as with four', () => {
    for (const truths of [[0], [0, 0, 0, 0]])
      expect(share(2000, truths, ({ outcome }) => outcome === 'regressed')).toBeLessThanOrEqual(
        0.05 + standardErrors(2000),
      )
  })

  it('finds one objective of four that is 20 % slower within 12 pairs in at least 95 %', () => {
    const found = share(500, [SLOWER, 0, 0, 0], ({ outcome, pairs }) => outcome === 'regressed' && pairs <= 12)
    expect(found).toBeGreaterThanOrEqual(0.95)
  })

  it('proves an equal release not worse in most sessions', () => {
    expect(share(500, [0, 0, 0, 0], ({ outcome }) => outcome === 'not-worse')).toBeGreaterThanOrEqual(0.85)
  })

  it('does not prove a release not worse that is slower by its margin', () => {
    const margin = Math.log(1.15)
    expect(share(1000, [margin, 0], ({ outcome }) => outcome === 'not-worse')).toBeLessThanOrEqual(
      0.05 + standardErrors(1000),
    )
  })

  it('finds nothing where a rule without Holm and looks would', () => {
    // The same seeds: looking at every pair count at .05, for each of four objectives, calls far more equal releases worse.
    const careless = Array.from({ length: 500 }, (_, n) => {
      const draw = createRandom(n + 1, 'careless')
      const normal = () => Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
      const all = Array.from({ length: 4 }, () => Array.from({ length: 16 }, () => SD * normal()))
      return LOOKS.some((pairs) =>
        all.some((differences) => {
          const gate = { differences: differences.slice(0, pairs), worse: 0, margin: 1 }
          return decide([gate], { alpha: ALPHA, looks: [pairs], most: pairs })[0]?.state === 'regressed'
        }),
      )
    }).filter(Boolean).length
    expect(careless / 500).toBeGreaterThan(0.2)
  })
})

describe('the decision', () => {
  const gate = (differences: readonly number[], leastSd = 0): Gate => ({
    differences,
    worse: 0,
    margin: Math.log(1.15),
    leastSd,
  })
  const at = (gates: readonly Gate[], pairs: number) => decide(gates, { alpha: ALPHA, looks: [pairs], most: pairs })

  it('is undecided with fewer than two pairs, and says nothing of a spread', () => {
    expect(at([gate([0.5])], 1)).toEqual([{ state: 'undecided' }])
    expect(at([gate([])], 1)).toEqual([{ state: 'undecided' }])
  })

  it('says how many pairs would decide', () => {
    const noisy = gate([0.3, -0.3, 0.25, -0.2])
    const [state = { state: 'not-worse' }] = at([noisy], 4)
    expect(state).toMatchObject({ state: 'undecided' })
    const outlook = outlookOf(noisy, state, { alpha: ALPHA, looks: [4], most: 4 }, 1)
    expect(outlook?.needs).toBeGreaterThan(4)
    expect(outlook?.smallest).toBeGreaterThan(0.2)
  })

  it('lets the worst objective win', () => {
    expect(outcomeOf(['not-worse', 'regressed', 'undecided'])).toBe('regressed')
    expect(outcomeOf(['not-worse', 'undecided'])).toBe('undecided')
    expect(outcomeOf(['not-worse', 'not-worse'])).toBe('not-worse')
    expect(outcomeOf([])).toBe('undecided')
  })
})
