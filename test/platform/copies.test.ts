/** Copies of requests: a gateway that is a shadow marks them, and services that write answer marked requests without doing anything. */
import { afterEach, describe, expect, it } from 'vitest'
import { markingOf } from '../../src/platform/services/gateway/copies.ts'
import { readConfig, readServerConfig } from '../../src/platform/shared/config.ts'
import { createService, type Service } from '../../src/platform/shared/service.ts'
import { withholdCopies } from '../../src/platform/shared/shadow.ts'

describe('what a gateway passes on', () => {
  const headers = { 'idempotency-key': 'run.deposit.1', 'x-player': 'a' }

  it('is unchanged where it serves users', () => {
    expect(markingOf({ isShadow: false, writes: true })(headers)).toEqual(headers)
  })

  it('is marked where it is a shadow', () => {
    expect(markingOf({ isShadow: true, writes: false })(headers)).toEqual({ ...headers, 'x-shadow': '1' })
  })

  it('has a key of its own where the shadow writes, which belongs to the same run', () => {
    const marked = markingOf({ isShadow: true, writes: true })(headers)
    expect(marked).toEqual({
      'x-player': 'a',
      'idempotency-key': expect.stringMatching(/^run\.deposit\.1\.[0-9a-f]{8}$/),
    })
  })
})

describe('a service that writes', () => {
  let service: Service
  afterEach(() => service.app.close())

  it('answers a marked request without performing it, and counts it', async () => {
    const config = readConfig({}, readServerConfig)
    if (!config.ok) throw new Error(config.problems.join())
    service = createService('test', config.value)
    withholdCopies(service)
    let performed = 0
    service.app.post('/deposits', async () => ({ number: ++performed }))
    service.app.get('/deposits', async () => ({ number: performed }))
    const post = (headers: Record<string, string>) =>
      service.app.inject({ method: 'POST', url: '/deposits', headers, payload: {} })
    const copy = await post({ 'x-shadow': '1' })
    expect([copy.statusCode, copy.json(), performed]).toEqual([202, { status: 'shadow' }, 0])
    await post({})
    await post({ 'x-shadow': '0' })
    expect(performed).toBe(2)
    expect((await service.app.inject({ url: '/deposits', headers: { 'x-shadow': '1' } })).json()).toEqual({ number: 2 })
    expect(await service.metrics.registry.metrics()).toContain('shadow_withheld_total{route="/deposits"} 1')
  })
})
