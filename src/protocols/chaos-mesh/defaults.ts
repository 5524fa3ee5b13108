/**
 * What Chaos Mesh's mutating webhook makes of a spec: fields that Go can't leave out become empty values (so that a missing
 * mode is answered as an unsupported one), and defaults are filled in.
 */

import { isFields } from '../fields.ts'
import type { SpecFields } from './kind.ts'
import { type ChaosKind, faultKinds } from './objects.ts'
import type { Schema } from './schema.ts'

/** The spec as the cluster would store it. Shapes that are wrong are left as they are: the schema speaks about those. */
export function defaultedSpec(kind: ChaosKind, namespace: string, spec: unknown): unknown {
  const complete = asGoHolds(kind, spec)
  if (!isFields(complete)) return complete
  const fields: SpecFields = { ...complete, ...selectorDefaults(complete, namespace) }
  if (isFields(fields.target)) fields.target = { ...fields.target, ...selectorDefaults(fields.target, namespace) }
  return { ...fields, ...faultKinds[kind].defaults?.(fields) }
}

/** As Go holds the spec: without null fields, and with the empty ones that it cannot leave out. */
export const asGoHolds = (kind: ChaosKind, spec: unknown): unknown =>
  withEmptyFields(spec ?? {}, faultKinds[kind].schema)

function withEmptyFields(value: unknown, schema: Schema): unknown {
  if (!isFields(value) || schema.properties === undefined) return value
  const fields: SpecFields = {}
  for (const [name, child] of Object.entries(value)) {
    const known = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    // Go reads null as "not there".
    if (child !== null) fields[name] = known === undefined ? child : withEmptyFields(child, known)
  }
  for (const [name, known] of Object.entries(schema.properties)) {
    if (fields[name] !== undefined) continue
    if (known.default !== undefined) fields[name] = known.default
    else if (schema.required?.includes(name)) fields[name] = emptyValue(known)
  }
  return fields
}

function emptyValue(schema: Schema): unknown {
  switch (schema.type) {
    case 'object':
      return withEmptyFields({}, schema)
    case 'array':
      return []
    case 'string':
      return ''
    case 'integer':
      return 0
    case 'boolean':
      return false
  }
}

function selectorDefaults(fields: SpecFields, namespace: string): SpecFields {
  const selector = fields.selector
  if (!isFields(selector)) return {}
  const named = Array.isArray(selector.namespaces) ? selector.namespaces.length > 0 : selector.namespaces !== undefined
  return named ? {} : { selector: { ...selector, namespaces: [namespace] } }
}
