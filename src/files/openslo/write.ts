/**
 * The objectives of a rehearsal as OpenSLO v1 documents. An indicator that a Prometheus counts keeps its series. One that the load generator measures
 * uses the series that matchday publishes, and is read back as that indicator.
 */
import { stringify } from 'yaml'
import { isCountedByPrometheus, prometheusIn, type Slis } from '../../domain/indicators.ts'
import type { PrometheusSli } from '../../domain/prometheus-sli.ts'
import type { PublishedSeries } from '../../domain/published.ts'
import type { Rehearsal, Slo, Target } from '../../domain/rehearsal.ts'
import { showDuration } from '../../domain/show.ts'
import { CEILING, OPENSLO_VERSION, UNIT } from './shape.ts'
import { wholeMinutes } from './window.ts'

export function openSloText(rehearsal: Rehearsal, target: Target): string {
  const documents = [
    serviceOf(rehearsal),
    ...slisOf(rehearsal, target),
    ...rehearsal.slos.map((slo) => sloOf(slo, rehearsal)),
  ]
  return documents.map((each) => stringify(each, { lineWidth: 0 })).join('---\n')
}

const serviceOf = ({ name, hypothesis }: Rehearsal) => ({
  apiVersion: OPENSLO_VERSION,
  kind: 'Service',
  metadata: { name },
  spec: { description: hypothesis },
})

/** Latency and availability of one indicator of the load generator have different metrics, so they are two SLIs. */
function slisOf({ name, slis, slos }: Rehearsal, target: Target) {
  const prometheus = prometheusIn(slis)
  const written = new Map(
    slos.map((slo): [string, object] => {
      const sli = prometheus[slo.sli]
      return [indicatorName(slo, slis), sli ? prometheusSpec(sli, target) : publishedSpec(slo, name)]
    }),
  )
  return [...written].map(([sli, spec]) => {
    const of = prometheus[sli]
    const annotations = of?.kind === 'prometheus-buckets' ? { annotations: { [UNIT]: of.unit } } : {}
    return { apiVersion: OPENSLO_VERSION, kind: 'SLI', metadata: { name: sli, ...annotations }, spec }
  })
}

const indicatorName = ({ sli, kind }: Slo, slis: Slis): string =>
  isCountedByPrometheus(slis, sli) ? sli : `${sli}-${kind}`

const source = (query: string) => ({ metricSource: { type: 'Prometheus', spec: { query } } })

function prometheusSpec(sli: PrometheusSli, { prometheus }: Target) {
  const selectorOf = (metric: string): string => sli.series?.[metric] ?? prometheus?.sources[sli.of]?.[metric] ?? metric
  const sum = (metric: string) => source(`sum(${selectorOf(metric)})`)
  switch (sli.kind) {
    case 'prometheus-ratio':
      return { ratioMetric: { counter: true, good: sum(sli.good), total: sum(sli.total) } }
    case 'prometheus-failures':
      return { ratioMetric: { counter: true, bad: sum(sli.bad), total: sum(sli.total) } }
    case 'prometheus-buckets':
      return { thresholdMetric: source(`sum by (le) (${selectorOf(sli.buckets)})`) }
  }
}

function publishedSpec({ kind, sli }: Slo, rehearsal: string) {
  const of = (name: PublishedSeries): string =>
    `${name}{rehearsal=${JSON.stringify(rehearsal)}, sli=${JSON.stringify(sli)}}`
  if (kind === 'latency')
    return { thresholdMetric: source(`sum by (le) (${of('matchday_sli_latency_seconds_bucket')})`) }
  const [good, total] = [of('matchday_sli_good_total'), of('matchday_sli_attempts_total')]
  return { ratioMetric: { counter: true, good: source(`sum(${good})`), total: source(`sum(${total})`) } }
}

function sloOf(slo: Slo, { name, phases, slis }: Rehearsal) {
  const lastsMs = phases.reduce((sum, { rampMs, forMs }) => sum + rampMs + forMs, 0)
  const unit = unitOf(prometheusIn(slis)[slo.sli])
  const ceiling =
    slo.kind === 'latency' && slo.ceilingMs > slo.targetMs
      ? { annotations: { [CEILING]: showDuration(slo.ceilingMs) } }
      : {}
  return {
    apiVersion: OPENSLO_VERSION,
    kind: 'SLO',
    metadata: { name: `${slo.sli}-${slo.kind}`, ...ceiling },
    spec: {
      service: name,
      indicatorRef: indicatorName(slo, slis),
      timeWindow: [{ duration: `${wholeMinutes(lastsMs) / 60_000}m`, isRolling: true }],
      budgetingMethod: 'Occurrences',
      objectives: [
        slo.kind === 'availability'
          ? { target: slo.objective }
          : { op: 'lte', value: unit === 'ms' ? slo.targetMs : slo.targetMs / 1000, target: slo.quantile },
      ],
    },
  }
}

const unitOf = (sli: PrometheusSli | undefined): 's' | 'ms' => (sli?.kind === 'prometheus-buckets' ? sli.unit : 's')
