import { describe, expect, it } from 'vitest'
import { type Check, checkText } from '../../src/cli/check-text.ts'
import { type Paint, term } from '../../src/cli/terminal.ts'
import { type PostureKind, type PostureObject, postureWants } from '../../src/domain/posture.ts'
import { judgeWant } from '../../src/judge/posture/posture.ts'
import { createObjectsListed } from '../../src/judge/seen/listed.ts'
import { listed, policy, workload } from '../support/evidence-posture.ts'

const checked = (changes: Partial<Record<PostureKind, readonly PostureObject[]>> = {}): Check => {
  const seen = createObjectsListed()
  for (const record of listed(changes)) if (record.kind === 'objects-listed') seen.add(record, 0)
  const judged = postureWants.map((want) => judgeWant('casino', want, seen.of('casino')))
  return {
    posture: judged.map((each) => each.result),
    findings: judged.flatMap((each) => each.findings),
    sights: [],
    provisions: [],
    issues: [],
  }
}
const plain: Paint = (_, text) => term`${text}`
const linesOf = (check: Check) => checkText(check, plain, Number.POSITIVE_INFINITY).map(({ text }) => text)

describe('the text of a check', () => {
  it('lists what was checked in a namespace that is in order', () => {
    const lines = linesOf(checked())
    expect(lines[0]).toBe('in order: 0 findings')
    expect(lines.filter((line) => line.includes('✓'))).toHaveLength(postureWants.length)
    expect(lines).toContain('  ✓  casino  default-deny       2 policies, 2 workloads: as it should be.')
    expect(lines.join('\n')).not.toContain('Next:')
  })

  it('begins with the causes, each with its next step, and ends with questions for people', () => {
    const lines = linesOf(checked({ NetworkPolicy: [policy('in', { governs: ['ingress'] })] }))
    expect(lines[0]).toBe('3 findings')
    expect(lines.indexOf('  policy-missing casino')).toBe(2)
    expect(lines[4]).toMatch(/^ {4}Next: Give the namespace a NetworkPolicy/)
    expect(lines).toContain('  ✗  casino  default-deny       1 policy, 2 workloads: 1 finding.')
    expect(lines.at(-1)).toBe('  Whom to call?')
  })

  it('names the checks that were not made', () => {
    const lines = linesOf({
      ...checked(),
      notMade: [
        { want: 'enforced-policies', why: 'not-asked', reason: 'It tries something.' },
        { want: 'enforced-network', namespace: 'casino', why: 'untried', reason: 'Nothing could be dialled.' },
      ],
    })
    expect(lines).toContain('Not tried (casino, enforced-network): Nothing could be dialled.')
    expect(lines).toContain(
      'Not checked, because it needs a role of its own (docs/how-to/rbac.yaml): enforced-policies. Ask with --want.',
    )
    expect(linesOf(checked()).join('\n')).not.toContain('Not checked')
  })

  it('counts warnings separately, and a namespace with only warnings is in order', () => {
    const lines = linesOf(checked({ Workload: [workload('wallet', { replicas: 1 })] }))
    expect(lines[0]).toBe('in order: 0 findings, 1 warning')
  })
})
