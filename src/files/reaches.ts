/** `spec.reaches`: states without which the run was too easy. */

import { overPods } from '../domain/rehearsal.ts'
import type { RequiredState } from '../domain/required-state.ts'
import { metricName, name, seriesLabels, source } from './name-shapes.ts'
import { rate } from './quantities.ts'
import { may, need, record, tellApart } from './record.ts'
import { integer, type Placed, placed, type Shape, word } from './shape.ts'

const on = may(
  placed(name('the name of a phase', 'peak')),
  'Phase in which it must be reached; at any time of the load if left out.',
)

export const reached = placed(
  tellApart(
    {
      gauge: record({
        gauge: need(placed(metricName), 'Gauge of the pods of the source.'),
        pods: need(word(...overPods), '`sum` if each pod shows its own part, `max` if each pod shows the total.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('broker'), 'Source of the gauge.'),
        atLeast: need(integer({ min: 1, max: 1_000_000_000, what: 'a number' }), 'Value that it must reach once.'),
        on,
      }),
      rate: record({
        rate: need(placed(metricName), 'Counter whose rate is watched, over 5 s.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('shop'), 'Source of the counter.'),
        atLeast: need(rate({ min: 0.01, max: 1_000_000 }), 'Rate that it must reach once.'),
        on,
      }),
    },
    {
      autoscaler: record({
        autoscaler: need(name('the name of an autoscaler', 'checkout'), 'Name of the HorizontalPodAutoscaler.'),
        at: need(word('maximum'), 'Always maximum: it wants as many pods as it may have.'),
        on,
      }),
    },
  ),
)

type Draft = typeof reached extends Shape<infer T> ? T : never

export function requiredStateOf({ at, value }: Draft): RequiredState {
  const inPhase = (phase: Placed<string> | undefined) => (phase === undefined ? {} : { phase: phase.value })
  switch (value.kind) {
    case 'autoscaler': {
      const { autoscaler, on } = value.value
      return { kind: 'at-maximum', autoscaler, ...inPhase(on), at }
    }
    case 'gauge': {
      const { gauge, pods, where, of, atLeast, on } = value.value
      return { kind: 'gauge', of: of.value, metric: gauge.value, where: where ?? {}, pods, atLeast, ...inPhase(on), at }
    }
    case 'rate': {
      const { rate: metric, where, of, atLeast, on } = value.value
      return { kind: 'rate', of: of.value, metric: metric.value, where: where ?? {}, atLeast, ...inPhase(on), at }
    }
  }
}
