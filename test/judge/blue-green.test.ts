/** The judgment of a blue-green release: its preview, the step to all requests, and the time of its rollback. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { blueGreenAct, sampleOf } from '../support/canary.ts'
import { actionOf, actionSteps, evidence, secondAt, together, withActions } from '../support/evidence.ts'
import { type ActionMoment, back, begun, decided } from '../support/evidence-canary.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { laneIn } from '../support/lanes.ts'
import { it, judge } from '../support/reviewed.ts'
import { throughJournal } from '../support/through-journal.ts'

const previewed = (good = 10): ActionMoment => [
  50,
  {
    is: 'previewed',
    request: 'GET /login',
    asked: 10,
    good,
    ...(good < 10 ? { problem: 'status 500 instead of 200' } : {}),
  },
]
const proven = (outcome: 'promote' | 'roll-back' = 'promote'): ActionMoment => [
  54,
  { is: 'preview-decided', outcome, counted: 10 },
]
const set: ActionMoment = [55, { is: 'step-set', step: 1, share: ratio(1) }]
const done: ActionMoment = [85, { is: 'done', note: '' }]
const whole = [begun, previewed(), proven(), set, decided(85, 1, 'promote'), done, ...back(110)]

type Counts = {
  /** Requests of the preview that the new release counts. */
  readonly preview?: number
  /** Seconds in which it answers the requests of users. */
  readonly from?: number
  readonly to?: number
  /** From then on it answers one of ten with an error. */
  readonly failsAt?: number
}

/** 40 requests a second, to either release. */
function scrapes({ preview = 10, from = 55, to = 110, failsAt = Infinity }: Counts = {}): Evidence[] {
  let [stable, good, bad] = [0, 0, 0]
  return Array.from({ length: 161 }, (_, index) => index).flatMap((second) => {
    if (second === 49) good += preview
    const isNew = second > from && second <= to
    if (!isNew) stable += 40
    else {
      bad += second > failsAt ? 4 : 0
      good += second > failsAt ? 36 : 40
    }
    return [
      { ...sampleOf('stable', [stable, 0], 40), at: secondAt(second) },
      { ...sampleOf('canary', [good, bad], 40), at: secondAt(second) },
    ]
  })
}

const recordsOf = (steps: readonly ActionMoment[], counts?: Counts): readonly Evidence[] =>
  together(
    evidence({ rehearsal: withActions(actionOf('gateway green', blueGreenAct())) }),
    scrapes(counts),
    actionSteps('gateway green', ...steps),
  )

function judged(steps: readonly ActionMoment[] = whole, counts?: Counts) {
  const judgment = judge(recordsOf(steps, counts))
  return { judgment, told: judgment.actions[0]?.reactions ?? [], causes: causesOf(judgment) }
}

describe('a blue-green release', () => {
  it('passes if its preview, its switch and its rollback are good', () => {
    const { causes, told } = judged()
    expect(causes).toEqual([])
    expect(told.map(({ kind, subject, held }) => [kind, subject, held])).toEqual([
      ['previewed', 'preview', true],
      ['let-in', 'blue-green', true],
      ['serves-share', 'step 1 of 1, 100%', true],
      ['taken-back', 'rollback', true],
    ])
    expect(told.map(({ sentence }) => sentence)).toEqual([
      'All 10 answers on the preview route were good, and the pods of the new release counted 10 requests.',
      'Deployment gateway-canary got all requests at once and was watched for 30.0 s: what was seen.',
      '1080 of 1080 requests (100 %, between 99.5 % and 100 %) went to the new release; 100 % were asked for.',
      'Deployment gateway-canary answered its last request 0 ms after its rollback was due; 15.0 s were allowed.',
    ])
  })

  const breach = [begun, previewed(), proven(), set, decided(68, 1, 'roll-back', 'worse'), ...back(68)]
  it.each<[string, readonly ActionMoment[], Counts, readonly string[], string]>([
    [
      'with a bad response to a visit',
      [begun, previewed(9), proven('roll-back'), ...back(54)],
      { from: 200 },
      ['preview-failed'],
      '9 of 10 answers to GET /login on the preview route were good, so no traffic was switched: status 500 instead of 200.',
    ],
    [
      'whose preview route leads to another release',
      [begun, previewed(), proven('roll-back'), ...back(54)],
      { from: 200, preview: 0 },
      ['preview-failed'],
      'All 10 answers on the preview route were good, and the pods of the new release counted 0 requests. Another release answered.',
    ],
    [
      'that failed under the requests of users, and was rolled back in time',
      breach,
      { failsAt: 60, to: 69 },
      ['canary-worse'],
      'Deployment gateway-canary was taken back at step 1 of 1, 100%: what was seen.',
    ],
    [
      'that still answered long after its first error',
      breach,
      { failsAt: 60, to: 77 },
      ['canary-worse', 'rollback-late'],
      'Deployment gateway-canary was taken back at step 1 of 1, 100%: what was seen.',
    ],
    [
      'that still answered long after its planned end',
      whole,
      { to: 130 },
      ['rollback-late'],
      'Deployment gateway-canary answered its last request 20.0 s after its rollback was due; 15.0 s were allowed.',
    ],
    [
      'whose pods were not Ready in time',
      [begun, ...back(60), [62.5, { is: 'failed', problem: 'not rolled out within 20s' }]],
      { from: 200, preview: 0 },
      ['rollout-stuck', 'action-not-done'],
      'Deployment gateway-canary got no requests: not rolled out within 20s.',
    ],
  ])('%s', (_, steps, counts, causes, sentence) => {
    const { judgment, causes: found } = judged(steps, counts)
    expect(found.toSorted()).toEqual(causes.toSorted())
    expect(sentenceOf(judgment, causes[0] ?? '')).toBe(sentence)
  })

  it('is rolled back late, counted from its first server error', () => {
    const { told } = judged(breach, { failsAt: 60, to: 77 })
    expect(told.at(-1)).toMatchObject({
      held: false,
      tookMs: 16_000,
      sentence:
        'Deployment gateway-canary answered its last request 16.0 s after its first server error (7.0 s until the rollback was decided); 15.0 s were allowed.',
    })
  })

  it('does not pass if no requests were counted', () => {
    const run = evidence({ rehearsal: withActions(actionOf('gateway green', blueGreenAct())) })
    const judgment = judge(together(run, actionSteps('gateway green', ...whole)))
    expect(judgment.verdict.kind).not.toBe('pass')
  })

  it('has its lane, and its journal keeps all of it', async () => {
    const records = recordsOf(whole)
    const lane = laneIn(records, 'canary-gateway-green')
    expect([lane?.title, lane?.caption]).toEqual([
      'Blue-green gateway green: share of the new release',
      '100% promoted.',
    ])
    expect(await throughJournal(records)).toEqual(records)
  })
})
