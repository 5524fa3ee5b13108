/** Releases for a cohort, Rollouts that are followed, and the state of a release. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import type { CohortRound } from '../../src/domain/visit.ts'
import { judgeActions } from '../../src/judge/faults/actions.ts'
import { judgeFollowed } from '../../src/judge/reactions/follow.ts'
import { aBAct, blueGreenAct, canaryAct } from '../support/canary.ts'
import { actionOf } from '../support/evidence.ts'
import { followAct } from '../support/evidence-follow.ts'
import { begun, decided, failed, heal, judged, requests, type Step, set } from '../support/release-run.ts'
import { it, noted } from '../support/reviewed.ts'
import { actionIn, atRate, counted, partsOn, type SmallRun } from '../support/small-run.ts'

const one = set(50_000, 1, 0.1)

describe('a release for a cohort', () => {
  const NONE: CohortRound = { canary: 0, stable: 0, unnamed: 0, failed: 0, moved: 0 }
  const visited = (ms: number, canary: Partial<CohortRound>, stable: Partial<CohortRound>): Step => [
    ms,
    { is: 'cohorts-visited', canary: { ...NONE, ...canary }, stable: { ...NONE, ...stable } },
  ]
  const cohort = (...steps: readonly Step[]) =>
    judged(
      aBAct(),
      [set(50_000, 1, 1), ...steps, heal(100_000)],
      requests('gateway-canary', (ms) => (ms > 50_000 && ms <= 100_000 ? 5 : 0)),
    )
  const fine = [visited(60_000, { canary: 5 }, { stable: 5 }), visited(70_000, { canary: 5 }, { stable: 5 })]
  // Its last request is at 100 s.
  const [end, late] = ['taken-back held', 'taken-back breach rollback-late']
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'that is kept apart',
      () => cohort(...fine, decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart held', 'kept-apart held', end],
    ],
    [
      'that is mixed in its second round',
      () =>
        cohort(
          ...fine,
          visited(75_000, { canary: 4, stable: 1 }, { stable: 5 }),
          decided(76_000, 1, 'roll-back', 'cohorts-mixed'),
        ),
      ['let-in not held', 'kept-apart breach session-moved', 'kept-apart held', late],
    ],
    [
      'whose other cohort is mixed',
      () => cohort(visited(60_000, { canary: 5 }, { canary: 5 }), decided(61_000, 1, 'roll-back', 'cohorts-mixed')),
      ['let-in not held', 'kept-apart held', 'kept-apart breach cohort-crossed', late],
    ],
    [
      'of whose visits a tenth failed',
      () => cohort(visited(60_000, { canary: 9, failed: 1 }, { stable: 9, unnamed: 1 }), decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart held', 'kept-apart held', end],
    ],
    [
      'that never gets it',
      () => cohort(visited(60_000, { stable: 5 }, { stable: 5 }), decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart breach cohort-crossed', 'kept-apart held', end],
    ],
    [
      'that was mixed while routers settled',
      () => cohort(visited(52_999, { stable: 5 }, { stable: 5 }), ...fine, decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart held', 'kept-apart held', end],
    ],
    [
      'that was mixed as they had settled',
      () => cohort(visited(53_000, { stable: 5 }, { stable: 5 }), ...fine, decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart breach session-moved', 'kept-apart held', end],
    ],
    [
      'that was mixed as its end was asked for',
      () => cohort(...fine, decided(80_000, 1, 'promote'), visited(100_000, { stable: 5 }, { stable: 5 })),
      ['let-in held', 'kept-apart breach session-moved', 'kept-apart held', end],
    ],
    [
      'that was mixed after it',
      () => cohort(...fine, decided(80_000, 1, 'promote'), visited(100_001, { stable: 5 }, { stable: 5 })),
      ['let-in held', 'kept-apart held', 'kept-apart held', end],
    ],
    [
      'of whose visits nine in ten were counted',
      () => cohort(visited(60_000, { canary: 277 }, { stable: 5 }), decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart held', 'kept-apart held', end],
    ],
    [
      'of whose visits fewer were counted',
      () => cohort(visited(60_000, { canary: 278 }, { stable: 5 }), decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart breach cohort-crossed', 'kept-apart held', end],
    ],
    [
      'whose visits failed',
      () => cohort(visited(60_000, { failed: 5 }, { stable: 4, unnamed: 1 }), decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart gap no-evidence', 'kept-apart gap no-evidence', end],
    ],
    [
      'whose visits moved',
      () => cohort(visited(60_000, { stable: 5, moved: 1 }, { stable: 5 }), decided(80_000, 1, 'promote')),
      ['let-in held', 'kept-apart breach session-moved', 'kept-apart held', end],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
  it('without a step was not visited', () =>
    expect(judged(aBAct(), [heal(100_000)])).toContain('kept-apart gap no-evidence'))
})

describe('a Rollout that is followed', () => {
  const { gate: _, ...bare } = followAct
  const shop = (ms: number, step: number, share: number): Step => [
    ms,
    { is: 'step-set', step, share: ratio(share), release: 'b2' },
  ]
  const pods = (fresh: number, bad = 0): readonly Evidence[] =>
    (
      [
        ['shop-a1-xxxxx', 40 * (1 - fresh), '200'],
        ['shop-b2-yyyyy', 40 * fresh * (1 - bad), '200'],
        ['shop-b2-zzzzz', 40 * fresh * bad, '503'],
      ] as const
    ).flatMap(([pod, rate, code]) =>
      counted(
        'shop',
        'http_requests_total',
        { code },
        atRate(40_000, 158_000, () => rate),
        pod,
      ),
    )
  const follow = (
    steps: readonly Step[],
    records: readonly Evidence[] = pods(0.25),
    run: SmallRun = {},
    act = followAct,
  ) => {
    const { seen, harm } = actionIn(actionOf('shop 2', act), [begun, ...steps], run, records)
    return partsOn(judgeFollowed(seen, harm))
  }
  const first = shop(50_000, 1, 0.25)
  const on = decided(70_000, 1, 'promote')
  const done: Step = [80_000, { is: 'done', note: '' }]
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is promoted', () => follow([first, on, done]), ['let-in held', 'serves-share held']],
    ['without a gate', () => follow([first, on, done], [], {}, bare), ['let-in held']],
    [
      'that is promoted without a step of some length',
      () => follow([first, decided(53_000, 1, 'promote'), done]),
      ['let-in held', 'serves-share gap no-evidence'],
    ],
    [
      'that is promoted after a step of a moment more',
      () => follow([first, decided(53_001, 1, 'promote'), done]),
      ['let-in held', 'serves-share gap no-evidence'],
    ],
    [
      'with another share',
      () => follow([first, on, done], pods(0.5)),
      ['let-in held', 'serves-share breach weight-not-served'],
    ],
    [
      'with errors',
      () => follow([first, on, done], pods(0.25, 0.2)),
      ['let-in held', 'serves-share breach canary-worse'],
    ],
    [
      'of which nothing was counted',
      () => follow([first, on, done], []),
      ['let-in held', 'serves-share gap no-evidence'],
    ],
    [
      'that was not watched to its end',
      () => follow([first, failed(60_000)]),
      ['let-in gap no-evidence', 'serves-share held'],
    ],
    [
      'that was aborted at a step',
      () => follow([first, decided(60_000, 1, 'roll-back', 'aborted')]),
      ['let-in breach release-aborted', 'serves-share held'],
    ],
    [
      'that was aborted before its first step',
      () => follow([decided(60_000, 1, 'roll-back', 'aborted')]),
      ['let-in breach release-aborted'],
    ],
    ['that never had a step', () => follow([heal(90_000)]), ['let-in gap no-evidence']],
    [
      'that is held at a step',
      () => follow([first, decided(60_000, 1, 'hold', 'undecided'), heal(110_000)]),
      ['let-in gap no-evidence', 'serves-share held'],
    ],
    [
      'that went on from its step, and stayed',
      () => follow([first, on, heal(110_000)]),
      ['let-in breach rollout-stuck', 'serves-share held'],
    ],
    [
      'that stayed at its step for less than its time',
      () => follow([first, heal(99_999)]),
      ['let-in gap no-evidence', 'serves-share held'],
    ],
  ])('%s', (_name, is, expected) => expect(is()).toEqual(expected))
})

describe('the state of a release', () => {
  const of = (steps: readonly Step[], act: Parameters<typeof actionOf>[1] = canaryAct()) => {
    const { seen } = actionIn(actionOf('v2', act), [begun, ...steps])
    const { result, findings } = noted(judgeActions(seen))
    return [
      result[0]?.state,
      ...findings.filter(({ cause }) => cause === 'action-not-done').map(({ weight }) => weight),
    ]
  }
  it.each<[string, () => readonly unknown[], readonly unknown[]]>([
    ['that was taken back at a step', () => of([one, decided(60_000, 1, 'roll-back', 'worse')]), ['not-done']],
    [
      'that was taken back at its preview',
      () => of([[49_000, { is: 'preview-decided', outcome: 'roll-back', counted: 0 }]], blueGreenAct()),
      ['not-done'],
    ],
    ['that was promoted at a step', () => of([one, decided(60_000, 1, 'promote')]), ['not-done', 'gap']],
    ['that is followed', () => of([], followAct), ['not-done']],
    ['that is followed and failed', () => of([failed(50_000)], followAct), ['failed', 'gap']],
    ['that is done', () => of([[50_000, { is: 'done', note: '' }]]), ['done']],
    [
      'that was refused evictions',
      () =>
        of([
          [45_000, { is: 'eviction-refused', pod: 'a', node: 'n', problem: 'x' }],
          [46_000, { is: 'eviction-refused', pod: 'a', node: 'n', problem: 'x' }],
          [47_000, { is: 'evicted', pod: 'a', node: 'n' }],
        ]),
      ['not-done', 'gap'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
