/**
 * What Chaos Mesh's mutating webhook makes of a spec: fields that Go can't leave out become empty values (so that a missing
 * mode is answered as an unsupported one), and defaults are filled in.
 */

import type { ChaosKind } from './objects.ts'
import { isFields } from './schema-check.ts'
import type { Schema } from './schemas.ts'
import { specSchemas } from './schemas.ts'

type Fields = Record<string, unknown>

/** The spec as the cluster would store it. Shapes that are wrong are left as they are: the schema speaks about those. */
export function defaultedSpec(kind: ChaosKind, namespace: string, spec: unknown): unknown {
  const complete = withEmptyFields(spec ?? {}, specSchemas[kind])
  if (!isFields(complete)) return complete
  const fields: Fields = { ...complete, ...selectorDefaults(complete, namespace) }
  if (isFields(fields.target)) fields.target = { ...fields.target, ...selectorDefaults(fields.target, namespace) }
  if (kind === 'NetworkChaos') Object.assign(fields, networkDefaults(fields))
  if (kind === 'TimeChaos' && fields.clockIds === undefined) fields.clockIds = ['CLOCK_REALTIME']
  return fields
}

function withEmptyFields(value: unknown, schema: Schema): unknown {
  if (!isFields(value) || schema.properties === undefined) return value
  const fields: Fields = {}
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

function selectorDefaults(fields: Fields, namespace: string): Fields {
  const selector = fields.selector
  if (!isFields(selector)) return {}
  const named = Array.isArray(selector.namespaces) ? selector.namespaces.length > 0 : selector.namespaces !== undefined
  return named ? {} : { selector: { ...selector, namespaces: [namespace] } }
}

function networkDefaults(fields: Fields): Fields {
  const changed: Fields = {}
  if (fields.direction === '') changed.direction = 'to'
  if (typeof fields.device === 'string' && fields.device.includes('@')) changed.device = fields.device.split('@')[0]
  for (const name of ['loss', 'duplicate', 'corrupt']) {
    const part = fields[name]
    if (isFields(part)) changed[name] = { ...part, ...correlated(part) }
  }
  if (isFields(fields.delay)) changed.delay = delayDefaults(fields.delay)
  return changed
}

function delayDefaults(delay: Fields): Fields {
  const filled: Fields = { ...delay, ...correlated(delay), jitter: delay.jitter || '0ms' }
  if (isFields(delay.reorder)) filled.reorder = { ...delay.reorder, ...correlated(delay.reorder) }
  return filled
}

const correlated = (part: Fields): Fields => ({ correlation: part.correlation || '0' })
