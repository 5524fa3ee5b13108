import { decode } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { answerTo, answerWith, parseQuery } from '../../../src/lab/pod-network/dns-message.ts'

const [TYPE_A, TYPE_AAAA, TYPE_UNKNOWN] = [1, 28, 254]

/** A question as a resolver writes it, made here byte by byte, so that the library is not tested by itself. */
function questionFor(name: string, type = TYPE_A): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  const header = Buffer.from([0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])])
}

describe('a DNS message', () => {
  it('is read up to its first question', () => {
    expect(parseQuery(questionFor('wallet-db.casino.svc'))).toMatchObject({
      id: 0x1234,
      question: { name: 'wallet-db.casino.svc', type: 'A' },
    })
  })

  it.each([
    ['shorter than a header', Buffer.alloc(11)],
    ['without a question', Buffer.alloc(12)],
    ['that ends within the name', questionFor('wallet-db').subarray(0, 16)],
    [
      'whose name points to itself',
      Buffer.concat([questionFor('x').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
    ],
    ['that ends before the type', questionFor('wallet-db').subarray(0, -3)],
  ])('%s is not a query', (_, message) => expect(parseQuery(message)).toBeUndefined())

  it.each([
    ['two addresses', TYPE_A, ['127.128.1.9', '127.129.1.9'], 0, 2],
    ['no address for another type', TYPE_AAAA, ['127.128.1.9'], 0, 0],
    ['no address for a type without a name', TYPE_UNKNOWN, ['127.128.1.9'], 0, 0],
    ['that the name does not exist', TYPE_A, undefined, 3, 0],
  ] as const)('is answered with %s', (_, type, ips, code, records) => {
    const message = questionFor('wallet-db.casino.svc', type)
    const query = parseQuery(message)
    if (!query) return expect.fail('it is a question')
    const answer = answerTo(query, ips)
    expect(answer.readUInt16BE(0)).toBe(0x1234)
    expect(answer.readUInt16BE(2)).toBe(0x8180 + code)
    expect(answer.readUInt16BE(6)).toBe(records)
    expect(answer.subarray(12, message.length)).toEqual(message.subarray(12))
    if (records > 0) expect([...answer.subarray(-4)]).toEqual([127, 129, 1, 9])
  })

  it('carries records of other types for the name that was asked', () => {
    const query = parseQuery(questionFor('_http._tcp.web', 33))
    if (!query) return expect.fail('it is a question')
    const answer = decode(
      answerWith(query, [
        { type: 'SRV', port: 80, target: 'web.shop' },
        { type: 'PTR', target: 'a.b' },
        { type: 'CNAME', target: 'c.d' },
        { type: 'A', ip: '10.244.1.3' },
      ]),
    )
    expect(answer).toMatchObject({ rcode: 'NOERROR', questions: [{ name: '_http._tcp.web', type: 'SRV' }] })
    expect(answer.answers).toMatchObject([
      { type: 'SRV', name: '_http._tcp.web', data: { port: 80, target: 'web.shop' } },
      { type: 'PTR', data: 'a.b' },
      { type: 'CNAME', data: 'c.d' },
      { type: 'A', data: '10.244.1.3' },
    ])
  })
})
