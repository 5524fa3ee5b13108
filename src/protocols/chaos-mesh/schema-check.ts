/** Checks a value against a structural schema and words each problem as the Kubernetes API server does. */

import { type Fields, isFields } from '../fields.ts'
import type { Schema } from './schema.ts'

export type SchemaProblem = { readonly path: string; readonly message: string }

const shown = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value))
const invalid = (path: string, value: unknown, problem: string): SchemaProblem => ({
  path,
  message: `${path}: Invalid value: ${shown(value)}: ${path} in body ${problem}`,
})

/** Fields that the schema does not know, as paths. */
export function unknownFields(value: unknown, schema: Schema, path: string): string[] {
  if (Array.isArray(value)) {
    const items = schema.items
    return items === undefined ? [] : value.flatMap((item, index) => unknownFields(item, items, `${path}[${index}]`))
  }
  if (!isFields(value) || schema['x-kubernetes-preserve-unknown-fields']) return []
  return Object.entries(value).flatMap(([name, child]) => {
    const known = propertySchema(schema, name)
    return known === undefined ? [`${path}.${name}`] : unknownFields(child, known, `${path}.${name}`)
  })
}

function propertySchema(schema: Schema, name: string): Schema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name]
  return schema.additionalProperties
}

/** Every violation, in the order of the schema's fields. */
export function schemaProblems(value: unknown, schema: Schema, path: string): SchemaProblem[] {
  const type = typeProblem(value, schema, path)
  if (type !== undefined) return [type]
  switch (schema.type) {
    case 'object':
      return isFields(value) ? objectProblems(value, schema, path) : []
    case 'array':
      return arrayProblems(value, schema, path)
    case 'string':
      return typeof value === 'string' ? textProblems(value, schema, path) : []
    case 'integer':
      return typeof value === 'number' ? numberProblems(value, schema, path) : []
    case 'boolean':
      return []
  }
}

function typeProblem(value: unknown, schema: Schema, path: string): SchemaProblem | undefined {
  const actual = jsonType(value)
  if (actual === schema.type) return undefined
  const message = `${path}: Invalid value: ${shown(actual)}: ${path} in body must be of type ${schema.type}: ${shown(actual)}`
  return { path, message }
}

function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function objectProblems(value: Fields, schema: Schema, path: string): SchemaProblem[] {
  const missing = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path: `${path}.${name}`, message: `${path}.${name}: Required value` }))
  const inner = Object.entries(value).flatMap(([name, child]) => {
    const known = propertySchema(schema, name)
    return known === undefined ? [] : schemaProblems(child, known, `${path}.${name}`)
  })
  return [...missing, ...inner]
}

function arrayProblems(value: unknown, schema: Schema, path: string): SchemaProblem[] {
  const items = schema.items
  if (items === undefined || !Array.isArray(value)) return []
  return value.flatMap((item, index) => schemaProblems(item, items, `${path}[${index}]`))
}

function textProblems(value: string, schema: Schema, path: string): SchemaProblem[] {
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    const supported = schema.enum.map(shown).join(', ')
    return [{ path, message: `${path}: Unsupported value: ${shown(value)}: supported values: ${supported}` }]
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    return [invalid(path, value, `should match '${schema.pattern}'`)]
  return []
}

function numberProblems(value: number, schema: Schema, path: string): SchemaProblem[] {
  if (schema.minimum !== undefined && value < schema.minimum)
    return [invalid(path, value, `should be greater than or equal to ${schema.minimum}`)]
  if (schema.maximum !== undefined && value > schema.maximum)
    return [invalid(path, value, `should be less than or equal to ${schema.maximum}`)]
  return []
}
