import { createServer } from 'node:http'
import { connect } from 'node:net'

// A service that says in its log which paths were asked of it, and drains on SIGTERM. To see a peer die it can also keep a connection:
// `/hold?ip=` opens one, `/held` says how it is, `/dial?ip=` says what becomes of a new one.
const PORT = 8080
const SILENT_AFTER_MS = 1_500

let held = 'never opened'

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://web')
  if (pathname !== '/healthz') console.log(`asked for ${pathname}`)
  if (pathname === '/hold') hold(searchParams.get('ip') ?? '')
  if (pathname === '/dial') dial(searchParams.get('ip') ?? '', (outcome) => response.end(outcome))
  else if (pathname === '/held') response.end(held)
  else response.end(process.env.HOSTNAME)
}).listen(PORT)

function hold(ip: string): void {
  const became = (state: string) => {
    held = state
  }
  connect(PORT, ip, () => became('open'))
    .on('error', (error) => became(error.message))
    .on('end', () => became('ended by its peer'))
}

function dial(ip: string, told: (outcome: string) => void): void {
  const socket = connect(PORT, ip)
  socket.setTimeout(SILENT_AFTER_MS, () => socket.destroy(new Error('silence')))
  socket.once('error', (error) => told(error.message))
  socket.once('connect', () => {
    socket.destroy()
    told('answered')
  })
}

process.once('SIGTERM', () => {
  console.log('draining')
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
