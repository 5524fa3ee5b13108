/** The structural-schema dialect of CustomResourceDefinitions, and the parts that the schema of every kind has. */
import { MODES } from './common.ts'

export type Schema = {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly format?: 'int32' | 'int64' | 'byte' | 'date-time'
  readonly default?: string | number
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
}

export const text: Schema = { type: 'string' }
export const flag: Schema = { type: 'boolean' }
export const integer: Schema = { type: 'integer' }
export const whole = (bounds: { minimum?: number; maximum?: number; format?: 'int32' | 'int64' }): Schema => ({
  type: 'integer',
  ...bounds,
})
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values })
export const list = (items: Schema): Schema => ({ type: 'array', items })
export const mapOf = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties })
export const record = (properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema =>
  required.length === 0 ? { type: 'object', properties } : { type: 'object', properties, required }
export const loose: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

const selector = record({
  namespaces: list(text),
  labelSelectors: mapOf(text),
  expressionSelectors: list(record({ key: text, operator: text, values: list(text) }, 'key', 'operator')),
  annotationSelectors: mapOf(text),
  fieldSelectors: mapOf(text),
  nodes: list(text),
  nodeSelectors: mapOf(text),
  podPhaseSelectors: list(text),
  pods: mapOf(list(text)),
})

export const podSelector = { selector, mode: oneOf(...MODES), value: text }
/** Fields of every spec. */
export const commonFields = { ...podSelector, duration: text, remoteCluster: text }

const recordEvent = record(
  { type: text, operation: text, message: text, timestamp: { type: 'string', format: 'date-time' } },
  'operation',
  'timestamp',
  'type',
)
const chaosRecord = record(
  {
    id: text,
    selectorKey: text,
    phase: text,
    injectedCount: integer,
    recoveredCount: integer,
    events: list(recordEvent),
  },
  'id',
  'injectedCount',
  'phase',
  'recoveredCount',
  'selectorKey',
)

export const statusSchema: Schema = record(
  {
    conditions: list(record({ type: text, status: text, reason: text }, 'status', 'type')),
    experiment: record({ desiredPhase: oneOf('Run', 'Stop'), containerRecords: list(chaosRecord) }),
    instances: mapOf(whole({ format: 'int64' })),
  },
  'experiment',
)
