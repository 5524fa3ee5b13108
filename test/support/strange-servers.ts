/** Whatever may stand where Kubernetes was expected, as real servers: nobody, TLS and HTTP that break, login pages, proxies in trouble. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Authority, createAuthority } from '../../src/lab/control-plane/certificates.ts'
import { freePort } from './ports.ts'
import { tempFolder } from './temp-folder.ts'

/** A place to answer from, gone with the test. Gives the address for the kubeconfig. */
type Place = {
  https(listener: RequestListener, authority?: Authority): Promise<string>
  tcp(onSocket: (socket: Socket) => void): Promise<string>
}
type Strange = (place: Place) => Promise<string>

const LOGIN = '<!doctype html><html><title>Log in</title><form action="/login"></form></html>'
const STATUS = (code: number) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `status ${code}`, code })

const says =
  (status: number, body: string, headers: Record<string, string> = { 'content-type': 'text/html' }): Strange =>
  ({ https }) =>
    https((_, response) => void response.writeHead(status, headers).end(body))
const json = (status: number, body: string) => says(status, body, { 'content-type': 'application/json' })

const answer = (response: ServerResponse, body: unknown) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** What `identify` asks for is there; everything else is `then`'s. */
export const afterIdentify =
  (then: RequestListener): Strange =>
  ({ https }) =>
    https((request, response) => {
      if (request.url === '/version') return answer(response, { gitVersion: 'v1.37.2' })
      if (request.url?.endsWith('/namespaces/kube-system'))
        return answer(response, { kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u' } })
      return then(request, response)
    })

/** Name, what answers, and what must be said of it. */
export const strangeServers: readonly (readonly [string, Strange, RegExp])[] = [
  ['nobody listens', async () => `https://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ['the name leads nowhere', async () => 'https://nowhere.invalid:6443', /ENOTFOUND|EAI_AGAIN/],
  ['the connection is reset at once', ({ tcp }) => tcp((socket) => socket.resetAndDestroy()), /no answer/],
  ['the connection is closed at once', ({ tcp }) => tcp((socket) => socket.end()), /no answer/],
  ['nothing is ever answered', ({ https }) => https(() => undefined), /nothing came within the timeout/],
  ['it speaks plain HTTP', ({ tcp }) => tcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')), /no answer/],
  ['its certificate is of another authority', ({ https }) => otherAuthority(https), /certificate/i],
  ['the answer breaks off', ({ https }) => https(breakOff), /no answer|aborted/],
  ['200 with a login page', says(200, LOGIN), /200 with text\/html/],
  ['200 with text', says(200, 'ok', { 'content-type': 'text/plain' }), /200 with text\/plain, "ok"/],
  ['200 with an empty body', says(200, '', {}), /200 with an empty body/],
  ['204', says(204, '', {}), /204 with an empty body/],
  ['301 to another place', says(301, '', { location: 'https://elsewhere.example/' }), /301 to "https:\/\/elsewhere/],
  ['302 to a login', says(302, '', { location: '/oauth2/start' }), /302 to "\/oauth2\/start"/],
  ['200 with JSON of another kind', json(200, '{"login":"required"}'), /login.*required/],
  ['200 with a JSON list', json(200, '[]'), /"\[\]"/],
  ['200 with null', json(200, 'null'), /"null"/],
  ['200 with JSON that is cut off', json(200, '{"kind":"PodList","items":['), /PodList/],
  ['200 with a Status of failure', json(200, STATUS(500)), /Status/],
  ['401 of Kubernetes', json(401, STATUS(401)), /401 status 401/],
  ['401 with a login page', says(401, LOGIN), /401 ".*Log in/],
  ['403 of a proxy', says(403, LOGIN), /403 with text\/html/],
  ['404 of a web server', says(404, LOGIN), /404 with text\/html/],
  ['404 as Kubernetes says it of an unknown path', says(404, '404 page not found\n', {}), /404 "404 page/],
  ['429', json(429, STATUS(429)), /429 status 429/],
  ['500 with text', says(500, 'oops', {}), /500 "oops"/],
  ['502 of a proxy', says(502, LOGIN), /502 ".*Log in/],
  ['503 of Kubernetes', json(503, STATUS(503)), /503 status 503/],
  ['504 with an empty body', says(504, '', {}), /504 an empty body/],
]

async function otherAuthority(https: Place['https']): Promise<string> {
  return https((_, response) => void response.end('{}'), await createAuthority('another authority'))
}

const breakOff: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"gitVersion":', () => response.destroy())
}

/** Serves until the test ends; gives the path of a kubeconfig with the context `lab` that leads there. */
export async function strangeKubeconfig(serve: Strange): Promise<string> {
  const authority = await createAuthority('small authority')
  const server = await serve({
    https: async (listener, other = authority) => {
      const { certificate, key } = await other.issue({ commonName: 'small', use: 'server', addresses: ['127.0.0.1'] })
      return `https://${await listening(createHttps({ cert: certificate, key }, listener))}`
    },
    tcp: async (onSocket) => {
      const server = createTcp((socket) => {
        socket.on('error', () => undefined)
        onSocket(socket)
      })
      return `https://${await listening(server)}`
    },
  })
  const folder = tempFolder()
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'kubeconfig')
  const data = Buffer.from(authority.certificate).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'u', user: { token: 'good' } }],
    contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u' } }],
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
