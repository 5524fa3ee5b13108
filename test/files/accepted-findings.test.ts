import { describe, expect, it } from 'vitest'
import { acceptableCauses, unacceptable } from '../../src/domain/acceptance.ts'
import { type Cause, causeNames } from '../../src/domain/causes.ts'
import { codesOf, parseStockTarget, printed, TARGET } from './stock.ts'

const parsed = (...entries: readonly string[]) =>
  parseStockTarget({
    [TARGET]: [['  books:', ['  acceptedFindings:', ...entries.map((each) => `    - ${each}`), '  books:'].join('\n')]],
  })
const rest = 'owner: team-payments, reason: comes with PLAY-412, until: 2026-12-31'

describe('accepted findings of a target file', () => {
  it('are read with their place', () => {
    const target = parsed(`{cause: autoscaler-late, about: payments-api, ${rest}}`, `{cause: slo-missed, ${rest}}`)
    expect(codesOf(target)).toEqual([])
    expect(target.ok && target.value.acceptedFindings).toEqual([
      {
        cause: 'autoscaler-late',
        about: 'payments-api',
        owner: 'team-payments',
        reason: 'comes with PLAY-412',
        until: '2026-12-31',
        at: { file: TARGET, line: 50, column: 7 },
      },
      expect.objectContaining({ cause: 'slo-missed', at: { file: TARGET, line: 51, column: 7 } }),
    ])
  })

  it('are refused with all problems at once, each with its line', () => {
    const target = parsed(
      `{cause: autoscaler-latte, ${rest}}`,
      `{cause: double-charge, ${rest}}`,
      '{cause: slo-missed, reason: none, until: 2026-13-01}',
      '{cause: slo-missed, owner: "", reason: none, until: 2026-02-30}',
      `{cause: slo-missed, because: why not, ${rest}}`,
    )
    expect(codesOf(target)).toEqual([
      'unknown-cause:50',
      'not-acceptable:51',
      'missing-key:52',
      'wrong-value:52',
      'wrong-value:53',
      'wrong-value:53',
      'unknown-key:54',
    ])
  })

  it('suggest the cause that was probably meant, and name the list of the others', () => {
    const [first] = printed(parsed(`{cause: autoscaler-latte, ${rest}}`))
    expect(first).toContain('did you mean "autoscaler-late"?')
    expect(first).toContain('docs/glossary.md')
  })

  it('may appear once for each subject', () => {
    const entry = `{cause: slo-missed, about: deposit, ${rest}}`
    const target = parsed(entry, `{cause: slo-missed, about: login, ${rest}}`, entry)
    expect(codesOf(target)).toEqual(['duplicate-name:52'])
    expect(printed(target)[0]).toContain('slo-missed about deposit is accepted already, in line 50.')
  })
})

describe('causes that cannot be accepted', () => {
  const reason = (cause: Cause): string => unacceptable(cause) ?? 'none'

  it.each<[string, RegExp, readonly Cause[]]>([
    [
      'money',
      /money/,
      ['double-charge', 'duplicate-booking', 'promotion-lost-writes', 'split-brain', 'events-lost', 'unreconciled'],
    ],
    ['money that is not settled or not known', /money/, ['ledger-unbalanced', 'unsettled', 'ledger-unproven']],
    ['a forgery', /forgery/, ['forgery-accepted']],
    ['doubtful evidence', /evidence/, ['evidence-changed', 'evidence-unsigned', 'evidence-lost', 'generator-starved']],
    [
      'missing evidence',
      /evidence/,
      ['no-evidence', 'slo-unproven', 'fault-unproven', 'run-incomplete', 'run-stopped'],
    ],
    ['harm that is not healed', /taken back/, ['not-healed']],
    ['harm whose effect stayed', /evidence/, ['fault-not-recovered', 'action-not-done']],
    ['acceptances', /acceptances/, ['acceptance-unused']],
  ])('are about %s', (_, why, refused) => {
    for (const cause of refused) expect([cause, reason(cause)]).toEqual([cause, expect.stringMatching(why)])
  })

  it('do not include the others', () => {
    const accepted: readonly Cause[] = ['slo-missed', 'autoscaler-late', 'image-unpinned', 'failover-late', 'disturbed']
    for (const cause of accepted) expect([cause, reason(cause)]).toEqual([cause, 'none'])
    expect(acceptableCauses.length + causeNames.filter((each) => unacceptable(each)).length).toBe(causeNames.length)
  })
})
