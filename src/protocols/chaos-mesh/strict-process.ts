/** Strict admission of faults of HTTP and of DNS: what Chaos Mesh's proxy and DNS server would ignore, or refuse at every pod. */

import { parseGoDuration } from './go-text.ts'
import type { DNSChaosSpec, HTTPChaosSpec } from './objects.ts'
import { type StrictProblem, stop, warn } from './strict-problem.ts'

export function httpProblems(spec: HTTPChaosSpec): StrictProblem[] {
  return [
    ...actionProblems(spec),
    ...foreignProblems(spec),
    ...delayProblems(spec.delay),
    ...rangeProblems(spec),
    ...probeProblems(spec),
  ]
}

const ACTIONS = ['abort', 'delay', 'replace', 'patch'] as const

function actionProblems(spec: HTTPChaosSpec): StrictProblem[] {
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

/** The proxy looks at the code and headers of an answer only for answers, and changes a path only in requests. */
function foreignProblems({ target, code, response_headers, replace, patch }: HTTPChaosSpec): StrictProblem[] {
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

function delayProblems(delay: string | undefined): StrictProblem[] {
  if (delay === undefined) return []
  const parsed = parseGoDuration(delay)
  if (parsed.ok && parsed.value <= 0)
    return [stop('no-effect', 'spec.delay', 'a delay of nothing', 'give a delay above 0')]
  if (/^(\d+[a-z]+)+$/.test(delay)) return []
  const problem = `"${delay}" is admitted, and then refused by the proxy, which reads whole numbers only`
  return [stop('delay-unreadable', 'spec.delay', problem, 'write it like 1500ms')]
}

function rangeProblems({ port = 0, code, replace }: HTTPChaosSpec): StrictProblem[] {
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

function probeProblems({ path, request_headers }: HTTPChaosSpec): StrictProblem[] {
  if ((path !== undefined && path !== '*' && path !== '/*') || request_headers !== undefined) return []
  const problem = 'it meets every request of the port, probes and metrics included, so that pods may be restarted'
  return [warn('meets-probes', 'spec.path', problem, 'name a path')]
}

export function dnsProblems({ patterns = [] }: DNSChaosSpec): StrictProblem[] {
  return patterns.flatMap((pattern, index) => {
    const path = `spec.patterns[${index}]`
    if (pattern === '') return [stop('no-effect', path, 'an empty pattern means no name', 'leave it out')]
    if (!pattern.slice(0, -1).includes('*') && !/[[\]]/.test(pattern)) return []
    const problem = `"${pattern}" is admitted, and then refused by the DNS server or read as something else`
    return [stop('pattern-unreadable', path, problem, 'put one * at its end, or none')]
  })
}
