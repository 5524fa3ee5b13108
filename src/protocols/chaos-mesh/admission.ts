/**
 * What a cluster with Chaos Mesh would answer to `kubectl create`, without a cluster: unknown fields, then the schema of the
 * defaulted object, then the webhooks, and like the API server it stops at the first of these that finds anything.
 */

import { isFields } from '../fields.ts'
import { defaultedSpec } from './defaults.ts'
import type { ChaosKind, ChaosObject } from './objects.ts'
import { API_VERSION, faultKinds, isChaosKind, isChaosObject, VERSION } from './objects.ts'
import { schemaProblems, unknownFields } from './schema-check.ts'
import { webhookProblems } from './webhook-rules.ts'

/** Who would refuse. `kind`: not an object that this code knows. */
export type AdmissionSource = 'kind' | 'decoding' | 'schema' | 'webhook'
export type AdmissionProblem = {
  readonly source: AdmissionSource
  /** The field as the user wrote it: `spec.value`. */
  readonly path: string
  /** In the words of the cluster. */
  readonly message: string
}

/** The object with the defaults that admission fills in; call it only on what `admit` lets pass. */
export function withDefaults(object: ChaosObject): ChaosObject {
  const spec = defaultedSpec(object.kind, object.metadata.namespace, object.spec)
  const filled: unknown = { ...object, spec }
  return isChaosObject(filled) ? filled : object
}

/** Everything that a cluster with Chaos Mesh would hold against this object; empty when it would be admitted. */
export function admit(object: unknown): readonly AdmissionProblem[] {
  const kind = kindOf(object)
  if (typeof kind !== 'string') return [kind]
  const { spec, namespace, name } = partsOf(object)
  const named: AdmissionProblem[] = name === undefined ? [nameless] : []
  const schema = faultKinds[kind].schema
  const unknown = unknownFields(spec, schema, 'spec')
  if (unknown.length > 0) return [...named, ...unknown.map((path) => unknownField(kind, path))]
  const filled = defaultedSpec(kind, namespace, spec)
  const shape = schemaProblems(filled, schema, 'spec')
  if (shape.length > 0) return [...named, ...shape.map((problem) => ({ source: 'schema' as const, ...problem }))]
  const candidate: unknown = { apiVersion: API_VERSION, kind, metadata: { name: name ?? '', namespace }, spec: filled }
  if (!isChaosObject(candidate)) return named
  return [...named, ...webhookProblems(candidate).map((problem) => ({ source: 'webhook' as const, ...problem }))]
}

const nameless: AdmissionProblem = {
  source: 'schema',
  path: 'metadata.name',
  message: 'metadata.name: Required value: name or generateName is required',
}

function kindOf(object: unknown): ChaosKind | AdmissionProblem {
  const refuse = (path: string, message: string): AdmissionProblem => ({ source: 'kind', path, message })
  if (!isFields(object)) return refuse('', 'not a Kubernetes object')
  if (object.apiVersion !== API_VERSION)
    return refuse('apiVersion', `apiVersion is ${JSON.stringify(object.apiVersion)}, expected "${API_VERSION}"`)
  if (isChaosKind(object.kind)) return object.kind
  return refuse('kind', `no matches for kind ${JSON.stringify(object.kind ?? '')} in version "${API_VERSION}"`)
}

function partsOf(object: unknown): { spec: unknown; namespace: string; name: string | undefined } {
  const fields = isFields(object) ? object : {}
  const metadata = isFields(fields.metadata) ? fields.metadata : {}
  const name = metadata.name ?? metadata.generateName
  return {
    spec: fields.spec,
    namespace: typeof metadata.namespace === 'string' && metadata.namespace !== '' ? metadata.namespace : 'default',
    name: typeof name === 'string' && name !== '' ? name : undefined,
  }
}

const unknownField = (kind: ChaosKind, path: string): AdmissionProblem => ({
  source: 'decoding',
  path,
  message: `${kind} in version "${VERSION}" cannot be handled as a ${kind}: strict decoding error: unknown field "${path}"`,
})

/** The webhooks' name, which is part of their answer. */
export const webhookName = (kind: ChaosKind): string => `v${kind.toLowerCase()}.kb.io`

/** Several messages in one, as Kubernetes joins them: each once, in brackets when there is more than one. */
export function joinedMessages(messages: readonly string[]): string {
  const once = [...new Set(messages)]
  return once.length === 1 ? (once[0] ?? '') : `[${once.join(', ')}]`
}

/** The whole answer as kubectl would print it, or undefined when the object is admitted. */
export function admissionAnswer(object: unknown): string | undefined {
  const problems = admit(object)
  const first = problems[0]
  if (first === undefined) return undefined
  const messages = joinedMessages(problems.map((problem) => problem.message))
  if (first.source === 'kind' || first.source === 'decoding') return messages
  const kind = isFields(object) && isChaosKind(object.kind) ? object.kind : 'PodChaos'
  if (first.source === 'webhook') return `admission webhook "${webhookName(kind)}" denied the request: ${messages}`
  return `The ${kind} "${partsOf(object).name ?? ''}" is invalid: ${messages}`
}
