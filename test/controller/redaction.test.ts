import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactionOf } from '../../src/controller/redaction.ts'

const TOKEN = 's3cr+t/"token"\\1'
const { text, value } = redactionOf({ SHOP_TOKEN: TOKEN, SHORTER: 's3cr+t' })

describe('a credential in a record', () => {
  it.each([
    ['in plain text', TOKEN],
    ['in a URL', encodeURIComponent(TOKEN)],
    ['in a JSON text', JSON.stringify(TOKEN).slice(1, -1)],
    ['in base64', Buffer.from(TOKEN).toString('base64')],
    ['in base64 without padding', Buffer.from(TOKEN).toString('base64').replace(/=+$/, '')],
  ])('%s is replaced by its name', (_, form) => {
    expect(text(`401 for ${form}: refused, ${form}`)).toBe(
      '401 for [credential SHOP_TOKEN]: refused, [credential SHOP_TOKEN]',
    )
  })

  it('that is part of a longer credential does not break the redaction of the longer one', () => {
    expect(text(`${TOKEN} s3cr+t`)).toBe('[credential SHOP_TOKEN] [credential SHORTER]')
  })

  it('is replaced in every text and key of a record; everything else is unchanged', () => {
    const record = { at: 7, list: [TOKEN, null, { [`url ${TOKEN}`]: true }], none: undefined }
    expect(value(record)).toEqual({
      at: 7,
      list: ['[credential SHOP_TOKEN]', null, { 'url [credential SHOP_TOKEN]': true }],
      none: undefined,
    })
  })

  it('never remains, for any credential in any text', () => {
    const words = fc.string({ minLength: 6, unit: 'grapheme' })
    fc.assert(
      fc.property(words, fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'[credential NAME]'.includes(secret) && !before.includes(secret) && !after.includes(secret))
        const shown = redactionOf({ NAME: secret }).text(`${before}${secret}${after}`)
        expect(shown).toContain('[credential NAME]')
      }),
    )
  })

  it('texts and records without a credential are unchanged', () => {
    const none = redactionOf({})
    const record = { text: TOKEN }
    expect(none.text(TOKEN)).toBe(TOKEN)
    expect(none.value(record)).toBe(record)
  })
})
