/** What single records say of a run: its start and end, losses, and lines that are out of order. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { createRunFacts } from '../../src/judge/seen/run-facts.ts'
import { createSilence } from '../../src/judge/seen/silence.ts'
import { createStreams } from '../../src/judge/seen/streams.ts'
import { runStarted } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, frame } from '../support/small-run.ts'

const lost = (about: string, ms = 1000): Evidence => ({ kind: 'evidence-lost', at: atMs(ms), about, problem: 'x' })
const doubted: Evidence = { kind: 'evidence-doubted', at: atMs(9000), doubt: 'changed', problem: 'x' }
const many = (n: number, one: (index: number) => Evidence) => Array.from({ length: n }, (_, index) => one(index))

describe('the facts of a run', () => {
  const facts = (...records: readonly Evidence[]) => {
    const run = createRunFacts()
    for (const [index, each] of records.entries()) run.add(each, index + 1)
    return run
  }
  const ended = (instance: string, more: object = {}): Evidence => ({
    kind: 'load-ended',
    at: atMs(9000),
    instance,
    outcome: 'completed',
    exitCode: 0,
    problems: [],
    ...more,
  })

  it('begin with the first head', () => {
    const run = facts(lost('x'), runStarted(), { ...runStarted(), run: 'other' })
    expect([run.hasHead, run.headLine, run.head.run]).toEqual([true, 2, runStarted().run])
    expect([facts().hasHead, facts().headLine]).toEqual([false, 1])
    expect(() => facts().head).toThrow('there is no run-started record: what was read is not evidence of a run')
  })

  it('hold what the load told as it ended', () => {
    const threshold = { metric: 'm', expression: 'e', ok: true, samples: 1, aborted: false, values: {} }
    const run = facts(ended('a', { problems: ['x'], thresholds: [threshold] }), ended('b', { problems: ['y'] }))
    expect([run.loadProblems, run.thresholds, run.loadLines]).toEqual([['x', 'y'], [threshold], [1, 2]])
    expect([facts().loadEndedAt, run.loadEndedAt]).toEqual([undefined, atMs(9000)])
  })

  it('keep fifty losses and doubts, and count the others', () => {
    const kept = (n: number) => {
      const run = facts(...many(n, () => lost('x')), ...many(n, () => doubted))
      return [run.lost.length, run.lostCount, run.doubts.length, run.doubtCount]
    }
    expect([kept(50), kept(51)]).toEqual([
      [50, 50, 50, 50],
      [50, 51, 50, 51],
    ])
  })

  it('have the first trip and the last end', () => {
    const trip = (id: string) =>
      ({ kind: 'guardrail-tripped', at: atMs(1), id, sli: 'x', measured: ratio(0), below: ratio(1), forMs: 1 }) as never
    const run = facts(
      trip('a'),
      trip('b'),
      { kind: 'run-ended', at: atMs(2), healed: false },
      { kind: 'run-ended', at: atMs(3), healed: true },
    )
    expect([run.trip?.record.id, run.ended?.record.healed]).toEqual(['a', true])
  })

  const undo = (kind: 'undo-written' | 'undo-done', id: string, by: 'run' | 'heal' = 'run') =>
    ({ kind, at: atMs(1), id, by, outcome: 'undone' }) as never as Evidence
  it.each<[string, readonly Evidence[], readonly string[], readonly string[]]>([
    ['written', [undo('undo-written', 'u')], ['u'], []],
    ['written and done', [undo('undo-written', 'u'), undo('undo-done', 'u')], [], []],
    ['done and written', [undo('undo-done', 'u'), undo('undo-written', 'u')], ['u'], []],
    ['done', [undo('undo-done', 'u')], [], ['u']],
    ['done by heal', [undo('undo-done', 'u', 'heal')], [], []],
    ['done twice, once by heal', [undo('undo-done', 'u'), undo('undo-done', 'u', 'heal')], [], []],
    ['of another', [undo('undo-written', 'u'), undo('undo-done', 'v')], ['u'], ['v']],
  ])('have undos that were %s', (_, records, open, unwritten) => {
    const run = facts(...records)
    expect([[...run.undos.open.keys()], [...run.undos.unwritten.keys()]]).toEqual([open, unwritten])
  })

  it('have the audit before and after', () => {
    const residue = (when: 'before' | 'after'): Evidence => ({ kind: 'residue', at: atMs(1), when, items: [] })
    expect(noted(facts(residue('before'), residue('after'), residue('after')).residue)).toMatchObject({
      before: { line: 1 },
      after: { line: 3 },
    })
  })
})

describe('lines that are out of order', () => {
  const misplaced = (...records: readonly Evidence[]) => {
    const streams = createStreams()
    for (const [index, each] of records.entries()) streams.add(each, index + 1)
    return streams.misplaced.lines
  }
  const at = (ms: number, record: object) => ({ at: atMs(ms), ...record }) as unknown as Evidence
  const object = (uid: string, resource = 'Pod') => ({ kind: 'object-seen', object: { resource, uid } })

  it.each<[string, object, object]>([
    ['frames', { kind: 'load-frame', instance: 'a' }, { kind: 'load-frame', instance: 'b' }],
    ['health', { kind: 'generator-health', instance: 'a' }, { kind: 'generator-health', instance: 'b' }],
    ['frames and health', { kind: 'load-frame', instance: 'a' }, { kind: 'generator-health', instance: 'a' }],
    ['begins of the load', { kind: 'load-started', instance: 'a' }, { kind: 'load-started', instance: 'b' }],
    ['ends of the load', { kind: 'load-ended', instance: 'a' }, { kind: 'load-ended', instance: 'b' }],
    ['pods of a source', { kind: 'sample', source: 's', pod: 'a' }, { kind: 'sample', source: 's', pod: 'b' }],
    ['sources', { kind: 'sample', source: 's', pod: 'a' }, { kind: 'sample', source: 't', pod: 'a' }],
    ['objects', object('a'), object('b')],
    ['kinds of objects', object('a'), object('a', 'Node')],
    [
      'lists',
      { kind: 'objects-listed', resource: 'r', namespace: 'a' },
      { kind: 'objects-listed', resource: 'r', namespace: 'b' },
    ],
    [
      'kinds of lists',
      { kind: 'objects-listed', resource: 'r', namespace: 'a' },
      { kind: 'objects-listed', resource: 's', namespace: 'a' },
    ],
    ['books', { kind: 'book-read', book: 'a' }, { kind: 'book-read', book: 'b' }],
    [
      'receivers',
      { kind: 'receipts-told', stream: 's', part: 0, receiver: 'a' },
      { kind: 'receipts-told', stream: 's', part: 0, receiver: 'b' },
    ],
    [
      'parts',
      { kind: 'receipts-told', stream: 's', part: 0, receiver: 'a' },
      { kind: 'receipts-told', stream: 's', part: 1, receiver: 'a' },
    ],
    [
      'streams',
      { kind: 'deliveries-read', stream: 'a', receivers: [] },
      { kind: 'deliveries-read', stream: 'b', receivers: [] },
    ],
    ['keys', { kind: 'keys-read', book: 'a', operation: 'o' }, { kind: 'keys-read', book: 'a', operation: 'p' }],
    ['faults', { kind: 'fault-step', fault: 'a' }, { kind: 'fault-step', fault: 'b' }],
    ['actions', { kind: 'action-step', action: 'a' }, { kind: 'action-step', action: 'b' }],
    ['undos', { kind: 'undo-written', id: 'a' }, { kind: 'undo-written', id: 'b' }],
    ['undos that were written and done', { kind: 'undo-written', id: 'a' }, { kind: 'undo-done', id: 'a' }],
    ['audits', { kind: 'residue', when: 'before' }, { kind: 'residue', when: 'after' }],
    ['notes and decisions', { kind: 'note' }, { kind: 'decision' }],
    ['alerts and stops', { kind: 'alerts-read' }, { kind: 'stop-requested' }],
  ])('are those of one stream only: %s', (_, one, other) => {
    expect(misplaced(at(2000, one), at(1000, one))).toEqual([2])
    expect(misplaced(at(2000, one), at(1000, other))).toEqual([])
    expect(misplaced(at(2000, one), at(2000, one), at(2000, { ...one, more: 1 }))).toEqual([2])
  })

  it('leave out lost and doubted evidence', () => {
    expect(misplaced(lost('x', 2000), lost('x', 1000), doubted, { ...doubted, at: atMs(1) })).toEqual([])
  })

  it('count for the moments of a run, but not what was lost', () => {
    const streams = createStreams()
    for (const each of [at(1000, { kind: 'note' }), lost('x', 3000), at(5000, { kind: 'note' })]) streams.add(each, 1)
    expect(streams.moments).toEqual([atMs(1000), atMs(5000)])
  })

  it('have streams of sources and their pods', () => {
    const streams = createStreams()
    const sample = (pod: string, ms: number) => at(ms, { kind: 'sample', source: 's', pod, ok: true, series: [] })
    for (const [index, each] of [sample('a', 1000), sample('', 2000), sample('b', 1500), sample('a', 9001)].entries())
      streams.add(each, index + 1)
    expect(noted(streams.all).map(({ kind, pod, count }) => `${kind} ${pod} ${count}`)).toEqual([
      'source undefined 4',
      'pod a 2',
      'pod b 1',
    ])
    expect(streams.all[0]?.pauses).toEqual([{ fromAt: atMs(2000), toAt: atMs(9001), line: 4 }])
  })

  it('have the median of their first 63 intervals', () => {
    const times = (n: number, ms: number) => Array.from({ length: n }, () => ms)
    const medianOf = (...intervals: readonly number[]) => {
      const streams = createStreams()
      let ms = 0
      streams.add(at(ms, { kind: 'load-frame', instance: 'a' }), 1)
      for (const each of intervals) {
        ms += each
        streams.add(at(ms, { kind: 'load-frame', instance: 'a' }), 1)
      }
      return streams.all[0]?.medianMs
    }
    // The 32nd of 63 is a second. It would be three seconds with one interval less, and with one more.
    const first = [...times(31, 1000), ...times(31, 3000), 1000]
    expect([medianOf(...first), medianOf(...first, ...times(9, 3000)), medianOf(...first.slice(0, -1))]).toEqual([
      1000, 1000, 3000,
    ])
  })
})

describe('the silence of a cluster', () => {
  const silent = (...records: readonly Evidence[]) => {
    const silence = createSilence()
    for (const [index, each] of records.entries()) silence.add(each, index + 1)
    return [...silence.lost].map(([about, { line }]) => `${about} ${line}`)
  }
  const sample = (ok: boolean): Evidence =>
    ({ kind: 'sample', at: atMs(2000), source: 's', pod: 'p', ok, problem: 'x', series: [] }) as never
  it('holds the first loss of each thing since anything was read', () => {
    expect(silent(lost('a'), lost('b'), lost('a'))).toEqual(['a 1', 'b 2'])
    expect(silent(lost('a'), sample(true), lost('b'))).toEqual(['b 3'])
    expect(silent(lost('a'), sample(false), lost('b'))).toEqual(['a 1', 'b 3'])
    expect(silent(lost('a'), frame(2000, {}))).toEqual(['a 1'])
  })
  it.each(['object-seen', 'objects-listed', 'book-read', 'keys-read', 'deliveries-read'] as const)(
    'is ended by %s',
    (kind) => expect(silent(lost('a'), { kind, at: atMs(2000), ok: false } as never)).toEqual([]),
  )
})
