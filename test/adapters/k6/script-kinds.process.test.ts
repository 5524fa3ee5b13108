import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { type PlainServer, plainServer } from './plain-server.ts'
import { causesOf, runScript } from './script-run.ts'

let folder = ''
let server: PlainServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'matchday-kinds-'))
  server = await plainServer()
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** A folder of its own for each script, so that files beside it are its own. */
function place(name: string, files: Readonly<Record<string, string>>): string {
  const at = join(folder, name)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(at, file, '..'), { recursive: true })
    writeFileSync(join(at, file), text)
  }
  return at
}

const SHORT = 'timeline: [{phase: steady, for: 3s, load: 1x}]'

describe('files of a script', () => {
  it('are found by open, SharedArray and import.meta.resolve as k6 finds them', async () => {
    const at = place('csv', {
      'users.csv': 'u1\nu2\n',
      'data/plans.csv': 'gold\n',
      'data/plans.ts': `export const plan: string = open('./plans.csv').trim()\n`,
      'main.ts': `import http from 'k6/http'
import { SharedArray } from 'k6/data'
import { plan } from './data/plans.ts'
const users = new SharedArray('users', () => open('./users.csv').trim().split('\\n'))
const again: string = open(import.meta.resolve('./users.csv'))
if (again.length === 0) throw new Error('empty')
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: 5, duration: '3s', preAllocatedVUs: 3 } } }
export default (): void => {
  http.get(\`\${__ENV.BASE_URL}/ok?u=\${users[0]}&p=\${plan}\`)
}
`,
    })
    const { last } = await runScript(
      at,
      `  load: {script: main.ts, env: {BASE_URL: "{entry}"}}
  ${SHORT}
  slis: {pages: {http: {}}}
  slos: [{sli: pages, objective: 50%}]`,
      server.url,
    )
    expect(last.slis.pages?.good).toBeGreaterThanOrEqual(14)
    expect(server.paths).toContain('/ok?u=u1&p=gold')
  })
})

describe('the kinds of indicators', () => {
  it('count requests by tag, group and status, checks, and metrics of the script', async () => {
    const at = place('custom', {
      'main.js': `import http from 'k6/http'
import { check, group } from 'k6'
import { Counter, Rate, Trend } from 'k6/metrics'
const errors = new Rate('errors')
const waiting = new Trend('waiting', true)
const placed = new Counter('orders_placed')
const failed = new Counter('orders_failed')
export const options = { scenarios: { a: { executor: 'per-vu-iterations', vus: 1, iterations: 20, maxDuration: '3s' } } }
export default function () {
  const base = __ENV.BASE_URL
  group('shop', () => http.get(base + '/ok', { tags: { name: 'home' } }))
  const bad = http.get(base + '/bad')
  http.get(base + '/slow')
  check(bad, { 'bad is 200': (r) => r.status === 200, 'bad is 503': (r) => r.status === 503 })
  errors.add(__ITER % 4 === 0)
  waiting.add(__ITER < 15 ? 20 : 300)
  placed.add(3)
  if (__ITER % 10 === 0) failed.add(1)
}
`,
    })
    const { last, judgment } = await runScript(
      at,
      `  load: {script: main.js, env: {BASE_URL: "{entry}"}}
  timeline: [{phase: steady, for: 5s, load: 1x}]
  slis:
    all: {http: {}}
    home: {http: {where: {name: home, group: shop}}}
    slow: {http: {where: {url: "${server.url}/slow"}}}
    checks: {checks: {}}
    passed: {checks: {where: {check: bad is 503}}}
    errors: {rate: {metric: errors, good: zero}}
    waiting: {trend: {metric: waiting}}
    orders: {counters: {good: orders_placed, bad: orders_failed}}
  slos:
    - {sli: all, objective: 50%}
    - {sli: slow, p50: 400ms}
    - {sli: waiting, p50: 100ms}
    - {sli: home, objective: 50%}
    - {sli: checks, objective: 10%}
    - {sli: passed, objective: 50%}
    - {sli: errors, objective: 50%}
    - {sli: orders, objective: 50%}`,
      server.url,
    )
    const n = last.slis.home?.good ?? 0
    expect(n).toBeGreaterThanOrEqual(10)
    const done = last.slis.passed?.good ?? 0
    expect(last.slis.all).toMatchObject({ badBy: { 'http-503': server.asked.get('/bad') } })
    expect(last.slis.slow).toMatchObject({ good: server.asked.get('/slow'), bad: 0, slow: 0 })
    expect(last.slis.checks).toMatchObject({ good: done, badBy: { 'bad is 200': done } })
    expect(last.slis.errors).toMatchObject({ good: done - Math.ceil(done / 4), bad: Math.ceil(done / 4) })
    expect(last.slis.waiting).toMatchObject({ good: done, slow: Math.max(0, done - 15) })
    expect(last.slis.orders).toMatchObject({ good: 3 * done, badBy: { orders_failed: Math.ceil(done / 10) } })
    // A number of iterations is a closed model, and the report says what that hides.
    expect(causesOf(judgment)).toEqual(['closed-model'])
  })

  it('count gRPC calls, with a proto file beside the script', async () => {
    const proto = `syntax = "proto3";
package shop;
service Quotes { rpc Get (Ask) returns (Price); }
message Ask { string item = 1; }
message Price { int32 cents = 1; }
`
    const at = place('grpc', {
      'protos/quotes.proto': proto,
      'main.js': `import grpc from 'k6/net/grpc'
import { check } from 'k6'
const client = new grpc.Client()
client.load(['protos'], 'quotes.proto')
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: 5, duration: '3s', preAllocatedVUs: 2 } } }
export default () => {
  client.connect(__ENV.QUOTES, { plaintext: true })
  const good = client.invoke('shop.Quotes/Get', { item: 'shoe' })
  check(good, { ok: (r) => r.status === grpc.StatusOK })
  client.invoke('shop.Quotes/Get', { item: 'none' })
  client.close()
}
`,
    })
    const quotes = await quoteServer(join(at, 'protos/quotes.proto'))
    try {
      const { last } = await runScript(
        at,
        `  load: {script: main.js, env: {QUOTES: "127.0.0.1:${quotes.port}"}}
  ${SHORT}
  slis: {quotes: {grpc: {}}, checks: {checks: {}}}
  slos: [{sli: quotes, objective: 10%}, {sli: quotes, p95: 1s}, {sli: checks, objective: 50%}]`,
        server.url,
      )
      const { good = 0, badBy } = last.slis.quotes ?? {}
      expect(good).toBeGreaterThanOrEqual(14)
      // Status 5: NOT_FOUND.
      expect(badBy).toEqual({ 'grpc-5': good })
      expect(last.slis.checks).toMatchObject({ good, bad: 0 })
    } finally {
      quotes.stop()
    }
  })

  it('count WebSocket handshakes, refused ones included', async () => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(sockets, 'listening')
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))))
    const { port } = sockets.address() as AddressInfo
    const at = place('sockets', {
      'main.js': `import { WebSocket } from 'k6/websockets'
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: 4, duration: '3s', preAllocatedVUs: 4 } } }
export default () => {
  const open = new WebSocket('ws://127.0.0.1:${port}/')
  open.onopen = () => open.send('hi')
  open.onmessage = () => open.close()
  const refused = new WebSocket(__ENV.BASE_URL.replace('http', 'ws') + '/bad')
  refused.onerror = () => {}
}
`,
    })
    try {
      const { last } = await runScript(
        at,
        `  load: {script: main.js, env: {BASE_URL: "{entry}"}}
  ${SHORT}
  slis: {sockets: {websocket: {}}}
  slos: [{sli: sockets, objective: 10%}, {sli: sockets, p95: 1s}]`,
        server.url,
      )
      const { good = 0, badBy } = last.slis.sockets ?? {}
      expect(good).toBeGreaterThanOrEqual(11)
      expect(badBy).toEqual({ 'http-503': good })
    } finally {
      sockets.close()
    }
  })
})

describe('the end of a script', () => {
  it('calls handleSummary, and a missed threshold fails the run', async () => {
    const at = place('thresholds', {
      'main.js': `import http from 'k6/http'
export const options = {
  scenarios: { a: { executor: 'constant-arrival-rate', rate: 10, duration: '3s', preAllocatedVUs: 5, tags: { team: 'web' } } },
  thresholds: {
    http_req_failed: ['rate<0.01'],
    'http_req_duration{team:web}': ['p(95)<5000'],
    'http_reqs{team:app}': ['count>=0'],
  },
}
export default () => {
  http.get(__ENV.BASE_URL + (__ITER % 2 === 0 ? '/ok' : '/bad'))
}
export function handleSummary(data) {
  return { 'summary.json': JSON.stringify(Object.keys(data.metrics)) }
}
`,
    })
    const { judgment, ended, timeline } = await runScript(
      at,
      `  load: {script: main.js, env: {BASE_URL: "{entry}"}}
  ${SHORT}
  slis: {pages: {http: {}}}
  slos: [{sli: pages, objective: 10%}]`,
      server.url,
    )
    expect(timeline.load.thresholds).toHaveLength(3)
    expect(ended).toMatchObject({ outcome: 'completed', exitCode: 99 })
    expect(judgment.verdict).toMatchObject({ kind: 'fail' })
    const told = judgment.findings.map(({ weight, cause, subject }) => [weight, cause, subject])
    expect(told).toContainEqual(['breach', 'threshold-missed', 'http_req_failed: rate<0.01'])
    // k6 says that it held. It had no samples.
    expect(told).toContainEqual(['gap', 'no-evidence', 'http_reqs{team:app}: count>=0'])
    expect(causesOf(judgment).filter((cause) => cause === 'threshold-missed')).toHaveLength(1)
    expect(JSON.parse(readFileSync(join(at, 'summary.json'), 'utf8'))).toContain('http_reqs')
  })

  it('stops the load at once when a threshold says abortOnFail', async () => {
    const at = place('abort', {
      'main.js': `import http from 'k6/http'
export const options = {
  scenarios: { a: { executor: 'constant-arrival-rate', rate: 10, duration: '60s', preAllocatedVUs: 5 } },
  thresholds: { http_req_failed: [{ threshold: 'rate<0.1', abortOnFail: true }] },
}
export default () => {
  http.get(__ENV.BASE_URL + '/bad')
}
`,
    })
    const { judgment, ended } = await runScript(
      at,
      `  load: {script: main.js, env: {BASE_URL: "{entry}"}}
  timeline: [{phase: steady, for: 60s, load: 1x}]
  slis: {pages: {http: {}}}
  slos: [{sli: pages, objective: 10%}]`,
      server.url,
    )
    expect(ended).toMatchObject({ outcome: 'stopped', thresholds: [{ ok: false, aborted: true }] })
    expect(judgment.verdict.kind).toBe('fail')
    expect(judgment.findings.map(({ cause }) => cause)).toContain('threshold-missed')
  })
})

async function quoteServer(proto: string): Promise<{ readonly port: number; stop(): void }> {
  const loaded = grpc.loadPackageDefinition(loadSync(proto)).shop as unknown as {
    Quotes: { service: grpc.ServiceDefinition }
  }
  const server = new grpc.Server()
  server.addService(loaded.Quotes.service, {
    Get: (call: grpc.ServerUnaryCall<{ item: string }, unknown>, done: grpc.sendUnaryData<unknown>) =>
      call.request.item === 'none' ? done({ code: grpc.status.NOT_FOUND }) : done(null, { cents: 100 }),
  })
  const port = await new Promise<number>((bound, failed) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, at) =>
      error ? failed(error) : bound(at),
    ),
  )
  return { port, stop: () => server.forceShutdown() }
}
