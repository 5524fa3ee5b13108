/** Canaries and releases that get all requests at once: what is said of every way in which they end, of their previews and of their way back. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { blueGreenAct, canaryAct } from '../support/canary.ts'
import { decided, failed, heal, judged, type Rate, requests, type Step, set } from '../support/release-run.ts'
import { it } from '../support/reviewed.ts'
import { counted, listOf } from '../support/small-run.ts'

/** A tenth, half and then all of 40 requests a second, until so many ms. */
const stepwise = (untilMs: number, fresh: Rate = () => 1): readonly Evidence[] => {
  const share: Rate = (ms) =>
    (ms <= 50_000 || ms > untilMs ? 0 : ms <= 70_000 ? 0.1 : ms <= 90_000 ? 0.5 : 1) * fresh(ms)
  return [...requests('gateway', (ms) => 40 * (1 - share(ms))), ...requests('gateway-canary', (ms) => 40 * share(ms))]
}
const [one, two, three] = [set(50_000, 1, 0.1), set(70_000, 2, 0.5), set(90_000, 3, 1)]
const promoted = [
  one,
  decided(70_000, 1, 'promote'),
  two,
  decided(90_000, 2, 'promote'),
  three,
  decided(110_000, 3, 'promote'),
]

describe('a canary', () => {
  const [share, back] = ['serves-share held', 'taken-back held']
  const unknown = 'let-in gap no-evidence'
  // 15 s are allowed for the way back.
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'that is let in',
      () => judged(canaryAct(), [...promoted, heal(120_000)], stepwise(120_000)),
      ['let-in held', share, share, share, back],
    ],
    [
      'that is taken back in just its time',
      () => judged(canaryAct(), [...promoted, heal(120_000)], stepwise(135_000)),
      ['let-in held', share, share, share, back],
    ],
    [
      'that is taken back too late',
      () => judged(canaryAct(), [...promoted, heal(120_000)], stepwise(136_000)),
      ['let-in held', share, share, share, 'taken-back breach rollback-late'],
    ],
    [
      'that ended before it was known to be taken back',
      () => judged(canaryAct(), [...promoted, heal(120_000)], stepwise(120_000), { until: 134_999 }),
      ['let-in held', share, share, share, 'taken-back gap no-evidence'],
    ],
    [
      'that ended just then',
      () => judged(canaryAct(), [...promoted, heal(120_000)], stepwise(120_000), { until: 135_000 }),
      ['let-in held', share, share, share, back],
    ],
    [
      'that was not taken back',
      () => judged(canaryAct(), promoted, stepwise(158_000)),
      ['let-in held', share, share, share, 'taken-back gap no-evidence'],
    ],
    [
      'of which nothing was counted',
      () => judged(canaryAct(), [...promoted, heal(120_000)]),
      ['let-in held', ...Array.from({ length: 3 }, () => 'serves-share gap no-evidence'), 'taken-back gap no-evidence'],
    ],
    [
      'with half of its share',
      () =>
        judged(
          canaryAct(),
          [...promoted, heal(120_000)],
          stepwise(120_000, (ms) => (ms <= 90_000 && ms > 70_000 ? 0.5 : 1)),
        ),
      ['let-in held', share, 'serves-share breach weight-not-served', share, back],
    ],
    [
      'whose last step has no decision',
      () => judged(canaryAct(), [...promoted.slice(0, 5), heal(110_000)], stepwise(110_000)),
      [unknown, share, share, share, back],
    ],
    [
      'whose last step was held',
      () =>
        judged(
          canaryAct(),
          [...promoted.slice(0, 5), decided(105_000, 3, 'hold', 'undecided'), heal(110_000)],
          stepwise(110_000),
        ),
      [unknown, share, share, share, back],
    ],
    [
      'that lacks a step',
      () => judged(canaryAct(), [...promoted.slice(0, 4), heal(90_000)], stepwise(90_000)),
      [unknown, share, share, back],
    ],
    ['without a step', () => judged(canaryAct(), [heal(60_000)], stepwise(40_000)), [unknown, back]],
    [
      'that failed before its first step',
      () => judged(canaryAct(), [failed(45_000), heal(46_000)], stepwise(40_000)),
      ['let-in breach rollout-stuck', back],
    ],
    [
      'that failed at a step',
      () => judged(canaryAct(), [one, failed(60_000), heal(60_000)], stepwise(60_000)),
      [unknown, share, back],
    ],
    [
      'that is worse',
      () => judged(canaryAct(), [one, decided(60_000, 1, 'roll-back', 'worse'), heal(60_000)], stepwise(60_000)),
      ['let-in breach canary-worse', share, back],
    ],
    [
      'that was held and is worse',
      () =>
        judged(
          canaryAct(),
          [one, decided(58_000, 1, 'hold', 'undecided'), decided(60_000, 1, 'roll-back', 'worse'), heal(61_000)],
          stepwise(60_000),
        ),
      ['let-in breach canary-worse', share, back],
    ],
    [
      'whose share was not served, as its step shows',
      () =>
        judged(
          canaryAct(),
          [one, decided(70_000, 1, 'roll-back', 'weight-not-served'), heal(70_000)],
          stepwise(70_000, () => 0.1),
        ),
      ['let-in not held', 'serves-share breach weight-not-served', back],
    ],
    [
      'taken back for a share that all that was seen shows to be right',
      () =>
        judged(
          canaryAct(),
          [one, decided(70_000, 1, 'roll-back', 'weight-not-served'), heal(70_000)],
          stepwise(70_000),
        ),
      [unknown, share, back],
    ],
    [
      'that nobody could decide about',
      () => judged(canaryAct(), [one, decided(70_000, 1, 'roll-back', 'undecided'), heal(70_000)], stepwise(70_000)),
      [unknown, share, back],
    ],
    [
      'whose step ended within 3 s',
      () => judged(canaryAct(), [one, decided(53_000, 1, 'roll-back', 'worse'), heal(53_000)], stepwise(53_000)),
      ['let-in breach canary-worse', back],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a release that gets all requests at once', () => {
  const preview = (good: number, asked = 10): Step => [
    45_000,
    { is: 'previewed', request: 'GET /login', asked, good, ...(good < asked ? { problem: 'status 500' } : {}) },
  ]
  const outcome = (is: 'promote' | 'roll-back'): Step => [49_000, { is: 'preview-decided', outcome: is, counted: 10 }]
  const visits = (n: number) =>
    counted(
      'gateway-canary',
      'http_requests_total',
      { code: '200' },
      listOf([41_000, 0], [44_000, n], [160_000, n]),
      'visited',
    )
  const all = (untilMs: number, badFrom = 999_999): readonly Evidence[] => [
    ...requests('gateway', (ms) => (ms > 50_000 && ms <= untilMs ? 0 : 40)),
    ...requests('gateway-canary', (ms) => (ms > 50_000 && ms <= untilMs ? 40 : 0)),
    ...requests('gateway-canary', (ms) => (ms > badFrom && ms <= untilMs ? 8 : 0), '503'),
  ]
  const green = (steps: readonly Step[], ...records: readonly (readonly Evidence[])[]) =>
    judged(blueGreenAct(), steps, records.flat())
  const switched = set(50_000, 1, 1)
  const good = [preview(10), outcome('promote'), switched]
  const held = ['previewed held', 'let-in held', 'serves-share held', 'taken-back held']

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'after a good preview',
      () => green([...good, decided(80_000, 1, 'promote'), heal(100_000)], all(100_000), visits(10)),
      held,
    ],
    [
      'whose pods counted enough of its visits',
      () => green([...good, decided(80_000, 1, 'promote'), heal(100_000)], all(100_000), visits(9)),
      held,
    ],
    [
      'whose pods counted none of its visits',
      () => green([...good, decided(80_000, 1, 'promote'), heal(100_000)], all(100_000), visits(0)),
      ['previewed breach preview-failed', ...held.slice(1)],
    ],
    [
      'whose preview was bad',
      () => green([preview(9), outcome('roll-back'), heal(50_000)], all(0), visits(10)),
      ['previewed breach preview-failed', 'taken-back held'],
    ],
    [
      'whose preview was never decided',
      () => green([preview(10), heal(50_000)], all(0), visits(10)),
      ['previewed gap no-evidence', 'let-in gap no-evidence', 'taken-back held'],
    ],
    [
      'whose preview lacks a request',
      () => green([outcome('promote'), switched, decided(80_000, 1, 'promote'), heal(100_000)], all(100_000)),
      ['previewed gap no-evidence', ...held.slice(1)],
    ],
    [
      'that failed before its preview',
      () => green([failed(42_000), heal(50_000)], all(0)),
      ['let-in breach rollout-stuck', 'taken-back held'],
    ],
    [
      'that failed after its preview',
      () => green([preview(10), failed(47_000), heal(50_000)], all(0), visits(10)),
      ['previewed gap no-evidence', 'let-in breach rollout-stuck', 'taken-back held'],
    ],
    [
      'that is worse, and taken back 15 s after its first error',
      () => green([...good, decided(80_000, 1, 'roll-back', 'worse'), heal(80_000)], all(86_000, 70_000), visits(10)),
      ['previewed held', 'let-in breach canary-worse', 'serves-share held', 'taken-back held'],
    ],
    [
      'that is worse, and taken back later',
      () => green([...good, decided(80_000, 1, 'roll-back', 'worse'), heal(80_000)], all(87_000, 70_000), visits(10)),
      ['previewed held', 'let-in breach canary-worse', 'serves-share held', 'taken-back breach rollback-late'],
    ],
    [
      'that is undecided, whatever its first error',
      () =>
        green([...good, decided(80_000, 1, 'roll-back', 'undecided'), heal(80_000)], all(87_000, 70_000), visits(10)),
      ['previewed held', 'let-in gap no-evidence', 'serves-share held', 'taken-back held'],
    ],
    [
      'that is worse without an error',
      () => green([...good, decided(80_000, 1, 'roll-back', 'worse'), heal(80_000)], all(90_000), visits(10)),
      ['previewed held', 'let-in breach canary-worse', 'serves-share held', 'taken-back held'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('counts a canary from when it was decided, whatever its first error', () => {
    const steps = [one, decided(60_000, 1, 'roll-back', 'worse'), heal(60_000)]
    const errors = requests('gateway-canary', (ms) => (ms > 55_000 && ms <= 60_000 ? 1 : 0), '500')
    expect(judged(canaryAct(), steps, [...stepwise(60_000), ...errors]).at(-1)).toBe('taken-back held')
  })
})
