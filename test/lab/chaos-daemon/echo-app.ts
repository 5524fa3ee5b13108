// What the pods of the chaos tests run: answers, asks others when told to, and counts.
import { createServer, request } from 'node:http'

const PORT = 8080
let asked = 0

/** Milliseconds until the answer, or what went wrong. */
function ask(url: string, withinMs: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const startMs = performance.now()
  const outgoing = request(url, { signal: AbortSignal.timeout(withinMs), agent: false }, (answer) => {
    answer.resume().on('end', () => resolve(String(Math.round(performance.now() - startMs))))
  })
  outgoing.on('error', (error) =>
    resolve(`failed: ${error.name === 'AbortError' || error.name === 'TimeoutError' ? 'timeout' : error.message}`),
  )
  outgoing.end()
  return promise
}

const server = createServer(async (incoming, response) => {
  const url = new URL(incoming.url ?? '/', 'http://pod')
  if (url.pathname === '/metrics') {
    response.end(`# TYPE http_requests_total counter\nhttp_requests_total ${asked}\n`)
    return
  }
  if (url.pathname === '/ask') {
    response.end(await ask(url.searchParams.get('url') ?? '', Number(url.searchParams.get('withinMs') ?? 1000)))
    return
  }
  if (url.pathname !== '/healthz') asked += 1
  response.end('hello')
})
server.listen(PORT)
process.on('SIGTERM', () => process.exit(0))
