// What faults of HTTP and of DNS do inside the processes of pods: the contract of the hooks above the sockets, on every Node at hand.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DnsEffect } from '../../../src/lab/pod-network/dns-effect.ts'
import type { HttpActs, HttpEffect, HttpMatch } from '../../../src/lab/pod-network/http-effect.ts'
import type { NodeAtHand } from './nodes-at-hand.ts'
import { type SmallCluster, startSmallCluster, type TestPod, within } from './small-cluster.ts'

const PORT = 8080
const UNDICI_NEEDS = 22
const base64 = (text: string) => Buffer.from(text).toString('base64')

export function holdProcessContract({ node, version, index, major }: NodeAtHand): void {
  describe(`faults of HTTP and DNS under Node ${version}`, () => contract({ node, index, major }))
}

function contract({ node, index, major }: Omit<NodeAtHand, 'version'>): void {
  let cluster: SmallCluster
  let client: TestPod
  let stranger: TestPod
  let server: TestPod

  beforeAll(async () => {
    cluster = await startSmallCluster(210 + index, node)
    client = await cluster.pod('client')
    stranger = await cluster.pod('stranger')
    server = await cluster.pod('server')
    await server.run('serve', { kind: 'mirror', port: PORT })
    await server.run('serveFastify', { port: 8081 })
    await server.run('serve', { kind: 'echo', port: 7000 })
    await cluster.service('web', [server], { 80: PORT })
  }, 30_000)
  afterAll(() => cluster?.stop())

  const http = (target: HttpEffect['target'], acts: HttpActs, match: HttpMatch = {}, port = PORT): HttpEffect => ({
    kind: 'http',
    target,
    port,
    match,
    acts,
  })
  const put = (effect: HttpEffect | DnsEffect, pod = server) =>
    cluster.fault('http:casino/x', { podUid: pod.uid, effect })
  const heal = () => cluster.fault('http:casino/x')
  const ask = (path = '/', more: object = {}, pod = client) =>
    pod.run('ask', { url: `http://${server.ip}:${PORT}${path}`, ...more })
  const said = async (path = '/', more: object = {}) => JSON.parse((await ask(path, more)).text)
  const asked = async () => (await said('/asked')).asked
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: { code?: string }) => error.code,
    )

  describe('a request', () => {
    it('is aborted before it reaches the application, on an open connection too', async () => {
      await ask()
      const before = await asked()
      expect(await put(http('request', { abort: true }, { path: '/' }))).toMatchObject({ [server.uid]: 'acknowledged' })
      expect(await codeOf(ask())).toBe('ECONNRESET')
      expect(await asked()).toBe(before)
      await heal()
      expect(await ask()).toMatchObject({ status: 200 })
    })

    it('is delayed, and continues at once when the fault is healed', async () => {
      await put(http('request', { delayMs: 150 }))
      expect((await ask()).tookMs).toBeGreaterThan(145)
      await put(http('request', { delayMs: 60_000 }))
      const waiting = ask()
      expect(await within(100, waiting)).toBe('silent')
      await heal()
      expect(await within(2_000, waiting)).toMatchObject({ status: 200 })
    })

    it('is never delivered if its client gave up', async () => {
      const before = await asked()
      await put(http('request', { delayMs: 1_000 }, { path: '/' }))
      await expect(
        client.run('get', { url: `http://${server.ip}:${PORT}/`, timeoutMs: 50, fresh: true }),
      ).rejects.toMatchObject({ code: 'TEST_TIMEOUT' })
      await client.run('wait', { ms: 1_100 })
      expect(await asked()).toBe(before)
      await heal()
    })

    it('is changed in path, method, query, headers and body', async () => {
      const replace = {
        path: '/other',
        method: 'PUT',
        queries: { b: '9', c: '3' },
        headers: { 'X-One': 'new' },
        bodyBase64: base64('instead'),
      }
      const patch = { queries: [['d', 'a b']], headers: [['x-two', 'added']] } as const
      await put(http('request', { replace, patch }))
      const seen = await said('/path?a=1&b=2', {
        method: 'POST',
        headers: { 'x-one': 'old' },
        body: 'a long, long body',
      })
      expect(seen).toMatchObject({ method: 'PUT', url: '/other?a=1&b=9&c=3&d=a+b', body: 'instead' })
      expect(seen.headers).toMatchObject({ 'x-one': 'new', 'x-two': 'added', 'content-length': '7' })
      expect(seen.rawHeaders).not.toContain('old')
      // The connection is still good for another request: what was sent in vain has been read.
      await heal()
      expect(await said('/', { method: 'POST', body: 'mine' })).toMatchObject({ body: 'mine' })
    })
  })

  describe('an answer', () => {
    it('is lost after the application has done its work', async () => {
      const before = await asked()
      await put(http('response', { abort: true }, { path: '/' }))
      expect(await codeOf(ask())).toBe('ECONNRESET')
      expect(await asked()).toBe(before + 1)
      await heal()
    })

    it.each(['/', '/stream'])(
      'of %s is delayed as a whole, and is sent at once when the fault is healed',
      async (path) => {
        await put(http('response', { delayMs: 150 }))
        const { tookMs, text } = await ask(path)
        expect(tookMs).toBeGreaterThan(145)
        expect(text).toContain(path === '/stream' ? 'one,two,three' : '"url":"/"')
        await put(http('response', { delayMs: 60_000 }))
        const waiting = ask(path)
        expect(await within(100, waiting)).toBe('silent')
        await heal()
        expect(await within(2_000, waiting)).toMatchObject({ status: 200 })
      },
    )

    it.each(['/', '/stream'])('of %s is changed in code, body and headers', async (path) => {
      const replace = { code: 503, bodyBase64: base64('broken'), headers: { 'x-mood': 'bad' } }
      await put(http('response', { replace, patch: { headers: [['x-two', 'added']] } }))
      const answer = await ask(path)
      expect(answer).toMatchObject({ status: 503, text: 'broken' })
      expect(answer.headers).toMatchObject({ 'x-mood': 'bad', 'x-two': 'added', 'content-length': '6' })
      if (path === '/stream') expect(answer.headers).toMatchObject({ 'x-kind': 'stream' })
      const again = await ask(path)
      expect([again.text, again.port]).toEqual(['broken', answer.port])
      await heal()
      expect(await ask(path)).toMatchObject({ status: 200 })
    })

    it('keeps its body when only the code is changed', async () => {
      await put(http('response', { replace: { code: 500 } }))
      expect(await ask()).toMatchObject({ status: 500, text: expect.stringContaining('"url":"/"') })
      await heal()
    })

    it('without a body gets none', async () => {
      await put(http('response', { replace: { bodyBase64: base64('body') } }))
      expect(await ask('/empty')).toMatchObject({ status: 204, text: '' })
      expect(await ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
      await heal()
      expect(await ask('/')).toMatchObject({ status: 200 })
    })

    it.each<[string, HttpMatch, string, number]>([
      ['its code', { code: 204 }, '/empty', 500],
      ['another code', { code: 404 }, '/empty', 204],
      ['a header that was set', { responseHeaders: { 'X-Mood': 'good' } }, '/', 500],
      ['a header that came with its head', { responseHeaders: { 'x-kind': 'stream' } }, '/stream', 500],
      ['a header of another value', { responseHeaders: { 'x-mood': 'bad' } }, '/', 200],
    ])('is matched by %s', async (_, match, path, status) => {
      await put(http('response', { replace: { code: 500 } }, match))
      expect((await ask(path)).status).toBe(status)
      await heal()
    })
  })

  describe('a rule applies to', () => {
    it.each<[string, HttpMatch, string, object, string]>([
      ['a path, without its query', { path: '/charges' }, '/charges?x=1', {}, 'ECONNRESET'],
      ['a path with a wildcard', { path: '/charges*' }, '/charges/7/void', {}, 'ECONNRESET'],
      ['no path that only begins like it', { path: '/charges' }, '/charges/7', {}, 'answered'],
      ['one character', { path: '/v?' }, '/v2', {}, 'ECONNRESET'],
      ['a method', { method: 'POST' }, '/', { method: 'POST' }, 'ECONNRESET'],
      ['no other method', { method: 'POST' }, '/', {}, 'answered'],
      ['a header', { requestHeaders: { 'X-Tenant': 'a' } }, '/', { headers: { 'x-tenant': 'a' } }, 'ECONNRESET'],
      ['no other value', { requestHeaders: { 'x-tenant': 'a' } }, '/', { headers: { 'x-tenant': 'b' } }, 'answered'],
    ])('%s', async (_, match, path, more, outcome) => {
      await put(http('request', { abort: true }, match))
      expect(await codeOf(ask(path, more))).toBe(outcome)
      await heal()
    })

    it('the port that it names and no other', async () => {
      await put(http('request', { abort: true }, {}, 8081))
      expect(await ask()).toMatchObject({ status: 200 })
      await heal()
    })

    it('every client, probes of the node included, and not to the pod itself', async () => {
      await put(http('request', { abort: true }))
      const probe = fetch(`http://${server.ip.replace('10.', '127.')}:${PORT}/`)
      await expect(probe).rejects.toThrow('fetch failed')
      expect(await codeOf(ask('/', {}, stranger))).toBe('ECONNRESET')
      expect(await server.run('ask', { url: `http://localhost:${PORT}/` })).toMatchObject({ status: 200 })
      await heal()
    })

    it('requests that the pod sends to that port as it dials it, and not to requests of other clients', async () => {
      await put(http('request', { abort: true }, {}, 80), client)
      const web = (pod: TestPod) => codeOf(pod.run('ask', { url: 'http://web/' }))
      expect(await web(client)).toBe('ECONNRESET')
      expect(await web(stranger)).toBe('answered')
      await put(http('request', { abort: true }, {}, PORT), client)
      expect(await web(client)).toBe('answered')
      await heal()
    })
  })

  describe('it does not matter', () => {
    it('that the server is fastify and the client undici', async (context) => {
      if (major < UNDICI_NEEDS) context.skip(`undici 8 needs Node ${UNDICI_NEEDS}`)
      const url = `http://${server.ip}:8081/charges`
      const post = {
        url,
        by: 'undici',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"a":1}',
      }
      await client.run('ask', post)
      await put(http('response', { replace: { code: 503, bodyBase64: base64('{"broken":true}') } }, {}, 8081))
      expect(await client.run('ask', post)).toMatchObject({ status: 503, text: '{"broken":true}' })
      await put(http('response', { delayMs: 120 }, {}, 8081))
      expect(await client.run('ask', post)).toMatchObject({ status: 200, text: expect.stringContaining('{"a":1}') })
      await put(http('request', { replace: { bodyBase64: base64('{"a":22}') } }, {}, 8081))
      expect(JSON.parse((await client.run('ask', post)).text)).toMatchObject({ body: { a: 22 } })
      await put(http('request', { abort: true }, {}, 8081))
      expect(await codeOf(client.run('ask', post))).toBe('UND_ERR_SOCKET')
      await heal()
      expect(await client.run('ask', post)).toMatchObject({ status: 200 })
    })

    it('that many requests are delayed at the same time', async () => {
      await put(http('response', { delayMs: 100 }))
      const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => ask(`/${at}`)))
      expect(answers.map(({ text }) => JSON.parse(text).url)).toEqual(Array.from({ length: 30 }, (_, at) => `/${at}`))
      await heal()
    })
  })

  it('does not affect WebSockets, open or new, and protocols other than HTTP', async () => {
    const open = (name: string, port: number, kind = 'ws') => client.run('open', { name, kind, host: server.ip, port })
    await open('old', PORT)
    await put(http('request', { abort: true }))
    await open('new', PORT)
    expect(await client.run('echo', { name: 'old' })).toMatchObject({ said: 'ping' })
    expect(await client.run('echo', { name: 'new' })).toMatchObject({ said: 'ping' })
    await put(http('request', { abort: true }, {}, 7000))
    await open('raw', 7000, 'tcp')
    expect(await client.run('echo', { name: 'raw' })).toMatchObject({ said: 'ping' })
    await heal()
  })

  describe('a name', () => {
    const dns = (answer: DnsEffect['answer'], ...patterns: string[]): DnsEffect => ({
      kind: 'dns',
      answer,
      patterns: patterns.length === 0 ? 'any' : patterns,
    })
    const look = (name: string, how = 'lookup', options?: object, pod = client) =>
      pod.run('lookup', { name, how, options })

    it('fails at once with EAI_AGAIN, and resolves again at once when healed', async () => {
      await put(dns('error'), client)
      await expect(look('web')).rejects.toMatchObject({ code: 'EAI_AGAIN' })
      await expect(look('web', 'promise')).rejects.toMatchObject({ code: 'EAI_AGAIN' })
      await expect(look('web.casino.svc.cluster.local', 'resolve4')).rejects.toMatchObject({ code: 'ESERVFAIL' })
      expect(await look('web', 'lookup', {}, stranger)).toMatchObject([expect.any(String), 4])
      expect(await look('localhost')).toMatchObject(['127.0.0.1', 4])
      await heal()
      expect(await look('web')).toMatchObject([expect.any(String), 4])
    })

    it('fails from the first lookup of a process that starts during the fault', async () => {
      await put(dns('error'), client)
      const late = await client.another()
      await expect(look('web', 'lookup', {}, late)).rejects.toMatchObject({ code: 'EAI_AGAIN' })
      await late.kill('SIGKILL')
      await heal()
    })

    it('resolves to a new address each time, where nothing answers', async () => {
      await put(dns('random'), client)
      const found = await Promise.all(Array.from({ length: 8 }, () => look('web')))
      expect(new Set(found.map(([address]) => address)).size).toBeGreaterThan(4)
      for (const [address] of found) expect(address).toMatch(/^198\.1[89]\./)
      expect(await look('web', 'resolve4')).toEqual([expect.stringMatching(/^198\.1[89]\./)])
      expect(await within(150, client.run('open', { name: 'lost', kind: 'tcp', host: 'web', port: 80 }))).toBe('silent')
      await heal()
    })

    it.each([
      ['web.casino.svc.cluster.local', 'web', 'EAI_AGAIN'],
      ['web.*', 'web', 'EAI_AGAIN'],
      ['web.casino.svc.*', 'web.casino', 'EAI_AGAIN'],
      ['w?b.casino.svc.cluster.local', 'web', 'EAI_AGAIN'],
      // The resolver asks for the whole name and never comes to this one.
      ['web.casino', 'web.casino', 'answered'],
      ['db.*', 'web', 'answered'],
    ])('matches the pattern %s when %s is looked up: %s', async (pattern, name, outcome) => {
      await put(dns('error', pattern), client)
      expect(await codeOf(look(name))).toBe(outcome)
      await heal()
    })
  })
}
