import dns from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createUpstream } from '../../src/platform/shared/upstream.ts'

describe('calls to a name whose endpoints change', () => {
  const servers: Server[] = []
  afterEach(() => {
    vi.restoreAllMocks()
    for (const server of servers.splice(0)) server.close().closeAllConnections()
  })

  /** Answers with its own address. */
  async function serving(address: string, port = 0): Promise<number> {
    const server = createServer((_, response) => response.end(address))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(port, address, resolve))
    return (server.address() as AddressInfo).port
  }

  const resolvesTo = (look: () => Promise<string>) =>
    vi
      .spyOn(dns.promises, 'lookup')
      .mockImplementation((async () => [{ address: await look(), family: 4 }]) as unknown as typeof dns.promises.lookup)

  /** Who answers, to calls of one upstream. */
  function caller(port: number) {
    const upstream = createUpstream({ url: `http://wallet-pods:${port}`, connections: 1, maxInFlight: 8 })
    return {
      ask: async () => {
        const result = await upstream.call({ method: 'GET', path: '/', timeoutMs: 1000, idempotent: true })
        return result.kind === 'answer' ? String(result.body) : result.kind
      },
      stop: upstream.stop,
    }
  }

  it('go to no endpoint that has left while nobody called', async () => {
    const port = await serving('127.0.0.2')
    await serving('127.0.0.3', port)
    let address = '127.0.0.2'
    resolvesTo(async () => address)
    const { ask, stop } = caller(port)
    expect(await ask()).toBe('127.0.0.2')
    address = '127.0.0.3'
    // The old one still answers: whoever asks it has not looked.
    await sleep(600)
    expect(await Promise.all([ask(), ask()])).toEqual(['127.0.0.3', '127.0.0.3'])
    await stop()
  })

  it('go where they went before while the resolver is away', async () => {
    const port = await serving('127.0.0.2')
    let look = () => Promise.resolve('127.0.0.2')
    const lookups = resolvesTo(() => look())
    const { ask, stop } = caller(port)
    await ask()
    look = () => new Promise(() => undefined)
    await sleep(600)
    expect(await Promise.all([ask(), ask()])).toEqual(['127.0.0.2', '127.0.0.2'])
    expect(lookups).toHaveBeenCalledTimes(2)
    await stop()
  })
})
