import { describe, expect, it } from 'vitest'
import { parseGoDuration, parseGoFloat, parseGoInteger, parseRate } from '../../../src/protocols/chaos-mesh/go-text.ts'

describe('a Go duration', () => {
  it.each([
    ['30s', 30_000],
    ['1h2m3.5s', 3_723_500],
    ['-1.5h', -5_400_000],
    ['0', 0],
    ['250us', 0.25],
    ['.5s', 500],
  ])('%s is %d ms', (text, value) => {
    expect(parseGoDuration(text)).toEqual({ ok: true, value })
  })

  it.each([
    ['20x', 'time: unknown unit "x" in duration "20x"'],
    ['20', 'time: missing unit in duration "20"'],
    ['', 'time: invalid duration ""'],
    ['s', 'time: invalid duration "s"'],
    ['1 s', 'time: unknown unit " s" in duration "1 s"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
    ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
  ])('%s is refused in Go’s words', (text, error) => {
    expect(parseGoDuration(text)).toEqual({ ok: false, error })
  })
})

describe('numbers and rates', () => {
  it.each([
    ['1mbps', 1_000_000],
    ['8 Mbit', 1_000_000],
    ['100bps', 100],
    ['8bit', 1],
  ])('the rate %s is %d bytes a second', (text, value) => {
    expect(parseRate(text)).toEqual({ ok: true, value })
  })

  it.each(['', 'fast', '1xb', '-1mbit', '1.5mbit', 'mbit'])('the rate "%s" is refused', (text) => {
    expect(parseRate(text).ok).toBe(false)
  })

  it('an integer with a fraction is refused', () => {
    expect(parseGoInteger('1.5')).toEqual({ ok: false, error: 'strconv.Atoi: parsing "1.5": invalid syntax' })
    expect(parseGoInteger('-7')).toEqual({ ok: true, value: -7 })
  })

  it('a float may be NaN', () => {
    expect(parseGoFloat('NaN')).toEqual({ ok: true, value: Number.NaN })
    expect(parseGoFloat('1e')).toMatchObject({ ok: false })
  })
})
