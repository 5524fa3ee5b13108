/** How releases are compared: the part `compare` of a rehearsal file, and `releases` of a target file. */
import type { CompareSettings } from '../domain/comparison.ts'
import { ratio, seconds } from '../domain/units.ts'
import { objectName } from './name-shapes.ts'
import { duration, factor, percentage } from './quantities.ts'
import { may, need, record } from './record.ts'
import { template } from './release-shape.ts'
import { integer, placed, type Shape, table, text } from './shape.ts'

const loss = percentage({ min: 0, max: 1, example: '15%' })
const share = percentage({ min: 0.000001, max: 1, example: '0.1%' })
const indicator = { form: 'the name of an indicator', example: 'checkout', pattern: /^[a-z][a-z0-9-]{0,30}$/ }

export const compareSpec = record({
  settle: may(duration({ min: 0 }), 'Time at the start of each block that does not count, 5s if left out.'),
  measure: may(duration({ min: 1000 }), 'Time of each block that counts, 30s if left out.'),
  pairs: may(
    integer({ min: 2, max: 200, what: 'a number of pairs' }),
    'Most pairs of blocks, 16 if left out; it ends earlier when it is decided.',
  ),
  load: may(factor({ min: 0.001, max: 1000 }), 'Multiple of the arrivals, 1x if left out.'),
  worse: may(
    record({
      latency: may(loss, 'Slowdown up to which nothing is called worse, 0% if left out.'),
      rate: may(loss, 'The same for shares of bad attempts, in percentage points, 0% if left out.'),
    }),
    'Losses up to here are no regression, even when they are proven.',
  ),
  margin: may(
    record({
      latency: may(loss, 'Slowdown, 15% if left out.'),
      rate: may(share, 'Percentage points of bad attempts; the error budget of the objective if left out.'),
    }),
    'A release is not worse when its loss is proven smaller than this.',
  ),
  margins: may(
    table(
      indicator,
      record({ latency: may(loss, 'Slowdown.'), rate: may(share, 'Percentage points of bad attempts.') }),
    ),
    'Margins of single indicators.',
  ),
})

type Draft = typeof compareSpec extends Shape<infer T> ? T : never

const LOOKS = [4, 6, 8, 10, 12, 16]
const PAIRS_MOST = 16
const SLOWDOWN_MARGIN = 0.15

export function compareSettings(draft: Partial<Draft> = {}): CompareSettings {
  const { settle, measure, pairs = PAIRS_MOST, load, worse, margin, margins } = draft
  return {
    settleMs: settle ?? seconds(5),
    measuredMs: measure ?? seconds(30),
    factor: load ?? 1,
    looks: looksUpTo(pairs),
    alpha: ratio(0.05),
    worse: { latency: worse?.latency ?? 0, rate: worse?.rate ?? 0 },
    margin: marginOf(margin?.latency ?? SLOWDOWN_MARGIN, margin?.rate),
    margins: Object.fromEntries(
      Object.entries(margins ?? {}).map(([sli, own]) => [
        sli,
        {
          ...(own.latency === undefined ? {} : { latency: own.latency }),
          ...(own.rate === undefined ? {} : { rate: own.rate }),
        },
      ]),
    ),
  }
}

const marginOf = (latency: number, rate: number | undefined) => (rate === undefined ? { latency } : { latency, rate })

/** After 4 pairs the first time, then every second pair up to 12, then every fourth. */
export function looksUpTo(pairs: number): readonly number[] {
  const later = Array.from({ length: 50 }, (_, n) => PAIRS_MOST + 4 * (n + 1))
  return [...LOOKS, ...later].filter((look) => look < pairs).concat(pairs)
}

const release = record({
  entry: need(
    text({
      form: 'an http or https URL',
      example: 'http://127.99.0.1:8080',
      pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/,
    }),
    'URL where clients of this release enter.',
  ),
  pin: may(
    placed(
      record({
        deployment: need(objectName('shop-next'), 'Deployment that runs this release.'),
        replicas: need(
          integer({ min: 1, max: 100_000, what: 'a number of pods' }),
          'Number of pods during the comparison.',
        ),
      }),
    ),
    'Deployment and replicas of this release. With a cluster, `matchday compare` restarts the Deployment first, and no autoscaler changes its replicas during the comparison.',
  ),
  rollOut: may(
    placed(
      record({
        deployment: need(objectName('shop'), 'Deployment that runs both releases, one after the other.'),
        ...template,
        within: may(duration({ min: 1000 }), 'Longest time until every pod runs the template, 3m if left out.'),
      }),
    ),
    'For two images of one Deployment: `matchday compare` rolls this out each time before it measures this release, and restores the template that was deployed before it measures the other one, and at the end.',
  ),
})

const releaseName = {
  form: 'a name of lower-case letters, digits, dots and hyphens',
  example: 'v1.4.2',
  pattern: /^[a-z0-9][a-z0-9.-]{0,62}$/,
}
export const releases = table(releaseName, release)
