import { createServer } from 'node:http'

// A service that says in its log which paths were asked of it, and drains on SIGTERM.
const server = createServer((request, response) => {
  if (request.url !== '/healthz') console.log(`asked for ${request.url}`)
  response.end(process.env.HOSTNAME)
}).listen(8080)

process.once('SIGTERM', () => {
  console.log('draining')
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
