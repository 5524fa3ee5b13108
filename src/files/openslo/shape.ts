/**
 * The documents of OpenSLO v1 that matter here: SLO, SLI and Service. Keys that the specification does not have are issues, as everywhere; what a
 * rehearsal does not support is read too, so that it can be refused with its place.
 */
import { dnsLabel } from '../name-shapes.ts'
import { plainNumber } from '../plain-number.ts'
import { may, need, record } from '../record.ts'
import { list, placed, type Shape, someOf, text, whole, word } from '../shape.ts'
import { plainValue } from '../yaml-node.ts'

export const OPENSLO_VERSION = 'openslo/v1'
/** Annotation of an SLO: the second, higher limit of its latency. */
export const CEILING = 'matchday.dev/ceiling'
/** Annotation of an SLI: the unit of its histogram. */
export const UNIT = 'matchday.dev/unit'

const anything: Shape<unknown> = { schema: {}, decode: (node) => whole(plainValue(node)) }
const flag: Shape<boolean> = {
  schema: { type: 'boolean' },
  decode: (node, report) => {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return whole(node.value)
    report(node.at, 'wrong-type', `${node.path} must be true or false.`, 'write true or false.')
    return undefined
  },
}
const sentence = text({ form: 'a text', example: 'Orders are taken' })
const objectName = dnsLabel(63)
const share = plainNumber({ min: 0, max: 1 })

const metadata = record({
  name: need(placed(objectName), 'Name of the object.'),
  displayName: may(sentence, 'Name for people.'),
  labels: may(anything, 'Labels.'),
  annotations: may(placed(anything), 'Annotations.'),
})

const metric = placed(
  record({
    metricSource: need(
      record({
        metricSourceRef: may(placed(objectName), 'DataSource with the connection.'),
        type: may(placed(sentence), 'Kind of source.'),
        spec: need(placed(anything), 'What is asked for.'),
      }),
      'Where the metric is.',
    ),
  }),
)

const indicatorSpec = record({
  description: may(sentence, 'What it is.'),
  thresholdMetric: may(metric, 'A metric that is compared with a value.'),
  ratioMetric: may(
    placed(
      record({
        counter: may(placed(flag), 'Whether the metrics only ever rise.'),
        good: may(metric, 'Good events.'),
        bad: may(metric, 'Bad events.'),
        total: may(metric, 'All events.'),
        rawType: may(placed(sentence), 'Whether raw is a share of good or of bad events.'),
        raw: may(metric, 'A share that was computed elsewhere.'),
      }),
    ),
    'A share of events.',
  ),
})

const indicator = placed(
  record({
    metadata: may(metadata, 'Its name.'),
    spec: need(indicatorSpec, 'How it is measured.'),
  }),
)

const objective = placed(
  record({
    displayName: may(sentence, 'Name for people.'),
    op: may(placed(word('lte', 'lt', 'gte', 'gt')), 'How the metric is compared with the value.'),
    value: may(placed(plainNumber({ min: -1e12, max: 1e12 })), 'The value.'),
    target: may(placed(share), 'Share of good events, below 1.'),
    targetPercent: may(placed(plainNumber({ min: 0, max: 100 })), 'The same in percent.'),
    timeSliceTarget: may(placed(anything), 'Share of good events in a time slice.'),
    timeSliceWindow: may(placed(anything), 'Length of a time slice.'),
    indicator: may(placed(anything), 'An indicator of its own (composite SLO).'),
    indicatorRef: may(placed(anything), 'An indicator of its own (composite SLO).'),
    compositeWeight: may(placed(anything), 'Weight in a composite SLO.'),
  }),
)

const timeWindow = placed(
  record({
    duration: need(
      text({ form: 'a duration of OpenSLO', example: '28d', pattern: /^[1-9][0-9]*[mhdwMQY]$/ }),
      'Its length.',
    ),
    isRolling: may(flag, 'Whether it is a rolling window.'),
    calendar: may(placed(anything), 'When it begins.'),
  }),
)

export const sloDocument = record({
  apiVersion: need(word(OPENSLO_VERSION), `Always ${OPENSLO_VERSION}.`),
  kind: need(word('SLO'), 'Always SLO.'),
  metadata: need(metadata, 'Name.'),
  spec: need(
    record({
      description: may(sentence, 'What it is for.'),
      service: need(objectName, 'Service that it belongs to.'),
      indicator: may(indicator, 'The indicator itself.'),
      indicatorRef: may(placed(objectName), 'Name of a document of the kind SLI.'),
      timeWindow: may(list(timeWindow), 'Time over which it is judged; one at most.'),
      budgetingMethod: need(
        placed(word('Occurrences', 'Timeslices', 'RatioTimeslices')),
        'What the error budget is made of.',
      ),
      objectives: need(someOf(objective), 'What must hold.'),
      alertPolicies: may(placed(anything), 'Whom to alert.'),
    }),
    'The objective.',
  ),
})

export const sliDocument = record({
  apiVersion: need(word(OPENSLO_VERSION), `Always ${OPENSLO_VERSION}.`),
  kind: need(word('SLI'), 'Always SLI.'),
  metadata: need(metadata, 'Name.'),
  spec: need(indicatorSpec, 'How it is measured.'),
})

type Of<S> = S extends Shape<infer T> ? T : never
export type SloDocument = Of<typeof sloDocument>
export type SliDocument = Of<typeof sliDocument>
export type IndicatorSpec = Of<typeof indicatorSpec>
export type MetricDraft = Of<typeof metric>
export type ObjectiveDraft = Of<typeof objective>
