/**
 * The relay: a small program for Node that runs in the cluster. Runners push their metrics to it; the controller reads them through the API server's
 * proxy, because a cluster cannot reach the machine of the controller. It keeps each push until the controller has read it.
 *
 * `POST /SECRET/INSTANCE` takes a push. `GET /pushes?after=SEQ` forgets those up to SEQ and answers `{now, dropped, pushes: [{seq, instance, at, body}]}`,
 * oldest first, with `body` in base64 and times of the relay's clock. Only runners know the secret.
 */

/** On the pod's address, for pushes and for reads. The secret keeps other pods from pushing. */
export const RELAY_PORT = 8081
export const RELAY_FILE = 'relay.mjs'
export const SECRET_VARIABLE = 'MATCHDAY_RELAY_SECRET'

/** Limit of one answer, in characters of base64. The API server's proxy and the reader have limits of their own. */
const ANSWER_BYTES = 4 << 20
/** Kept while nobody reads, in characters of base64, so that a laptop that sleeps for some minutes loses nothing. */
const KEPT_BYTES = 192 << 20

export const RELAY_PROGRAM = `import { createServer } from 'node:http'
const secret = process.env.${SECRET_VARIABLE}
let pushes = [], seq = 0, kept = 0, dropped = 0
const forget = (count) => { for (const each of pushes.splice(0, count)) kept -= each.body.length }
const take = (instance, chunks) => {
  const body = Buffer.concat(chunks).toString('base64')
  pushes.push({ seq: ++seq, instance, at: Date.now(), body })
  kept += body.length
  while (kept > ${KEPT_BYTES}) { forget(1); dropped++ }
}
const answer = (after) => {
  const read = pushes.findIndex((each) => each.seq > after)
  forget(read < 0 ? pushes.length : read)
  let size = 0
  const fit = pushes.findIndex((each) => (size += each.body.length) > ${ANSWER_BYTES})
  return JSON.stringify({ now: Date.now(), dropped, pushes: fit < 0 ? pushes : pushes.slice(0, Math.max(1, fit)) })
}
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://relay')
  if (request.method === 'GET' && pathname === '/pushes') {
    response.setHeader('content-type', 'application/json')
    return void response.end(answer(Number(searchParams.get('after'))))
  }
  const [, given, instance] = pathname.split('/')
  if (request.method !== 'POST' || given !== secret || !instance) return void response.writeHead(404).end()
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    take(decodeURIComponent(instance), chunks)
    response.writeHead(204).end()
  })
}).listen(${RELAY_PORT})
process.on('SIGTERM', () => process.exit(0))
`
