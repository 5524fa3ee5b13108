import { describe, expect, it } from 'vitest'
import { type LabelSelector, selects } from '../../../src/protocols/kubernetes/label-selector.ts'

const labels = { app: 'wallet', tier: 'money' }
const where = (key: string, operator: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key, operator, values }],
})

describe('a label selector', () => {
  it.each<[string, LabelSelector, boolean]>([
    ['nothing', {}, true],
    ['a pair that is there', { matchLabels: { app: 'wallet' } }, true],
    ['a pair with another value', { matchLabels: { app: 'bets' } }, false],
    ['one pair of two that are there', { matchLabels: { app: 'wallet', tier: 'play' } }, false],
    ['a name that every object inherits', { matchLabels: { constructor: 'x' } }, false],
    ['one of several values', where('app', 'In', 'bets', 'wallet'), true],
    ['none of its value', where('app', 'NotIn', 'wallet'), false],
    ['not a value of a label that is missing', where('zone', 'NotIn', 'a'), true],
    ['a label that exists', where('tier', 'Exists'), true],
    ['an inherited name that exists on no label', where('toString', 'Exists'), false],
    ['a label that must be absent', where('tier', 'DoesNotExist'), false],
    ['an unknown operator', where('app', 'Like', 'wal%'), false],
    ['a pair and a requirement that fails', { matchLabels: { app: 'wallet' }, ...where('tier', 'In', 'x') }, false],
  ])('that asks for %s', (_, selector, expected) => expect(selects(selector, labels)).toBe(expected))
})
