/**
 * How the lab's own daemons (chaos-daemon, metrics-api) reach the cluster: a connection from the lab's kubeconfig, a list that follows
 * its watch, JSON over the lab's unix sockets, and the lifeline to the owner. Loading a whole Kubernetes client costs half a
 * second of a boot that has twelve.
 */

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Fields, fieldsOf, textOf } from '../machine/json.ts'
import { labPaths } from '../machine/paths.ts'
import { type ApiAnswer, type ApiClient, type ApiRequest, apiClient } from './api-client.ts'

/** An answer of 400 and above. `reason` is Kubernetes' own word, such as NotFound or Conflict. */
export class ApiProblem extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.name = 'ApiProblem'
    this.status = status
    this.reason = reason
  }
}

export type Cluster = {
  /** @throws ApiProblem for an answer of 400 and above, and whatever the connection throws */
  get(path: string): Promise<Fields>
  create(path: string, body: unknown): Promise<Fields>
  /** JSON merge patch. With `metadata.resourceVersion` in it, a stale version is refused as a Conflict. */
  merge(path: string, body: unknown): Promise<Fields>
  /** Server-side apply under the lab's own name, taking over whatever is in the way. */
  apply(path: string, body: unknown): Promise<Fields>
  remove(path: string, options?: unknown): Promise<Fields>
  lines: ApiClient['lines']
  close(): void
}

/** @throws when the lab's kubeconfig isn't there or isn't one of the lab's */
export function connect(root: string): Cluster {
  const paths = labPaths(root)
  const config = fieldsOf(parse(readFileSync(paths.kubeconfig, 'utf8')))
  const cluster = fieldsOf(fieldsOf(firstOf(config.clusters)).cluster)
  const user = fieldsOf(fieldsOf(firstOf(config.users)).user)
  const authority = Buffer.from(textOf(cluster['certificate-authority-data']), 'base64').toString('utf8')
  if (textOf(cluster.server) === '' || textOf(user.token) === '' || authority === '')
    throw new Error(`${paths.kubeconfig} names no server, token or authority`)
  return overClient(apiClient(textOf(cluster.server), authority, textOf(user.token)))
}

const firstOf = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined)

function overClient(client: ApiClient): Cluster {
  const ask = async (request: ApiRequest): Promise<Fields> => answerOf(await client.call(request))
  return {
    get: (path) => ask({ path }),
    create: (path, body) => ask({ method: 'POST', path, body }),
    merge: (path, body) => ask({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' }),
    apply: (path, body) =>
      ask({
        method: 'PATCH',
        path: `${path}?fieldManager=matchday-lab&force=true`,
        body,
        contentType: 'application/apply-patch+yaml',
      }),
    remove: (path, body = {}) => ask({ method: 'DELETE', path, body }),
    lines: client.lines,
    close: client.close,
  }
}

function answerOf({ status, body }: ApiAnswer): Fields {
  const fields = parsed(body)
  if (status < 400) return fields
  const message = textOf(fields.message) || `the API server answered ${status}: ${body.slice(0, 200)}`
  throw new ApiProblem(status, textOf(fields.reason), message)
}

function parsed(body: string): Fields {
  try {
    return fieldsOf(JSON.parse(body))
  } catch {
    return {}
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiProblem && error.status === 404
export const isConflict = (error: unknown): boolean => error instanceof ApiProblem && error.status === 409
