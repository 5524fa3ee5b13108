import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

// Behaves like a user's service: reads mounted files at their paths, listens on all addresses, and drains on SIGTERM.
const config = () => readFileSync('/etc/config/greeting', 'utf8')
const token = () => readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8').split('.').length

createServer((_, response) => {
  response.end(
    JSON.stringify({ greeting: config(), tokenParts: token(), secret: process.env.SECRET, uid: process.getuid?.() }),
  )
}).listen(8080, () => console.log(`listening ${process.env.HOSTNAME}`))

process.once('SIGTERM', () => {
  console.log('draining')
  setTimeout(() => process.exit(0), 100)
})
