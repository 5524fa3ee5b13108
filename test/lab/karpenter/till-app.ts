/** A till that answers at once and counts its requests, so that an autoscaler can follow them. */
import { createServer } from 'node:http'

let served = 0

const server = createServer((request, response) => {
  if (request.url === '/metrics') response.end(`# TYPE http_requests_total counter\nhttp_requests_total ${served}\n`)
  else if (request.url === '/healthz') response.end()
  else {
    served += 1
    response.end('{}')
  }
}).listen(8080)

process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
