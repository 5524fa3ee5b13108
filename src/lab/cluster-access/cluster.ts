/**
 * How the lab's own programs use its API server: `connect` reads the kubeconfig, a `ClusterClient` sends requests, `follow` lists and watches. A
 * whole client library would add half a second to a boot of twelve.
 */

import type { Fields } from '../../protocols/fields.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import { type ApiAccess, type ApiClient, type ClientAnswer, type ClientCall, createApiClient } from './client.ts'

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

/** Requests throw ApiProblem for an answer of 400 and above, and whatever the connection throws. */
export type ClusterClient = {
  readonly server: URL
  get(path: string, signal?: AbortSignal): Promise<Fields>
  create(path: string, body: unknown): Promise<Fields>
  /** JSON merge patch. With `metadata.resourceVersion` in it, a stale version is refused as a Conflict. */
  merge(path: string, body: unknown): Promise<Fields>
  /** Server-side apply as field manager `matchday-lab`. It takes over fields that another manager owns. */
  apply(path: string, body: unknown): Promise<Fields>
  /** `apply` of an object as its manifest in YAML. */
  applyYaml(path: string, manifest: string): Promise<Fields>
  remove(path: string, options?: unknown): Promise<Fields>
  lines: ApiClient['lines']
  close(): void
}

export function createClusterClient(access: ApiAccess): ClusterClient {
  const client = createApiClient(access)
  const ask = async (request: ClientCall): Promise<Fields> => answerOf(await client.call(request))
  const apply = (path: string, body: unknown) =>
    ask({
      method: 'PATCH',
      path: `${path}?fieldManager=matchday-lab&force=true`,
      body,
      contentType: 'application/apply-patch+yaml',
    })
  return {
    server: access.server,
    get: (path, signal) => ask({ path, signal }),
    create: (path, body) => ask({ method: 'POST', path, body }),
    merge: (path, body) => ask({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' }),
    apply,
    // JSON is YAML too, so both have one content type.
    applyYaml: apply,
    remove: (path, body = {}) => ask({ method: 'DELETE', path, body }),
    lines: client.lines,
    close: client.close,
  }
}

function answerOf({ status, body }: ClientAnswer): Fields {
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
