// Answers the promo peak's requests as cheaply as Node can, in a process of its own, and counts them. GET tells how many, and how many of them were orders.
import { createServer } from 'node:http'

let count = 0
let orders = 0
const server = createServer((request, response) => {
  if (request.method === 'GET') return response.end(`${count} ${orders}`)
  count++
  if (request.url !== '/login') orders++
  request.resume()
  response.writeHead(request.url === '/login' ? 200 : 201, { 'content-type': 'application/json' })
  response.end('{"token":"t-player-000001","status":"approved"}')
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit())
