/**
 * How a Prometheus is reached: through the API server's proxy, or by its URL with credentials from the environment or a file. A credential is read at
 * each request, because it may be renewed, and never appears in an error.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { type PrometheusLogin, type PrometheusTarget, placeToShow, type SecretPlace } from '../../domain/rehearsal.ts'
import { isObject } from '../../domain/unknown.ts'
import { type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'

const TIMEOUT_MS = 5000

export type PrometheusAnswer = { readonly status: number; readonly text: string }

/** GET of a path of Prometheus' HTTP API. */
export async function askPrometheus(
  api: KubernetesApi,
  { server }: PrometheusTarget,
  path: string,
): Promise<PrometheusAnswer> {
  if (server.kind === 'url') return getUrl(new URL(server.url.replace(/\/+$/, '') + path), server.login, server.ca)
  const { namespace, service, port } = server
  const asked = paths.serviceProxy(namespace, service, port, path)
  return api.request({ method: 'GET', path: asked, timeoutMs: TIMEOUT_MS })
}

async function getUrl(url: URL, login: PrometheusLogin | undefined, ca: string | undefined): Promise<PrometheusAnswer> {
  const headers = login === undefined ? {} : { authorization: authorizationOf(login) }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const request =
    url.protocol === 'https:'
      ? https.get(url, { headers, signal, ...(ca === undefined ? {} : { ca: readFileSync(ca) }) }, resolve)
      : http.get(url, { headers, signal }, resolve)
  request.on('error', (error) => reject(signal.aborted ? new Error(`no answer within ${TIMEOUT_MS / 1000} s`) : error))
  const response = await promise
  return { status: response.statusCode ?? 0, text: await text(response) }
}

/** The value of the header. Throws with the name of the variable or file if it holds no credential. */
export function authorizationOf({ kind, from }: PrometheusLogin): string {
  const secret = secretOf(from)
  return kind === 'bearer' ? `Bearer ${secret}` : `Basic ${Buffer.from(secret).toString('base64')}`
}

function secretOf(place: SecretPlace): string {
  if (place.kind === 'file') return contentOf(place)
  const value = process.env[place.name]
  if (value === undefined || value === '') throw new Error(`${placeToShow(place)} is not set`)
  return value
}

function contentOf(place: SecretPlace & { readonly kind: 'file' }): string {
  try {
    return readFileSync(place.path, 'utf8').trim()
  } catch (error) {
    throw new Error(`${placeToShow(place)} cannot be read (${isObject(error) ? error.code : 'unknown'})`)
  }
}
