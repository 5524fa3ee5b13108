/** The Prometheus of a target file as a domain value, and the rules between its keys. */
import type { PrometheusLogin, PrometheusTarget } from '../domain/rehearsal.ts'
import { placeOf } from './confidential.ts'
import { relativeTo } from './files.ts'
import type { prometheus } from './prometheus-shape.ts'
import type { Report } from './report.ts'
import type { Shape } from './shape.ts'

type Draft = typeof prometheus extends Shape<infer T> ? T : never

export function checkPrometheus({ at, value }: Draft, sources: readonly string[], report: Report): void {
  const { service, url, bearer, basic, ca } = value
  if ((service === undefined) === (url === undefined))
    report(at, 'wrong-value', 'A Prometheus is reached by a service or by a url.', 'give one of the two.')
  if (bearer !== undefined && basic !== undefined)
    report(at, 'wrong-value', 'There are two logins.', 'keep bearer or basic.')
  if (service !== undefined && (bearer ?? basic ?? ca) !== undefined)
    report(at, 'wrong-value', "The API server's proxy takes no login and no ca.", 'remove them, or give a url.')
  for (const name of Object.keys(value.sources).filter((each) => sources.includes(each)))
    report(at, 'duplicate-name', `"${name}" is a source of pods already.`, 'give each source its own name.')
}

export function prometheusOf(file: string, { value }: Draft): PrometheusTarget {
  const { scrapeInterval: scrapeMs, sources } = value
  return { server: serverOf(file, value), scrapeMs, sources }
}

function serverOf(file: string, { service, url, bearer, basic, ca }: Draft['value']): PrometheusTarget['server'] {
  if (service !== undefined)
    return { kind: 'service', namespace: service.namespace, service: service.name, port: service.port }
  if (url === undefined) throw new Error('a Prometheus without a place was let through')
  const login: PrometheusLogin | undefined = bearer
    ? { kind: 'bearer', from: placeOf(file, bearer) }
    : basic && { kind: 'basic', from: placeOf(file, basic) }
  return { kind: 'url', url, ...(login ? { login } : {}), ...(ca === undefined ? {} : { ca: relativeTo(file, ca) }) }
}
