/**
 * The shape of each object's `spec`, in the structural-schema dialect of CustomResourceDefinitions. The lab installs its CRDs from
 * these, and admission checks files by them, so that the two can't drift apart. Bounds and enumerations are Chaos Mesh's.
 */

import type { ChaosKind } from './objects.ts'
import { MODES } from './objects.ts'

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

const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const integer: Schema = { type: 'integer' }
const whole = (bounds: { minimum?: number; maximum?: number; format?: 'int32' | 'int64' }): Schema => ({
  type: 'integer',
  ...bounds,
})
const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values })
const list = (items: Schema): Schema => ({ type: 'array', items })
const mapOf = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties })
const record = (properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema =>
  required.length === 0 ? { type: 'object', properties } : { type: 'object', properties, required }
const loose: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

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

const podSelector = { selector, mode: oneOf(...MODES), value: text }
const common = { ...podSelector, duration: text, remoteCluster: text }

// One number and one unit: `1m30s`, which Go would read, is refused here.
const plainDuration: Schema = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$' }

const podChaos = record(
  {
    ...common,
    action: oneOf('pod-kill', 'pod-failure', 'container-kill'),
    containerNames: list(text),
    gracePeriod: whole({ minimum: 0, format: 'int64' }),
  },
  'action',
  'mode',
  'selector',
)

const networkChaos = record(
  {
    ...common,
    action: oneOf('netem', 'delay', 'loss', 'duplicate', 'corrupt', 'partition', 'bandwidth'),
    direction: { type: 'string', enum: ['to', 'from', 'both'], default: 'to' },
    target: record(podSelector, 'mode', 'selector'),
    externalTargets: list(text),
    device: text,
    targetDevice: text,
    delay: record(
      {
        latency: plainDuration,
        jitter: plainDuration,
        correlation: text,
        reorder: record({ reorder: text, correlation: text, gap: integer }, 'gap', 'reorder'),
      },
      'latency',
    ),
    loss: record({ loss: text, correlation: text }, 'loss'),
    duplicate: record({ duplicate: text, correlation: text }, 'duplicate'),
    corrupt: record({ corrupt: text, correlation: text }, 'corrupt'),
    rate: record({ rate: text }, 'rate'),
    bandwidth: record(
      {
        rate: text,
        limit: whole({ minimum: 1, format: 'int32' }),
        buffer: whole({ minimum: 1, format: 'int32' }),
        peakrate: whole({ minimum: 0, format: 'int64' }),
        minburst: whole({ minimum: 0, format: 'int32' }),
      },
      'buffer',
      'limit',
      'rate',
    ),
  },
  'action',
  'mode',
  'selector',
)

const httpChaos = record(
  {
    ...common,
    target: oneOf('Request', 'Response'),
    port: whole({ format: 'int32' }),
    path: text,
    method: text,
    code: whole({ format: 'int32' }),
    request_headers: mapOf(text),
    response_headers: mapOf(text),
    abort: flag,
    delay: text,
    replace: record({
      path: text,
      method: text,
      code: whole({ format: 'int32' }),
      body: { type: 'string', format: 'byte' },
      queries: mapOf(text),
      headers: mapOf(text),
    }),
    patch: record({
      body: record({ type: text, value: text }, 'type', 'value'),
      queries: list(list(text)),
      headers: list(list(text)),
    }),
    tls: record(
      { secretName: text, secretNamespace: text, certName: text, keyName: text, caName: text },
      'certName',
      'keyName',
      'secretName',
      'secretNamespace',
    ),
  },
  'mode',
  'selector',
  'target',
)

const dnsChaos = record(
  { ...common, action: oneOf('error', 'random'), containerNames: list(text), patterns: list(text) },
  'action',
  'mode',
  'selector',
)

const workers = whole({ maximum: 8192 })
const stressChaos = record(
  {
    ...common,
    containerNames: list(text),
    stressngStressors: text,
    stressors: record({
      cpu: record({ workers, load: whole({ minimum: 0, maximum: 100 }), options: list(text) }, 'workers'),
      memory: record(
        {
          workers,
          size: text,
          oomScoreAdj: { ...whole({ minimum: -1000, maximum: 1000 }), default: 0 },
          options: list(text),
        },
        'workers',
      ),
    }),
  },
  'mode',
  'selector',
)

const ioChaos = record(
  {
    ...common,
    action: oneOf('latency', 'fault', 'attrOverride', 'mistake'),
    containerNames: list(text),
    volumePath: text,
    path: text,
    methods: list(text),
    percent: { type: 'integer', default: 100 },
    delay: text,
    errno: whole({ format: 'int32' }),
    attr: loose,
    mistake: record({
      filling: oneOf('zero', 'random'),
      maxOccurrences: whole({ minimum: 1, format: 'int64' }),
      maxLength: whole({ minimum: 1, format: 'int64' }),
    }),
  },
  'action',
  'mode',
  'selector',
  'volumePath',
)

const timeChaos = record(
  { ...common, containerNames: list(text), timeOffset: text, clockIds: list(text) },
  'mode',
  'selector',
  'timeOffset',
)

export const specSchemas: Readonly<Record<ChaosKind, Schema>> = {
  PodChaos: podChaos,
  NetworkChaos: networkChaos,
  HTTPChaos: httpChaos,
  DNSChaos: dnsChaos,
  StressChaos: stressChaos,
  IOChaos: ioChaos,
  TimeChaos: timeChaos,
}

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
