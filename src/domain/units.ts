/** Units as types: a number that was checked once and whose type names its unit. `as` is allowed only here. */

declare const unit: unique symbol
type Quantity<U extends string> = number & { readonly [unit]: U }

/** A length of time in milliseconds, finite and not negative. */
export type Millis = Quantity<'ms'>
/** A moment: milliseconds since the Unix epoch, with fractions. */
export type Instant = Quantity<'epoch ms'>
/** A share between 0 and 1, both included. */
export type Ratio = Quantity<'ratio'>
/** Events per second, finite and not negative. */
export type PerSecond = Quantity<'1/s'>

/** A list with at least one element. */
export type Some<T> = readonly [T, ...T[]]

export const isSome = <T>(list: readonly T[]): list is Some<T> => list.length > 0

const checked = (n: number, what: string, ok: boolean): number => {
  if (!ok) throw new RangeError(`${what}, got ${n}`)
  return n
}

export const millis = (n: number): Millis =>
  checked(n, 'milliseconds must be finite and >= 0', Number.isFinite(n) && n >= 0) as Millis
export const instant = (n: number): Instant => checked(n, 'an instant must be finite', Number.isFinite(n)) as Instant
export const ratio = (n: number): Ratio => checked(n, 'a ratio must be within 0..1', n >= 0 && n <= 1) as Ratio
export const perSecond = (n: number): PerSecond =>
  checked(n, 'a rate must be finite and >= 0', Number.isFinite(n) && n >= 0) as PerSecond

export const seconds = (n: number): Millis => millis(n * 1000)
export const after = (at: Instant, wait: Millis): Instant => instant(at + wait)
