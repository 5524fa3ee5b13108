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

  it('do not go to an endpoint that was removed since the last call', async () => {
    const port = await serving('127.0.0.2')
    await serving('127.0.0.3', port)
    let address = '127.0.0.2'
    resolvesTo(async () => address)
    const { ask, stop } = caller(port)
    expect(await ask()).toBe('127.0.0.2')
    address = '127.0.0.3'
    // The old one still answers: a call that reaches it did not look up the name again.
    await sleep(600)
    expect(await Promise.all([ask(), ask()])).toEqual(['127.0.0.3', '127.0.0.3'])
    await stop()
  })

  it('keep their endpoints while the resolver is down', async () => {
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

describe('a call that fails', () => {
  const call = { method: 'POST', path: '/', timeoutMs: 1000, idempotent: true } as const

  /** A server that breaks each connection on its first request. */
  async function breaking() {
    let requests = 0
    const server = createServer(({ socket }) => {
      requests += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { url, requests: () => requests, close: () => server.close().closeAllConnections() }
  }

  it.each([
    [true, 2],
    [false, 1],
  ])(
    'because its connection broke is tried again if it may be sent twice (%s: %i times)',
    async (idempotent, times) => {
      const { url, requests, close } = await breaking()
      const upstream = createUpstream({ url, connections: 1, maxInFlight: 8 })
      expect((await upstream.call({ ...call, idempotent })).kind).toBe('broken')
      expect(requests()).toBe(times)
      await upstream.stop()
      close()
    },
  )

  it('because the connection was refused is not sent to the same address again', async () => {
    let sent = 0
    const upstream = createUpstream({
      url: 'http://127.0.0.1:9',
      connections: 1,
      maxInFlight: 8,
      onSend: () => {
        sent += 1
      },
    })
    expect((await upstream.call(call)).kind).toBe('unsent')
    expect(sent).toBe(1)
    await upstream.stop()
  })

  it('because too many are in flight fails at once, and the others go on', async () => {
    const gate = Promise.withResolvers<void>()
    const server = createServer(async (_, response) => {
      await gate.promise
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const upstream = createUpstream({ url, connections: 4, maxInFlight: 2 })
    const calls = [upstream.call(call), upstream.call(call), upstream.call(call)]
    expect((await calls[2])?.kind).toBe('unsent')
    gate.resolve()
    expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(['answer', 'answer', 'unsent'])
    await upstream.stop()
    server.close()
  })
})
