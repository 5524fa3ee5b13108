/** The text of a signature, without a run: `signature.test.ts` has what it means for a verdict. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signed, verified } from '../../src/journal/signature.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const HASH = 'a0'.repeat(32)
const made = signed('run-1', { lines: 12, hash: HASH }, privateKey)

/** A signature of this text, whatever it says. */
const over = (message: string): string =>
  JSON.stringify({ message, signature: sign(null, Buffer.from(message), privateKey).toString('base64') })

describe('a signature', () => {
  it('is over one line of text, and names the public key', () => {
    expect(made.message).toBe(`matchday journal run-1 12 ${HASH}`)
    expect(made.key).toMatch(/^[0-9a-f]{64}$/)
    expect(signed('run-1', { lines: 12, hash: HASH }, other.privateKey).key).not.toBe(made.key)
  })

  it('is verified by the public key and by the private one, which have one name', () => {
    const expected = { ok: true, run: 'run-1', lines: 12, hash: HASH, key: made.key }
    expect(verified(JSON.stringify(made), publicKey)).toEqual(expected)
    expect(verified(JSON.stringify(made), privateKey)).toEqual(expected)
  })

  it.each([
    ['another key', JSON.stringify(made), other.publicKey],
    ['another text', JSON.stringify({ ...made, message: made.message.replace('12', '13') }), publicKey],
    ['another signature', JSON.stringify({ ...made, signature: 'AAAA' }), publicKey],
    ['no signature', JSON.stringify({ ...made, signature: '' }), publicKey],
  ])('was not made with this key: %s', (_, text, key) =>
    expect(verified(text, key)).toEqual({ ok: false, problem: 'journal.sig.json was not made with this key' }),
  )

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a text', '"message signature"'],
    ['a message alone', JSON.stringify({ message: made.message })],
    ['a signature alone', JSON.stringify({ signature: made.signature })],
    ['a message that is no text', JSON.stringify({ ...made, message: [made.message] })],
    ['a signature that is no text', JSON.stringify({ ...made, signature: 5 })],
    ['of something else', over('hello')],
    ['of a text before it', over(`x ${made.message}`)],
    ['of a text behind it', over(`${made.message} x`)],
    ['of a run with a blank in its name', over(made.message.replace('run-1', 'run 1'))],
    ['of 16 digits of lines', over(made.message.replace(' 12 ', ` ${'1'.repeat(16)} `))],
    ['of a hash with a digit too few', over(made.message.slice(0, -1))],
    ['of a hash with a digit too many', over(`${made.message}0`)],
  ])('is none of a journal: %s', (_, text) =>
    expect(verified(text, publicKey)).toEqual({
      ok: false,
      problem: 'journal.sig.json is not a signature of a journal',
    }),
  )

  it('may cover a number of lines with 15 digits', () => {
    const text = over(made.message.replace(' 12 ', ` ${'1'.repeat(15)} `))
    expect(verified(text, publicKey)).toMatchObject({ ok: true, lines: 111_111_111_111_111 })
  })
})
