/**
 * Whether an answer can come from a Kubernetes API server at all. What is asked for stands in the path, so that one place checks every
 * answer: a login page that is read as an empty list would say that nothing is left to heal.
 */
import { isFields } from '../fields.ts'
import type { ApiRequest, ApiResponse } from './api.ts'
import { quoted } from './api-error.ts'

type Shape = 'version' | 'resources' | 'list' | 'object' | 'anything'

/** What is strange about an answer, or undefined. What a pod or a service says through the proxy is not judged. */
export function strangeness(request: ApiRequest, response: ApiResponse): string | undefined {
  const shape = shapeOf(request)
  if (shape === 'anything') return undefined
  const { status } = response
  if (status >= 200 && status < 300) return fits(request, shape, response.json) ? undefined : told(response)
  if (status < 400) return told(response)
  // Readers take these three for Kubernetes' own words: not there, not allowed, changed meanwhile.
  if ([403, 404, 409].includes(status))
    return isStatus(response.json) || isUnknownPath(response) ? undefined : told(response)
  return undefined
}

function told({ status, contentType, location, text }: ApiResponse): string {
  const to = location ? ` to ${quoted(location)}` : ''
  return `${status}${to} with ${contentType ? `${contentType}, ` : ''}${quoted(text)}`
}

/** `/api/v1/…` or `/apis/<group>/<version>/…`: a collection, one object, or a part of an object. */
function shapeOf({ path }: ApiRequest): Shape {
  const [route = ''] = path.split('?')
  if (route === '/version') return 'version'
  const [, rest] = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)(?:\/(.*))?$/.exec(route) ?? []
  if (rest === undefined) return /^\/apis?\//.test(route) ? 'resources' : 'anything'
  const parts = rest.split('/')
  if (parts.includes('proxy')) return 'anything'
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts
  // `pods/NAME/log` is text.
  if (inNamespace.length === 3 && inNamespace[2] === 'log') return 'anything'
  return inNamespace.length === 1 ? 'list' : 'object'
}

function fits({ method }: ApiRequest, shape: Exclude<Shape, 'anything'>, json: unknown): boolean {
  if (!isFields(json)) return false
  // A deletion and an eviction are answered with a Status, or with the object that goes.
  if (json.kind === 'Status') return (method === 'DELETE' || method === 'POST') && json.status === 'Success'
  switch (shape) {
    case 'version':
      return typeof json.gitVersion === 'string'
    case 'resources':
      return Array.isArray(json.resources)
    case 'list':
      if (method === 'POST') return isFields(json.metadata) || isFields(json.status)
      // Go writes an empty slice that was never made as null.
      return Array.isArray(json.items) || (json.items === null && isFields(json.metadata))
    case 'object':
      return isFields(json.metadata) && (method !== 'GET' || typeof json.metadata.name === 'string')
  }
}

const isStatus = (json: unknown): boolean => isFields(json) && json.kind === 'Status'

/** What the API server says of a group that it does not serve (k8s.io/apiserver, `http.NotFound`): plain text. */
const isUnknownPath = ({ status, text }: ApiResponse): boolean => status === 404 && text.trim() === '404 page not found'
