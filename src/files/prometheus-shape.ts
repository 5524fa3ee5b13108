/** The table of `prometheus` in the target file. */
import { confidential, credential } from './confidential.ts'
import { dnsLabel, path } from './name-shapes.ts'
import { duration } from './quantities.ts'
import { may, need, record } from './record.ts'
import { integer, placed, table, text } from './shape.ts'

const secret = credential('PROMETHEUS_TOKEN', '/run/secrets/prometheus-token')

const PLACE = 'https://prometheus.example.com'
const selector = text({ form: 'a selector of series, without a range', example: 'requests_total{job="shop"}' })

const fields = record({
  service: may(
    record({
      namespace: need(dnsLabel(63), 'Namespace of the Service.'),
      name: need(dnsLabel(63), 'Name of the Service.'),
      port: need(integer({ min: 1, max: 65_535, what: 'a port' }), 'Port of the Service.'),
    }),
    "A Prometheus in the cluster, read through the API server's proxy.",
  ),
  url: may(
    confidential(
      text({ form: 'an http or https URL', example: PLACE, pattern: /^https?:\/\/[^\s?#@]+$/ }),
      'an http or https URL without user, query or fragment',
      PLACE,
    ),
    'URL of a Prometheus elsewhere, without credentials.',
  ),
  bearer: may(secret, 'Where the bearer token for the URL is.'),
  basic: may(secret, 'Where user:password for the URL is.'),
  ca: may(
    path('prometheus-ca.pem'),
    'Certificates of the authority that signed its certificate (PEM), relative to this file.',
  ),
  scrapeInterval: need(
    duration({ min: 100 }),
    'How often it scrapes these sources. No budget may be shorter than two of these.',
  ),
  sources: need(
    table(
      {
        form: 'a name of lower-case letters, digits and hyphens',
        example: 'carrier-a',
        pattern: /^[a-z0-9][a-z0-9-]{0,62}$/,
      },
      table(
        { form: 'the name of a metric', example: 'requests_total', pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/ },
        selector,
      ),
    ),
    'By source, its metrics and the selector of their series; raw samples are read, so a selector holds no function.',
  ),
})

/** One place, and with a URL at most one login; `checkPrometheus` says so in words. */
export const prometheus = placed({
  schema: {
    ...fields.schema,
    oneOf: [{ required: ['service'] }, { required: ['url'] }],
    not: { required: ['bearer', 'basic'] },
  },
  decode: fields.decode,
})
