/** The judgment of a cutover: steps within their budgets, RTO and RPO, one region that accepts writes, and regions that are alike. */
import { describe, expect } from 'vitest'
import type { ActionStepData } from '../../src/domain/evidence.ts'
import type { WorkloadSeen } from '../../src/domain/posture.ts'
import { toBad, without } from '../support/evidence.ts'
import {
  BOOKS,
  bookAt,
  type CutoverStory,
  cells,
  cutoverRun,
  DRAINED,
  deployed,
  notes,
  onTime,
} from '../support/evidence-cutover.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const judged = (story: CutoverStory = {}) => judge(cutoverRun(story))
const DONE = [107.7, { is: 'done', note: '' }] as const
const KEPT = [107.8, { is: 'kept' }] as const
type Step = readonly [number, ActionStepData]
const with_ = (...more: readonly Step[]): readonly Step[] => [...notes, ...more, DONE, KEPT]

const stoppedAt = (
  second: number,
  step: 'drain' | 'catch-up' | 'promote' | 'ready',
  ends: 'back' | 'onward',
  differs?: true,
): Step[] => [
  [
    second,
    { is: 'cutover-stopped', step, ends, problem: 'lsn is "0/5", and lsn is "0/9"', ...(differs ? { differs } : {}) },
  ],
  [second, { is: 'failed', problem: 'not proven' }],
  [second, { is: 'heal-requested' }],
  [second + 1, { is: 'healed' }],
]

describe('a cutover', () => {
  it('whose steps are proven in time passes, with its figures', () => {
    const judgment = judged()
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.verdict.kind).toBe('pass')
    const reactions = judgment.actions[0]?.reactions ?? []
    expect(
      reactions
        .filter(({ kind }) => kind === 'cutover-step')
        .map(({ subject, tookMs, withinMs }) => [subject, tookMs, withinMs]),
    ).toEqual([
      ['readiness', 300, 5_000],
      ['freeze of the writes', 700, 5_000],
      ['drain', 1_000, 5_000],
      ['catch-up of the standby', 400, 5_000],
      ['promotion and fencing', 2_400, 5_000],
      ['traffic', 1_600, 5_000],
      ['thaw of the writes', 500, 5_000],
    ])
    const sentences = Object.fromEntries(reactions.map(({ kind, sentence }) => [kind, sentence]))
    expect(sentences['cutover-rto']).toBe(
      'deposit was good again 8.0 s after the last good write, to the second; 20.0 s were allowed.',
    )
    expect(sentences['cutover-rpo']).toBe(
      'east has the same 9005 deposits as west, compared by digests of their keys (RPO 0).',
    )
    expect(sentences['freeze-holds']).toBe('west booked nothing after its writes had drained.')
    expect(sentences['one-writable']).toBe('west accepted no writes after the promotion.')
    expect(sentences['regions-alike']).toBe('1 object compared, all alike.')
    expect(sentences['traffic-moved']).toMatch(/^west served 0 of \d+ requests after the traffic had moved\.$/)
    expect(sentences['warm-after-thaw']).toMatch(/^p95 of login was /)
  })

  it.each<[string, CutoverStory, string[]]>([
    [
      'whose freeze leaks',
      { more: with_(bookAt(102.5, 'old-before', cells(9_000, 5, 3)), bookAt(105.3, 'new', cells(9_000, 5, 3))) },
      ['freeze-leaked'],
    ],
    [
      'whose old book grows after the drain',
      { more: with_(bookAt(102.5, 'old-before', cells(9_000, 8, 0)), bookAt(105.3, 'new', cells(9_000, 8, 0))) },
      ['freeze-leaked'],
    ],
    [
      'that takes writes in the old region after the promotion',
      { more: with_(BOOKS[0] as Step, bookAt(105.2, 'old-after', cells(9_000, 5, 4)), BOOKS[2] as Step) },
      ['freeze-leaked'],
    ],
    [
      'promoted before the standby has caught up',
      { more: with_(BOOKS[0] as Step, bookAt(105.3, 'new', cells(8_990, 5, 0))) },
      ['promoted-before-caught-up'],
    ],
    [
      'with other keys in the new region',
      { more: with_(BOOKS[0] as Step, bookAt(105.3, 'new', cells(9_001, 4, 0))) },
      ['promoted-before-caught-up'],
    ],
    [
      'that lacks what clients had seen acknowledged',
      { more: with_(bookAt(102.5, 'old-before', cells(9, 0, 0)), bookAt(105.3, 'new', cells(9, 0, 0))) },
      ['cutover-lost-writes'],
    ],
    [
      'with two regions that accept writes',
      {
        more: [
          ...notes.filter(([, { is }]) => is !== 'regions-read'),
          ...BOOKS,
          [105.1, { is: 'regions-read', step: 'promote', from: 'yes', to: 'yes' }],
          ...stoppedAt(105.2, 'promote', 'onward'),
        ],
      },
      ['split-brain'],
    ],
    [
      'whose old region is not fenced',
      {
        more: [
          ...notes.filter(([, { is }]) => is !== 'regions-read'),
          ...BOOKS,
          [105.1, { is: 'regions-read', step: 'promote', from: 'yes', to: 'no' }],
          ...stoppedAt(105.2, 'promote', 'onward'),
        ],
      },
      ['split-brain'],
    ],
    ['to a region with another image', { east: [deployed('shop-east', 'orders@sha256:b')] }, ['region-drift']],
    ['to a region with fewer pods', { east: [deployed('shop-east', undefined, 1)] }, ['region-drift']],
    ['to a region without the service', { east: [] }, ['region-drift']],
    ['with requests that still reach the old region', { strays: 5 }, ['traffic-not-moved']],
    [
      'to a cold region',
      {
        load: (s, { login }) =>
          void (s >= 107 && s < 114 && Object.assign(login, { slow: login.good, overCeiling: login.good })),
      },
      ['cold-cache'],
    ],
    [
      'whose writes come back too late',
      { load: (s, load) => void (s >= 101 && s < 125 && toBad(load.deposit, 99, 'http-503')) },
      ['cutover-slow', 'slo-missed'],
    ],
  ])('%s is named', (_, story, expected) => {
    expect(causesOf(judged(story), 'breach')).toEqual(expected)
  })

  it('whose standby does not catch up is late, and was taken back', () => {
    const { promote: _, traffic: __, thaw: ___, ...started } = onTime
    const judgment = judged({
      times: { ...started, 'catch-up': [102, null] },
      more: [DRAINED, bookAt(107, 'old-before'), ...stoppedAt(107, 'catch-up', 'back')],
    })
    expect(causesOf(judgment)).toEqual(['cutover-step-late'])
    expect(sentenceOf(judgment, 'cutover-step-late')).toBe(
      'Not proven 5.0 s after it began; 5.0 s were allowed. The cutover was taken back. lsn is "0/5", and lsn is "0/9".',
    )
  })

  it('whose promotion could not begin was taken back, with what was read', () => {
    const { promote: _, traffic: __, thaw: ___, ...started } = onTime
    const stopped = (more: object): CutoverStory => ({
      times: started,
      more: [
        DRAINED,
        bookAt(107, 'old-before'),
        ...stoppedAt(107, 'promote', 'back').map(
          ([at, step]): Step =>
            step.is === 'cutover-stopped' ? [at, { ...step, problem: 'west still writes', ...more }] : [at, step],
        ),
      ],
    })
    const late = judged(stopped({}))
    expect(causesOf(late)).toEqual(['cutover-step-late'])
    expect(sentenceOf(late, 'cutover-step-late')).toBe(
      'It did not begin. The cutover was taken back. west still writes.',
    )
    const unread = judged(stopped({ unread: true, problem: 'its status could not be read' }))
    expect([causesOf(unread, 'breach'), unread.verdict.kind]).toEqual([[], 'inconclusive'])
    expect(sentenceOf(unread, 'no-evidence')).toBe(
      'It is not known whether the promotion and fencing could begin, because it could not be read: its status could not be read.',
    )
  })

  it('is led by the freeze that leaks when the standby cannot catch up because of it', () => {
    const { promote: _, traffic: __, thaw: ___, ...started } = onTime
    const judgment = judged({
      times: { ...started, 'catch-up': [102, null] },
      more: [bookAt(107, 'old-before', cells(9_000, 5, 40)), ...stoppedAt(107, 'catch-up', 'back')],
    })
    expect(causesOf(judgment)).toEqual(['freeze-leaked', 'cutover-step-late'])
  })

  it.each<[string, (east: WorkloadSeen) => readonly WorkloadSeen[], string]>([
    ['a workload', (east) => [east, { ...east, name: 'debug' }], 'Deployment debug is only in shop-east'],
    [
      'a container',
      (east) => [{ ...east, containers: east.containers.flatMap((each) => [each, { ...each, name: 'tap' }]) }],
      'Deployment orders: has one more container, tap',
    ],
  ])('finds %s that only the new region has', (_, east, words) => {
    const judgment = judged({ east: east(deployed('shop-east')) })
    expect(sentenceOf(judgment, 'region-drift')).toBe(`east differs from west: ${words}.`)
  })

  it('finds no drift in objects that may differ, and names them', () => {
    const alike = (namespace: string) => ({ ...deployed(namespace), name: 'stock' })
    const west = [deployed('shop-west'), alike('shop-west')]
    const story = { west, east: [deployed('shop-east', undefined, 1), alike('shop-east')], unlike: ['orders'] }
    const judgment = judged(story)
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.actions[0]?.reactions.find(({ kind }) => kind === 'regions-alike')?.sentence).toBe(
      '1 object compared, all alike. Not compared: orders.',
    )
    expect(causesOf(judged({ ...story, unlike: ['others'] }))).toEqual(['region-drift'])
    const onlyThere = [...story.east, { ...deployed('shop-east'), name: 'debug' }]
    expect(causesOf(judged({ ...story, east: onlyThere, unlike: ['orders', 'debug'] }))).toEqual([])
  })

  it.each([
    ['the old region lists none', []],
    ['all of them may differ', [deployed('shop-west')]],
  ])('does not call regions alike when no object was compared: %s', (_, west) => {
    const judgment = judged({ west, east: [deployed('shop-east')], unlike: ['orders'] })
    const reaction = judgment.actions[0]?.reactions.find(({ kind }) => kind === 'regions-alike')
    expect(reaction?.held).toBe(false)
    expect(reaction?.sentence).toMatch(/^shop-west has no object that could be compared/)
    expect(judgment.verdict.kind).toBe('inconclusive')
  })

  it('between regions whose readings differ at the start is drift, not lateness', () => {
    const judgment = judged({ times: { ready: [100, null] }, more: stoppedAt(105, 'ready', 'back', true) })
    expect(causesOf(judgment)).toEqual(['region-drift'])
  })

  it.each<[string, CutoverStory]>([
    [
      'whose book was read once during the freeze',
      { more: [...notes.filter((each) => each !== DRAINED), ...BOOKS, DONE, KEPT] },
    ],
    ['without the books', { more: with_() }],
    [
      'whose old region does not say whether it accepts writes',
      { more: [...BOOKS, DONE, KEPT, [105.1, { is: 'regions-read', step: 'promote', from: 'unread', to: 'no' }]] },
    ],
    [
      'with a step whose start was not recorded',
      { times: Object.fromEntries(Object.entries(onTime).filter(([step]) => step !== 'drain')) },
    ],
    [
      'that the run stopped in the middle of a step',
      { times: { ...onTime, traffic: [105.4, null] }, more: [...notes, ...BOOKS] },
    ],
  ])('%s is inconclusive', (_, story) => {
    const judgment = judged(story)
    expect([causesOf(judgment, 'breach'), judgment.verdict.kind]).toEqual([[], 'inconclusive'])
  })

  it.each(['objects-listed', 'action-step', 'sample', 'load-frame'] as const)('is never a pass without %s', (kind) => {
    expect(judge(without(cutoverRun(), kind)).verdict.kind).not.toBe('pass')
  })
})
