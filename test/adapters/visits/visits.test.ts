/** Visits against a server of this test: what it is sent, and what becomes of each kind of answer. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { httpVisits } from '../../../src/adapters/visits/visits.ts'
import { everythingPair } from '../../files/stock.ts'

async function entryOf(listener: RequestListener) {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return { ...everythingPair().target, entry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

describe('a visit', () => {
  it('is a GET with its headers, also that of the host, and follows no redirect', async () => {
    const target = await entryOf((request, response) => {
      const { method, url, headers } = request
      response
        .writeHead(302, { location: '/', 'x-seen': `${method} ${url} ${headers.host} ${headers['x-preview']}` })
        .end()
    })
    const headers = { host: 'next.example', 'x-preview': 'next' }
    expect(await httpVisits().visit(target, { path: '/lobby?page=2', status: 200 }, headers)).toMatchObject({
      is: 'answer',
      status: 302,
      headers: { 'x-seen': 'GET /lobby?page=2 next.example next' },
    })
  })

  it('with a body is a POST of JSON', async () => {
    const target = await entryOf(async (request, response) => {
      response.setHeader('x-seen', `${request.method} ${request.headers['content-type']} ${await text(request)}`).end()
    })
    expect(await httpVisits().visit(target, { path: '/login', body: '{"a":1}', status: 200 }, {})).toMatchObject({
      status: 200,
      headers: { 'x-seen': 'POST application/json {"a":1}' },
    })
  })

  it('that nobody answers says why', async () => {
    const target = { ...everythingPair().target, entry: 'http://127.0.0.1:1' }
    const answer = await httpVisits().visit(target, { path: '/', status: 200 }, {})
    expect(answer).toMatchObject({ is: 'none', problem: expect.stringContaining('ECONNREFUSED') })
  })
})
