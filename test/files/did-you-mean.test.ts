import { describe, expect, it } from 'vitest'
import { chooseAmong, didYouMean, listed } from '../../src/files/did-you-mean.ts'

const LONG = 'abcdefghijklmnopqrstuvwxyz0' // 27 letters: 9 may be wrong

describe('a mistyped word', () => {
  it.each([
    ['is the word itself', 'wallet', 'wallet'],
    ['in other case', 'WALLET', 'wallet'],
    ['lacks its first letter', 'allet', 'wallet'],
    ['lacks its last letter', 'walle', 'wallet'],
    ['has a letter more in front', 'xwallet', 'wallet'],
    ['has a letter more at its end', 'wallets', 'wallet'],
    ['has another first letter', 'ballet', 'wallet'],
    ['has another last letter', 'wallex', 'wallet'],
    ['has its first two letters swapped', 'awllet', 'wallet'],
    ['has its last two letters swapped', 'wallte', 'wallet'],
    ['has two of six letters wrong', 'wxlxet', 'wallet'],
    ['has two swaps in six letters', 'awlelt', 'wallet'],
    ['has one of three letters wrong', 'pan', 'pin'],
    ['has one of two letters wrong', 'ip', 'up'],
    ['lacks the only other letter', 'a', 'ab'],
    ['lacks 8 of 27 letters', LONG.slice(8), LONG],
    ['has 8 letters more than 27', `${LONG}88888888`, LONG],
  ])('%s: %s means %s', (_, word, known) => expect(didYouMean(word, [known])).toBe(known))

  it.each([
    ['has three of six letters wrong', 'wxxxet', 'wallet'],
    ['has two of five letters wrong', 'pxxks', 'parks'],
    ['has two of three letters wrong', 'pxx', 'pin'],
    ['has both letters wrong', 'ab', 'up'],
    ['has its letters two places apart swapped', 'bca', 'abc'],
    ['lacks 9 of 27 letters', LONG.slice(9), LONG],
    ['has 9 letters more than 27', `${LONG}999999999`, LONG],
    ['is empty', '', 'pin'],
  ])('%s: %s does not mean %s', (_, word, known) => expect(didYouMean(word, [known])).toBeUndefined())

  it('means the nearest of several, and the first of those that are equally near', () => {
    expect(didYouMean('gatewey', ['getaway', 'gateway', 'galaxy'])).toBe('gateway')
    expect(didYouMean('pun', ['pin', 'pan', 'pun2'])).toBe('pin')
    expect(didYouMean('pun', [])).toBeUndefined()
  })
})

describe('words in a sentence', () => {
  it.each([
    [[], 'nothing'],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('%j are listed as %s', (words, text) => expect(listed(words)).toBe(text))

  it('may have another last word between them', () => expect(listed(['a', 'b', 'c'], 'or')).toBe('a, b or c'))

  it.each([
    ['walet', ['wallet', 'gateway'], 'did you mean "wallet"? Services: wallet and gateway.'],
    ['bank', ['wallet', 'gateway'], 'choose among the known; services: wallet and gateway.'],
    ['bank', [], 'choose among the known; there is no services.'],
  ])('%s among %j', (word, known, next) => expect(chooseAmong(word, known, 'services')).toBe(next))
})
