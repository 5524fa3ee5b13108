/** NetworkChaos: packets between the selected pods and the far end are dropped, delayed, damaged or throttled. */
import type { FaultEffect } from '../../../domain/fault.ts'
import { isFields } from '../../fields.ts'
import { ADDRESSES_ANNOTATION } from '../addresses.ts'
import type { CommonSpec, ObjectMeta, PodSelector } from '../common.ts'
import { parseGoDuration, parseGoFloat, parseRate } from '../go-text.ts'
import type { FaultKind, SpecFields } from '../kind.ts'
import { commonFields, integer, list, oneOf, podSelector, record, type Schema, text, whole } from '../schema.ts'
import { selectionDoubtful } from '../selection-doubts.ts'
import { type StrictProblem, stop, warn } from '../strict-problem.ts'
import { durationRefused, floatRefused, invalid, valueRefused, type WebhookProblem } from '../webhook-checks.ts'

export type Direction = 'to' | 'from' | 'both'

export type DelaySpec = {
  readonly latency: string
  readonly jitter?: string
  /** Per cent, as text. */
  readonly correlation?: string
  readonly reorder?: { readonly reorder: string; readonly gap: number; readonly correlation?: string }
}
export type BandwidthSpec = {
  readonly rate: string
  readonly limit: number
  readonly buffer: number
  readonly peakrate?: number
  readonly minburst?: number
}

export type NetworkChaosSpec = CommonSpec & {
  readonly action: 'netem' | 'delay' | 'loss' | 'duplicate' | 'corrupt' | 'partition' | 'bandwidth'
  readonly direction?: Direction
  /** Of a partition: packets vanish (left out: drop), or the sender gets a refusal at once. Since Chaos Mesh 2.8. */
  readonly partitionBehavior?: 'drop' | 'reject'
  readonly target?: PodSelector
  /** IP addresses, CIDRs and host names, each with an optional `:port`; resolved once, at apply, IPv4 only. */
  readonly externalTargets?: readonly string[]
  readonly device?: string
  readonly targetDevice?: string
  readonly delay?: DelaySpec
  readonly loss?: { readonly loss: string; readonly correlation?: string }
  readonly duplicate?: { readonly duplicate: string; readonly correlation?: string }
  readonly corrupt?: { readonly corrupt: string; readonly correlation?: string }
  readonly rate?: { readonly rate: string }
  readonly bandwidth?: BandwidthSpec
}

// One number and one unit. `1m30s`, which Go accepts, is refused here.
const plainDuration: Schema = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$' }

const schema = record(
  {
    ...commonFields,
    action: oneOf('netem', 'delay', 'loss', 'duplicate', 'corrupt', 'partition', 'bandwidth'),
    direction: { type: 'string', enum: ['to', 'from', 'both'], default: 'to' },
    partitionBehavior: oneOf('drop', 'reject'),
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

export const networkChaos: FaultKind<NetworkChaosSpec> = {
  schema,
  defaults: networkDefaults,
  refused: (spec) => [
    ...directionRefused(spec),
    ...durationRefused(spec.duration),
    ...valueRefused(spec, 'spec', 'Spec.PodSelector'),
    ...(spec.target === undefined ? [] : valueRefused(spec.target, 'spec.target', 'Spec.Target')),
    ...sharesRefused(spec),
    ...(spec.delay === undefined ? [] : delayRefused(spec.delay)),
    ...(spec.bandwidth === undefined ? [] : rateRefused('Bandwidth', 'bandwidth', spec.bandwidth)),
    ...(spec.rate === undefined ? [] : rateRefused('Rate', 'rate', spec.rate)),
  ],
  doubtful: (spec, metadata) => [
    ...reachDoubtful(spec, metadata),
    ...parametersDoubtful(spec),
    ...behaviorDoubtful(spec),
    ...sharesDoubtful(spec),
    ...(spec.externalTargets ?? []).flatMap((target, index) =>
      outsideDoubtful(target, `spec.externalTargets[${index}]`),
    ),
    ...(spec.target === undefined ? [] : selectionDoubtful(spec.target, 'spec.target')),
  ],
  effect: effectOf,
  words: ({ action }) => [action],
  farEnd: ({ target }) => target,
  traffic: (spec) => ({
    direction: spec.direction ?? 'to',
    outside: spec.externalTargets ?? [],
    everything: actsOnEverything(spec),
  }),
  waits: true,
}

function effectOf({ action, delay, rate, loss, duplicate, corrupt }: NetworkChaosSpec): FaultEffect {
  switch (action) {
    case 'partition':
      return 'cuts'
    case 'delay':
    case 'bandwidth':
      return 'slows'
    case 'loss':
    case 'duplicate':
    case 'corrupt':
      return 'damages'
    case 'netem':
      return (delay ?? rate) !== undefined && (loss ?? duplicate ?? corrupt) === undefined ? 'slows' : 'damages'
  }
}

const actsOnEverything = ({ target, externalTargets = [] }: NetworkChaosSpec): boolean =>
  target === undefined && externalTargets.length === 0

function networkDefaults(fields: SpecFields): SpecFields {
  const changed: SpecFields = {}
  if (fields.direction === '') changed.direction = 'to'
  if (typeof fields.device === 'string' && fields.device.includes('@')) changed.device = fields.device.split('@')[0]
  for (const name of ['loss', 'duplicate', 'corrupt']) {
    const part = fields[name]
    if (isFields(part)) changed[name] = { ...part, ...correlated(part) }
  }
  if (isFields(fields.delay)) changed.delay = delayDefaults(fields.delay)
  return changed
}

function delayDefaults(delay: SpecFields): SpecFields {
  const filled: SpecFields = { ...delay, ...correlated(delay), jitter: delay.jitter || '0ms' }
  if (isFields(delay.reorder)) filled.reorder = { ...delay.reorder, ...correlated(delay.reorder) }
  return filled
}

const correlated = (part: SpecFields): SpecFields => ({ correlation: part.correlation || '0' })

function directionRefused(spec: NetworkChaosSpec): WebhookProblem[] {
  if (spec.action === 'partition' || spec.direction === undefined || spec.direction === 'to') return []
  const at = (problem: string) => invalid('spec.direction', 'Spec.direction', spec.direction, problem)
  const problems: WebhookProblem[] = []
  if (spec.externalTargets !== undefined)
    problems.push(at('external targets cannot be used with `from` and `both` direction in netem action yet'))
  if (spec.target === undefined)
    problems.push(at('`from` and `both` direction cannot be used when targets is empty in netem action'))
  return problems
}

function sharesRefused(spec: NetworkChaosSpec): WebhookProblem[] {
  const shares = [
    ['loss', 'Loss', spec.loss?.loss, spec.loss?.correlation],
    ['duplicate', 'Duplicate', spec.duplicate?.duplicate, spec.duplicate?.correlation],
    ['corrupt', 'Corrupt', spec.corrupt?.corrupt, spec.corrupt?.correlation],
  ] as const
  return shares.flatMap(([name, goName, share, correlation]) => [
    ...floatRefused(share, `spec.${name}.${name}`, `Spec.TcParameter.${goName}.${goName}`),
    ...floatRefused(correlation, `spec.${name}.correlation`, `Spec.TcParameter.${goName}.Correlation`),
  ])
}

function delayRefused(delay: DelaySpec): WebhookProblem[] {
  const at = 'Spec.TcParameter.Delay'
  return [
    ...durationRefused(delay.latency, 'spec.delay.latency', `${at}.Latency`),
    ...floatRefused(delay.correlation, 'spec.delay.correlation', `${at}.Correlation`),
    ...durationRefused(delay.jitter, 'spec.delay.jitter', `${at}.Jitter`),
    ...floatRefused(delay.reorder?.reorder, 'spec.delay.reorder.reorder', `${at}.Reorder.Reorder`),
    ...floatRefused(delay.reorder?.correlation, 'spec.delay.reorder.correlation', `${at}.Reorder.Correlation`),
  ]
}

function rateRefused(goName: string, name: string, { rate }: Pick<BandwidthSpec, 'rate'>): WebhookProblem[] {
  const parsed = parseRate(rate)
  if (parsed.ok) return []
  return [
    invalid(`spec.${name}.rate`, `Spec.TcParameter.${goName}.Rate`, rate, `parse rate field error:${parsed.error}`),
  ]
}

/** Annotation of an object that is meant to block all traffic of its pods, like the loss of a zone. Its only value is `everything`. */
export const CUTS_ANNOTATION = 'matchday.dev/cuts'
const EVERYTHING = 'everything'

function reachDoubtful(spec: NetworkChaosSpec, metadata: ObjectMeta): StrictProblem[] {
  const { action, direction = 'to' } = spec
  const cuts = action === 'partition' && actsOnEverything(spec)
  const meant = metadata.annotations?.[CUTS_ANNOTATION]
  const at = `metadata.annotations.${CUTS_ANNOTATION}`
  if (cuts && meant === undefined) {
    const problem = `a partition without a target cuts everything in direction "${direction}", probes and DNS included`
    const next = `name a target or externalTargets, or say that it is meant by the annotation ${CUTS_ANNOTATION}: ${EVERYTHING}`
    return [stop('cuts-everything', 'spec', problem, next)]
  }
  if (meant !== undefined && meant !== EVERYTHING)
    return [stop('cuts-everything', at, `"${meant}" is not what the annotation can say`, `write ${EVERYTHING}`)]
  if (meant !== undefined && !cuts)
    return [stop('cuts-everything', at, 'it does not cut everything', 'leave the annotation out, or the targets')]
  return []
}

function behaviorDoubtful({ action, partitionBehavior }: NetworkChaosSpec): StrictProblem[] {
  if (partitionBehavior === undefined || action === 'partition') return []
  const problem = `partitionBehavior does nothing with action ${action}`
  return [stop('foreign-parameters', 'spec.partitionBehavior', problem, 'leave it out, or use action partition')]
}

const PARAMETERS = ['delay', 'loss', 'duplicate', 'corrupt', 'rate', 'bandwidth'] as const
type Parameter = (typeof PARAMETERS)[number]

const parametersOf = (action: NetworkChaosSpec['action']): readonly Parameter[] => {
  switch (action) {
    case 'partition':
      return []
    case 'netem':
      return ['delay', 'loss', 'duplicate', 'corrupt', 'rate']
    default:
      return [action]
  }
}

function parametersDoubtful(spec: NetworkChaosSpec): StrictProblem[] {
  const wanted = parametersOf(spec.action)
  const given = PARAMETERS.filter((name) => spec[name] !== undefined)
  const problems: StrictProblem[] = []
  if (wanted.length > 0 && !given.some((name) => wanted.includes(name)))
    problems.push(
      stop(
        'no-parameters',
        `spec.${spec.action === 'netem' ? 'action' : spec.action}`,
        `action ${spec.action} has no parameters: it is admitted and fails at every pod`,
        `give ${wanted.join(', ')}`,
      ),
    )
  for (const name of given.filter((parameter) => !wanted.includes(parameter)))
    problems.push(
      stop(
        'foreign-parameters',
        `spec.${name}`,
        `action ${spec.action} does not take ${name}, or applies it without saying so`,
        'leave it out, or use netem',
      ),
    )
  const latency = spec.delay === undefined ? undefined : parseGoDuration(spec.delay.latency)
  if (latency?.ok && latency.value === 0)
    problems.push(stop('no-effect', 'spec.delay.latency', 'a delay of nothing', 'give a latency above 0'))
  return problems
}

function sharesDoubtful({ loss, duplicate, corrupt, delay }: NetworkChaosSpec): StrictProblem[] {
  const shares = [
    ['spec.loss.loss', loss?.loss],
    ['spec.duplicate.duplicate', duplicate?.duplicate],
    ['spec.corrupt.corrupt', corrupt?.corrupt],
    ['spec.loss.correlation', loss?.correlation],
    ['spec.duplicate.correlation', duplicate?.correlation],
    ['spec.corrupt.correlation', corrupt?.correlation],
    ['spec.delay.correlation', delay?.correlation],
  ] as const
  return shares.flatMap(([path, share]) => {
    if (share === undefined) return []
    const parsed = parseGoFloat(share)
    if (parsed.ok && parsed.value >= 0 && parsed.value <= 100) {
      const pointless = parsed.value === 0 && !path.endsWith('correlation')
      return pointless ? [stop('no-effect', path, '0 per cent does nothing', 'give a share above 0')] : []
    }
    return [stop('share-out-of-range', path, `"${share}" is not between 0 and 100 per cent`, 'give per cent')]
  })
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}(\/(3[0-2]|[12]?\d))?$/

/** RFC 1123: labels of letters, digits and hyphens with dots between. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i

function outsideDoubtful(target: string, path: string): StrictProblem[] {
  if (IPV4.test(target)) return []
  if ((target.match(/:/g) ?? []).length > 1)
    return [
      stop('external-target-address', path, `"${target}" is IPv6, which Chaos Mesh can't cut`, 'give IPv4 addresses'),
    ]
  if (target.includes(':'))
    return [
      stop(
        'external-target-port',
        path,
        `"${target}": a port is matched on one side of the flow only`,
        'leave the port out',
      ),
    ]
  if (target.trim() === '' || /^[\d./]+$/.test(target))
    return [stop('external-target-address', path, `"${target}" is no IPv4 address`, 'give an address or a CIDR')]
  if (target.includes('${'))
    return [
      stop(
        'external-target-address',
        path,
        'placeholders are not replaced in chaos files',
        `name them in the annotation ${ADDRESSES_ANNOTATION} and list them under addresses in the target file`,
      ),
    ]
  if (!HOST_NAME.test(target))
    return [
      stop(
        'external-target-address',
        path,
        `"${target}" is neither an IPv4 address, a CIDR nor a host name`,
        'give an address, a CIDR or a host name',
      ),
    ]
  return [
    warn(
      'external-target-name',
      path,
      `"${target}" is resolved once, when the fault is applied`,
      'prefer addresses or a CIDR',
    ),
  ]
}
