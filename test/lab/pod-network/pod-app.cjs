'use strict'
// A small application for pods in the contract suite: plain JavaScript that any Node from 20 runs, with the libraries that the
// platform uses. It takes commands as JSON lines on stdin and answers on stdout; it knows nothing of the network it runs in.
const { AsyncLocalStorage } = require('node:async_hooks')
const childProcess = require('node:child_process')
const dns = require('node:dns')
const http = require('node:http')
const http2 = require('node:http2')
const net = require('node:net')
const os = require('node:os')
const readline = require('node:readline')
const tls = require('node:tls')
const v8 = require('node:v8')
const vm = require('node:vm')
const { Worker, isMainThread, parentPort } = require('node:worker_threads')

const kept = new Map()
const agent = new http.Agent({ keepAlive: true })
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Each opens a connection and returns {echo(text): Promise<text>, close()}. */
const clients = {
  async tcp({ host, port, timeoutMs }) {
    const socket = net.connect({ host, port })
    await opened(socket, 'connect', timeoutMs)
    return lineClient(socket)
  },
  async tls({ host, port }) {
    const socket = tls.connect({ host, port, rejectUnauthorized: false })
    await opened(socket, 'secureConnect')
    return lineClient(socket)
  },
  async ws({ host, port }) {
    const { WebSocket } = require('ws')
    const socket = new WebSocket(`ws://${host}:${port}/`)
    await opened(socket, 'open')
    const answers = queue((push) => socket.on('message', (data) => push(String(data))))
    return {
      echo: (text) => (socket.send(text), answers()),
      close: () => socket.terminate(),
    }
  },
  async h2({ host, port, secure }) {
    const session = http2.connect(`${secure ? 'https' : 'http'}://${host}:${port}`, { rejectUnauthorized: false })
    session.on('error', () => {})
    return {
      echo: (text) =>
        new Promise((resolve, reject) => {
          const stream = session.request({ ':method': 'POST', ':path': '/' })
          let body = ''
          stream.setEncoding('utf8').on('data', (chunk) => (body += chunk)).on('end', () => resolve(body)).on('error', reject)
          stream.end(text)
        }),
      close: () => session.destroy(),
    }
  },
  async http({ host, port }) {
    return { echo: async (text) => JSON.parse((await get(`http://${host}:${port}/${text}`)).body).path.slice(1), close() {} }
  },
  async undici({ host, port }) {
    const { Pool } = require('undici')
    const pool = new Pool(`http://${host}:${port}`, { connections: 1, headersTimeout: 0, bodyTimeout: 0 })
    return {
      async echo(text) {
        const { body } = await pool.request({ path: `/${text}`, method: 'GET' })
        return (await body.json()).path.slice(1)
      },
      close: () => pool.destroy(),
    }
  },
  async pg({ host, port, user }) {
    const { Client } = require('pg')
    const client = new Client({ host, port, user, database: 'postgres', password: 'x' })
    client.on('error', () => {})
    await client.connect()
    return {
      echo: async (text) => (await client.query('select $1::text as said', [text])).rows[0].said,
      query: async (sql) => (await client.query(sql)).rows,
      close: () => client.end(),
    }
  },
}

function opened(emitter, event, timeoutMs) {
  return new Promise((resolve, reject) => {
    emitter.once(event, resolve)
    emitter.once('error', reject)
    if (timeoutMs) setTimeout(() => (emitter.destroy(), reject(Object.assign(new Error('timed out'), { code: 'TEST_TIMEOUT' }))), timeoutMs)
  })
}

function queue(subscribe) {
  const arrived = []
  const waiting = []
  subscribe((item) => (waiting.length ? waiting.shift()(item) : arrived.push(item)))
  return () => new Promise((resolve) => (arrived.length ? resolve(arrived.shift()) : waiting.push(resolve)))
}

function lineClient(socket) {
  let rest = ''
  const answers = queue((push) =>
    socket.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      lines.forEach(push)
    }),
  )
  const ends = []
  socket.on('error', (error) => ends.push(error.code)).on('close', () => ends.push('close'))
  return {
    socket,
    ends,
    echo: (text) => (socket.write(`${text}\n`), answers()),
    close: () => socket.destroy(),
  }
}

function get(url, options = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => (body += chunk)).on('end', () => resolve({ status: response.statusCode, body }))
    })
    request.on('timeout', () => request.destroy(Object.assign(new Error('timed out'), { code: 'TEST_TIMEOUT' })))
    request.on('error', reject)
  })
}

function askHttp(url, options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, ...options }, (response) => {
      let text = ''
      const { statusCode: status, headers } = response
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('error', reject)
      response.on('end', () => resolve({ status, headers, text, port: request.socket?.localPort ?? port }))
    })
    let port
    request.on('socket', (socket) => (port = socket.localPort)).on('error', reject).end(body)
  })
}

async function askUndici(url, options) {
  const { request } = require('undici')
  const { statusCode: status, headers, body } = await request(url, options)
  return { status, headers, text: await body.text() }
}

const servers = {
  echo: () => net.createServer((socket) => socket.on('error', () => {}).pipe(socket)),
  tls: ({ key, cert }) => tls.createServer({ key, cert }, (socket) => socket.on('error', () => {}).pipe(socket)),
  h2: ({ key, cert }) => {
    const server = key ? http2.createSecureServer({ key, cert }) : http2.createServer()
    server.on('session', (session) => session.on('error', () => {}))
    return server.on('stream', (stream) => (stream.on('error', () => {}), stream.respond({ ':status': 200 }), stream.pipe(stream)))
  },
  http: ({ name }) =>
    http.createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ pod: name, path: request.url, from: request.socket.remoteAddress }))
    }),
  /** Says what it was asked, body included, and counts it; `/stream` comes in pieces, `/upgrade` is a WebSocket. */
  mirror() {
    const { WebSocketServer } = require('ws')
    let asked = 0
    const server = http.createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { method, url, headers, rawHeaders } = request
      if (url === '/asked') return response.end(JSON.stringify({ asked }))
      asked++
      response.setHeader('x-mood', 'good')
      if (url === '/stream') {
        response.writeHead(200, { 'x-kind': 'stream' })
        for (const piece of ['one,', 'two,', 'three']) {
          response.write(piece)
          await wait(5)
        }
        return response.end()
      }
      if (url === '/empty') return response.writeHead(204).end()
      response.end(JSON.stringify({ method, url, headers, rawHeaders, body }))
    })
    new WebSocketServer({ server }).on('connection', (socket) => socket.on('error', () => {}).on('message', (data) => socket.send(String(data))))
    return server
  },
  ws: () => {
    const { WebSocketServer } = require('ws')
    const server = http.createServer()
    new WebSocketServer({ server }).on('connection', (socket) => socket.on('error', () => {}).on('message', (data) => socket.send(String(data))))
    return server
  },
  /** For the ingress: says what it was asked, answers slowly, never, or dies under the request. */
  api({ name }) {
    let deaths = 0
    let flooded = 0
    const flood = async (response) => {
      for (; flooded < 64 && !response.destroyed; flooded++) {
        if (!response.write(Buffer.alloc(1_000_000))) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
      }
      response.end()
    }
    return http.createServer((request, response) => {
      const json = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      let bytes = 0
      request.on('error', () => {}).on('data', (chunk) => (bytes += chunk.length)).on('end', async () => {
        const { method, url, headers } = request
        if (url.startsWith('/api/echo')) return json(201, { pod: name, method, url, headers, bytes })
        if (url === '/api/deaths') return json(200, { deaths })
        if (url === '/api/die') return deaths++, request.socket.destroy()
        if (url === '/api/silent') return
        if (url === '/api/flooded') return json(200, { flooded })
        if (url === '/api/flood') return flood(response)
        response.write('first')
        await wait(url === '/api/slow' ? 1_000 : 300)
        response.end('last')
      })
    })
  },
  sink: () => net.createServer({ allowHalfOpen: true }, (socket) => {
      const times = []
      socket.on('error', () => {}).on('data', () => times.push(performance.now()))
      socket.on('end', () => socket.end(String(times.at(-1) - times[0])))
    }),
}

const commands = {
  async serve({ kind, port, host, ...rest }) {
    const server = servers[kind](rest)
    await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
    kept.set(`server:${port}`, server)
    return server.address()
  },
  unserve({ port }) {
    const server = kept.get(`server:${port}`)
    server.close()
    server.closeAllConnections?.()
    return null
  },
  async get({ url, timeoutMs, fresh }) {
    const startedMs = performance.now()
    const { status, body } = await get(url, { ...(timeoutMs ? { timeout: timeoutMs } : {}), ...(fresh ? { agent: false } : {}) })
    return { status, ...JSON.parse(body), tookMs: performance.now() - startedMs }
  },
  /** A request with everything that an answer says, over a kept connection. */
  async ask({ url, method = 'GET', headers = {}, body = '', by = 'http' }) {
    const startedMs = performance.now()
    const answer = by === 'http' ? await askHttp(url, { method, headers }, body) : await askUndici(url, { method, headers, body: body || null })
    return { ...answer, tookMs: performance.now() - startedMs }
  },
  async serveFastify({ port }) {
    const app = require('fastify').fastify()
    app.all('/*', async (request, reply) => reply.header('x-mood', 'good').send({ method: request.method, url: request.url, body: request.body ?? '' }))
    return app.listen({ port, host: '0.0.0.0' })
  },
  async fetch({ url }) {
    return (await fetch(url)).json()
  },
  async open({ name, kind, ...rest }) {
    const startedMs = performance.now()
    const client = await clients[kind](rest)
    kept.set(name, client)
    const socket = client.socket
    return {
      tookMs: performance.now() - startedMs,
      ...(socket ? { remote: [socket.remoteAddress, socket.remotePort], local: socket.localAddress } : {}),
    }
  },
  async echo({ name, text = 'ping' }) {
    const startedMs = performance.now()
    const said = await kept.get(name).echo(text)
    return { said, tookMs: performance.now() - startedMs }
  },
  /** Echoes many lines written at once; says whether they came back in order. */
  async burst({ name, count }) {
    const answers = Array.from({ length: count }, (_, at) => kept.get(name).echo(`line-${at}`))
    return (await Promise.all(answers)).every((line, at) => line === `line-${at}`)
  },
  query: ({ name, sql }) => kept.get(name).query(sql),
  ends: ({ name }) => kept.get(name).ends,
  close: async ({ name }) => (await kept.get(name).close(), null),
  async upload({ host, port, bytes }) {
    const socket = net.connect({ host, port })
    await opened(socket, 'connect')
    const startedMs = performance.now()
    let said = ''
    const ended = new Promise((resolve, reject) => socket.on('error', reject).on('data', (data) => (said += data)).on('end', resolve))
    socket.end(Buffer.alloc(bytes, 1))
    await ended
    return { tookMs: performance.now() - startedMs, spreadMs: Number(said) }
  },
  async lookup({ name, how = 'lookup', options }) {
    switch (how) {
      case 'lookup':
        return new Promise((resolve, reject) =>
          dns.lookup(name, options ?? {}, (error, ...rest) => (error ? reject(error) : resolve(rest.length > 1 ? rest : rest[0]))),
        )
      case 'promise':
        return dns.promises.lookup(name, options)
      case 'esm':
        return (await import('node:dns/promises')).lookup(name, options)
      case 'promisified':
        return require('node:util').promisify(dns.lookup)(name, options ?? {})
      case 'resolve4':
        return dns.promises.resolve4(name)
      case 'resolver':
        return new Promise((resolve, reject) => new dns.Resolver().resolve4(name, (error, ips) => (error ? reject(error) : resolve(ips))))
    }
  },
  async context({ host, port }) {
    const storage = new AsyncLocalStorage()
    return storage.run('mine', async () => {
      try {
        await clients.tcp({ host, port })
      } catch {}
      return storage.getStore() ?? null
    })
  },
  hostname: () => os.hostname(),
  resources: () => process.getActiveResourcesInfo(),
  memory() {
    v8.setFlagsFromString('--expose-gc')
    vm.runInNewContext('gc')()
    return process.memoryUsage().heapUsed
  },
  /** Runs a command in a worker thread, in a fork, or in a node that was spawned. */
  async elsewhere({ where, command, args }) {
    if (where === 'worker') {
      const worker = kept.get('worker') ?? new Worker(__filename)
      kept.set('worker', worker)
      return ask((message) => worker.postMessage(message), (listen) => worker.once('message', listen), { command, args })
    }
    const child = kept.get(where) ?? (where === 'fork' ? childProcess.fork(__filename, ['--ipc']) : spawnNode())
    kept.set(where, child)
    if (where === 'fork') return ask((message) => child.send(message), (listen) => child.once('message', listen), { command, args })
    const lines = child.lines
    return ask((message) => child.stdin.write(`${JSON.stringify(message)}\n`), (listen) => lines.once('line', (line) => listen(JSON.parse(line))), { command, args })
  },
  stopElsewhere: ({ where }) => {
    const child = kept.get(where)
    kept.delete(where)
    return where === 'worker' ? child.terminate().then(() => null) : (child.kill('SIGKILL'), null)
  },
  wait: ({ ms }) => wait(ms).then(() => null),
  spin: ({ ms }) => {
    const until = Date.now() + ms
    while (Date.now() < until);
    return null
  },
}

function spawnNode() {
  const child = childProcess.spawn(process.execPath, [__filename], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.lines = readline.createInterface({ input: child.stdout })
  return child
}

async function ask(send, listen, message) {
  const answer = new Promise((resolve) => listen(resolve))
  send(message)
  const { value, error } = await answer
  if (error) throw Object.assign(new Error(error.message), { code: error.code })
  return value
}

async function perform({ id, command, args = {} }) {
  try {
    return { id, value: (await commands[command](args)) ?? null }
  } catch (error) {
    return { id, error: { code: error.code ?? error.cause?.code, message: String(error.message), address: error.address, port: error.port } }
  }
}

if (!isMainThread) parentPort.on('message', async (message) => parentPort.postMessage(await perform(message)))
else if (process.argv.includes('--ipc')) process.on('message', async (message) => process.send(await perform(message)))
else if (process.argv.includes('--once')) perform(JSON.parse(process.argv.at(-1))).then((answer) => process.stdout.write(JSON.stringify(answer)))
else
  readline
    .createInterface({ input: process.stdin })
    .on('line', async (line) => process.stdout.write(`${JSON.stringify(await perform(JSON.parse(line)))}\n`))
    .on('close', () => process.exit(0))
