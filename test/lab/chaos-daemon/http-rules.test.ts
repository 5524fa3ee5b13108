import { describe, expect, it } from 'vitest'
import { httpEffect } from '../../../src/lab/chaos-daemon/http-rules.ts'
import { parseRules } from '../../../src/lab/pod-network/rules.ts'
import type { HTTPChaosSpec } from '../../../src/protocols/chaos-mesh/objects.ts'

const effect = (spec: Partial<HTTPChaosSpec>) =>
  httpEffect({ target: 'Request', port: 8080, mode: 'all', selector: {}, ...spec })

describe('an HTTPChaos becomes rules of its pods', () => {
  const selection = {
    path: '/charges*',
    method: 'POST',
    code: 201,
    request_headers: { a: 'b' },
    response_headers: { c: 'd' },
  }

  it('for requests, matched by the parts of a request', () => {
    const replace = { path: '/x', method: 'PUT', code: 503, body: 'YQ==', headers: { h: '1' }, queries: { q: '2' } }
    const patch = { headers: [['h', '3']], queries: [['q', '4']] }
    expect(effect({ ...selection, delay: '1m500ms', replace, patch })).toEqual({
      kind: 'http',
      target: 'request',
      port: 8080,
      match: { path: '/charges*', method: 'POST', requestHeaders: { a: 'b' } },
      acts: {
        delayMs: 60_500,
        replace: { path: '/x', method: 'PUT', bodyBase64: 'YQ==', headers: { h: '1' }, queries: { q: '2' } },
        patch: { headers: [['h', '3']], queries: [['q', '4']] },
      },
    })
  })

  it('for answers, matched by the parts of request and answer', () => {
    const replace = { path: '/x', code: 503 }
    expect(effect({ ...selection, target: 'Response', replace, patch: { queries: [['q', '4']] } })).toMatchObject({
      target: 'response',
      match: { code: 201, responseHeaders: { c: 'd' } },
      acts: { replace: { code: 503 }, patch: {} },
    })
  })

  it('that the pod network accepts', () => {
    const rules = [{ podUid: 'a', effect: effect({ ...selection, abort: true }) }]
    expect(parseRules({ rules: JSON.parse(JSON.stringify(rules)) })).toEqual({ ok: true, rules })
  })

  it.each<[string, Partial<HTTPChaosSpec>, RegExp]>([
    ['a delay with a fraction', { delay: '1.5s' }, /whole numbers/],
    ['a delay without a unit', { delay: '15' }, /missing unit/],
    ['a header without a value', { patch: { headers: [['a']] } }, /not a pair/],
  ])('and is refused with %s', (_, spec, problem) => {
    expect(() => effect(spec)).toThrow(problem)
  })
})
