import { expect, it } from 'vitest'
import { paths } from '../../../src/protocols/kubernetes/api.ts'
import { smallApiServer } from '../../support/small-api-server.ts'

const LEASE = `${paths.leases('casino')}/matchday-rehearsal`
const pods = Array.from({ length: 40 }, (_, index) => paths.podProxy('casino', `web-${index}`, 8080, '/metrics'))
const services = Array.from({ length: 40 }, (_, index) => paths.serviceProxy('casino', `book-${index}`, 8080, '/books'))

it.each([
  ['pods', pods],
  ['services', services],
])('requests to %s that do not answer hold up no request to the API server itself', async (_, proxied) => {
  const api = await smallApiServer(({ path }) =>
    path === LEASE ? { kind: 'Lease', metadata: { name: 'matchday-rehearsal' } } : new Promise<never>(() => undefined),
  )
  const ending = new AbortController()
  const asked = proxied.map((path) => api.request({ method: 'GET', path, signal: ending.signal, timeoutMs: 5000 }))
  const silent = Promise.allSettled(asked)
  const lease = api.request({ method: 'GET', path: LEASE })
  const first = await Promise.race([lease.then(() => 'the lease'), silent.then(() => 'what is silent')])
  expect(first).toBe('the lease')
  ending.abort()
  await silent
})

it('a request that gets no answer ends after its time, and says so', { timeout: 10_000 }, async () => {
  const api = await smallApiServer(() => new Promise<never>(() => undefined))
  const asked = api.request({ method: 'GET', path: LEASE, timeoutMs: 200 })
  await expect(asked).rejects.toThrow(/no answer: nothing came within the timeout/)
})
