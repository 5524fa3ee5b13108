/** HTTPChaos: requests or answers of a port are aborted, delayed or changed. */
import type { FaultEffect } from '../../../domain/fault.ts'
import type { CommonSpec } from '../common.ts'
import { parseGoDuration } from '../go-text.ts'
import type { FaultKind } from '../kind.ts'
import { commonFields, flag, list, mapOf, oneOf, record, text, whole } from '../schema.ts'
import { type StrictProblem, stop, warn } from '../strict-problem.ts'
import { durationRefused, invalid, valueRefused, type WebhookProblem } from '../webhook-checks.ts'

type Texts = Readonly<Record<string, string>>

/** First the selection, then the effect. `code` and `response_headers` select answers only. */
export type HTTPChaosSpec = CommonSpec & {
  readonly target: 'Request' | 'Response'
  readonly port?: number
  readonly path?: string
  readonly method?: string
  readonly code?: number
  readonly request_headers?: Texts
  readonly response_headers?: Texts
  readonly abort?: boolean
  readonly delay?: string
  /** `body` is base64. */
  readonly replace?: {
    readonly path?: string
    readonly method?: string
    readonly code?: number
    readonly body?: string
    readonly queries?: Texts
    readonly headers?: Texts
  }
  readonly patch?: {
    readonly body?: { readonly type: string; readonly value: string }
    readonly queries?: readonly (readonly string[])[]
    readonly headers?: readonly (readonly string[])[]
  }
  readonly tls?: Readonly<Record<string, unknown>>
}

const ACTIONS = ['abort', 'delay', 'replace', 'patch'] as const

export const httpChaos: FaultKind<HTTPChaosSpec> = {
  schema: record(
    {
      ...commonFields,
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
  ),
  refused: (spec) => [
    ...valueRefused(spec, 'spec', 'Spec', 'Spec.PodSelector'),
    ...fieldsRefused(spec),
    ...durationRefused(spec.duration),
  ],
  doubtful: (spec) => [
    ...actionsDoubtful(spec),
    ...fieldsIgnored(spec),
    ...delayDoubtful(spec.delay),
    ...rangesDoubtful(spec),
    ...probesHit(spec),
  ],
  effect: effectOf,
  words: (spec) => ACTIONS.filter((name) => spec[name] !== undefined),
  waits: true,
}

function effectOf({ abort, replace, patch }: HTTPChaosSpec): FaultEffect {
  if (abort) return 'cuts'
  return replace !== undefined || patch !== undefined ? 'damages' : 'slows'
}

const HTTP_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']

function fieldsRefused({ target, port = 0, method, delay }: HTTPChaosSpec): WebhookProblem[] {
  const problems: WebhookProblem[] = []
  if (port <= 0) problems.push(invalid('spec.port', 'Spec.Port', port, `port ${port} is not supported`))
  // Chaos Mesh checks this only for requests: a response fault with a misspelt method is accepted and matches nothing.
  if (method !== undefined && target === 'Request' && !HTTP_METHODS.includes(method))
    problems.push(invalid('spec.method', 'Spec.Method', method, `method ${method} is not supported`))
  if (delay !== undefined && !parseGoDuration(delay).ok)
    problems.push(invalid('spec.delay', 'Spec.PodHttpChaosActions.Delay', delay, `invalid duration ${delay}`))
  return problems
}

function actionsDoubtful(spec: HTTPChaosSpec): StrictProblem[] {
  const given = ACTIONS.filter((name) => spec[name] !== undefined && spec[name] !== false)
  if (given.length === 0)
    return [stop('no-parameters', 'spec', 'nothing is done to the messages', 'give abort, delay, replace or patch')]
  const problems: StrictProblem[] = []
  for (const name of ['replace', 'patch'] as const) {
    const fields = spec[name]
    if (fields !== undefined && Object.keys(fields).length === 0)
      problems.push(stop('no-effect', `spec.${name}`, `${name} has no fields`, 'say what is to be another'))
  }
  if (!spec.abort) return problems
  const idle = given.filter((name) => name !== 'abort')
  return [
    ...problems,
    ...idle.map((name) =>
      stop('no-effect', `spec.${name}`, `after abort there is nothing left to ${name}`, 'keep one of them'),
    ),
  ]
}

/** The proxy checks code and headers only in answers, and changes a path only in requests. */
function fieldsIgnored({ target, code, response_headers, replace, patch }: HTTPChaosSpec): StrictProblem[] {
  const ofAnswers = [
    ['selector-ignored', 'spec.code', code],
    ['selector-ignored', 'spec.response_headers', response_headers],
    ['foreign-parameters', 'spec.replace.code', replace?.code],
  ] as const
  const ofRequests = [
    ['foreign-parameters', 'spec.replace.path', replace?.path],
    ['foreign-parameters', 'spec.replace.method', replace?.method],
    ['foreign-parameters', 'spec.replace.queries', replace?.queries],
    ['foreign-parameters', 'spec.patch.queries', patch?.queries],
  ] as const
  const [ignored, other] = target === 'Request' ? [ofAnswers, 'Response'] : [ofRequests, 'Request']
  return ignored.flatMap(([strict, path, value]) =>
    value === undefined
      ? []
      : [stop(strict, path, `Chaos Mesh ignores it with target ${target}`, `leave it out, or use target ${other}`)],
  )
}

function delayDoubtful(delay: string | undefined): StrictProblem[] {
  if (delay === undefined) return []
  const parsed = parseGoDuration(delay)
  if (parsed.ok && parsed.value <= 0)
    return [stop('no-effect', 'spec.delay', 'a delay of nothing', 'give a delay above 0')]
  if (/^(\d+[a-z]+)+$/.test(delay)) return []
  const problem = `"${delay}" is admitted, and then refused by the proxy, which reads whole numbers only`
  return [stop('delay-unreadable', 'spec.delay', problem, 'write it like 1500ms')]
}

function rangesDoubtful({ port = 0, code, replace }: HTTPChaosSpec): StrictProblem[] {
  const problems: StrictProblem[] = []
  if (port > 65_535) problems.push(stop('port-out-of-range', 'spec.port', `${port} is no port`, 'give one up to 65535'))
  const codes = [
    ['spec.code', code],
    ['spec.replace.code', replace?.code],
  ] as const
  for (const [path, value] of codes)
    if (value !== undefined && (value < 200 || value > 599))
      problems.push(stop('code-out-of-range', path, `${value} is no final answer`, 'give a code from 200 to 599'))
  if (replace?.path !== undefined && !replace.path.startsWith('/'))
    problems.push(stop('no-effect', 'spec.replace.path', `"${replace.path}" is no path`, 'begin it with /'))
  return problems
}

function probesHit({ path, request_headers }: HTTPChaosSpec): StrictProblem[] {
  if ((path !== undefined && path !== '*' && path !== '/*') || request_headers !== undefined) return []
  const problem = 'it meets every request of the port, probes and metrics included, so that pods may be restarted'
  return [warn('meets-probes', 'spec.path', problem, 'name a path')]
}
