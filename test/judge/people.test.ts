import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Note, PeopleReaction } from '../../src/domain/people.ts'
import { seconds } from '../../src/domain/units.ts'
import {
  place as at,
  evidence,
  FAULT,
  rehearsal,
  type Story,
  secondAt,
  together,
  without,
} from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const declares: PeopleReaction = { kind: 'declares', withinMs: seconds(60), at }
const ticks: PeopleReaction = { kind: 'ticks', step: 'Open the breaker', withinMs: seconds(60), at }
const ofFault = (...expected: readonly PeopleReaction[]) => ({
  ...rehearsal,
  faults: rehearsal.faults.map((fault) => ({ ...fault, expect: [...fault.expect, ...expected] })),
})
const ofRun = (...reactions: readonly PeopleReaction[]) => ({
  ...rehearsal,
  expectations: [...rehearsal.expectations, { kind: 'human' as const, reactions, at }],
})
const note = (second: number, is: Note['is'], text = 'SEV2', about?: string): Evidence => ({
  kind: 'note',
  at: secondAt(second),
  by: 'Ana',
  via: 'terminal',
  is,
  text,
  ...(about === undefined ? {} : { about }),
})
const told = (expected: readonly PeopleReaction[], notes: readonly Evidence[], story: Partial<Story> = {}) =>
  judge(together(evidence({ ...story, rehearsal: ofFault(...expected) }), notes))

describe('people who must declare within a minute of a fault', () => {
  it('did, and the report knows when', () => {
    const judgment = told([declares], [note(95, 'declared')])
    expect(judgment.verdict.kind).toBe('pass')
    const [reaction] = judgment.faults[0]?.reactions ?? []
    expect(reaction).toMatchObject({ kind: 'declares', held: true, withinMs: 60_000 })
    expect((reaction?.tookMs ?? 0) / 1000).toBeCloseTo(29.6, 1)
  })

  it('were late, which fails the run', () => {
    const judgment = told([declares], [note(130, 'declared')])
    expect(judgment.verdict.kind).toBe('fail')
    expect(causesOf(judgment)).toEqual(['people-late'])
    expect(sentenceOf(judgment, 'people-late')).toMatch(
      /^Ana declared an incident 64\.\d s after psp-a down; 60\.0 s were allowed\.$/,
    )
  })

  it.each<[string, readonly Evidence[], RegExp]>([
    ['nobody wrote anything', [], /No note says that people declared an incident .*; nobody wrote anything\)/],
    ['only other notes were written', [note(70, 'note'), note(80, 'mitigated')], /2 other notes were written/],
    ['it was declared before the fault', [note(50, 'declared')], /nobody wrote anything/],
    ['it was declared about another fault', [note(70, 'declared', 'SEV2', 'zone lost')], /nobody wrote anything/],
  ])('left a gap, and accuse nobody, where %s', (_, notes, sentence) => {
    const judgment = told([declares], notes)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(['people-silent'])
    expect(sentenceOf(judgment, 'people-silent')).toMatch(sentence)
  })

  it('counts what names the fault, and the first note', () => {
    const notes = [note(90, 'declared', 'SEV2', FAULT), note(130, 'declared')]
    expect(causesOf(told([declares], notes))).toEqual([])
  })

  it('are not asked where the run was stopped before', () => {
    const stop = { lasts: 100, outcome: 'stopped', stop: { by: 'operator', reason: 'Ctrl-C' } } as const
    const judgment = told([declares], [], stop)
    expect(causesOf(judgment)).not.toContain('people-silent')
    expect(judgment.verdict.kind).toBe('aborted')
  })

  it('are not accused where notes are known to be lost', () => {
    const lost: Evidence = { kind: 'evidence-lost', at: secondAt(90), about: 'notes', problem: 'disk full', of: 'note' }
    const judgment = told([declares], [lost, note(130, 'declared')])
    expect(causesOf(judgment, 'breach')).toEqual([])
    expect(judgment.verdict.kind).toBe('inconclusive')
  })
})

describe('a runbook', () => {
  it('is done when each step was ticked, however it was written', () => {
    const judgment = told([ticks], [note(80, 'step', ' open  the BREAKER')])
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.faults[0]?.reactions.at(-1)).toMatchObject({
      kind: 'ticks',
      subject: 'Open the breaker',
      held: true,
    })
  })

  it.each<[string, readonly Evidence[], string]>([
    ['late', [note(150, 'step', 'open the breaker')], 'people-late'],
    ['only as a note', [note(80, 'note', 'open the breaker')], 'people-silent'],
    ['for another step', [note(80, 'step', 'tell support')], 'people-silent'],
  ])('is not, when it was ticked %s', (_, notes, cause) => {
    expect(causesOf(told([ticks], notes))).toEqual([cause])
  })
})

describe('people of a whole run', () => {
  const judged = (notes: readonly Evidence[], records = evidence({ rehearsal: ofRun(declares) })) =>
    judge(together(records, notes))

  it('react to its first fault or action', () => {
    expect(judged([note(95, 'declared')]).people).toMatchObject([{ kind: 'declares', held: true }])
    expect(causesOf(judged([note(130, 'declared')]))).toEqual(['people-late'])
    expect(judged([note(130, 'declared')]).findings[0]?.subject).toBe('people: incident')
    expect(judge(evidence()).people).toBeUndefined()
  })

  it('had nothing to react to where nothing took effect', () => {
    const quiet = judged([], without(evidence({ rehearsal: ofRun(declares) }), 'fault-step'))
    expect(quiet.people).toMatchObject([{ held: false, sentence: expect.stringContaining('nothing to react to') }])
    expect(quiet.verdict.kind).toBe('inconclusive')
  })
})
