/** What is decided about the step of a canary, or of a Rollout that is followed, while the run goes on. */
import { describe, expect } from 'vitest'
import type { CanaryRelease } from '../../src/domain/action.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { createFollowedStep } from '../../src/judge/canary/followed.ts'
import { createCanaryWatch } from '../../src/judge/canary/watch.ts'
import { aBAct, canaryAct, shadowAct } from '../support/canary.ts'
import { actionOf, actionSteps, secondAt, target, together, withActions } from '../support/evidence.ts'
import { asked as askedOfCanary, scrapes as scrapesOfCanary } from '../support/evidence-canary.ts'
import {
  atFirst,
  type FollowCounted,
  type FollowMoment,
  first,
  followAct,
  scrapes,
  set,
  wentOn,
} from '../support/evidence-follow.ts'
import { it, noted } from '../support/reviewed.ts'
import { framesOf } from '../support/small-run.ts'

describe('a Rollout that is followed', () => {
  /** The decision by all records until this second. */
  function decided(
    second: number,
    {
      release,
      steps = first,
      counted = {},
      other = [],
    }: {
      release?: string
      steps?: readonly FollowMoment[]
      counted?: Partial<FollowCounted>
      other?: readonly FollowMoment[]
    } = {},
  ) {
    const step = createFollowedStep(withActions(actionOf('shop 2', followAct)), target, 'shop')
    if (step === undefined) throw new Error('it is followed')
    const records = together(
      scrapes({ share: atFirst, bad: 0, ...counted }),
      actionSteps('shop 2', ...steps),
      actionSteps('other', ...other),
    )
    for (const [index, record] of records.filter(({ at }) => at <= secondAt(second)).entries())
      step.add(record, index + 1)
    const { outcome, reason, note } = noted(step.decision(release))
    return `${outcome}${reason === undefined ? '' : ` ${reason}`}: ${note}`
  }
  const SEEN =
    'Step 1, 25%: 100 of 400 requests (25 %, between 19.6 % and 30.9 %) went to the new release; server errors 0 and 0.'

  it.each<[string, () => string, string]>([
    ['at a step', () => decided(58), `promote: ${SEEN}`],
    ['asked by its release', () => decided(58, { release: 'b2' }), `promote: ${SEEN}`],
    [
      'asked by another release',
      () => decided(58, { release: 'c3' }),
      'hold undecided: The run follows release b2 of Rollout shop, not c3.',
    ],
    ['before its first step', () => decided(44), 'hold undecided: Rollout shop has not reached its next step.'],
    [
      'after its step was promoted',
      () => decided(58, { steps: [...first, wentOn(57, 1)] }),
      'hold undecided: Rollout shop has not reached its next step.',
    ],
    [
      'after its step was held',
      () =>
        decided(58, {
          steps: [...first, [57, { is: 'step-decided', step: 1, outcome: 'hold', reason: 'paused', note: '' }]],
        }),
      `promote: ${SEEN}`,
    ],
    [
      'before routers have settled',
      () => decided(48),
      'hold undecided: Step 1, 25%: the new release got 0 requests, and 20 are needed.',
    ],
    [
      'with twenty requests',
      () => decided(50),
      'promote: Step 1, 25%: 20 of 80 requests (25 %, between 13.7 % and 39.3 %) went to the new release; server errors 0 and 0.',
    ],
    [
      'with fewer',
      () => decided(49),
      'hold undecided: Step 1, 25%: the new release got 10 requests, and 20 are needed.',
    ],
    ['with the steps of another action', () => decided(58, { other: [set(50, 2, 0.5)] }), `promote: ${SEEN}`],
  ])('is decided %s', (_, is, expected) => expect(is()).toBe(expected))

  it('goes back for errors, and waits for its share', () => {
    expect(decided(58, { counted: { bad: 0.2 } })).toMatch(/^roll-back worse: Step 1, 25%: 20 of 100 answers/)
    expect(decided(58, { counted: { share: () => 0.05 } })).toMatch(
      /^hold weight-not-served: Step 1, 25%: 20 of 400 requests/,
    )
  })

  it('is none without a gate, and for another Rollout', () => {
    const { gate: _, ...bare } = followAct
    const of = (act: ActionSpec['act'], rollout = 'shop') =>
      createFollowedStep(withActions(actionOf('shop 2', act)), target, rollout)
    expect([of(followAct) === undefined, of(bare), of(followAct, 'mail')]).toEqual([false, undefined, undefined])
  })

  it('has a level that all looks of its time share', () => {
    // With one look 3 of 100 bad answers would be more than 1 % at this level; in an hour it is asked too often for that.
    const of = (withinMs: number) => {
      const step = createFollowedStep(
        withActions(actionOf('shop 2', { ...followAct, withinMs: withinMs as never })),
        target,
        'shop',
      )
      for (const [index, record] of together(scrapes({ share: atFirst, bad: 0.05 }), actionSteps('shop 2', ...first))
        .filter(({ at }) => at <= secondAt(58))
        .entries())
        step?.add(record, index + 1)
      return step?.decision().outcome
    }
    expect([of(5000), of(3_600_000)]).toEqual(['roll-back', 'hold'])
  })
})

describe('a canary under way', () => {
  type Told = {
    readonly release?: CanaryRelease
    readonly share?: (second: number) => number
    readonly login?: readonly (readonly [ms: number, good: number, bad: number])[]
    readonly may?: { readonly isOver: boolean; readonly mayHold: boolean }
  }
  const over = { isOver: true, mayHold: true }
  /** Its first step begins at 45 s and is decided at 65 s. */
  function watched({ release = canaryAct(), share = askedOfCanary, login = [] }: Told = {}) {
    const watch = createCanaryWatch(withActions(actionOf('gateway 2', release)), target, {
      action: 'gateway 2',
      release,
    })
    watch.begin(1, secondAt(45))
    const frames = framesOf(
      'login',
      login.map(([ms, good, bad]) => [ms, { good, bad }] as const),
    )
    for (const record of together(scrapesOfCanary(share), frames)) watch.add(record)
    return watch
  }
  const decided = (story: Told = {}, now = 65) => {
    const { outcome, reason, note } = noted(watched(story).decide(1, secondAt(now), story.may ?? over))
    return `${outcome}${reason === undefined ? '' : ` ${reason}`}: ${note}`
  }
  const ofLogin = (): CanaryRelease => {
    const act = canaryAct()
    return { ...act, canary: { ...act.canary, gate: { ...act.canary.gate, slis: ['login'] } } }
  }

  it.each<[string, () => string, RegExp]>([
    [
      'with its share',
      () => decided(),
      /^promote: 68 of 680 requests .* went to the new release; server errors 0 and 0$/,
    ],
    ['before its hold is over', () => decided({ may: { isOver: false, mayHold: true } }), /^hold undecided: 68 of 680/],
    [
      'with too few requests',
      () => decided({}, 52),
      /^hold undecided: the new release got 16 requests, and 20 are needed$/,
    ],
    [
      'with another share',
      () => decided({ share: () => 0.5 }),
      /^hold weight-not-served: 340 of 680 requests .* and 10 % were asked for$/,
    ],
    [
      'with another share and no time left',
      () => decided({ share: () => 0.5, may: { isOver: true, mayHold: false } }),
      /^roll-back weight-not-served/,
    ],
    [
      'for one cohort, whose share is nobody’s',
      () => decided({ release: aBAct(), share: () => 0.5 }),
      /^promote: 340 requests to the new release/,
    ],
    [
      'as a shadow',
      () => decided({ release: shadowAct(), share: () => 0.001 }),
      /^promote: 1 requests to the new release/,
    ],
    [
      'with an indicator that misses its objective',
      () =>
        decided({
          release: ofLogin(),
          login: [
            [44_000, 0, 0],
            [60_000, 50, 50],
          ],
        }),
      /^roll-back worse: login missed its objective of 99\.9 %: 50 of 100/,
    ],
    [
      'with an indicator that missed it before',
      () =>
        decided({
          release: ofLogin(),
          login: [
            [43_000, 0, 0],
            [45_000, 50, 50],
            [60_000, 50, 0],
          ],
        }),
      /^promote/,
    ],
    [
      'with an indicator that is not asked for',
      () =>
        decided({
          login: [
            [44_000, 0, 0],
            [60_000, 50, 50],
          ],
        }),
      /^promote/,
    ],
  ])('is decided %s', (_, is, expected) => expect(is()).toMatch(expected))

  it('counts requests of the new release between two moments', () => {
    const watch = watched()
    expect([
      watch.counted(secondAt(48), secondAt(58)),
      watch.counted(secondAt(30), secondAt(40)),
      watch.counted(secondAt(64), secondAt(66)),
    ]).toEqual([40, 0, 24])
  })

  it('takes the times of its earlier steps, too', () => {
    const watch = watched({ share: (second) => (second < 45 ? 0 : 0.5) })
    watch.decide(1, secondAt(65), over)
    watch.begin(2, secondAt(65))
    const { note } = watch.decide(2, secondAt(70), over)
    // 340 requests of the first step and 40 of this one: enough for the 200 that response times take.
    expect(note).toMatch(/ pairs$/)
    const alone = watched({ share: (second) => (second < 65 ? 0 : 0.5) })
    alone.begin(2, secondAt(65))
    expect(alone.decide(2, secondAt(70), over).note).not.toMatch(/ pairs$/)
  })
})
