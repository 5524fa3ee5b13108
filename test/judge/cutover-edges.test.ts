/** What is left open of a cutover whose records are not whole. */
import { describe, expect } from 'vitest'
import type { CutoverStep } from '../../src/domain/cutover.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import { judgeCutover } from '../../src/judge/reactions/cutover.ts'
import { actionOf } from '../support/evidence.ts'
import { cells, cutoverAct, eastward } from '../support/evidence-cutover.ts'
import { begun, heal, type Step } from '../support/release-run.ts'
import { it } from '../support/reviewed.ts'
import { actionIn, framesOf, listOf, partsOn, type SmallRun, seenIn } from '../support/small-run.ts'

describe('a cutover', () => {
  const begins = (ms: number, step: CutoverStep): Step => [ms, { is: 'cutover-begun', step }]
  const proves = (ms: number, step: CutoverStep, note = ''): Step => [ms, { is: 'cutover-proven', step, note }]
  const stops = (ms: number, step: CutoverStep, more: object = {}): Step => [
    ms,
    { is: 'cutover-stopped', step, ends: 'back', problem: 'it is late', ...more } as ActionStepData,
  ]
  const book = (ms: number, region: 'old-drained' | 'old-before' | 'old-after' | 'new'): Step => [
    ms,
    { is: 'region-book', book: 'wallet', region, cuts: [], cells: cells(9, 5, 0) } as unknown as ActionStepData,
  ]
  const cut = (
    steps: readonly Step[],
    place = eastward,
    records: readonly Evidence[] = [],
    run: SmallRun = {},
    act: Parameters<typeof actionOf>[1] = cutoverAct,
  ) => {
    const { seen, harm } = actionIn(
      actionOf('go east', act),
      [[90_000, { is: 'begun', targets: [] }], ...steps],
      { ...run, target: { cutovers: { eastward: place } } },
      records,
    )
    return partsOn(judgeCutover(seen, harm)).filter((each) => !each.startsWith('regions-alike'))
  }
  const { book: _, ...bookless } = eastward
  const { served: _served, ...uncounted } = eastward
  const { reads: _reads, ...blind } = cutoverAct
  const whole = (['ready', 'freeze', 'drain', 'catch-up', 'promote', 'traffic', 'thaw'] as const).flatMap((step, n) => [
    begins(100_000 + n * 1000, step),
    proves(100_500 + n * 1000, step, 'as wanted'),
  ])

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that has no step', () => cut([]), []],
    [
      'whose place is not known',
      () => partsOn(judgeCutover(seenIn([]), actionIn(actionOf('go east', cutoverAct), [begun]).harm)),
      [],
    ],
    [
      'of which every step was proven, and nothing else is known',
      () => cut(whole),
      [
        ...Array.from({ length: 7 }, () => 'cutover-step held'),
        'one-writable gap no-evidence',
        'freeze-holds gap no-evidence',
        'cutover-rpo gap no-evidence',
        'cutover-rto gap no-evidence',
        'warm-after-thaw gap no-evidence',
        'traffic-moved gap no-evidence',
      ],
    ],
    [
      'whose books are not named',
      () =>
        cut([proves(101_000, 'freeze'), proves(105_000, 'promote')], bookless).filter((each) =>
          /freeze|rpo/.test(each),
        ),
      [],
    ],
    [
      'whose requests are not counted',
      () => cut([proves(107_000, 'traffic')], uncounted).filter((each) => each.startsWith('traffic')),
      [],
    ],
    [
      'whose reads nobody asks about',
      () => cut(whole, eastward, [], {}, blind).filter((each) => each.startsWith('warm')),
      [],
    ],
    [
      'that was completed at a step',
      () =>
        cut([begins(100_000, 'promote'), stops(106_000, 'promote', { ends: 'onward' })]).filter((each) =>
          each.includes('late'),
        ),
      ['cutover-step breach cutover-step-late'],
    ],
    [
      'whose promotion did not begin',
      () => cut([begins(100_000, 'catch-up'), proves(101_000, 'catch-up'), stops(106_000, 'promote')]),
      [
        ...Array.from({ length: 3 }, () => 'cutover-step gap no-evidence'),
        'cutover-step held',
        'cutover-step breach cutover-step-late',
      ],
    ],
    [
      'whose promotion did not begin, because nothing could be read',
      () => cut([stops(106_000, 'promote', { unread: true })]),
      ['cutover-step gap no-evidence'],
    ],
    [
      'that ended after a promotion whose begin was lost',
      () =>
        cut([proves(105_000, 'promote'), stops(106_000, 'promote', { ends: 'onward' })]).filter((each) =>
          each.startsWith('cutover-step'),
        ),
      Array.from({ length: 5 }, () => 'cutover-step gap no-evidence'),
    ],
    [
      'that is done, of which no step was seen',
      () => cut([[110_000, { is: 'done', note: '' }]]),
      Array.from({ length: 7 }, () => 'cutover-step gap no-evidence'),
    ],
    [
      'of which a later step was proven',
      () => cut([proves(105_000, 'drain')]).slice(0, 3),
      ['cutover-step gap no-evidence', 'cutover-step gap no-evidence', 'cutover-step gap no-evidence'],
    ],
    [
      'that was watched until its healing',
      () => cut([begins(100_000, 'ready'), heal(103_000)]),
      ['cutover-step gap no-evidence'],
    ],
    [
      'that was watched to the end of the run',
      () => cut([begins(100_000, 'ready')], eastward, [], { until: 104_000 }),
      ['cutover-step gap no-evidence'],
    ],
    [
      'whose regions differ at its first step',
      () => cut([begins(100_000, 'ready'), stops(101_000, 'ready', { differs: true, problem: 'a is 1, b is 2.' })]),
      ['cutover-step breach region-drift'],
    ],
    [
      'that read writable regions before its promotion',
      () => cut([[104_000, { is: 'regions-read', step: 'promote', from: 'no', to: 'no' }]]),
      ['one-writable held'],
    ],
    [
      'that was stopped after its freeze',
      () =>
        cut(
          [
            begins(100_000, 'freeze'),
            proves(101_000, 'freeze'),
            begins(102_000, 'drain'),
            stops(108_000, 'drain'),
            heal(109_000),
          ],
          eastward,
          framesOf('deposit', listOf([100_000, { good: 9 }], [110_000, {}], [111_000, { good: 9 }])),
        ).filter((each) => each.startsWith('cutover-rto')),
      ['cutover-rto held'],
    ],
    [
      'that was stopped after its freeze, and stays bad',
      () =>
        cut(
          [proves(101_000, 'freeze'), stops(108_000, 'drain'), heal(109_000)],
          eastward,
          framesOf('deposit', listOf([100_000, { good: 9 }], [111_000, { bad: 9 }])),
        ).filter((each) => each.startsWith('cutover-rto')),
      ['cutover-rto breach cutover-slow'],
    ],
    [
      'whose books were read in order',
      () =>
        cut([
          proves(101_000, 'freeze'),
          book(102_000, 'old-drained'),
          book(103_000, 'old-before'),
          proves(105_000, 'promote'),
          book(106_000, 'old-after'),
          book(106_100, 'new'),
        ]).filter((each) => /freeze|rpo/.test(each)),
      ['freeze-holds held', 'cutover-rpo held'],
    ],
  ])('%s', (_name, is, expected) => expect(is()).toEqual(expected))
})
