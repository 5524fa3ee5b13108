/** The table of the target file: what differs between clusters. */

import { acceptedFindings } from './acceptance-shape.ts'
import { releases } from './compare-shape.ts'
import { loadCredential } from './confidential.ts'
import { cutoverPlace } from './cutover-shape.ts'
import { migrationPlace } from './migration-shape.ts'
import { dnsLabel, metricName, name, objectName, variable } from './name-shapes.ts'
import { prometheus } from './prometheus-shape.ts'
import { publish } from './publish.ts'
import { duration, factor } from './quantities.ts'
import { may, need, parts, record } from './record.ts'
import { API_VERSION } from './rehearsal-shape.ts'
import { restorePlace } from './restore-shape.ts'
import { runners } from './runners-shape.ts'
import { integer, list, placed, someOf, table, text, word, yes } from './shape.ts'
import { sliName } from './sli-shape.ts'

const key = {
  form: 'a name of lower-case letters, digits and hyphens',
  example: 'carrier-a',
  pattern: /^[a-z0-9][a-z0-9-]{0,62}$/,
}
const labelKey = {
  form: 'the name of a label',
  example: 'app.kubernetes.io/name',
  pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}$/,
}
const port = integer({ min: 1, max: 65_535, what: 'a port' })

const source = record({
  namespace: need(dnsLabel(63), 'Namespace of the pods.'),
  selector: need(
    table(labelKey, text({ form: 'the value of a label', example: 'carrier-a' })),
    'Labels that the pods carry; each of them is scraped.',
  ),
  port: need(port, 'Port on which the pods show their metrics.'),
  path: may(
    text({ form: 'a path', example: '/metrics', pattern: /^\/\S*$/ }),
    'Path of the metrics, /metrics if left out.',
  ),
  metrics: need(someOf(metricName), 'Metrics that are read; others are ignored.'),
  configuration: may(
    record({
      metric: need(metricName, 'Metric with one series above 0 in each pod. It is read too.'),
      label: need(
        text({ form: 'the name of a metric label', example: 'digest', pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/ }),
        'Label whose value changes with the configuration, such as its digest.',
      ),
    }),
    'How each pod reports the configuration that it uses.',
  ),
})

const book = record({
  book: need(dnsLabel(63), 'Name of the book.'),
  namespace: need(dnsLabel(63), 'Namespace of the service.'),
  service: need(dnsLabel(63), 'Service that answers GET /books.'),
  port: need(port, 'Port of the service.'),
  ledger: may(yes(), 'The book against which the others are held; without it the one with a double-entry check.'),
})

const operation = name('the name of an operation', 'order')

const metricLabel = (example: string) =>
  text({ form: 'the name of a metric label', example, pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/ })
const outcome = (example: string) => text({ form: 'the value of a label', example })

const providerCalls = record({
  counter: need(metricName, 'Counter of calls that ended, in the metrics of one or more sources.'),
  providers: need(
    someOf(name('the name of a provider', 'carrier-a')),
    'Its providers; each is also the name of a source.',
  ),
  labels: need(
    record({
      provider: need(metricLabel('carrier'), 'Label with the name of the provider.'),
      outcome: need(metricLabel('outcome'), 'Label with how the call ended.'),
    }),
    'Labels of the counter.',
  ),
  outcomes: need(
    record({
      done: need(outcome('done'), 'The provider did the work.'),
      inVain: need(list(outcome('error')), 'Calls that failed: errors, and no answer in time.'),
      keptAway: may(outcome('open'), 'Calls that an open circuit breaker did not let through.'),
    }),
    'Values of that label.',
  ),
})

const fieldPath = (example: string) =>
  text({ form: 'keys of an object, with dots between', example, pattern: /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/ })

const database = record({
  apiVersion: need(
    text({ form: 'the version of an API', example: 'postgresql.cnpg.io/v1', pattern: /^([a-z0-9.-]+\/)?v[a-z0-9]+$/ }),
    'API version of the object.',
  ),
  plural: need(dnsLabel(63), 'Plural of its kind, as in API paths.'),
  namespace: need(dnsLabel(63), 'Namespace of the object.'),
  name: need(objectName('orders-db'), 'Name of the object.'),
  desired: need(fieldPath('spec.primary'), 'Field into which the name of the wanted primary is written.'),
  observed: need(fieldPath('status.currentPrimary'), 'Field that shows which member is the primary.'),
})

export const targetSpec = parts({
  context: need(text({ form: 'a kube context', example: 'staging-eu' }), 'Kube context that this file describes.'),
  namespace: need(dnsLabel(63), 'Namespace of the platform.'),
  entry: need(
    text({
      form: 'an http or https URL',
      example: 'http://127.99.0.1:8080',
      pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/,
    }),
    'URL where clients enter.',
  ),
  clusterUid: may(
    text({
      form: 'a uid',
      example: '2f3b0f6e-5f0a-4c53-9f57-0c3b6a1d8d2e',
      pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    }),
    'uid of the namespace kube-system, so that a context that points elsewhere is refused: kubectl get ns kube-system -o jsonpath={.metadata.uid}',
  ),
  hpaSync: may(duration({ min: 100 }), 'Sync period of the HorizontalPodAutoscaler controller, 15s if left out.'),
  injectionBudget: may(
    duration({ min: 1000 }),
    'Longest time until Chaos Mesh has injected a fault, 10s if left out. A fault that takes longer proves nothing.',
  ),
  loadFactor: may(
    factor({ min: 0.01, max: 10_000 }),
    'Multiple of all arrivals and sockets on this cluster, 1x if left out.',
  ),
  load: may(placed(runners), 'k6 in the cluster, in several pods. Left out: k6 runs on the machine of matchday.'),
  sources: need(table(key, source), 'Where metrics are read, through the API server.'),
  prometheus: may(prometheus, 'Sources that are read from a Prometheus instead, with the samples that it has scraped.'),
  publish: may(publish, 'Where a run publishes its measurements, during the run.'),
  credentials: may(
    table({ ...variable, example: 'SHOP_TOKEN' }, placed(loadCredential('SHOP_TOKEN', '../secrets/shop-token'))),
    'Credentials of the load: what the script reads from __ENV, and where each one is. None of them is written into a journal, a log or a report.',
  ),
  books: may(list(book), 'Where books are read, through the API server.'),
  followUps: may(
    table({ ...sliName, example: 'invoice' }, operation),
    'Operations that the platform books by itself after another one, under the same key in the ledger: each must come.',
  ),
  streams: may(
    table(
      { ...sliName, example: 'order-updates' },
      record({
        book: need(dnsLabel(63), 'Book that answers POST /books/deliveries.'),
        operation: need(operation, 'Operation whose keys are pushed to clients.'),
      }),
    ),
    'Streams of messages that the platform pushes to clients: the book that records what was due to whom.',
  ),
  providerCalls: may(
    list(providerCalls),
    'Counters that show which provider does the work: a failover, a failback and a missing breaker are read from them.',
  ),
  readinessProbe: may(
    record({
      period: need(duration({ min: 100 }), 'Time between two probes.'),
      failures: need(
        integer({ min: 1, max: 1000, what: 'a number of probes' }),
        'Failed probes until a pod is not Ready.',
      ),
      timeout: need(duration({ min: 100 }), 'Time that a probe may take.'),
    }),
    'How soon pods stop being Ready when they fail; the defaults of Kubernetes (10s, 3, 1s) if left out.',
  ),
  databases: may(
    table(key, database),
    'How another member of a database is made its primary: one field of one object; it has moved when desired and observed are equal.',
  ),
  restores: may(
    table(key, restorePlace),
    'How a restored copy of a database is requested, read and removed, for the action restore.',
  ),
  migrations: may(
    table(key, migrationPlace),
    'How the schema of a database is changed, for the migration of a release: a Job, and the gauge that shows how long statements wait for locks.',
  ),
  cutovers: may(
    table(key, cutoverPlace),
    'How the platform moves to another region, for the action cutover: what is switched in each step, how it is proven, and how it is taken back.',
  ),
  addresses: may(
    table(
      key,
      someOf(
        text({
          form: 'an IPv4 address or CIDR',
          example: '203.0.113.10/32',
          pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)(\/(3[0-2]|[12]?\d))?$/,
        }),
      ),
    ),
    'Addresses of providers outside the cluster, by the name in the annotation matchday.dev/addresses of a chaos file.',
  ),
  endpoints: may(
    table(
      key,
      someOf(
        text({
          form: 'an IPv4 address with a port',
          example: '203.0.113.10:443',
          pattern:
            /^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d):([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/,
        }),
      ),
    ),
    'Endpoints outside the cluster that pods may call, by name; the posture check enforced-network dials them.',
  ),
  releases: may(releases, 'Releases that are deployed side by side, for `matchday compare --a NAME --b NAME`.'),
  acceptedFindings: may(
    acceptedFindings,
    'Findings that are known: a run that shows only these passes "with accepted findings", until the day given.',
  ),
})

export const targetFile = parts({
  apiVersion: need(word(API_VERSION), `Always ${API_VERSION}.`),
  kind: need(word('Target'), 'Always Target.'),
  metadata: may(record({ name: need(dnsLabel(63), 'Name of the target.') }), 'Who this is.'),
  spec: need(targetSpec, 'The target.'),
})
