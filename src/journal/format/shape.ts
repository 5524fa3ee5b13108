/**
 * Shapes: what a value in the file must look like, checked in place. A shape is a type guard, so that a value that passed has the
 * shape's type without a cast and without a copy: an hour of evidence is some fifty thousand records. On the way out of a refusal each
 * level adds its key to `fault`, so that the reason names the field.
 */
import type { Instant, Millis, PerSecond, Ratio, Some } from '../../domain/units.ts'
import { isObject } from '../../domain/unknown.ts'

export type JournalShape<T> = (value: unknown, fault: ShapeMismatch) => value is T
export type Of<S> = S extends (value: unknown, fault: ShapeMismatch) => value is infer T ? T : never

/** Why a value was refused: where, from the inside out, and what was wanted there. */
export type ShapeMismatch = { path: string[]; wanted: string }
export const noFault = (): ShapeMismatch => ({ path: [], wanted: '' })

/** `series.3.value is not a finite number`. */
export const faultText = ({ path, wanted }: ShapeMismatch): string =>
  `${path.length === 0 ? 'it' : path.toReversed().join('.')} is not ${wanted}`

function refused(fault: ShapeMismatch, wanted: string): false {
  fault.wanted = wanted
  return false
}

function refusedAt(fault: ShapeMismatch, key: string | number): false {
  fault.path.push(String(key))
  return false
}

export const text: JournalShape<string> = (value, fault): value is string =>
  typeof value === 'string' || refused(fault, 'a text')
export const flag: JournalShape<boolean> = (value, fault): value is boolean =>
  typeof value === 'boolean' || refused(fault, 'true or false')
export const number: JournalShape<number> = (value, fault): value is number =>
  Number.isFinite(value) || refused(fault, 'a finite number')
/** The value of a field of an object. */
export const fieldValue: JournalShape<string | number | boolean> = (value, fault): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'boolean' || number(value, fault)
/** A count of something: never negative. */
export const amount: JournalShape<number> = (value, fault): value is number =>
  (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) ||
  refused(fault, 'a finite number from 0')

/** Moments that a date can hold (ECMA-262, 21.4.1.1), so that no rendering of one throws. */
const INSTANT_MAX = 8.64e15
export const moment: JournalShape<Instant> = (value, fault): value is Instant =>
  (typeof value === 'number' && Math.abs(value) <= INSTANT_MAX) || refused(fault, 'a time in ms since 1970')
export const ms: JournalShape<Millis> = (value, fault): value is Millis => amount(value, fault)
export const share: JournalShape<Ratio> = (value, fault): value is Ratio =>
  (typeof value === 'number' && value >= 0 && value <= 1) || refused(fault, 'a number from 0 to 1')
export const rate: JournalShape<PerSecond> = (value, fault): value is PerSecond => amount(value, fault)

export function oneOf<const T extends string | number | boolean | null>(...all: readonly T[]): JournalShape<T> {
  const known: ReadonlySet<unknown> = new Set(all)
  const wanted = all.map((each) => JSON.stringify(each)).join(' or ')
  return (value, fault): value is T => known.has(value) || refused(fault, wanted)
}

export const orNull =
  <T>(shape: JournalShape<T>): JournalShape<T | null> =>
  (value, fault): value is T | null =>
    value === null || shape(value, fault)

export function list<T>(of: JournalShape<T>): JournalShape<readonly T[]> {
  return (value, fault): value is readonly T[] => {
    if (!Array.isArray(value)) return refused(fault, 'a list')
    for (let at = 0; at < value.length; at++) if (!of(value[at], fault)) return refusedAt(fault, at)
    return true
  }
}

export function some<T>(of: JournalShape<T>): JournalShape<Some<T>> {
  const all = list(of)
  return (value, fault): value is Some<T> =>
    all(value, fault) && (value.length > 0 || refused(fault, 'a list with elements'))
}

export const pair =
  <A, B>(first: JournalShape<A>, second: JournalShape<B>): JournalShape<readonly [A, B]> =>
  (value, fault): value is readonly [A, B] =>
    Array.isArray(value) && value.length === 2
      ? (first(value[0], fault) || refusedAt(fault, 0)) && (second(value[1], fault) || refusedAt(fault, 1))
      : refused(fault, 'a pair')

/** Any names, each with a value of one shape. */
export function record<T>(of: JournalShape<T>): JournalShape<Readonly<Record<string, T>>> {
  return (value, fault): value is Readonly<Record<string, T>> => {
    if (!isObject(value)) return refused(fault, 'an object')
    for (const key in value) if (!of(value[key], fault)) return refusedAt(fault, key)
    return true
  }
}

/** An object that is not matchday's: the spec of a chaos object. */
export const anyObject: JournalShape<Readonly<Record<string, unknown>>> = (
  value,
  fault,
): value is Readonly<Record<string, unknown>> => isObject(value) || refused(fault, 'an object')

type Fields = Readonly<Record<string, JournalShape<unknown>>>
type Required<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> }
type Optional<F extends Fields> = { readonly [K in keyof F]?: Of<F[K]> }
type Both<A, B> = { readonly [K in keyof (A & B)]: (A & B)[K] }

/** Fields that must be there, and fields that may be. What else the object holds is left as it is. */
export function object<R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): JournalShape<Both<Required<R>, Optional<O>>> {
  const must = Object.entries(required)
  const may = Object.entries(optional ?? {})
  return (value, fault): value is Both<Required<R>, Optional<O>> => {
    if (!isObject(value)) return refused(fault, 'an object')
    for (const [key, shape] of must) if (!shape(value[key], fault)) return refusedAt(fault, key)
    for (const [key, shape] of may) {
      const each = value[key]
      if (each !== undefined && !shape(each, fault)) return refusedAt(fault, key)
    }
    return true
  }
}

/** Objects that one field tells apart: `variants('kind', { rate: …, ready: … })`. */
export function variants<Tag extends string, V extends Readonly<Record<string, JournalShape<object>>>>(
  tag: Tag,
  all: V,
): JournalShape<{ [K in keyof V]: { readonly [T in Tag]: K } & Of<V[K]> }[keyof V]> {
  const shapes = new Map<unknown, JournalShape<object>>(Object.entries(all))
  const wanted = Object.keys(all).join(' or ')
  return (value, fault): value is { [K in keyof V]: { readonly [T in Tag]: K } & Of<V[K]> }[keyof V] => {
    if (!isObject(value)) return refused(fault, 'an object')
    const shape = shapes.get(value[tag])
    if (shape === undefined) {
      refused(fault, wanted)
      return refusedAt(fault, tag)
    }
    return shape(value, fault)
  }
}
