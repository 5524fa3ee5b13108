/** Calls to what is broken, to the single call: rates at their limits, and what a gap in the scrapes leaves open. */
import { describe, expect } from 'vitest'
import type { Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { Reaction } from '../../src/domain/rehearsal.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import { judgeAmplification, judgeBacksOff } from '../../src/judge/reactions/calls.ts'
import { judgeFailback } from '../../src/judge/reactions/failback.ts'
import { judgeFailover } from '../../src/judge/reactions/failover.ts'
import { place as at, withReactions } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import {
  atMs,
  atRate,
  counted,
  framesOf,
  harmOf,
  type SmallRun,
  seenIn,
  verdictOn,
  wordsOn,
} from '../support/small-run.ts'

type Values = readonly (readonly [ms: number, value: number | undefined])[]

const backsOff = {
  kind: 'backs-off',
  metric: 'calls_total',
  where: {},
  of: 'bets',
  becomes: perSecond(2),
  withinMs: seconds(5),
  at,
} as const

const calls = (values: Values, expected: Extract<Reaction, { kind: 'backs-off' }> = backsOff, endMs = 90_000) =>
  noted(
    judgeBacksOff(
      seenIn(counted('bets', 'calls_total', { to: 'psp-a' }, values), { rehearsal: withReactions(expected) }),
      harmOf({ endAt: atMs(endMs) }),
      expected,
    ),
  )
/** 40 calls a second before the harm, and so many of it from so many ms after its start on. */
const down = (left: number, fromMs = 68_000) => atRate(55_000, 95_000, (ms) => (ms > fromMs ? left : 40))

// The harm lasts from 65 s to 90 s, and calls must have come down 5 s after it began.
describe('calls that must come down', () => {
  const went = (rate: string) =>
    `calls_total of bets went on at ${rate}/s from 5.0 s after psp-a down on (before: 40.0/s); 2.0/s are allowed.`

  it.each<[string, Values, string]>([
    ['come down to what is allowed', down(2), `held: ${went('2.0')}`],
    ['stay above it', down(3), `breach breaker-missing: ${went('3.0')}`],
    [
      'never were any',
      atRate(55_000, 95_000, () => 0),
      'gap no-evidence: calls_total of bets counted nothing before or during psp-a down, so that its silence would prove nothing.',
    ],
    [
      'were one',
      [...atRate(55_000, 66_000, () => 0), ...atRate(67_000, 95_000, () => 0).map(([ms]) => [ms, 1001] as const)],
      'held: calls_total of bets went on at 0.0/s from 5.0 s after psp-a down on (before: 0.0/s); 2.0/s are allowed.',
    ],
    ['were counted in a gap of 2 s', down(2).filter(([ms]) => ms !== 70_000), `held: ${went('2.0')}`],
    [
      'were counted in a longer gap',
      down(2).filter(([ms]) => ms !== 70_000 && ms !== 71_000),
      'gap no-evidence: calls_total of bets could not be scraped all through psp-a down.',
    ],
    [
      'were scraped no more',
      down(2).map(([ms, value]) => [ms, ms > 80_000 ? undefined : value] as const),
      'gap no-evidence: calls_total of bets could not be scraped all through psp-a down.',
    ],
  ])('%s', (_, values, told) => expect(wordsOn(calls(values))).toBe(told))

  it('are judged where the harm lasts for 2 s more', () => {
    expect(verdictOn(calls(down(2), backsOff, 72_000))).toBe('held')
    expect(wordsOn(calls(down(2), backsOff, 71_999))).toBe(
      'gap no-evidence: psp-a down ended before calls_total of bets had to come down (5.0 s).',
    )
  })

  it('are named with their labels, and timed to a tenth of a second', () => {
    const answer = calls(down(2), { ...backsOff, where: { to: 'psp-a' } })
    expect([answer.result.subject, answer.result.tookMs]).toEqual(['calls_total (to=psp-a) of bets', 3000])
    expect(calls(down(0)).result.tookMs).toBe(2900)
    expect(calls(down(3)).result.tookMs).toBeUndefined()
  })

  it('names the first eight scrapes from the injection on', () => {
    expect(calls(down(3)).findings[0]?.evidence).toEqual([14, 15, 16, 17, 18, 19, 20, 21])
  })
})

describe('attempts for each operation', () => {
  const amplification = {
    kind: 'amplification',
    of: 'bets',
    attempts: 'attempts_total',
    operations: 'bets_total',
    atMost: 1.5,
    at,
  } as const
  const judged = (attempts: number, operations: number) => {
    const during = (all: number): Values => [
      [65_000, 100],
      [70_000, 100],
      [75_000, 100 + all],
      [90_000, 100 + all],
    ]
    const records = ['attempts_total', 'bets_total'].flatMap((name, n) =>
      counted('bets', name, {}, during(n === 0 ? attempts : operations), `bets-${n}`),
    )
    return noted(
      judgeAmplification(seenIn(records, { rehearsal: withReactions(amplification) }), harmOf(), amplification),
    )
  }

  it.each([
    [3, 2, 'held: bets made 3 attempts_total for 2 bets_total during psp-a down: 1.50 times as many; 1.5 are allowed.'],
    [
      31,
      20,
      'breach retry-storm: bets made 31 attempts_total for 20 bets_total during psp-a down: 1.55 times as many; 1.5 are allowed.',
    ],
    [1, 1, 'held: bets made 1 attempts_total for 1 bets_total during psp-a down: 1.00 times as many; 1.5 are allowed.'],
    [
      1,
      0,
      'gap no-evidence: attempts_total or bets_total of bets counted nothing during psp-a down, so that there is nothing to compare.',
    ],
    [
      0,
      1,
      'gap no-evidence: attempts_total or bets_total of bets counted nothing during psp-a down, so that there is nothing to compare.',
    ],
  ])('%i attempts for %i', (attempts, operations, told) => expect(wordsOn(judged(attempts, operations))).toBe(told))
})

/** Charges approved at both providers. */
const approved = (a: Values, b: Values) =>
  [a, b].flatMap((values, n) =>
    counted(
      'payments-api',
      'payments_charges_total',
      { psp: n === 0 ? 'psp-a' : 'psp-b', outcome: 'approved' },
      values,
      `p-${n}`,
    ),
  )

describe('a failover', () => {
  const expected = { kind: 'failover', from: 'psp-a', to: 'psp-b', withinMs: seconds(10), at } as const
  const failover = (records: readonly Evidence[], endMs = 90_000, isOver = true, run: SmallRun = {}) =>
    noted(
      judgeFailover(
        seenIn(records, { ...run, ...(isOver ? {} : { until: undefined }) }),
        harmOf({ injectedAt: atMs(65_000), endAt: atMs(endMs) }),
        expected,
      ),
    )
  const countedBy = (name: string) => ({
    counter: `${name}_total`,
    providers: [`psp-${name}`] as const,
    labels: { provider: 'psp', outcome: 'outcome' },
    outcomes: { done: 'approved', inVain: [] },
  })
  const lasting = (rate: number, over: (ms: number) => number) =>
    approved(
      atRate(55_000, 120_000, (ms) => (ms > 65_000 ? 0 : rate)),
      atRate(55_000, 120_000, over),
    )
  const never = lasting(40, () => 0)
  const refused = framesOf('deposit', [
    [60_000, { good: 50 }],
    [66_000, { good: 5 }],
    [89_000, { good: 5, bad: 995, badBy: { 'http-401': 995 } }],
  ])
  const text = (answer: ReturnType<typeof failover>) =>
    `${verdictOn(answer)}: ${answer.findings[0]?.sentence ?? answer.result.tookMs}`

  it.each<[string, () => ReturnType<typeof failover>, string]>([
    ['that takes over at once', () => failover(lasting(40, (ms) => (ms > 65_000 ? 40 : 0))), 'held: 0'],
    ['that takes over at four fifths', () => failover(lasting(40, (ms) => (ms > 75_000 ? 32 : 0))), 'held: 10000'],
    [
      'that takes over a second later',
      () => failover(lasting(40, (ms) => (ms > 76_000 ? 32 : 0))),
      'breach failover-late: psp-b took over from psp-a after 11.0 s; 10.0 s were allowed.',
    ],
    [
      'that takes over less',
      () => failover(lasting(40, (ms) => (ms > 75_000 ? 31 : 0))),
      'breach failover-missing: psp-b never took over from psp-a: it approved 18.6/s during the fault; both approved 40.0/s before, and 80 % of that is a takeover.',
    ],
    [
      'with nothing to take over',
      () => failover(lasting(0, () => 0)),
      'gap no-evidence: psp-a and psp-b approved nothing in the 5.0 s before the fault (payments_charges_total), so that a failover cannot be seen.',
    ],
    [
      'that is not seen in a run that ends 12 s later',
      () => failover(never, 77_000, false),
      'breach failover-missing: psp-b never took over from psp-a: it approved 0.0/s during the fault; both approved 40.0/s before, and 80 % of that is a takeover.',
    ],
    [
      'that is not seen in a run that ends sooner',
      () => failover(never, 76_999, false),
      'gap no-evidence: The run ended 12.0 s into the fault, before psp-b had to take over.',
    ],
    [
      'that is not seen for few calls',
      () =>
        failover(
          lasting(1, () => 0),
          74_900,
        ),
      'gap no-evidence: It is not known whether psp-b took over from psp-a: the fault was too short for enough calls.',
    ],
    [
      'that is not seen for just enough calls',
      () =>
        failover(
          lasting(1, () => 0),
          75_000,
        ),
      'breach failover-missing: psp-b never took over from psp-a: it approved 0.0/s during the fault; both approved 1.0/s before, and 80 % of that is a takeover.',
    ],
    [
      'that nobody asked for',
      () => failover([...lasting(40, () => 0), ...refused]),
      'gap no-evidence: It is not known whether psp-b took over from psp-a: clients were refused before they reached the service.',
    ],
    [
      'of a provider that was never scraped',
      () =>
        failover(
          counted(
            'a',
            'a_total',
            { psp: 'psp-a', outcome: 'approved' },
            atRate(55_000, 95_000, (ms) => (ms > 65_000 ? 0 : 40)),
          ),
          90_000,
          true,
          { target: { providerCalls: ['a', 'b'].map(countedBy) } },
        ),
      'gap no-evidence: It is not known whether psp-b took over from psp-a: a_total was not scraped during the fault.',
    ],
    [
      'of a provider that was scraped no more',
      () =>
        failover(
          approved(
            atRate(55_000, 95_000, (ms) => (ms > 65_000 ? 0 : 40)),
            atRate(55_000, 95_000, () => 0).map(([ms, value]) => [ms, ms > 80_000 ? undefined : value] as const),
          ),
        ),
      'gap no-evidence: It is not known whether psp-b took over from psp-a: payments_charges_total was not scraped during the fault.',
    ],
    [
      'of a provider with a gap over the start of the fault',
      () =>
        failover(
          approved(
            atRate(55_000, 95_000, (ms) => (ms > 65_000 ? 0 : 40)),
            atRate(55_000, 95_000, (ms) => (ms > 66_000 ? 0 : 10)).filter(([ms]) => ms < 64_000 || ms > 66_000),
          ),
        ),
      'gap no-evidence: It is not known whether psp-b took over from psp-a: payments_charges_total was not scraped during the fault.',
    ],
  ])('%s', (_, answer, told) => expect(text(answer())).toBe(told))

  const failback = (a: (ms: number) => number, b: (ms: number) => number, rates: Partial<SliCounts> = {}) => {
    const seen = seenIn([
      ...approved(atRate(55_000, 160_000, a), atRate(55_000, 160_000, b)),
      ...framesOf('deposit', [[160_000, rates]]),
    ])
    const findings = noted(judgeFailback(seen, harmOf(), expected, true))
    return findings.map(({ weight, cause, sentence }) => `${weight} ${cause}: ${sentence}`)
  }
  // 40/s at psp-a before the fault; from 101 s to 160 s a breaker has had the time to close.
  const ofA = (later: number) => (ms: number) => (ms <= 65_000 ? 40 : ms > 101_000 ? later : 0)
  const ofB = (later: number) => (ms: number) => (ms > 101_000 ? later : 0)

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['back at half of its share', () => failback(ofA(20), ofB(20)), []],
    [
      'back at less',
      () => failback(ofA(19), ofB(21)),
      [
        'breach failback-missing: After psp-a down work did not return to psp-a: psp-a approved 19.0/s in the last 59.0 s before the load ended, 47.5 % of all; before the fault it was 100 %.',
      ],
    ],
    [
      'away again in the last 10 s',
      () =>
        failback(
          (ms) => (ms > 150_000 ? 0 : ofA(40)(ms)),
          (ms) => (ms > 150_000 ? 40 : 0),
        ),
      [
        'breach failback-missing: After psp-a down work did not return to psp-a: psp-a approved 0.0/s in the last 10.0 s before the load ended, 0 % of all; before the fault it was 100 %.',
      ],
    ],
    [
      'nowhere',
      () => failback(ofA(0), ofB(0)),
      [
        'gap failback-missing: After psp-a down work was not seen to return to psp-a: psp-a approved 0.0/s in the last 59.0 s before the load ended, and psp-b did not approve the rest; by the load 1580 calls were due.',
      ],
    ],
    ['seldom asked before', () => failback((ms) => (ms <= 65_000 ? 3 : 0), ofB(40)), []],
    [
      'asked just often enough before',
      () => failback((ms) => (ms <= 65_000 ? 4 : 0), ofB(40)),
      [
        'breach failback-missing: After psp-a down work did not return to psp-a: psp-a approved 0.0/s in the last 59.0 s before the load ended, 0 % of all; before the fault it was 100 %.',
      ],
    ],
  ])('is %s afterwards', (_, found, told) => expect(found()).toEqual(told))
})
