/** `publish` in the target file: where a run writes its own series, and which Grafana gets annotations. */
import type { PublishEndpoint, PublishTarget } from '../domain/rehearsal.ts'
import { confidential, credential, placeOf } from './confidential.ts'
import { relativeTo } from './files.ts'
import { path } from './name-shapes.ts'
import { may, need, record } from './record.ts'
import type { Report } from './report.ts'
import { placed, type Shape, text } from './shape.ts'

function endpoint(example: string, doc: string, variable: string) {
  const secret = credential(variable, '/run/secrets/publish')
  const url = text({ form: 'an http or https URL', example, pattern: /^https?:\/\/[^\s?#@]+$/ })
  const fields = record({
    url: need(confidential(url, 'an http or https URL without user, query or fragment', example), doc),
    bearer: may(secret, 'Where the bearer token is.'),
    basic: may(secret, 'Where user:password is.'),
    ca: may(
      path('publish-ca.pem'),
      'Certificates of the authority that signed its certificate (PEM), relative to this file.',
    ),
  })
  return placed({ schema: { ...fields.schema, not: { required: ['bearer', 'basic'] } }, decode: fields.decode })
}

export const publish = placed(
  record({
    remoteWrite: may(
      endpoint(
        'https://prometheus.example.com/api/v1/write',
        'URL that takes Prometheus remote write, with its path, without credentials.',
        'REMOTE_WRITE_TOKEN',
      ),
      'Receives the indicators, phases, faults, replicas and the state of the load generator, once a second.',
    ),
    grafana: may(
      endpoint('https://grafana.example.com', 'URL of Grafana, without /api and without credentials.', 'GRAFANA_TOKEN'),
      'Receives an annotation for each phase, fault and action.',
    ),
  }),
)

type Draft = typeof publish extends Shape<infer T> ? T : never
type EndpointDraft = NonNullable<Draft['value']['grafana']>

export function checkPublish({ at, value: { remoteWrite, grafana } }: Draft, report: Report): void {
  if (remoteWrite === undefined && grafana === undefined)
    report(at, 'missing-key', 'publish has neither remoteWrite nor grafana.', 'add remoteWrite or grafana.')
  for (const each of [remoteWrite, grafana])
    if (each?.value.bearer !== undefined && each.value.basic !== undefined)
      report(each.at, 'wrong-value', 'Both bearer and basic are given.', 'keep bearer or basic.')
}

export const publishOf = (file: string, { value: { remoteWrite, grafana } }: Draft): PublishTarget => ({
  ...(remoteWrite === undefined ? {} : { remoteWrite: endpointOf(file, remoteWrite) }),
  ...(grafana === undefined ? {} : { grafana: endpointOf(file, grafana) }),
})

function endpointOf(file: string, { at, value: { url, bearer, basic, ca } }: EndpointDraft): PublishEndpoint {
  const login = bearer
    ? ({ kind: 'bearer', from: placeOf(file, bearer) } as const)
    : basic && ({ kind: 'basic', from: placeOf(file, basic) } as const)
  return {
    url: url.replace(/\/+$/, ''),
    ...(login ? { login } : {}),
    ...(ca === undefined ? {} : { ca: relativeTo(file, ca) }),
    at,
  }
}
