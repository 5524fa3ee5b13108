/** What a run shows about a Rollout that was followed: its controller's decision, and what both releases counted in each of its steps. */
import { describe, expect } from 'vitest'
import type { Follow } from '../../src/domain/action.ts'
import { actionOf, actionSteps, evidence, together, withActions } from '../support/evidence.ts'
import {
  asked,
  atFirst,
  begun,
  done,
  type FollowCounted,
  type FollowMoment,
  first,
  followAct,
  kept,
  promoted,
  scrapes,
  wentOn,
} from '../support/evidence-follow.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const aborted: FollowMoment = [
  65,
  { is: 'step-decided', step: 1, outcome: 'roll-back', reason: 'aborted', note: 'as told' },
]
const paused: FollowMoment = [65, { is: 'step-decided', step: 1, outcome: 'hold', reason: 'paused', note: 'as told' }]

function judged(steps: readonly FollowMoment[], counted: Partial<FollowCounted> = {}, followed: Follow = followAct) {
  const run = evidence({ rehearsal: withActions(actionOf('shop 2', followed)) })
  const judgment = judge(together(run, scrapes({ share: asked, bad: 0, ...counted }), actionSteps('shop 2', ...steps)))
  return { judgment, told: judgment.actions[0]?.reactions ?? [], causes: causesOf(judgment) }
}

describe('a Rollout that is followed', () => {
  it('and promotes its release is held, and each of its steps is a window', () => {
    const { judgment, told, causes } = judged(promoted)
    expect(causes).toEqual([])
    expect(judgment.verdict.kind).toBe('pass')
    expect(told.map(({ kind, subject, held, sentence }) => [kind, subject, held, sentence])).toEqual([
      ['let-in', 'rollout', true, 'Rollout shop promoted its release after 55.0 s; 60.0 s were allowed.'],
      [
        'serves-share',
        'step 1, 25%',
        true,
        'In 17.0 s: 170 of 680 requests (25 %, between 20.8 % and 29.5 %) went to the new release; server errors 0 and 0.',
      ],
      [
        'serves-share',
        'step 2, 50%',
        true,
        'In 17.0 s: 340 of 680 requests (50 %, between 45 % and 54.9 %) went to the new release; server errors 0 and 0.',
      ],
    ])
  })

  it.each<[string, readonly FollowMoment[], string, string, string]>([
    [
      'is aborted',
      [...first, aborted, kept(65)],
      'fail',
      'release-aborted',
      'Rollout shop was aborted at step 1, 25%: as told.',
    ],
    [
      'is aborted before its first step',
      [begun, aborted, kept(65)],
      'fail',
      'release-aborted',
      'Rollout shop was aborted before its first step was seen: as told.',
    ],
    [
      'gets in without a step',
      [begun, done(65), kept(65)],
      'inconclusive',
      'no-evidence',
      'No step of Rollout shop was seen for more than 3.0 s, so its releases were not compared.',
    ],
    [
      'gets in with a step of a moment',
      [...first, wentOn(47, 1), done(65), kept(65)],
      'inconclusive',
      'no-evidence',
      'No step of Rollout shop was seen for more than 3.0 s, so its releases were not compared.',
    ],
    [
      'stays paused',
      [...first, paused, kept(110)],
      'inconclusive',
      'no-evidence',
      'Rollout shop stayed at step 1, 25%: as told.',
    ],
    [
      'has no release',
      [begun, kept(110)],
      'inconclusive',
      'no-evidence',
      'Rollout shop had no release with steps while it was watched.',
    ],
    [
      'promotes late',
      [...first, wentOn(65, 1), done(105), kept(105)],
      'fail',
      'rollout-stuck',
      'Rollout shop promoted its release after 65.0 s; 60.0 s were allowed.',
    ],
    [
      'is still at a step',
      [...first, kept(110)],
      'fail',
      'rollout-stuck',
      'Rollout shop was still at step 1, 25% after 70.0 s; 60.0 s were allowed.',
    ],
    [
      'is not watched long enough',
      [...first, kept(80)],
      'inconclusive',
      'no-evidence',
      'Rollout shop was still at step 1, 25% after 40.0 s; 60.0 s were allowed.',
    ],
  ])('and %s says so', (_, steps, verdict, cause, sentence) => {
    const { judgment, causes } = judged(steps, { share: atFirst })
    expect(judgment.verdict.kind).toBe(verdict)
    expect(causes).toEqual([cause])
    expect(sentenceOf(judgment, cause)).toBe(sentence)
  })

  it('and is deleted is inconclusive, with the problem', () => {
    const gone: FollowMoment = [60, { is: 'failed', problem: 'Rollout shop is gone' }]
    const share = (second: number) => (second < 60 ? atFirst(second) : 0)
    const { judgment, causes } = judged([...first, gone], { share })
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(new Set(causes)).toEqual(new Set(['no-evidence', 'action-not-done']))
    expect(sentenceOf(judgment, 'no-evidence')).toBe(
      'Rollout shop was not watched until its release ended: Rollout shop is gone.',
    )
  })

  it.each<[string, Partial<FollowCounted>, string]>([
    ['has more errors', { bad: 0.1 }, 'canary-worse'],
    ['does not get its share', { share: () => 0.1 }, 'weight-not-served'],
    ['gets no request', { share: () => 0 }, 'weight-not-served'],
  ])('is judged by its own counters where its controller promotes a release that %s', (_, counted, cause) => {
    const { judgment, causes } = judged(promoted, counted)
    expect(judgment.verdict.kind).toBe('fail')
    expect(causes).toEqual([cause, cause])
  })

  it('is judged by its controller alone without a gate', () => {
    const { gate: _, ...bare } = followAct
    const { told, causes } = judged(promoted, { bad: 0.1 }, bare)
    expect(causes).toEqual([])
    expect(told.map(({ kind }) => kind)).toEqual(['let-in'])
  })
})
