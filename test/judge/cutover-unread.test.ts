/** A cutover of which something could not be read, or that the run ended: neither accuses the platform. */
import { describe, expect, it } from 'vitest'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import { judgeCutover } from '../../src/judge/reactions/cutover.ts'
import { actionOf } from '../support/evidence.ts'
import { cutoverAct, eastward } from '../support/evidence-cutover.ts'
import { actionIn, counted, framesOf, wordsOn } from '../support/small-run.ts'

type Step = readonly [ms: number, ActionStepData]
function told(kind: string, steps: readonly Step[], records: readonly Evidence[] = []): readonly string[] {
  const all: readonly Step[] = [[90_000, { is: 'begun', targets: [] }], ...steps]
  const { seen, harm } = actionIn(actionOf('go east', cutoverAct), all, { target: { cutovers: { eastward } } }, records)
  return judgeCutover(seen, harm)
    .filter(({ result }) => result.kind === kind)
    .map(wordsOn)
}

describe('a step of a cutover', () => {
  const stopped = (more: object): Step => [
    105_000,
    {
      is: 'cutover-stopped',
      step: 'ready',
      ends: 'back',
      problem: 'lsn of db could not be read',
      ...more,
    } as ActionStepData,
  ]
  const of = (more: object) => told('cutover-step', [[100_000, { is: 'cutover-begun', step: 'ready' }], stopped(more)])

  it('that could not be read is not late', () => {
    expect(of({ unread: true })).toEqual([
      'gap no-evidence: It is not known whether the readiness was done, because it could not be read: lsn of db could not be read.',
    ])
    expect(of({})).toEqual([expect.stringMatching(/^breach cutover-step-late: /)])
  })
})

describe('writes', () => {
  const frozen: Step = [101_000, { is: 'cutover-proven', step: 'freeze', note: '' }]
  const writes = framesOf('deposit', [
    [100_000, { good: 9 }],
    ...Array.from({ length: 9 }, (_, n) => [101_000 + n * 1000, { bad: 9 }] as const),
    [110_000, { good: 9 }],
    [160_000, { good: 9 }],
  ])

  it('are judged up to the thaw if the end of the run takes the cutover back', () => {
    const ended: Step[] = [
      [109_000, { is: 'heal-requested' }],
      [109_500, { is: 'healed' }],
    ]
    expect(told('cutover-rto', [frozen, ...ended], writes)).toEqual([
      'held: deposit was good again 10.0 s after the last good write, to the second; 20.0 s were allowed.',
    ])
    expect(told('cutover-rto', [frozen], writes)).toEqual([expect.stringMatching(/^breach cutover-slow: /)])
  })
})

describe('traffic', () => {
  /** Once a second, with scrapes that fail from `from` to `to`. */
  const requests = (side: 'west' | 'east', count: (second: number) => number, from = 0, to = 0) =>
    counted(
      side,
      'http_requests_total',
      {},
      Array.from({ length: 161 }, (_, n) => [n * 1000, n > from && n < to ? undefined : count(n)] as const),
    )
  const moved = (second: number) => Math.min(second, 107) * 60
  const of = (from: number, to: number, strays = (second: number) => moved(second)) =>
    told(
      'traffic-moved',
      [[107_000, { is: 'cutover-proven', step: 'traffic', note: '' }]],
      [...requests('west', strays, from, to), ...requests('east', (n) => Math.max(0, n - 107) * 60)],
    )

  it('of the old region that was counted over a gap around its move is not accused', () => {
    expect(of(0, 0)).toEqual([expect.stringMatching(/^held: west served 0 of /)])
    expect(of(102, 125)).toEqual([
      expect.stringMatching(
        /^gap no-evidence: west served \d+ of \d+ requests .* But west\/west-1 could not be read\.$/,
      ),
    ])
  })

  it('of an old region that cannot be read to the end is not moved for sure', () => {
    expect(of(120, 999)).toEqual([expect.stringMatching(/^gap no-evidence: west served 0 of .*could not be read\.$/)])
  })

  it('that still reaches the old region is accused', () => {
    const strays = (second: number) => moved(second) + Math.max(0, second - 107) * 5
    expect(of(0, 0, strays)).toEqual([expect.stringMatching(/^breach traffic-not-moved: /)])
  })
})

describe('the books of a cutover', () => {
  it('that could not be read say why', () => {
    const unread: Step = [102_000, { is: 'region-book-unread', region: 'old-drained', problem: 'answered 503' }]
    const proven = (ms: number, step: 'freeze' | 'promote'): Step => [ms, { is: 'cutover-proven', step, note: '' }]
    const steps = [proven(101_000, 'freeze'), unread, proven(105_000, 'promote')]
    expect([...told('freeze-holds', steps), ...told('cutover-rpo', steps)]).toEqual([
      'gap no-evidence: The book of west was not read twice during the freeze (answered 503).',
      'gap no-evidence: The books of both regions were not read before the thaw, so that the RPO is not known (answered 503).',
    ])
  })
})
