/**
 * The checks of Chaos Mesh's validating webhooks, on a spec that has its defaults and passed its schema. Each problem names the
 * field twice: as the user wrote it, and as Chaos Mesh's Go structures spell it, embedded types included, because that is
 * what users find when they search for a message.
 */

import { parseGoDuration, parseGoFloat, parseGoInteger, parseRate } from './go-text.ts'
import type {
  BandwidthSpec,
  ChaosObject,
  DelaySpec,
  NetworkChaosSpec,
  PodSelector,
  StressChaosSpec,
} from './objects.ts'

export type WebhookProblem = { readonly path: string; readonly message: string }

const invalid = (path: string, goPath: string, value: unknown, problem: string): WebhookProblem => ({
  path,
  message: `${goPath}: Invalid value: ${value === undefined ? 'null' : JSON.stringify(value)}: ${problem}`,
})

export function webhookProblems(object: ChaosObject): WebhookProblem[] {
  const { spec } = object
  switch (object.kind) {
    case 'PodChaos':
      return [
        ...containerKillProblems(object.spec.action, object.spec.containerNames),
        ...durationProblems('Spec.Duration', 'spec.duration', spec.duration),
        ...valueProblems(spec, 'spec', ['Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector']),
      ]
    case 'NetworkChaos':
      return networkProblems(object.spec)
    case 'HTTPChaos':
      return [
        ...valueProblems(spec, 'spec', ['Spec', 'Spec.PodSelector']),
        ...httpProblems(object.spec),
        ...durationProblems('Spec.Duration', 'spec.duration', spec.duration),
      ]
    case 'DNSChaos':
      return [
        ...valueProblems(spec, 'spec', ['Spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector']),
        ...durationProblems('Spec.Duration', 'spec.duration', spec.duration),
      ]
    case 'StressChaos':
      return stressProblems(object.spec)
    case 'IOChaos':
      return [
        ...valueProblems(spec, 'spec', ['Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector']),
        ...durationProblems('Spec.Duration', 'spec.duration', spec.duration),
      ]
    case 'TimeChaos':
      return [
        ...valueProblems(spec, 'spec', ['Spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector']),
        ...timeProblems(object.spec.timeOffset),
      ]
  }
}

function containerKillProblems(action: string, names: readonly string[] | undefined): WebhookProblem[] {
  if (action !== 'container-kill' || (names?.length ?? 0) > 0) return []
  const problem = 'the name of container is required on container-kill action: invalid value'
  return [invalid('spec.containerNames', 'Spec.containerNames', names, problem)]
}

function valueProblems(selector: PodSelector, path: string, goPaths: readonly string[]): WebhookProblem[] {
  const problem = valueProblem(selector)
  if (problem === undefined) return []
  return goPaths.map((goPath) => invalid(`${path}.value`, `${goPath}.value`, selector.value ?? '', problem))
}

function valueProblem({ mode, value = '' }: PodSelector): string | undefined {
  if (mode === 'one' || mode === 'all') return undefined
  const number = parseGoInteger(value)
  if (!number.ok) return `parse value field error:${number.error}`
  if (mode === 'fixed') return number.value > 0 ? undefined : `value must be greater than 0 with mode:${mode}`
  const inRange = number.value > 0 && number.value <= 100
  return inRange ? undefined : `value of ${number.value} is invalid, Must be (0,100] with mode:${mode}`
}

function durationProblems(goPath: string, path: string, value: string | undefined): WebhookProblem[] {
  if (value === undefined || value === '') return []
  const parsed = parseGoDuration(value)
  return parsed.ok ? [] : [invalid(path, goPath, value, `parse duration field error: ${parsed.error}`)]
}

function networkProblems(spec: NetworkChaosSpec): WebhookProblem[] {
  return [
    ...directionProblems(spec),
    ...durationProblems('Spec.Duration', 'spec.duration', spec.duration),
    ...valueProblems(spec, 'spec', ['Spec.PodSelector']),
    ...(spec.target === undefined ? [] : valueProblems(spec.target, 'spec.target', ['Spec.Target'])),
    ...shareProblems(spec),
    ...(spec.delay === undefined ? [] : delayProblems(spec.delay)),
    ...(spec.bandwidth === undefined ? [] : rateProblems('Bandwidth', 'bandwidth', spec.bandwidth)),
    ...(spec.rate === undefined ? [] : rateProblems('Rate', 'rate', spec.rate)),
  ]
}

function directionProblems(spec: NetworkChaosSpec): WebhookProblem[] {
  if (spec.action === 'partition' || spec.direction === undefined || spec.direction === 'to') return []
  const at = (problem: string) => invalid('spec.direction', 'Spec.direction', spec.direction, problem)
  const problems: WebhookProblem[] = []
  if (spec.externalTargets !== undefined)
    problems.push(at('external targets cannot be used with `from` and `both` direction in netem action yet'))
  if (spec.target === undefined)
    problems.push(at('`from` and `both` direction cannot be used when targets is empty in netem action'))
  return problems
}

function floatProblems(path: string, goPath: string, value: string | undefined): WebhookProblem[] {
  if (value === undefined) return []
  const parsed = parseGoFloat(value)
  return parsed.ok ? [] : [invalid(path, goPath, value, `parse correlation field error:${parsed.error}`)]
}

function shareProblems(spec: NetworkChaosSpec): WebhookProblem[] {
  const shares = [
    ['loss', 'Loss', spec.loss?.loss, spec.loss?.correlation],
    ['duplicate', 'Duplicate', spec.duplicate?.duplicate, spec.duplicate?.correlation],
    ['corrupt', 'Corrupt', spec.corrupt?.corrupt, spec.corrupt?.correlation],
  ] as const
  return shares.flatMap(([name, goName, share, correlation]) => [
    ...floatProblems(`spec.${name}.${name}`, `Spec.TcParameter.${goName}.${goName}`, share),
    ...floatProblems(`spec.${name}.correlation`, `Spec.TcParameter.${goName}.Correlation`, correlation),
  ])
}

function delayProblems(delay: DelaySpec): WebhookProblem[] {
  const at = 'Spec.TcParameter.Delay'
  return [
    ...durationProblems(`${at}.Latency`, 'spec.delay.latency', delay.latency),
    ...floatProblems('spec.delay.correlation', `${at}.Correlation`, delay.correlation),
    ...durationProblems(`${at}.Jitter`, 'spec.delay.jitter', delay.jitter),
    ...floatProblems('spec.delay.reorder.reorder', `${at}.Reorder.Reorder`, delay.reorder?.reorder),
    ...floatProblems('spec.delay.reorder.correlation', `${at}.Reorder.Correlation`, delay.reorder?.correlation),
  ]
}

function rateProblems(goName: string, name: string, { rate }: Pick<BandwidthSpec, 'rate'>): WebhookProblem[] {
  const parsed = parseRate(rate)
  if (parsed.ok) return []
  return [
    invalid(`spec.${name}.rate`, `Spec.TcParameter.${goName}.Rate`, rate, `parse rate field error:${parsed.error}`),
  ]
}

const HTTP_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']

function httpProblems(spec: {
  readonly target: string
  readonly port?: number
  readonly method?: string
  readonly delay?: string
}): WebhookProblem[] {
  const problems: WebhookProblem[] = []
  const port = spec.port ?? 0
  if (port <= 0) problems.push(invalid('spec.port', 'Spec.Port', port, `port ${port} is not supported`))
  const { method, delay } = spec
  // Only for requests: a response fault with a misspelt method is accepted and matches nothing.
  if (method !== undefined && spec.target === 'Request' && !HTTP_METHODS.includes(method))
    problems.push(invalid('spec.method', 'Spec.Method', method, `method ${method} is not supported`))
  if (delay !== undefined && !parseGoDuration(delay).ok)
    problems.push(invalid('spec.delay', 'Spec.PodHttpChaosActions.Delay', delay, `invalid duration ${delay}`))
  return problems
}

function stressProblems(spec: StressChaosSpec): WebhookProblem[] {
  const problems: WebhookProblem[] = []
  const { stressors } = spec
  if (stressors === undefined && !spec.stressngStressors)
    problems.push(invalid('spec', 'Spec', spec, 'missing stressors'))
  if (stressors !== undefined && stressors.cpu === undefined && stressors.memory === undefined)
    problems.push(invalid('spec.stressors', 'Spec.Stressors', stressors, 'missing stressors'))
  return [
    ...problems,
    ...valueProblems(spec, 'spec', ['Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector']),
    ...durationProblems('Spec.Duration', 'spec.duration', spec.duration),
  ]
}

function timeProblems(offset: string): WebhookProblem[] {
  const parsed = parseGoDuration(offset)
  if (parsed.ok) return []
  return [invalid('spec.timeOffset', 'Spec.TimeOffset', offset, `parse timeOffset field error: ${parsed.error}`)]
}
