/** `scalesOn` of an expected autoscaler: the metric of a source that calls for more pods. */
import { overPods, type ScalingMetric } from '../domain/rehearsal.ts'
import { metricName, seriesLabels, source } from './name-shapes.ts'
import { rate } from './quantities.ts'
import { may, need, record, tellApart } from './record.ts'
import { integer, type Shape, word } from './shape.ts'

const where = may(seriesLabels, 'Only series with these labels.')

export const scalesOn = tellApart(
  {
    gauge: record({
      gauge: need(metricName, 'Gauge of the source.'),
      pods: need(word(...overPods), '`sum` if each pod shows its own part, `max` if each pod shows the total.'),
      where,
      of: need(source('broker'), 'Source of the gauge, of pods or of prometheus.'),
      above: need(integer({ min: 0, max: 1_000_000_000, what: 'a number' }), 'Above it, more pods are needed.'),
    }),
  },
  {
    rate: record({
      rate: need(metricName, 'Counter of the source.'),
      where,
      of: need(source('shop'), 'Source of the counter, of pods or of prometheus.'),
      above: need(rate({ min: 0.01, max: 1_000_000 }), 'Above this rate of all pods together, more pods are needed.'),
    }),
  },
)

type Draft = typeof scalesOn extends Shape<infer T> ? T : never

export function scalingMetricOf({ kind, value }: Draft): ScalingMetric {
  const series = { of: value.of.value, where: value.where ?? {} }
  return kind === 'gauge'
    ? { kind, ...series, metric: value.gauge, pods: value.pods, above: value.above }
    : { kind, ...series, metric: value.rate, above: value.above }
}
