/** Where the decision about a step of a canary turns, and when a guardrail trips: the last value on either side. */
import { describe, expect } from 'vitest'
import type { LoadFrame } from '../../src/domain/evidence.ts'
import type { Guardrail } from '../../src/domain/rehearsal.ts'
import { ratio, seconds } from '../../src/domain/units.ts'
import { decideStep, decideWindow, type StepView } from '../../src/judge/canary/decide.ts'
import { pairsOf, slower } from '../../src/judge/canary/latency.ts'
import { shareCopied, shareServed } from '../../src/judge/canary/share.ts'
import { stretchesOf } from '../../src/judge/canary/stretches.ts'
import { createGuarding } from '../../src/judge/guardrails/guardrails.ts'
import { actionLives } from '../../src/judge/seen/action-lives.ts'
import type { ReleaseCounts } from '../../src/judge/seen/canary-counters.ts'
import { canaryAct } from '../support/canary.ts'
import { place as at, rehearsal } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { framesOf } from '../support/small-run.ts'

const NONE: ReleaseCounts = { requests: 0, bad: 0, timed: 0, seconds: 0 }
type Counts = Partial<ReleaseCounts>
/** The same in every stretch, but for the new release every other one takes half as long again. */
const counting =
  (stable: Counts, canary: Counts): StepView['counts'] =>
  (side, fromAt) => {
    const counts = { ...NONE, ...(side === 'stable' ? stable : canary) }
    return { ...counts, seconds: counts.seconds * (side === 'canary' && fromAt % 4000 === 0 ? 1.5 : 1) }
  }
const view = (stable: Counts, canary: Counts, changes: Partial<StepView> = {}): StepView => ({
  canary: canaryAct().canary,
  asked: undefined,
  step: { fromAt: 0, toAt: 20_000 },
  earlier: [],
  counts: counting(stable, canary),
  slis: [],
  looks: 1,
  decisions: 1,
  isOver: true,
  mayHold: true,
  ...changes,
})
const told = (stable: Counts, canary: Counts, changes: Partial<StepView> = {}, decide = decideStep) => {
  const { outcome, reason, note } = decide(view(stable, canary, changes))
  return `${outcome}${reason === undefined ? '' : ` ${reason}`}: ${note}`
}

// The gate wants 20 requests and at most 1 % errors, and response times from 200 requests on.
describe('a step of a canary', () => {
  const gate = canaryAct().canary.gate
  const errorsOnly = { canary: { gate: { errors: gate.errors } } }

  it.each<[string, () => string, string]>([
    [
      'with 20 requests',
      () => told({}, { requests: 20 }),
      'promote: 20 requests to the new release; server errors 0 and 0',
    ],
    ['with 19', () => told({}, { requests: 19 }), 'hold undecided: the new release got 19 requests, and 20 are needed'],
    [
      'with none',
      () => told({}, {}, { isOver: false }),
      'hold undecided: no request was counted; server errors 0 and 0',
    ],
    [
      'with errors in one of 100',
      () => told({}, { requests: 100, bad: 1 }),
      'promote: 100 requests to the new release; server errors 1 and 0',
    ],
    [
      'with errors in one of 99',
      () => told({}, { requests: 99, bad: 1 }),
      'hold undecided: 1 of 99 answers were server errors, too few to say more than 1 %',
    ],
    [
      'with errors in one, like the old one',
      () => told({ requests: 1, bad: 1 }, { requests: 100, bad: 1 }),
      'promote: 100 requests to the new release; server errors 1 and 1',
    ],
    [
      'with more errors than the old one',
      () => told({ requests: 100_000, bad: 1 }, { requests: 10_000, bad: 9 }, errorsOnly),
      'roll-back worse: 9 of 10000 answers of the new release were server errors, and 1 of 100000 of the old one',
    ],
    [
      'whose indicator was never asked for',
      () => told({}, { requests: 20 }, { slis: [{ sli: 'bet', good: 0, bad: 0, objective: 0.5 }] }),
      'promote: 20 requests to the new release; server errors 0 and 0',
    ],
    [
      'whose indicator may be as bad by chance',
      () => told({}, { requests: 20 }, { slis: [{ sli: 'bet', good: 0, bad: 4, objective: 0.5 }] }),
      'promote: 20 requests to the new release; server errors 0 and 0',
    ],
    [
      'whose indicator may not',
      () => told({}, { requests: 20 }, { slis: [{ sli: 'bet', good: 0, bad: 5, objective: 0.5 }] }),
      'roll-back worse: bet missed its objective of 50 %: 5 of 5 attempts were bad',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const timed = (ms: number) => ({ requests: 500, timed: 500, seconds: (500 * ms) / 1000 })
  const within = (atMost: number) => ({ canary: { gate: { ...gate, latency: { histogram: 'x', atMost, from: 200 } } } })

  it.each<[string, () => string, string]>([
    [
      'that is proven to be fast enough',
      () => told(timed(40), timed(40), within(0.5)),
      'promote: 500 requests to the new release; server errors 0 and 0; 22.4 % slower in 10 pairs',
    ],
    [
      'that is faster',
      () => told(timed(40), timed(30), within(0.5)),
      'promote: 500 requests to the new release; server errors 0 and 0; 8.1 % faster in 10 pairs',
    ],
    [
      'that is slower than may be',
      () => told(timed(40), timed(80), within(0.5)),
      'roll-back worse: the new release was 144 % slower than the old one in 10 pairs',
    ],
    [
      'that may be as slow',
      () => told(timed(40), timed(40), within(0.25)),
      'hold undecided: the new release seems 22.4 % slower, and 10 pairs do not prove it within 25 %',
    ],
    [
      'that may be as slow when no time is left',
      () => told(timed(40), timed(40), { ...within(0.25), mayHold: false }),
      'promote: 500 requests to the new release; server errors 0 and 0; 22.4 % slower in 10 pairs',
    ],
    [
      'that seems slower than may be when no time is left',
      () => told(timed(40), timed(40), { ...within(0.2), mayHold: false, decisions: 100 }),
      'roll-back undecided: the new release seems 22.4 % slower, and 10 pairs do not prove it within 20 %',
    ],
    [
      'with 199 requests',
      () => told(timed(40), { ...timed(80), requests: 199 }, within(0.5)),
      'promote: 199 requests to the new release; server errors 0 and 0',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('of a shadow is only taken back for errors', () => {
    const of = (canary: Counts, isOver: boolean) => told({ requests: 900 }, canary, { isOver }, decideWindow)
    expect(of({ requests: 90 }, true)).toBe('promote: 90 requests to the new release; server errors 0 and 0')
    expect(of({ requests: 90 }, false)).toBe('hold undecided: 90 requests to the new release; server errors 0 and 0')
    expect(of({ requests: 90, bad: 30 }, true)).toMatch(/^roll-back worse: 30 of 90 answers/)
  })
})

describe('pairs of response times', () => {
  const pairs = (ms: number, stable: Counts, canary: Counts) =>
    pairsOf([{ fromAt: 0, toAt: ms }], counting(stable, canary)).length
  const counts = (timed: number, secondsOf = 1) => ({ timed, seconds: secondsOf })

  it.each([
    ['for every two seconds', () => pairs(20_000, counts(999), counts(999)), 10],
    ['for less time', () => pairs(1999, counts(999), counts(999)), 0],
    ['for every fifty requests', () => pairs(20_000, counts(999), counts(149)), 2],
    ['with half as many on the other side', () => pairs(20_000, counts(25), counts(50)), 1],
    ['with fewer', () => pairs(20_000, counts(24), counts(50)), 0],
    ['without any time', () => pairs(20_000, counts(25, 0), counts(50)), 0],
    ['of short times', () => pairs(20_000, counts(25, 0.5), counts(50, 0.5)), 1],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it.each<[string, readonly number[], number, string]>([
    ['one pair', [0.4], 0.2, 'unmeasured'],
    ['just as much slower as may be', [Math.log(2), Math.log(2)], 1, 'open'],
    ['a little more', [Math.log(2.01), Math.log(2.01)], 1, 'worse'],
    ['a little less', [Math.log(1.99), Math.log(1.99)], 1, 'fine'],
    ['very different', [2, -1.5], 0.2, 'open'],
  ])('that are %s', (_, differences, atMost, is) => {
    expect(noted(slower(differences, atMost, { worse: 0.05, fine: 0.05 })).is).toBe(is)
  })
})

describe('shares', () => {
  const stable = (requests: number) => ({ ...NONE, requests })
  it('are off beyond their interval and a hundredth more', () => {
    const [low, high] = noted(shareServed(stable(900), stable(100), 0.1))?.interval ?? [0, 0]
    const isOff = (asked: number) => noted(shareServed(stable(900), stable(100), asked))?.isOff
    expect([low, high].map((each) => each.toFixed(4))).toEqual(['0.0770', '0.1269'])
    expect([low - 0.0101, low - 0.0099, high + 0.0099, high + 0.0101].map(isOff)).toEqual([true, false, false, true])
  })

  it('of copies are never more than all', () => {
    expect(noted(shareCopied(7, 5, 1))).toMatchObject({ canary: 5, all: 5, share: 1 })
    expect(noted(shareCopied(0, 0, 1))).toBeUndefined()
  })

  it('are counted from three seconds after a step on, if it lasts longer', () => {
    const lives = actionLives()
    lives.add('a', { is: 'step-set', step: 1, share: ratio(0.1) }, { at: 10_000, line: 1 })
    const life = lives.of('a')
    if (life === undefined) throw new Error('it has a step')
    expect(stretchesOf(life, 13_000)).toEqual([])
    expect(stretchesOf(life, 13_001)).toMatchObject([{ fromAt: 13_000, toAt: 13_001 }])
  })
})

describe('a guardrail', () => {
  /** So many good and bad bets in each second from the first on. */
  function trips(guardrail: Guardrail, rows: readonly (readonly [good: number, bad: number])[]): readonly string[] {
    const guard = createGuarding({ ...rehearsal, guardrails: [guardrail] })
    const frames: readonly LoadFrame[] = framesOf(
      'bet',
      rows.map(([good, bad], n) => [(n + 1) * 1000, { good, bad }] as const),
    )
    return frames.flatMap((frame, n) => {
      const trip = noted(guard.add(frame))
      return trip === undefined
        ? []
        : [
            `${n + 1} s: ${trip.measured.toFixed(3)}${trip.burn === undefined ? '' : `, burn ${trip.burn.factor.toFixed(2)}`}`,
          ]
    })
  }
  const times = (n: number, good: number, bad: number) => Array.from({ length: n }, () => [good, bad] as const)
  const low: Guardrail = { kind: 'availability', id: 'x', sli: 'bet', below: ratio(0.9), forMs: seconds(5), at }
  const burn: Guardrail = {
    kind: 'burn',
    id: 'y',
    sli: 'bet',
    objective: ratio(0.9),
    factor: 2,
    longMs: seconds(10),
    shortMs: seconds(3),
    at,
  }

  it.each<[string, Guardrail, readonly (readonly [number, number])[], readonly string[]]>([
    ['at its limit', low, times(20, 9, 1), []],
    ['below it for five seconds', low, times(5, 8, 2), ['5 s: 0.800']],
    ['below it for less', low, [...times(4, 8, 2), ...times(9, 99, 1)], []],
    ['below it, and with silence in between', low, [...times(3, 8, 2), [0, 0], [8, 2], [8, 2]], ['5 s: 0.800']],
    [
      'of a short time',
      { ...low, forMs: seconds(1) },
      [
        [9, 0],
        [8, 2],
        [9, 1],
      ],
      ['2 s: 0.800'],
    ],
    ['that burns at its limit', burn, times(14, 8, 2), ['13 s: 0.800, burn 2.00']],
    ['that burns a little less', burn, times(14, 81, 19), []],
    [
      'that burns for as long as the short window',
      burn,
      [...times(10, 9, 0), ...times(3, 0, 20), ...times(12, 90, 0)],
      [],
    ],
    [
      'that burns longer',
      burn,
      [...times(10, 9, 0), ...times(4, 0, 20), ...times(12, 90, 0)],
      ['15 s: 0.628, burn 3.72'],
    ],
    [
      'that allows nothing',
      { ...burn, objective: ratio(1), factor: 1 },
      times(8, 99, 1),
      ['4 s: 0.990, burn 4000000.00'],
    ],
    ['that sees nothing', burn, times(20, 0, 0), []],
  ])('%s', (_, guardrail, rows, expected) => expect(trips(guardrail, rows)).toEqual(expected))
})
