import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { money, showClock, showCount, showDuration, showMeasuredPercent, showPercent } from '../../src/domain/show.ts'
import { didYouMean } from '../../src/files/did-you-mean.ts'
import { flagShapes, parseFlag } from '../../src/files/flags.ts'
import { duration, factor, percentage, rate } from '../../src/files/quantities.ts'
import { codesOf, printed } from './stock.ts'

const readBack = (parsed: ReturnType<typeof parseFlag<number>>): number | undefined =>
  parsed.ok ? parsed.value : undefined
const share = percentage({ min: 0, max: 1, example: '50%' })

describe('quantities', () => {
  it.each([
    [duration(), '20s', 20_000],
    [duration(), '1m30s', 90_000],
    [duration(), '1.5s', 1500],
    [duration(), '250ms', 250],
    [duration(), '2h', 7_200_000],
    [share, '99.9%', 0.999],
    [share, '99.85%', 0.9985],
    [share, '0.1%', 0.001],
    [rate({ min: 0, max: 100 }), '24/s', 24],
    [rate({ min: 0, max: 100 }), '90/m', 1.5],
    [factor({ min: 0, max: 10 }), '2.5x', 2.5],
  ])('%# are read exactly: %s', (shape, text, value) => {
    expect(readBack(parseFlag<number>(shape, '--x', text))).toBe(value)
  })

  it('shows durations in a form that parses to the same value', () => {
    const whole = fc.integer({ min: 1, max: 24 * 3_600_000 })
    fc.assert(
      fc.property(whole, (ms) => {
        expect(readBack(parseFlag<number>(duration(), '--x', showDuration(ms)))).toBe(ms)
      }),
    )
  })

  it('shows shares in a form that parses to the same value', () => {
    const decimals = fc.integer({ min: 0, max: 1_000_000 }).map((parts) => Number(`${parts}e-6`))
    fc.assert(
      fc.property(decimals, (of) => {
        expect(readBack(parseFlag<number>(share, '--x', showPercent(of)))).toBe(of)
      }),
    )
  })

  it('never throws for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const shape of Object.values(flagShapes)) parseFlag<unknown>(shape, '--x', text)
      }),
    )
  })

  it('are reported under the name of the flag', () => {
    expect(printed(parseFlag(flagShapes.factor, '--load-factor', '2'))).toEqual([
      '--load-factor missing-unit\n  --load-factor must be a multiple; 2 has no unit.\n  Next: write the unit (x), for example 2.5x.',
    ])
    expect(codesOf(parseFlag(flagShapes.seed, '--seed', '-1'))).toEqual(['wrong-type:0'])
    expect(parseFlag(flagShapes.seed, '--seed', '7')).toEqual({ ok: true, value: 7 })
  })
})

describe('figures for people', () => {
  it.each([
    [showDuration(0), '0s'],
    [showDuration(160_000), '2m40s'],
    [showDuration(3_600_000), '1h'],
    [showDuration(1500), '1500ms'],
    [showClock(65_000), '1:05'],
    [showClock(59_960), '1:00'],
    [showClock(9500), '0:09.5'],
    [showCount(1_234_567.4), '1,234,567'],
    [showCount(999), '999'],
    [showPercent(0.9985), '99.85%'],
    [showMeasuredPercent(0.99899, 2), '99.89 %'],
    [showMeasuredPercent(0.9999999), '99.999 %'],
    [showMeasuredPercent(0.57), '57 %'],
    [showMeasuredPercent(1), '100 %'],
    [money(123_456_705), '1,234,567.05 EUR'],
    [money(-1250), '-12.50 EUR'],
    [money(0), '0.00 EUR'],
  ])('%s', (shown, wanted) => expect(shown).toBe(wanted))
})

describe('did you mean', () => {
  it.each([
    ['objectve', 'objective'],
    ['fro', 'for'],
    ['FOR', 'for'],
    ['colour', undefined],
    ['', undefined],
  ])('%s → %s', (word, meant) => expect(didYouMean(word, ['objective', 'for', 'ramp'])).toBe(meant))

  it('finds a word after any single typing error', () => {
    const slip = fc.tuple(fc.constantFrom('drop', 'swap', 'double'), fc.integer({ min: 0, max: 7 }))
    fc.assert(
      fc.property(slip, ([kind, at]) => {
        const word = 'objective'
        const slips = {
          drop: word.slice(0, at) + word.slice(at + 1),
          swap: word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
          double: word.slice(0, at) + word[at] + word.slice(at),
        }
        expect(didYouMean(slips[kind as keyof typeof slips], ['guardrails', word, 'ceiling'])).toBe(word)
      }),
    )
  })
})
