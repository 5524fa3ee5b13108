import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dnsEffectOn, drawNowhere, NOWHERE_RANGE } from '../../../src/lab/pod-network/dns-effect.ts'
import type { HttpEffect } from '../../../src/lab/pod-network/http-effect.ts'
import {
  courseOf,
  editedHeaders,
  editedUrl,
  type HttpEnds,
  isLike,
  requestRules,
} from '../../../src/lab/pod-network/http-fault.ts'
import { distributeRules } from '../../../src/lab/pod-network/mirror.ts'
import { type FaultRule, parseRules } from '../../../src/lab/pod-network/rules.ts'
import { cidrHolds } from '../../../src/protocols/kubernetes/cidr.ts'

const abort: HttpEffect = { kind: 'http', target: 'request', port: 8080, match: {}, acts: { abort: true } }
const http = (over: object = {}): FaultRule => ({ podUid: 'a', effect: { ...abort, ...over } })
const dns = (over: object = {}): FaultRule => ({
  podUid: 'a',
  effect: { kind: 'dns', answer: 'error', patterns: 'any', ...over },
})

describe('rules of HTTP and DNS', () => {
  it.each([
    [http({ target: 'both' }), '.effect.target'],
    [http({ port: 0 }), '.effect.port'],
    [http({ match: { code: 42 } }), '.effect.match.code'],
    [http({ match: { requestHeaders: { a: 1 } } }), '.effect.match.requestHeaders'],
    [http({ acts: { delayMs: -1 } }), '.effect.acts.delayMs'],
    [http({ acts: { replace: { bodyBase64: 7 } } }), '.effect.acts.replace.bodyBase64'],
    [http({ acts: { patch: { headers: [['a']] } } }), '.effect.acts.patch.headers'],
    [{ ...http(), podUid: '' }, '.podUid'],
    [dns({ answer: 'lie' }), '.effect.answer'],
    [dns({ patterns: 'some' }), '.effect.patterns'],
  ])('refuse %j and say where', (rule, problem) => {
    expect(parseRules({ rules: [http(), rule] })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining(`rules[1]${problem}`)],
    })
  })

  it('are accepted unchanged, and never throw', () => {
    const rules = [http({ acts: { delayMs: 5, replace: { code: 503 } } }), dns({ patterns: ['a.*'] })]
    expect(parseRules({ rules })).toEqual({ ok: true, rules })
    fc.assert(
      fc.property(fc.jsonValue(), (effect) => typeof parseRules({ rules: [{ podUid: 'a', effect }] }).ok === 'boolean'),
    )
  })

  it('apply at the pod, for its outgoing requests at the peers, and for names at the pod alone', () => {
    const pods = [
      { uid: 'a', ip: '10.244.1.2' },
      { uid: 'b', ip: '10.244.1.3' },
    ]
    const held = distributeRules(pods, new Map([['x', [http(), dns()]]]))
    expect(held.get('a')).toHaveLength(2)
    expect(held.get('b')).toEqual([{ source: 'x', effect: abort, from: '10.244.1.2' }])
  })
})

describe('a path pattern', () => {
  it.each([
    ['/src*', '/src/', true],
    ['/src?', '/src/', true],
    ['/src?', '/src', false],
    ['src', '/src', false],
    ['/a.b', '/axb', false],
    ['*', '', true],
    ['/*/void', '/charges/7/void', true],
  ])('%s matches %s: %s', (pattern, path, expected) => {
    expect(isLike(pattern, path)).toBe(expected)
  })

  it('without wildcards matches only itself', () => {
    const plain = fc.string().filter((text) => !/[*?]/.test(text))
    fc.assert(fc.property(plain, plain, (one, other) => isLike(one, other) === (one === other)))
  })
})

describe('a request under rules', () => {
  const ends: HttpEnds = { peerIp: '10.244.1.9', ownPort: 8080, ports: () => [80] }
  const asked = { method: 'GET', url: '/', rawHeaders: [] }
  const rule = (acts: HttpEffect['acts']) => ({ source: 'x', effect: { ...abort, acts } })

  it('matches a rule of the client by the dialled port and a rule of the server by its own port', () => {
    const of = (port: number, from?: string) =>
      requestRules([{ source: 'x', effect: { ...abort, port }, ...(from ? { from } : {}) }], ends, asked).length
    expect([of(8080), of(80), of(80, '10.244.1.9'), of(8080, '10.244.1.9'), of(80, '10.244.1.8')]).toEqual([
      1, 0, 1, 0, 0,
    ])
  })

  it('is delayed by all of them, up to the first abort', () => {
    const course = courseOf([rule({ delayMs: 5 }), rule({ delayMs: 7, abort: true }), rule({ delayMs: 9 })])
    expect(course).toMatchObject({ delayMs: 5, abort: true })
    expect(courseOf([rule({ delayMs: 5 }), rule({ delayMs: 9 })])).toMatchObject({ delayMs: 14, abort: false })
  })

  it.each([
    ['/', { replace: { queries: { foo: 'bar' } } }, '/?foo=bar'],
    ['/?foo=1&foo=2', { replace: { queries: { foo: 'bar' } } }, '/?foo=bar'],
    ['/lgtm?os=linux&foo=foo', { patch: { queries: [['foo', 'bar']] } }, '/lgtm?os=linux&foo=foo&foo=bar'],
    ['/pull/1?foo=bar', { replace: { path: '/pull/2' } }, '/pull/2?foo=bar'],
    ['/lgtm?foo=bar', { replace: { path: '' } }, '/?foo=bar'],
  ] as const)('%s becomes, by %j, %s', (url, acts, expected) => {
    expect(editedUrl(url, acts)).toBe(expected)
  })

  it('loses all lines of a replaced header, and gets the length of its new body', () => {
    const raw = ['Foo', '1', 'foo', '2', 'Content-Length', '99', 'Transfer-Encoding', 'chunked']
    const acts = { replace: { headers: { FOO: '3' }, bodyBase64: 'YWJj' }, patch: { headers: [['foo', '4']] } } as const
    expect(editedHeaders(raw, acts)).toEqual(['content-length', '3', 'FOO', '3', 'foo', '4'])
  })
})

describe('a name under a fault', () => {
  const means = (pattern: string, asked: string) =>
    dnsEffectOn(asked, [{ kind: 'dns', answer: 'error', patterns: [pattern] }]) !== undefined

  it.each([
    ['google.com', 'google.com', true],
    ['google.com.', 'google.com', true],
    ['google.com', 'www.google.com', false],
    ['google.*', 'google.com', true],
    ['google.com.*', 'google.com', true],
    ['*', 'anything', true],
    ['g??gle.com', 'google.com', true],
    ['g?gle.com', 'google.com', false],
  ])('%s matches %s: %s', (pattern, asked, expected) => {
    expect(means(pattern, asked)).toBe(expected)
  })

  it('always resolves to an unused address', () => {
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(draw, (random) =>
        cidrHolds(
          NOWHERE_RANGE,
          drawNowhere(() => random),
        ),
      ),
    )
  })
})
