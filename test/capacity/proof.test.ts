import { describe, expect, it } from 'vitest'
import { backlogOf, type FlightRow } from '../../src/capacity/backlog.ts'
import { type LoadFacts, proofOf } from '../../src/capacity/proof.ts'
import { ratio } from '../../src/domain/units.ts'

const facts = (answers: number, within: number, other: Partial<LoadFacts> = {}): LoadFacts => ({
  objectives: [{ name: 'deposit', objective: ratio(0.999), answers, within }],
  backlog: {},
  neverRan: 0,
  due: answers,
  ...other,
})

describe('the result of one load', () => {
  it.each([
    ['2,995 good answers prove 99.9 %', facts(2995, 2995), 'held'],
    ['2,994 do not', facts(2994, 2994), 'unproven'],
    ['few bad answers among few leave it open', facts(1000, 998), 'unproven'],
    ['many bad answers refute it', facts(1000, 990), 'broke'],
    ['no answers prove nothing', facts(0, 0), 'unproven'],
    [
      'a growing queue breaks a load whose answers were in time so far',
      facts(4000, 4000, { backlog: { growing: 'it grew' } }),
      'broke',
    ],
    ['a full machine makes slow answers worthless', facts(1000, 500, { starved: 'CPU' }), 'generator-limit'],
    ['a full machine does not invalidate what is proven', facts(2995, 2995, { starved: 'CPU' }), 'held'],
    ['a generator that crashed proves nothing', facts(2995, 2995, { lost: 'it crashed' }), 'generator-limit'],
    ['arrivals that never started are the generator’s', facts(3000, 3000, { neverRan: 30 }), 'generator-limit'],
    [
      'unless the answers are bad: then its clients wait for the platform',
      facts(3000, 2000, { neverRan: 30 }),
      'broke',
    ],
  ])('%s', (_, given, outcome) => expect(proofOf(given).outcome).toBe(outcome))

  it('says how many answers are missing, and that the objective was met so far', () => {
    expect(proofOf(facts(1000, 1000))).toMatchObject({ met: true, missing: 1995 })
    expect(proofOf(facts(1000, 998))).toMatchObject({ met: false })
  })
})

/** Rows of a queue that takes `perSecond` and answers `answered`, each answer after `latencyMs`. */
const rows = (perSecond: number, answered: number, latencyMs: number): readonly FlightRow[] =>
  Array.from({ length: 31 }, (_, second) => ({
    atMs: second * 1000,
    inFlight: (perSecond * latencyMs) / 1000 + (perSecond - answered) * second,
    answers: answered * second,
    latencySumMs: answered * second * latencyMs,
  }))

describe('a queue', () => {
  it('grows when 2 % more arrives than is answered, although every answer is in time', () => {
    expect(backlogOf(rows(40, 39.2, 100)).growing).toMatch(/grew from .* to/)
  })
  it('does not grow when as much is answered as arrives, however long the answers take', () => {
    expect(backlogOf(rows(40, 40, 100))).toEqual({})
    expect(backlogOf(rows(40, 40, 1900))).toEqual({})
  })
  it('is found behind fast answers, because more is in flight than Little’s law allows', () => {
    const hidden = rows(40, 40, 100).map((row) => ({ ...row, inFlight: 60 }))
    expect(backlogOf(hidden).growing).toMatch(/Little/)
  })
  it('shows no trend in a few samples', () => {
    expect(backlogOf(rows(40, 20, 100).slice(0, 8))).toEqual({})
  })
})
