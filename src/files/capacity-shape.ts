/** The table of the capacity file: which rehearsal is searched, how far, and what may be used up. */
import { overPods } from '../domain/rehearsal.ts'
import { dnsLabel, metricName, name, path, seriesLabels, source } from './name-shapes.ts'
import { plainNumber } from './plain-number.ts'
import { duration, factor, percentage } from './quantities.ts'
import { may, need, parts, record } from './record.ts'
import { API_VERSION } from './rehearsal-shape.ts'
import { integer, list, placed, table, text, word } from './shape.ts'

const load = () => factor({ min: 0.01, max: 10_000 })

const search = record({
  from: may(load(), 'First load, `1x` if left out.'),
  least: may(load(), 'No load below this is tried; a tenth of `from` if left out.'),
  most: may(load(), 'No load above this is tried; 50 times `from` if left out.'),
  growth: may(factor({ min: 1.05, max: 10 }), 'Factor between loads until the limit is enclosed, `1.6x` if left out.'),
  resolution: may(
    percentage({ min: 0.01, max: 0.5, example: '5%' }),
    'How closely the limit is enclosed, `5%` if left out.',
  ),
  settle: may(
    duration({ min: 0 }),
    'Time under each load before it is measured; 5 s and 3 syncs of the autoscaler if left out.',
  ),
  rest: may(duration({ min: 0 }), 'Longest wait between two loads until the platform is at rest, `2m` if left out.'),
  measure: may(
    duration({ min: 10_000 }),
    'Time in which a load is measured, `30s` if left out; up to three times if unproven.',
  ),
  repeats: may(
    integer({ min: 0, max: 50, what: 'a number of repeats' }),
    'Loads near the limit to learn how much it varies, 4 if left out.',
  ),
  hold: may(duration({ min: 10_000 }), 'Time of a hold at the promised load, `2m` if left out.'),
  holds: may(integer({ min: 1, max: 10, what: 'a number of holds' }), 'Holds in a row that must hold, 2 if left out.'),
  odds: may(
    percentage({ min: 0.5, max: 0.99, example: '95%' }),
    'Chance that a later run holds the promised load, `95%` if left out.',
  ),
  recoversWithin: may(duration({ min: 0 }), 'Time to recover from an overload, `60s` if left out.'),
  budget: may(duration({ min: 60_000 }), 'Time for the whole search, `45m` if left out.'),
})

const resource = placed(
  record({
    name: need(name('the name of a resource', 'database pool'), 'What is used up.'),
    gauge: may(
      placed(metricName),
      'Gauge of the source that shows how much is used. The largest reading at a load counts.',
    ),
    counter: may(
      placed(metricName),
      'Instead of a gauge: a counter of the seconds in which slots or workers were busy, or of CPU seconds. Its growth per second is how many are in use on average.',
    ),
    of: need(source('orders'), 'Source of the metric, from the target file.'),
    where: may(seriesLabels, 'Only series with these labels.'),
    pods: need(word(...overPods), '`sum` if each pod shows its own part, `max` if each pod shows the total.'),
    limit: need(plainNumber({ min: 0, max: 1e9 }), 'The most that there is.'),
  }),
)

const prices = record({
  currency: need(text({ form: 'a currency', example: 'EUR' }), 'For display only.'),
  pods: may(
    table(
      { form: 'the app of a pod', example: 'checkout-api', pattern: /^[a-z0-9][a-z0-9.-]{0,62}$/ },
      plainNumber({ min: 0, max: 1e6 }),
    ),
    'Price of one pod for an hour, by its app.',
  ),
  node: may(plainNumber({ min: 0, max: 1e6 }), 'Price of one node for an hour.'),
})

export const capacitySpec = parts({
  rehearsal: need(
    placed(path('derby-day.rehearsal.yaml')),
    'Rehearsal whose load and objectives are used, relative to this file.',
  ),
  search: may(search, 'How the search goes.'),
  withZones: may(
    placed(word('N-1')),
    'Search with one zone less: the zone with the most pods of the target is drained first, and gets its nodes back at the end.',
  ),
  event: may(load(), 'Load of the planned event: the headroom counts from there, and a promise below it fails.'),
  resources: may(list(resource), 'What may be used up, so that the bottleneck has a name.'),
  prices: may(prices, 'For the cost of each load.'),
})

export const capacityFile = parts({
  apiVersion: need(word(API_VERSION), `Always ${API_VERSION}.`),
  kind: need(word('Capacity'), 'Always Capacity.'),
  metadata: need(record({ name: need(dnsLabel(40), 'Name of the search.') }), 'Who this is.'),
  spec: need(capacitySpec, 'The search.'),
})
