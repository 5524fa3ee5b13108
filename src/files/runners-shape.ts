/** `load` of the target file: k6 in the cluster, in several pods. */
import type { LoadRunners } from '../domain/runners.ts'
import { dnsLabel } from './name-shapes.ts'
import { may, need, record } from './record.ts'
import { type Form, integer, list, type Placed, refuse, type Shape, table, text, whole } from './shape.ts'

const image = (example: string) =>
  text({ form: 'an image, best with its digest', example, pattern: /^[a-z0-9][\w./:@-]{0,250}$/ })

/** `cpu: 2` is a number in YAML, and an amount all the same. */
const amount = (rule: Form & { readonly pattern: RegExp }): Shape<string> => ({
  schema: { type: ['string', 'number'], pattern: rule.pattern.source, examples: [rule.example] },
  decode: (node, report) => {
    if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean')
      return refuse(node, report, 'wrong-type', rule)
    const written = String(node.value)
    return rule.pattern.test(written) ? whole(written) : refuse(node, report, 'wrong-value', rule)
  },
})

export const runners = record({
  runners: need(integer({ min: 1, max: 100, what: 'a number of runners' }), 'How many pods with k6 share the load.'),
  namespace: may(dnsLabel(63), 'Namespace of the runners, matchday-load if left out. It must exist.'),
  entry: may(
    text({
      form: 'an http or https URL',
      example: 'http://ingress-nginx-controller.ingress-nginx',
      pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/,
    }),
    'URL where the runners enter, if it differs from `entry`.',
  ),
  image: may(
    image('grafana/k6:2.2.0@sha256:…'),
    'Image of the runners, grafana/k6:2.2.0 if left out. It has k6 and a shell.',
  ),
  relayImage: may(
    image('node:24-alpine@sha256:…'),
    'Image of the relay that receives the metrics of the runners, node:24-alpine if left out.',
  ),
  cpu: may(
    amount({ form: 'an amount of CPU', example: '2', pattern: /^(\d+(\.\d{1,3})?|\d+m)$/ }),
    'CPU of each runner, as request and as limit; 1 if left out.',
  ),
  memory: may(
    amount({ form: 'an amount of memory', example: '2Gi', pattern: /^\d+(Mi|Gi|M|G)$/ }),
    'Memory of each runner, as request and as limit; 1Gi if left out.',
  ),
  nodeSelector: may(
    table(
      { form: 'the name of a label', example: 'pool', pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}$/ },
      text({ form: 'the value of a label', example: 'load' }),
    ),
    'Labels of the nodes that the runners may use: best nodes of their own.',
  ),
  tolerates: may(
    list(text({ form: 'the key of a taint', example: 'load', pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}$/ })),
    'Keys of the taints of these nodes.',
  ),
})

type Draft = typeof runners extends Shape<infer T> ? T : never

export const runnersOf = ({ at, value }: Placed<Draft>): LoadRunners => ({
  namespace: 'matchday-load',
  image: 'grafana/k6:2.2.0',
  relayImage: 'node:24-alpine',
  cpu: '1',
  memory: '1Gi',
  ...defined(value),
  runners: value.runners,
  ...(value.entry === undefined ? {} : { entry: value.entry.replace(/\/+$/, '') }),
  at,
})

/** Without the fields that are left out. */
const defined = <T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
