/** The judgment of an A/B release: each visit was answered by the release of its cohort, and the pods counted it. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import type { CohortRound } from '../../src/domain/visit.ts'
import { aBAct, sampleOf } from '../support/canary.ts'
import { actionOf, actionSteps, evidence, secondAt, together, withActions } from '../support/evidence.ts'
import { type ActionMoment, back, begun, decided } from '../support/evidence-canary.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'
import { throughJournal } from '../support/through-journal.ts'

const NONE: CohortRound = { canary: 0, stable: 0, unnamed: 0, failed: 0, moved: 0 }
const OWN = { canary: { ...NONE, canary: 5 }, stable: { ...NONE, stable: 5 } }
type Rounds = (second: number) => { readonly canary: CohortRound; readonly stable: CohortRound }

/** Visited from second 60 to 84, if not rolled back before. */
function stepsOf(rounds: Rounds, until = 85): readonly ActionMoment[] {
  const visited = Array.from(
    { length: until - 60 },
    (_, index): ActionMoment => [60 + index, { is: 'cohorts-visited', ...rounds(60 + index) }],
  )
  const set: ActionMoment = [55, { is: 'step-set', step: 1, share: ratio(1) }]
  if (until < 85) {
    const mixed: ActionMoment = [
      until,
      { is: 'step-decided', step: 1, outcome: 'roll-back', reason: 'cohorts-mixed', note: 'mixed' },
    ]
    return [begun, set, ...visited, mixed, ...back(until)]
  }
  return [begun, set, ...visited, decided(85, 1, 'promote'), [85, { is: 'done', note: '' }], ...back(110)]
}

/** The old release answers everybody else; the new one counts the visits of its cohort. */
const scrapes = (perSecond: number, until = 85): Evidence[] =>
  Array.from({ length: 161 }, (_, index) => index).flatMap((second) => {
    const visits = Math.max(0, Math.min(second, until) - 60) * perSecond
    return [
      { ...sampleOf('stable', [second * 40, 0], 40), at: secondAt(second) },
      { ...sampleOf('canary', [visits, 0], 40), at: secondAt(second) },
    ]
  })

const recordsOf = (rounds: Rounds, perSecond = 5, until = 85) =>
  together(
    evidence({ rehearsal: withActions(actionOf('gateway for b', aBAct())) }),
    scrapes(perSecond, until),
    actionSteps('gateway for b', ...stepsOf(rounds, until)),
  )

describe('an A/B release', () => {
  it('passes if each cohort got its own release only', () => {
    const judgment = judge(recordsOf(() => OWN))
    expect(causesOf(judgment)).toEqual([])
    expect(
      judgment.actions[0]?.reactions.map(({ kind, subject, held, sentence }) => [kind, subject, held, sentence]),
    ).toEqual([
      [
        'let-in',
        'a-b',
        true,
        'Deployment gateway-canary got the requests of its cohort and was watched for 30.0 s: what was seen.',
      ],
      [
        'kept-apart',
        'cohort',
        true,
        '0 of 125 visits were answered by the release of the other cohort; 125 were answered by its own.',
      ],
      [
        'kept-apart',
        'other cohort',
        true,
        '0 of 125 visits were answered by the release of the other cohort; 125 were answered by its own.',
      ],
      [
        'taken-back',
        'rollback',
        true,
        'Deployment gateway-canary answered its last request 0 ms after its rollback was due; 15.0 s were allowed.',
      ],
    ])
  })

  it.each<[string, Rounds, number, number, string, string]>([
    [
      'that its cohort never gets',
      () => ({ ...OWN, canary: { ...NONE, stable: 5 } }),
      1,
      61,
      'cohort-crossed',
      '5 of 5 visits were answered by the release of the other cohort.',
    ],
    [
      'that the other cohort gets',
      () => ({ ...OWN, stable: { ...NONE, canary: 5 } }),
      10,
      61,
      'cohort-crossed',
      '5 of 5 visits were answered by the release of the other cohort.',
    ],
    [
      'whose users move between releases',
      (second) => (second < 63 ? OWN : { ...OWN, canary: { ...NONE, canary: 3, stable: 2, moved: 2 } }),
      5,
      64,
      'session-moved',
      '2 of 20 visits were answered by the release of the other cohort, so users change their release between two requests.',
    ],
    [
      'whose pods did not count the visits',
      () => OWN,
      1,
      85,
      'cohort-crossed',
      '125 responses named the new release, and its pods counted 25 requests: another release answered.',
    ],
    [
      'whose responses do not name their release',
      () => ({ ...OWN, canary: { ...NONE, unnamed: 5 } }),
      5,
      85,
      'no-evidence',
      '0 of 125 visits failed, and 125 responses named no release.',
    ],
  ])('%s', (_, rounds, perSecond, until, cause, sentence) => {
    const judgment = judge(recordsOf(rounds, perSecond, until))
    expect(causesOf(judgment)).toEqual([cause])
    expect(sentenceOf(judgment, cause)).toBe(sentence)
  })

  it('that still answers long after its end is rolled back late, and visits after the end are not judged as mixed', () => {
    const after = Array.from(
      { length: 20 },
      (_, index): ActionMoment => [
        111 + index,
        { is: 'cohorts-visited', ...OWN, stable: { ...NONE, canary: 1, stable: 4 } },
      ],
    )
    const run = evidence({ rehearsal: withActions(actionOf('gateway for b', aBAct())) })
    const steps = actionSteps('gateway for b', ...stepsOf(() => OWN), ...after)
    const judgment = judge(together(run, scrapes(5, 130), steps))
    expect(causesOf(judgment)).toEqual(['rollback-late'])
    expect(sentenceOf(judgment, 'rollback-late')).toContain(
      'answered its last request 20.0 s after its rollback was due',
    )
  })

  it('without visits is inconclusive', () => {
    const steps = stepsOf(() => OWN).filter(([, step]) => step.is !== 'cohorts-visited')
    const run = evidence({ rehearsal: withActions(actionOf('gateway for b', aBAct())) })
    expect(causesOf(judge(together(run, scrapes(5), actionSteps('gateway for b', ...steps))))).toEqual(['no-evidence'])
  })

  it('is read back from its journal unchanged', async () => {
    const records = recordsOf(() => OWN)
    expect(await throughJournal(records)).toEqual(records)
  })
})
