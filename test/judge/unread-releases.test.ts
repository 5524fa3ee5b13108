/** Pods of a release that cannot be read: what they might have counted accuses nobody and proves nothing. And steps that changed while they were judged. */
import { describe, expect, it } from 'vitest'
import type { ActionStepData, Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { windowShares } from '../../src/domain/shadow.ts'
import { ratio } from '../../src/domain/units.ts'
import { decideStep } from '../../src/judge/canary/decide.ts'
import { createCanaryWatch } from '../../src/judge/canary/watch.ts'
import { judge } from '../../src/judge/judge.ts'
import { judgeCanary } from '../../src/judge/reactions/canary.ts'
import { aBAct, blueGreenAct, canaryAct, shadowAct } from '../support/canary.ts'
import { actionOf, mapped, secondAt, target, withActions } from '../support/evidence.ts'
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
import * as follow from '../support/evidence-follow.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { actionIn, atRate, counted, wordsOn } from '../support/small-run.ts'

type Sample = EvidenceOf<'sample'>
type Lost = (of: string, second: number) => boolean
/** A source or a pod whose scrapes fail in some seconds. */
const without = (records: readonly Evidence[], isLost: Lost): Evidence[] =>
  mapped(records, 'sample', ({ at, source, pod, ...rest }: Sample): Evidence => {
    const second = Math.round((at - secondAt(0)) / 1000)
    if (!isLost(source, second) && !isLost(pod, second)) return { at, source, pod, ...rest } as Sample
    return { kind: 'sample', at, source, pod, ok: false, problem: 'answered 503' }
  })
const lost =
  (of: string, from: number, to = Number.POSITIVE_INFINITY): Lost =>
  (each, second) =>
    each === of && second >= from && second < to
const NEW = 'gateway-canary'

function judged(act: ActionSpec['act'], records: readonly Evidence[], steps: readonly ActionMoment[]) {
  const judgment = judge(released(act, steps, records))
  const told = (judgment.actions[0]?.reactions ?? []).map(({ subject, held }) => [subject, held])
  return { judgment, breaches: causesOf(judgment, 'breach'), told: Object.fromEntries(told) as Record<string, boolean> }
}

describe('a canary', () => {
  const canary = (isLost: Lost, steps = whole, shareAt = asked) =>
    judged(canaryAct(), without(scrapes(shareAt), isLost), steps)

  it('that cannot be read from a step on is not accused of its share', () => {
    const { judgment, breaches, told } = canary(lost(NEW, 66))
    expect([breaches, judgment.verdict.kind]).toEqual([[], 'inconclusive'])
    expect([told['step 1 of 3, 10%'], told['step 2 of 3, 50%'], told['step 3 of 3, 100%']]).toEqual([
      true,
      false,
      false,
    ])
    expect(judgment.findings.map(({ sentence }) => sentence)).toContain(
      'The share of each release is not known, because no pod of the new release could be read. 0 of 340 requests (0 %, between 0 % and 1.5 %) went to the new release; 50 % were asked for.',
    )
  })

  it('is not accused of the requests of an old release that cannot be read', () => {
    const { breaches, told } = canary(lost('gateway', 66))
    expect(breaches).toEqual([])
    expect([told['step 2 of 3, 50%'], told['step 3 of 3, 100%']]).toEqual([false, true])
  })

  it('that cannot be read after its rollback, and stays, may still answer', () => {
    const { judgment, breaches, told } = canary(lost(NEW, 108))
    expect([breaches, judgment.verdict.kind, told.rollback]).toEqual([[], 'inconclusive', false])
    expect(sentenceOf(judgment, 'no-evidence')).toBe(
      'It is not known when Deployment gateway-canary answered its last request after its rollback was due, because gateway-canary/gateway-canary-1 could not be read.',
    )
  })

  it('whose last answers were counted over a gap is not late', () => {
    expect(canary(lost(NEW, 108, 140)).breaches).toEqual([])
    // It answered, and was read, for 25 s.
    const late = (second: number) => (second < 135 ? asked(Math.min(second, 100)) : 0)
    expect(canary(lost(NEW, 140), whole, late).breaches).toEqual(['rollback-late'])
  })

  it('that was rolled back for its share is not accused of it if all counts show the right share', () => {
    const steps = [begun, ...promoted(1), set(65, 2), decided(80, 2, 'roll-back', 'weight-not-served'), ...back(80)]
    const { judgment, breaches } = canary(
      () => false,
      steps,
      (second) => (second < 80 ? asked(second) : 0),
    )
    expect([breaches, judgment.verdict.kind]).toEqual([[], 'inconclusive'])
    expect(sentenceOf(judgment, 'no-evidence')).toMatch(/All that was counted shows the share that was asked for\.$/)
  })

  it('that cannot be read at a step is held as undecided', () => {
    const release = canaryAct()
    const watch = createCanaryWatch(withActions(actionOf('gateway 2', release)), target, {
      action: 'gateway 2',
      release,
    })
    watch.begin(1, secondAt(45))
    for (const record of without(scrapes(asked), lost(NEW, 46))) watch.add(record)
    expect(watch.decide(1, secondAt(65), { isOver: true, mayHold: true })).toEqual({
      outcome: 'hold',
      reason: 'undecided',
      note: 'the share of each release is not known: no pod of the new release could be read',
    })
  })

  it('whose gate asks for an indicator that nobody measured is held', () => {
    const act = canaryAct()
    const release = { ...act, canary: { ...act.canary, gate: { ...act.canary.gate, slis: ['login'] } } }
    const watch = createCanaryWatch(withActions(actionOf('gateway 2', release)), target, {
      action: 'gateway 2',
      release,
    })
    watch.begin(1, secondAt(45))
    for (const record of scrapes(asked)) watch.add(record)
    expect(watch.decide(1, secondAt(65), { isOver: true, mayHold: true })).toEqual({
      outcome: 'hold',
      reason: 'undecided',
      note: 'login was not measured in this step',
    })
  })

  it.each([
    ['of which the new release', 'new', { stable: 900, canary: 0 }],
    ['of which the old release', 'old', { stable: 0, canary: 300 }],
  ])('%s shows no response times is not promoted', (_, release, timed) => {
    const view = {
      canary: canaryAct().canary,
      asked: 0.25,
      step: { fromAt: 0, toAt: 20_000 },
      earlier: [],
      counts: (side: 'stable' | 'canary') => ({
        requests: side === 'stable' ? 900 : 300,
        bad: 0,
        timed: timed[side],
        seconds: timed[side] * 0.04,
      }),
      slis: [],
      looks: 1,
      decisions: 1,
      isOver: true,
      mayHold: true,
    }
    const { outcome, note } = decideStep(view)
    expect([outcome, note]).toEqual([
      'hold',
      `response times of the ${release} release were not measured: http_request_duration_seconds has 0 of its ${release === 'new' ? 300 : 900} requests`,
    ])
    expect(decideStep({ ...view, mayHold: false })).toMatchObject({ outcome: 'roll-back', reason: 'undecided' })
  })
})

it('a preview whose visits nobody could count is not failed', () => {
  const previewed: ActionStepData = { is: 'previewed', request: 'GET /login', asked: 10, good: 10 }
  const steps: readonly ActionMoment[] = [
    begun,
    [50, previewed],
    [54, { is: 'preview-decided', outcome: 'roll-back', counted: 0 }],
    ...back(54),
  ]
  const blind = judged(
    blueGreenAct(),
    without(
      scrapes(() => 0),
      lost(NEW, 0),
    ),
    steps,
  )
  expect([blind.breaches, blind.told.preview]).toEqual([[], false])
  expect(
    judged(
      blueGreenAct(),
      scrapes(() => 0),
      steps,
    ).breaches,
  ).toEqual(['preview-failed'])
})

it('a cohort whose visits nobody could count did not get another release', () => {
  const own = { canary: 0, stable: 0, unnamed: 0, failed: 0, moved: 0 }
  const { seen, harm } = actionIn(
    actionOf('for b', aBAct()),
    [
      [40_000, { is: 'begun', targets: [] }],
      [45_000, { is: 'step-set', step: 1, share: ratio(1) }],
      [50_000, { is: 'cohorts-visited', canary: { ...own, canary: 10 }, stable: { ...own, stable: 10 } }],
      [90_000, { is: 'heal-requested' }],
    ],
    {},
    counted(NEW, 'http_requests_total', {}, [
      [44_000, 0],
      [46_000, undefined],
      [80_000, undefined],
    ]),
  )
  const [told] = judgeCanary(seen, harm).filter(({ result }) => result.subject === 'cohort')
  expect(told && wordsOn(told)).toBe(
    'gap no-evidence: 10 responses named the new release, and its pods counted 0 requests, but no pod of the new release could be read.',
  )
})

it('a mirror whose copies nobody could count is not accused of its share', () => {
  const [FROM, LONG] = [40_000, 10_000]
  const shares = windowShares({ share: ratio(0.2), pairs: 4 })
  const END = FROM + shares.length * LONG
  const copies = atRate(30_000, END + 5000, () => 8).map(([ms, value]) => [ms, ms > FROM ? undefined : value] as const)
  const { seen, harm } = actionIn(
    actionOf('gateway shadow', shadowAct()),
    [
      [30_000, { is: 'begun', targets: [] }],
      ...shares.flatMap((share, index): (readonly [number, ActionStepData])[] => [
        [FROM + index * LONG, { is: 'step-set', step: index + 1, share }],
        [FROM + (index + 1) * LONG, { is: 'step-decided', step: index + 1, outcome: 'promote', note: '' }],
      ]),
      [END, { is: 'heal-requested' }],
    ],
    {},
    [
      ...counted(
        'gateway',
        'http_requests_total',
        {},
        atRate(30_000, END + 5000, () => 40),
      ),
      ...counted(NEW, 'http_requests_total', {}, copies),
    ],
  )
  const [told] = judgeCanary(seen, harm).filter(({ result }) => result.kind === 'serves-share')
  expect(told && wordsOn(told)).toMatch(
    /^gap no-evidence: The number of copies is not known, because no pod of the new release could be read\. 0 of /,
  )
})

describe('a Rollout that is followed', () => {
  const followed = (
    steps: readonly follow.FollowMoment[],
    share: (second: number) => number,
    isLost: Lost = () => false,
  ) => judged(follow.followAct, without(follow.scrapes({ share, bad: 0 }), isLost), steps)

  it('is not accused of the share of pods that cannot be read', () => {
    const { judgment, breaches } = followed(follow.promoted, follow.asked, lost('shop-b2-yyyyy', 47))
    expect([breaches, judgment.verdict.kind]).toEqual([[], 'inconclusive'])
    expect(sentenceOf(judgment, 'no-evidence')).toMatch(
      /the share of each release is not known: no pod of the new release/,
    )
  })

  it('that is aborted while its next step begins is not accused of the share of the step before', () => {
    const aborted: follow.FollowMoment = [
      95,
      { is: 'step-decided', step: 1, outcome: 'roll-back', reason: 'aborted', note: 'no pods' },
    ]
    const steps = [...follow.first, follow.wentOn(65, 1), aborted, follow.kept(95)]
    const { breaches } = followed(steps, (second) => (second < 45 ? 0 : second < 65 ? 0.25 : 0.4))
    expect(breaches).toEqual(['release-aborted'])
  })
})
