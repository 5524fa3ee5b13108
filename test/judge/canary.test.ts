/** What a run shows about a canary: every step is promoted with the share that was asked for, and the rollback is in time. */
import { describe, expect } from 'vitest'
import { canaryAct } from '../support/canary.ts'
import {
  type ActionMoment,
  asked,
  back,
  begun,
  decided,
  promoted,
  released,
  scrapes,
  set,
  whole,
} from '../support/evidence-canary.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

function judged(steps: readonly ActionMoment[] = whole, shareAt = asked, act = canaryAct()) {
  const judgment = judge(released(act, steps, scrapes(shareAt)))
  const told = judgment.actions[0]?.reactions ?? []
  return { judgment, told, causes: causesOf(judgment) }
}

describe('a canary', () => {
  it('that went through its steps and was gone in time is held', () => {
    const { causes, told, judgment } = judged()
    expect(causes).toEqual([])
    expect(judgment.verdict.kind).toBe('pass')
    expect(told.map(({ kind, subject, held }) => [kind, subject, held])).toEqual([
      ['let-in', 'canary', true],
      ['serves-share', 'step 1 of 3, 10%', true],
      ['serves-share', 'step 2 of 3, 50%', true],
      ['serves-share', 'step 3 of 3, 100%', true],
      ['taken-back', 'rollback', true],
    ])
    expect(told.map(({ sentence }) => sentence)).toEqual([
      'Deployment gateway-canary was let in through all 3 steps in 65.0 s; at 100%: what was seen.',
      '68 of 680 requests (10 %, between 7.2 % and 13.3 %) went to the new release; 10 % were asked for.',
      '340 of 680 requests (50 %, between 45 % and 54.9 %) went to the new release; 50 % were asked for.',
      '680 of 680 requests (100 %, between 99.2 % and 100 %) went to the new release; 100 % were asked for.',
      'Deployment gateway-canary answered its last request 0 ms after its rollback was due; 15.0 s were allowed.',
    ])
  })

  it.each<[string, readonly ActionMoment[], (second: number) => number, readonly string[], string]>([
    [
      'that was worse than the old release',
      [begun, ...promoted(1), set(65, 2), decided(75, 2, 'roll-back', 'worse'), ...back(75)],
      (second) => (second < 75 ? asked(second) : 0),
      ['canary-worse'],
      'Deployment gateway-canary was taken back at step 2 of 3, 50%: what was seen.',
    ],
    [
      'whose weight stays at its old value',
      [begun, ...promoted(1), set(65, 2), decided(85, 2, 'roll-back', 'weight-not-served'), ...back(85)],
      (second) => (second >= 45 && second < 85 ? 0.1 : 0),
      ['weight-not-served'],
      '68 of 680 requests (10 %, between 7.2 % and 13.3 %) went to the new release; 50 % were asked for.',
    ],
    [
      'that still answers long after its rollback',
      whole,
      (second) => (second < 135 ? asked(Math.min(second, 100)) : 0),
      ['rollback-late'],
      'Deployment gateway-canary answered its last request 25.0 s after its rollback was due; 15.0 s were allowed.',
    ],
    [
      'of which too little was seen',
      [begun, set(45, 1), decided(65, 1, 'roll-back', 'undecided'), ...back(65)],
      (second) => (second < 65 ? asked(second) : 0),
      ['no-evidence'],
      'Deployment gateway-canary was taken back at step 1 of 3, 10%: what was seen.',
    ],
    [
      'whose pods were not Ready in time',
      [begun, ...back(60), [62.5, { is: 'failed', problem: 'not rolled out within 20s' }]],
      () => 0,
      ['rollout-stuck', 'action-not-done'],
      'Deployment gateway-canary got no requests: not rolled out within 20s.',
    ],
  ])('%s', (_, steps, shareAt, causes, sentence) => {
    const { judgment, causes: found } = judged(steps, shareAt)
    expect(found.toSorted()).toEqual(causes.toSorted())
    expect(sentenceOf(judgment, causes[0] ?? '')).toBe(sentence)
  })

  it('of which nothing was counted proves nothing', () => {
    const judgment = judge(released(canaryAct(), whole, []))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(new Set(causesOf(judgment))).toEqual(new Set(['no-evidence']))
  })
})
