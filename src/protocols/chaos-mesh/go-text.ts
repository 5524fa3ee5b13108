/**
 * How Go reads durations and numbers, and what it says when it can't. Chaos Mesh checks its fields with Go's own parsers,
 * so its answers carry their words.
 */

export type GoParsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly error: string }

const fine = (value: number): GoParsed => ({ ok: true, value })
const bad = (error: string): GoParsed => ({ ok: false, error })
const quoted = (text: string): string => JSON.stringify(text)

const MILLIS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

// 2^63 nanoseconds, the longest that Go can hold.
const MAX_MILLIS = 9_223_372_036_854

/** Go's time.ParseDuration. The value is in milliseconds, negative durations included. */
export function parseGoDuration(text: string): GoParsed {
  const invalid = bad(`time: invalid duration ${quoted(text)}`)
  const sign = text.startsWith('-') ? -1 : 1
  let rest = text.replace(/^[+-]/, '')
  if (rest === '0') return fine(0)
  if (rest === '') return invalid
  let totalMs = 0
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    if (number === undefined) return invalid
    rest = rest.slice(number.length)
    const unit = /^[^0-9.]*/.exec(rest)?.[0] ?? ''
    if (unit === '') return bad(`time: missing unit in duration ${quoted(text)}`)
    const scale = Object.hasOwn(MILLIS_PER_UNIT, unit) ? MILLIS_PER_UNIT[unit] : undefined
    if (scale === undefined) return bad(`time: unknown unit ${quoted(unit)} in duration ${quoted(text)}`)
    rest = rest.slice(unit.length)
    totalMs += Number(number) * scale
  }
  return totalMs > MAX_MILLIS ? invalid : fine(sign * totalMs)
}

/** Go's strconv.Atoi. */
export function parseGoInteger(text: string): GoParsed {
  if (!/^[+-]?\d+$/.test(text)) return bad(`strconv.Atoi: parsing ${quoted(text)}: invalid syntax`)
  const value = Number(text)
  return Math.abs(value) > 2 ** 63 ? bad(`strconv.Atoi: parsing ${quoted(text)}: value out of range`) : fine(value)
}

/** Go's strconv.ParseFloat for decimal text; Chaos Mesh takes infinities and NaN too. */
export function parseGoFloat(text: string): GoParsed {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return fine(Number(text))
  if (/^[+-]?inf(inity)?$/i.test(text)) return fine(text.startsWith('-') ? -Infinity : Infinity)
  if (/^nan$/i.test(text)) return fine(Number.NaN)
  return bad(`strconv.ParseFloat: parsing ${quoted(text)}: invalid syntax`)
}

const BITS_PER_UNIT: readonly (readonly [suffix: string, bits: number])[] = [
  ['kbit', 1e3],
  ['mbit', 1e6],
  ['gbit', 1e9],
  ['tbit', 1e12],
  ['tbps', 8e12],
  ['gbps', 8e9],
  ['mbps', 8e6],
  ['kbps', 8e3],
  ['bps', 8],
  ['bit', 1],
]

/** Chaos Mesh's rates, which are tc's: `bps` is *bytes* per second. The value is in bytes per second. */
export function parseRate(text: string): GoParsed {
  const lower = text.trim().toLowerCase()
  const unit = BITS_PER_UNIT.find(([suffix]) => lower.endsWith(suffix))
  if (unit === undefined) return bad('invalid unit')
  const number = lower.slice(0, -unit[0].length).trim()
  if (!/^\d+$/.test(number)) return bad(`strconv.ParseUint: parsing ${quoted(number)}: invalid syntax`)
  return fine((Number(number) * unit[1]) / 8)
}
