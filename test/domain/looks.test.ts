import { describe, expect, it } from 'vitest'
import { holm, nominalLevels, pocockSpending } from '../../src/domain/looks.ts'
import { createRandom } from '../../src/domain/random.ts'
import { zOf } from '../../src/domain/student.ts'

const LOOKS = [4, 6, 8, 10, 12, 16]

describe('group-sequential looks', () => {
  /** compare.md, from 400,000 simulated paths. */
  it('stop at the p-values that a simulation gives for Pocock-like spending', () => {
    const simulated = [0.0177, 0.0138, 0.014, 0.0151, 0.0153, 0.02]
    for (const [index, level] of nominalLevels(0.05, LOOKS).entries())
      expect(Math.abs(level - (simulated[index] ?? 0)), `look ${index}`).toBeLessThan(0.0004)
  })

  it('spend all of it with one look, and only a part when more are planned', () => {
    expect(nominalLevels(0.05, [8])[0]).toBeCloseTo(0.05, 9)
    expect(nominalLevels(0.05, [8], 16)[0]).toBeCloseTo(pocockSpending(0.05, 0.5), 9)
  })

  it.each([0.05, 0.0125])('cross at an alpha of %f in that share of motions without drift', (alpha) => {
    const levels = nominalLevels(alpha, LOOKS)
    const draw = createRandom(17, `looks ${alpha}`)
    const normal = () => Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
    const paths = 40_000
    let crossed = 0
    for (let path = 0; path < paths; path++) {
      let [sum, n] = [0, 0]
      for (const [index, look] of LOOKS.entries()) {
        sum += Math.sqrt(look - n) * normal()
        n = look
        if (sum / Math.sqrt(n) < (bounds.get(levels)?.[index] ?? boundsOf(levels)[index] ?? 0)) continue
        crossed += 1
        break
      }
    }
    expect(Math.abs(crossed / paths - alpha)).toBeLessThan(3 * Math.sqrt((alpha * (1 - alpha)) / paths))
  })
})

const bounds = new Map<readonly number[], readonly number[]>()
function boundsOf(levels: readonly number[]): readonly number[] {
  const made = levels.map(zOf)
  bounds.set(levels, made)
  return made
}

describe("Holm's correction", () => {
  it.each([
    ['none is small', [0.02, 0.03, 0.5, 0.9], [false, false, false, false]],
    ['one is small enough for all', [0.5, 0.012, 0.9, 0.03], [false, true, false, false]],
    ['each leaves more to the next', [0.012, 0.016, 0.024, 0.05], [true, true, true, true]],
    ['a gap ends it', [0.001, 0.02, 0.021, 0.022], [true, false, false, false]],
  ])('%s', (_, pValues, rejected) => {
    expect(holm(pValues, 0.05)).toEqual(rejected)
  })

  it('asks of each test what its look allows', () => {
    expect(holm([0.004, 0.4], 0.05, (part) => part / 10)).toEqual([false, false])
    expect(holm([0.002, 0.4], 0.05, (part) => part / 10)).toEqual([true, false])
  })
})
