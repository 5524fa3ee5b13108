/** A shop that counts its requests by code. FAILS_EVERY=4 answers each fourth one with a server error. */
import { createServer } from 'node:http'

const failsEvery = Number(process.env.FAILS_EVERY ?? 0)
const served = { '200': 0, '500': 0 }

const exposition = () =>
  Object.entries(served).reduce(
    (text, [code, times]) => `${text}http_requests_total{code="${code}"} ${times}\n`,
    '# TYPE http_requests_total counter\n',
  )

const server = createServer((request, response) => {
  if (request.url === '/metrics') return void response.end(exposition())
  if (request.url === '/healthz') return void response.end()
  const code = failsEvery > 0 && (served['200'] + served['500'] + 1) % failsEvery === 0 ? '500' : '200'
  served[code] += 1
  response.writeHead(Number(code)).end('{}')
}).listen(8080)

process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
