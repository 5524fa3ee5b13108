/** The kinds of `slis` that are measured by k6 itself: where the attempts of an SLI come from. */
import { may, need, record } from './record.ts'
import { table, text, word } from './shape.ts'

const k6Metric = (example: string) =>
  text({ form: 'the name of a k6 metric', example, pattern: /^[a-zA-Z_][a-zA-Z0-9_]{1,128}$/ })

const tagName = { form: 'the name of a k6 tag', example: 'name', pattern: /^[a-zA-Z_][a-zA-Z0-9_.-]*$/ }
const where = may(
  table(tagName, text({ form: 'the value of a tag', example: 'checkout' })),
  'Only samples with these k6 tags: name, group, url, method, status, scenario, check, or tags of the script.',
)

export const measuredSlis = {
  http: need(
    record({ where }),
    'HTTP requests of the script. Bad are those that k6 counts in http_req_failed; latency is http_req_duration of the good ones.',
  ),
  grpc: need(
    record({ where }),
    'gRPC calls of the script. Good are those with status OK; latency is grpc_req_duration of the good ones.',
  ),
  websocket: need(
    record({ where }),
    'WebSocket handshakes of the script. Good are those with status 101; latency is ws_connecting of the good ones.',
  ),
  checks: need(record({ where }), 'Checks of the script. A check that passed is good.'),
  rate: need(
    record({
      metric: need(k6Metric('errors'), 'Name of a Rate of the script.'),
      good: need(
        word('zero', 'nonzero'),
        'Which values are good: zero for a Rate of errors, nonzero for one of successes.',
      ),
      where,
    }),
    'A custom Rate of the script.',
  ),
  trend: need(
    record({ metric: need(k6Metric('search_time'), 'Name of a Trend of the script, in milliseconds.'), where }),
    'A custom Trend of the script. It has a latency and no bad attempts.',
  ),
  counters: need(
    record({
      good: need(k6Metric('orders_placed'), 'Name of the Counter of good attempts.'),
      bad: need(k6Metric('orders_failed'), 'Name of the Counter of bad attempts.'),
      where,
    }),
    'Two custom Counters of the script.',
  ),
} as const
