import { describe, expect, it } from 'vitest'
import {
  amount,
  anyObject,
  faultText,
  fieldValue,
  flag,
  type JournalShape,
  list,
  moment,
  ms,
  noFault,
  number,
  object,
  oneOf,
  orNull,
  pair,
  rate,
  record,
  share,
  some,
  text,
  variants,
} from '../../src/journal/format/shape.ts'

/** Why a value is refused; undefined where it is accepted. */
function refusal(shape: JournalShape<unknown>, value: unknown): string | undefined {
  const fault = noFault()
  return shape(value, fault) ? undefined : faultText(fault)
}

const dot = object({ x: number }, { name: text })
const either = variants('is', { dot, none: object({}) })

describe('the shape of a value in a journal', () => {
  it.each<[string, JournalShape<unknown>, readonly unknown[], readonly unknown[]]>([
    ['text', text, ['', 'a'], [1, null, ['a']]],
    ['flag', flag, [true, false], [0, 'true', null]],
    ['value of a field', fieldValue, ['a', true, 0], [null, [], {}, Number.NaN]],
    ['number', number, [0, -1.5], ['1', null, Number.NaN, Number.POSITIVE_INFINITY]],
    ['amount', amount, [0, 1.5, Number.MAX_VALUE], [-0.1, Number.POSITIVE_INFINITY, '1', null]],
    ['ms', ms, [0, 1], [-1]],
    ['rate', rate, [0, 1], [-1]],
    ['share', share, [0, 0.5, 1], [-0.001, 1.001, '0.5', null]],
    ['moment', moment, [0, 8.64e15, -8.64e15], [8.64e15 + 1, -8.64e15 - 1, '0', Number.NaN]],
    ['one of some', oneOf<string | number | null>('a', 1, null), ['a', 1, null], ['b', '1', undefined]],
    ['null or', orNull(text), [null, 'a'], [undefined, 1]],
    ['list', list(text), [[], ['a', 'b']], ['a', { 0: 'a' }, ['a', 1]]],
    ['list with elements', some(text), [['a']], [[], [1], 'a']],
    [
      'pair',
      pair(text, number),
      [['a', 1]],
      [['a'], ['a', 1, 2], [1, 1], ['a', 'b'], 'ab', { 0: 'a', 1: 1, length: 2 }],
    ],
    ['record', record(number), [{}, { a: 1 }], [[], null, 'a', { a: 1, b: 'c' }]],
    ['any object', anyObject, [{}, { a: [] }], [[], null, 'a']],
    ['object', dot, [{ x: 1 }, { x: 1, name: 'a' }, { x: 1, more: 2 }], [{}, { x: 1, name: 2 }, [], null, 'a']],
    ['variants', either, [{ is: 'none' }, { is: 'dot', x: 1 }], [{ is: 'dot' }, { is: 'toString' }, {}, [], null]],
  ])('%s', (_, shape, good, bad) => {
    expect(good.filter((value) => refusal(shape, value) !== undefined)).toEqual([])
    expect(bad.filter((value) => refusal(shape, value) === undefined)).toEqual([])
  })

  it.each<[JournalShape<unknown>, unknown, string]>([
    [number, 'a', 'it is not a finite number'],
    [list(dot), [{ x: 1 }, { x: 'a' }], '1.x is not a finite number'],
    [pair(text, number), ['a', 'b'], '1 is not a finite number'],
    [pair(text, number), [1, 1], '0 is not a text'],
    [record(dot), { a: { x: 1, name: 1 } }, 'a.name is not a text'],
    [either, { is: 'line' }, 'is is not dot or none'],
    [some(text), [], 'it is not a list with elements'],
    [some(text), 'a', 'it is not a list'],
    [text, 1, 'it is not a text'],
    [flag, 1, 'it is not true or false'],
    [amount, -1, 'it is not a finite number from 0'],
    [moment, 9e15, 'it is not a time in ms since 1970'],
    [share, 2, 'it is not a number from 0 to 1'],
    [oneOf<string | number | null>('a', 1, null), 'b', 'it is not "a" or 1 or null'],
    [pair(text, number), ['a'], 'it is not a pair'],
    [record(text), [], 'it is not an object'],
    [anyObject, [], 'it is not an object'],
    [dot, [], 'it is not an object'],
    [dot, {}, 'x is not a finite number'],
    [either, [], 'it is not an object'],
    [list(list(dot)), [[], [{ x: 1 }, {}]], '1.1.x is not a finite number'],
  ])('names the place and what is wanted there', (shape, value, problem) => {
    expect(refusal(shape, value)).toBe(problem)
  })
})
