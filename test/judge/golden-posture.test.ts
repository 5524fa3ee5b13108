/** What is said of namespaces with objects at the limits of rules and beside them: each result and each finding, as reviewed. */
import { describe, expect, it } from 'vitest'
import { postureWants } from '../../src/domain/posture.ts'
import { judgeWant } from '../../src/judge/posture/posture.ts'
import { drawnNamespace } from '../support/drawn-posture.ts'

const MANY = 8

function textOf(n: number): string {
  const listed = drawnNamespace(n)
  const lines = postureWants.flatMap((want) => {
    const { result, findings } = judgeWant('casino', want, listed)
    const told = findings.map(
      (each) => `  ${each.weight} ${each.cause} of ${each.subject}: ${each.sentence} (${each.evidence.join(', ')})`,
    )
    return [`${want} ${result.held ? 'held' : 'not held'}: ${result.sentence}`, ...told]
  })
  return [`namespace ${n}`, ...lines, ''].join('\n')
}

describe('the posture of drawn namespaces (mend with vitest -u)', () => {
  it.each([0, 1, 2, 3, 4, 5])('part %i is what it was', async (part) => {
    const numbers = Array.from({ length: MANY }, (_, index) => part * MANY + index + 1)
    await expect(numbers.map(textOf).join('\n')).toMatchFileSnapshot(`golden/posture-${part + 1}.txt`)
  })
})
