/**
 * Everything that can go wrong between matchday and an API server, as one kind of environment error: what was asked, what came back, and
 * the next step. The transport makes `NoAnswer` and `StrangeAnswer`; readers make `ApiRefusal` of an answer that they can't use.
 */
import { urlToShow } from '../../domain/unknown.ts'
import type { ApiRequest, ApiResponse } from './api.ts'

/** Where a request goes: the context's name and the server's address. */
export type ApiAddress = { readonly context: string; readonly server: string }

type Asked = Pick<ApiRequest, 'method' | 'path'>

export abstract class ApiError extends Error {
  /** What the user can do next. */
  abstract readonly next: string
}

const asked = ({ method, path }: Asked, { context, server }: ApiAddress): string =>
  `${method} ${path} at ${urlToShow(server)} (context ${context})`

/** No answer came: refused, reset, timed out, or the TLS handshake failed. */
export class NoAnswer extends ApiError {
  readonly next: string
  constructor(request: Asked, address: ApiAddress, cause: unknown) {
    super(`${asked(request, address)}: no answer: ${reasonOf(cause)}`, { cause })
    this.name = 'NoAnswer'
    this.next = isAboutTls(cause)
      ? `Compare server and certificate-authority of the context with the cluster: kubectl config view --minify --context ${address.context}`
      : `Is the cluster up, and can this machine reach it? Try: kubectl --context ${address.context} version`
  }
}

/** Something answered that is no API server, or not as one: a login page, a proxy, another kind of JSON. */
export class StrangeAnswer extends ApiError {
  readonly next: string
  constructor(request: Asked, address: ApiAddress, got: string) {
    super(`${asked(request, address)}: this is no answer of Kubernetes: ${got}`)
    this.name = 'StrangeAnswer'
    this.next = `Something else answers there, such as a login page or a proxy. Compare the kubeconfig's server and your login with: kubectl --context ${address.context} get --raw /version`
  }
}

/** The API server's answer was a refusal; `reason` is Kubernetes' own (`Forbidden`, `NotFound`, `Conflict`, …). */
export class ApiRefusal extends ApiError {
  readonly status: number
  readonly reason: string
  readonly next: string
  constructor(request: Asked, response: ApiResponse, address?: ApiAddress) {
    const { message, reason } = statusOf(response.json)
    const where = address ? asked(request, address) : `${request.method} ${request.path}`
    super(`${where}: ${response.status} ${message ?? quoted(response.text)}`)
    this.name = 'ApiRefusal'
    this.status = response.status
    this.reason = reason ?? String(response.status)
    this.next = nextAfter(response.status, address ? `kubectl --context ${address.context}` : 'kubectl')
  }
}

function nextAfter(status: number, kubectl: string): string {
  if (status === 401)
    return `The login was not accepted; it may have expired. Log in again, then try: ${kubectl} auth whoami`
  if (status === 403) return `Grant the permission, then compare with: ${kubectl} auth can-i --list`
  if (status === 404) return `Compare with what is there: ${kubectl} get all`
  if (status === 429 || status >= 500)
    return `The API server, or a proxy before it, can't answer now. Try again when this works: ${kubectl} get --raw /readyz`
  return `Read what the API server says above; the same by hand: ${kubectl} get`
}

function statusOf(json: unknown): { readonly message?: string; readonly reason?: string } {
  if (typeof json !== 'object' || json === null) return {}
  const { message, reason } = json as { readonly message?: unknown; readonly reason?: unknown }
  return {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
  }
}

const QUOTED_MAX = 120

/** The beginning of a foreign text, on one line and without control characters. */
export const quoted = (text: string): string =>
  text === '' ? 'an empty body' : JSON.stringify(text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text)

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause.name === 'TimeoutError') return 'nothing came within the timeout'
  // Node gives several failed attempts (IPv4 and IPv6) as one error without a message.
  const all = cause instanceof AggregateError ? cause.errors.map(reasonOf).join('; ') : cause.message
  return all || codeOf(cause) || cause.name
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''

/** Codes of OpenSSL's certificate checks as Node names them (doc/api/tls.md, "X509 certificate error codes"), and of failed handshakes. */
const isAboutTls = (cause: unknown): boolean => /CERT|TLS|SSL|SIGNATURE|^EPROTO$/.test(codeOf(cause))
