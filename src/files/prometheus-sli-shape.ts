/** The indicators of `slis` that a Prometheus counts: two counters (good or bad, and all), or the buckets of a histogram. */
import type { PrometheusSli } from '../domain/prometheus-sli.ts'
import { source } from './name-shapes.ts'
import { may, need, record, tellApart } from './record.ts'
import { placed, type Shape, text, word } from './shape.ts'

const metric = (example: string) =>
  text({ form: 'a metric of that source', example, pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/ })

export const prometheusSli = placed(
  tellApart(
    {
      buckets: record({
        of: need(source('shop'), 'Source of prometheus in the target file.'),
        buckets: need(
          metric('order_seconds_bucket'),
          'Its metric with the _bucket series of a classic histogram. One bucket must end at the limit of each objective.',
        ),
        unit: may(word('s', 'ms'), 'Unit of its label le, s if left out.'),
      }),
      bad: record({
        of: need(source('shop'), 'Source of prometheus in the target file.'),
        bad: need(metric('orders_bad'), 'Its metric that counts the bad attempts.'),
        total: need(metric('orders_all'), 'Its metric that counts all attempts, the bad ones included.'),
      }),
    },
    {
      ratio: record({
        of: need(source('shop'), 'Source of prometheus in the target file.'),
        good: need(metric('orders_good'), 'Its metric that counts the good attempts.'),
        total: need(metric('orders_all'), 'Its metric that counts all attempts, the good ones included.'),
      }),
    },
  ),
)

type Draft = typeof prometheusSli extends Shape<infer T> ? T : never

export function prometheusSliOf({ at, value }: Draft): PrometheusSli {
  if (value.kind === 'ratio') {
    const { of, good, total } = value.value
    return { kind: 'prometheus-ratio', of: of.value, good, total, at }
  }
  if (value.kind === 'bad') {
    const { of, bad, total } = value.value
    return { kind: 'prometheus-failures', of: of.value, bad, total, at }
  }
  const { of, buckets, unit = 's' } = value.value
  return { kind: 'prometheus-buckets', of: of.value, buckets, unit, at }
}
