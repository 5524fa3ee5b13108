/**
 * What Chaos Mesh admits and a rehearsal should not rely on: objects that cut far more than they name, do nothing, fail only when
 * they are injected, or mean something else than they seem to.
 */

import { ADDRESSES_ANNOTATION } from './addresses.ts'
import { withDefaults } from './admission.ts'
import { isPaused } from './experiment.ts'
import { parseGoDuration, parseGoFloat } from './go-text.ts'
import type { ChaosObject, NetworkChaos, NetworkChaosSpec, PodSelector, StressChaosSpec } from './objects.ts'
import { PAUSE_ANNOTATION } from './objects.ts'
import { isFields } from './schema-check.ts'
import { type StrictProblem, stop, warn } from './strict-problem.ts'
import { dnsProblems, httpProblems } from './strict-process.ts'

export type { StrictCode, StrictProblem } from './strict-problem.ts'

/** On an object that is meant to cut its pods off from everybody, as the loss of a zone does. Its one value: `everything`. */
export const CUTS_ANNOTATION = 'matchday.dev/cuts'
const EVERYTHING = 'everything'

/** Of an object that `admit` lets pass, as its file has it. */
export function strictProblems(object: ChaosObject): readonly StrictProblem[] {
  const missing = missingSelectors(object)
  if (missing.length > 0) return missing
  const complete = withDefaults(object)
  return [
    ...pauseProblems(complete),
    ...selectionProblems(complete.spec, 'spec'),
    ...timeProblems(complete),
    ...kindProblems(complete),
  ]
}

/** Chaos Mesh fills an absent selector in as an empty one, which matches every pod of the namespace. */
function missingSelectors({ spec }: ChaosObject): StrictProblem[] {
  const target = 'target' in spec && isFields(spec.target) ? [['spec.target', spec.target] as const] : []
  return [['spec', spec] as const, ...target]
    .filter(([, { selector }]) => !isFields(selector))
    .map(([path]) =>
      stop(
        'selector-missing',
        path,
        `without ${path}.selector it selects every pod of its namespace`,
        `add ${path}.selector with labelSelectors`,
      ),
    )
}

function pauseProblems(object: ChaosObject): StrictProblem[] {
  if (!isPaused(object)) return []
  const problem = 'the experiment is paused, so the fault is never injected'
  return [stop('paused', `metadata.annotations.${PAUSE_ANNOTATION}`, problem, 'remove the annotation')]
}

function kindProblems(object: ChaosObject): StrictProblem[] {
  switch (object.kind) {
    case 'NetworkChaos':
      return networkProblems(object)
    case 'HTTPChaos':
      return httpProblems(object.spec)
    case 'DNSChaos':
      return dnsProblems(object.spec)
    case 'StressChaos':
      return stressProblems(object.spec)
    case 'PodChaos':
    case 'IOChaos':
    case 'TimeChaos':
      return []
  }
}

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']

function selectionProblems({ selector, mode }: PodSelector, path: string): StrictProblem[] {
  const problems: StrictProblem[] = []
  const { pods, namespaces, ...narrowing } = selector
  const narrowed = Object.values(narrowing).some((value) => Object.keys(value).length > 0)
  const named = pods !== undefined && Object.keys(pods).length > 0
  if (named && narrowed)
    problems.push(
      stop(
        'selector-ignored',
        `${path}.selector`,
        '`pods` makes Chaos Mesh ignore every other selector beside it',
        'keep one of them',
      ),
    )
  if (!named && !narrowed)
    problems.push(
      warn('selects-everything', `${path}.selector`, 'it selects every pod of its namespaces', 'add labelSelectors'),
    )
  if (mode === 'random-max-percent')
    problems.push(
      stop(
        'selects-by-chance',
        `${path}.mode`,
        'random-max-percent may draw no pod at all',
        'use fixed or fixed-percent',
      ),
    )
  const phase = selector.podPhaseSelectors?.find((text) => !PHASES.includes(text.replace(/^!/, '').trim()))
  if (phase !== undefined)
    problems.push(
      stop(
        'unknown-phase',
        `${path}.selector.podPhaseSelectors`,
        `no pod is ever in phase "${phase}"`,
        `use ${PHASES.join(', ')}`,
      ),
    )
  return problems
}

// Creation time is cut to whole seconds and injection takes up to half a second: a shorter fault may be over before it begins.
const DURATION_MIN_MS = 2000

function timeProblems({ kind, spec }: ChaosObject): StrictProblem[] {
  const problems: StrictProblem[] = []
  const { duration } = spec
  const parsed = duration === undefined ? undefined : parseGoDuration(duration)
  if (parsed !== undefined && !parsed.ok)
    problems.push(
      stop(
        'duration-ignored',
        'spec.duration',
        `"${duration}" is no duration, so the fault never ends by itself`,
        'write it like 30s',
      ),
    )
  if (parsed?.ok && parsed.value < DURATION_MIN_MS)
    problems.push(
      stop(
        'duration-too-short',
        'spec.duration',
        `"${duration}" may be over before the fault is injected`,
        'use at least 2s',
      ),
    )
  if (duration !== undefined && kind === 'PodChaos' && spec.action !== 'pod-failure')
    problems.push(
      warn('duration-ignored', 'spec.duration', `${spec.action} strikes once and has no duration`, 'leave it out'),
    )
  if (spec.remoteCluster)
    problems.push(
      stop(
        'remote-cluster',
        'spec.remoteCluster',
        'the fault would act in a cluster that is not watched',
        'rehearse with that cluster as the target',
      ),
    )
  return problems
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

function networkProblems(object: NetworkChaos): StrictProblem[] {
  const { spec } = object
  return [
    ...reachProblems(object),
    ...parameterProblems(spec),
    ...shareProblems(spec),
    ...(spec.externalTargets ?? []).flatMap((target, index) =>
      externalProblems(target, `spec.externalTargets[${index}]`),
    ),
    ...(spec.target === undefined ? [] : selectionProblems(spec.target, 'spec.target')),
  ]
}

function reachProblems({ metadata, spec }: NetworkChaos): StrictProblem[] {
  const { action, target, externalTargets = [], direction = 'to' } = spec
  const cuts = action === 'partition' && target === undefined && externalTargets.length === 0
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

function parameterProblems(spec: NetworkChaosSpec): StrictProblem[] {
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

function shareProblems({ loss, duplicate, corrupt, delay }: NetworkChaosSpec): StrictProblem[] {
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

function externalProblems(target: string, path: string): StrictProblem[] {
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

function stressProblems({ stressors }: StressChaosSpec): StrictProblem[] {
  const idle = (['cpu', 'memory'] as const).filter((name) => (stressors?.[name]?.workers ?? 1) <= 0)
  return idle.map((name) =>
    stop('no-effect', `spec.stressors.${name}.workers`, 'no workers, no stress', 'give at least 1'),
  )
}
