/** Windows of a mirror in their order, and answers compared field by field. */
import { describe, expect, it } from 'vitest'
import { differencesOf } from '../../src/domain/answers.ts'
import { windowPairs, windowShares } from '../../src/domain/shadow.ts'
import { ratio } from '../../src/domain/units.ts'

describe('windows of a mirror', () => {
  it('are on, off, off, on, so that a trend adds to both sides of the pairs', () => {
    expect(windowShares({ share: ratio(0.2), pairs: 3 })).toEqual([0.2, 0, 0, 0.2, 0.2, 0])
    expect(windowPairs(3)).toEqual([
      { on: 1, off: 2 },
      { on: 4, off: 3 },
      { on: 5, off: 6 },
    ])
  })

  it.each([1, 2, 3, 8])('of %s pairs are on where their numbers say so', (pairs) => {
    const shares = windowShares({ share: ratio(0.5), pairs })
    expect(shares).toHaveLength(2 * pairs)
    for (const { on, off } of windowPairs(pairs)) expect([shares[on - 1], shares[off - 1]]).toEqual([0.5, 0])
  })
})

describe('two answers', () => {
  const answer = (body: unknown, status = 200) => ({ status, body: JSON.stringify(body) })
  const differing = (one: unknown, other: unknown, ...ignore: string[]) =>
    differencesOf(answer(one), answer(other), ignore)

  it.each<[string, unknown, unknown, readonly unknown[]]>([
    ['that are equal', { a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, []],
    ['with another value', { a: { b: 1 } }, { a: { b: 2 } }, [{ field: 'a.b', one: '1', other: '2' }]],
    [
      'of which one lacks a field',
      { a: 1 },
      {},
      [
        { field: 'a', one: '1', other: 'absent' },
        { field: 'body', one: 'absent', other: '{}' },
      ],
    ],
    ['with a number and a text', { a: 1 }, { a: '1' }, [{ field: 'a', one: '1', other: '"1"' }]],
    ['with lists of other lengths', [{ id: 1 }], [{ id: 1 }, { id: 2 }], [{ field: '[].id', one: '1', other: '1, 2' }]],
    [
      'with an empty list',
      { a: [] },
      { a: [1] },
      [
        { field: 'a', one: '[]', other: 'absent' },
        { field: 'a[]', one: 'absent', other: '1' },
      ],
    ],
    ['with null', { a: null }, { a: 0 }, [{ field: 'a', one: 'null', other: '0' }]],
  ])('%s', (_, one, other, differences) => {
    expect(differing(one, other)).toEqual(differences)
  })

  it('with another status differ, also where their bodies are no JSON', () => {
    expect(differencesOf({ status: 200, body: 'ok' }, { status: 500, body: 'no' }, [])).toEqual([
      { field: 'status', one: '200', other: '500' },
      { field: 'body', one: '"ok"', other: '"no"' },
    ])
  })

  it('are compared without the ignored fields and all that is below them', () => {
    const [one, other] = [
      { token: 1, at: { day: 1 }, items: [{ id: 1, sum: 5 }] },
      { token: 2, at: { day: 2 }, items: [{ id: 2, sum: 6 }] },
    ]
    expect(differing(one, other, 'token', 'at', 'items[].id')).toEqual([{ field: 'items[].sum', one: '5', other: '6' }])
    expect(differing(one, other, 'token', 'at', 'items')).toEqual([])
    expect(differing({ tokens: 1 }, { tokens: 2 }, 'token')).toHaveLength(1)
  })
})
