/** The script's thresholds. k6 evaluates them over every sample of the run, and tells the results at its end. It passes one without samples; so they are counted here. */
import type { ThresholdResult } from '../../domain/evidence.ts'
import type { ScriptThreshold } from '../../domain/script.ts'
import type { WriteRequest } from '../../protocols/prometheus/remote-write.ts'
import { counter, gauge, rateCounter, trend } from './series-names.ts'
import { createTotals, type MetricLabels } from './totals.ts'

export type ThresholdWatch = {
  add(request: WriteRequest): void
  /** `told`: what the script logged behind THRESHOLDS_MARK; `aborted`: k6 stopped because of a threshold. */
  results(told: string | undefined, aborted: boolean): readonly ThresholdResult[]
}

export function watchThresholds(thresholds: readonly ScriptThreshold[], unitMs?: number): ThresholdWatch {
  const sums = createTotals(unitMs)
  const chosen = new Map(thresholds.map(({ metric }) => [metric, selectorOf(metric)]))
  const wanted = new Set([...chosen.values()].flatMap(({ name }) => seriesOf(name)))
  const samplesOf = (metric: string): number => {
    const { name, tags } = chosen.get(metric) ?? selectorOf(metric)
    const matches = (labels: MetricLabels) =>
      Object.entries(tags).every(([tag, value]) => (labels[tag] ?? '') === value)
    const counted = (sums.sum(counter(name), matches) ?? 0) + (sums.sum(rateCounter(name), matches) ?? 0)
    const isGauge = sums.each(gauge(name), matches).length > 0
    return counted + sums.histogram(trend(name), matches).count + (isGauge ? 1 : 0)
  }
  return {
    add: ({ series }) => sums.add({ series: series.filter(({ name }) => wanted.has(name)) }),
    results: (told, aborted) =>
      parsed(told).map(({ metric, expression, ok, values }) => {
        const stops = thresholds.some(
          (each) => each.metric === metric && each.expression === expression && each.abortOnFail,
        )
        return { metric, expression, ok, samples: samplesOf(metric), aborted: aborted && stops && !ok, values }
      }),
  }
}

const seriesOf = (name: string): readonly string[] => [counter(name), rateCounter(name), trend(name), gauge(name)]

/** `http_req_duration{name:login,status:200}`: the metric and its tags. */
export function selectorOf(metric: string): { readonly name: string; readonly tags: MetricLabels } {
  const [, name = metric, inside = ''] = /^([^{]+)\{(.*)\}$/.exec(metric) ?? []
  const pairs = inside.split(',').flatMap((pair) => {
    const colon = pair.indexOf(':')
    if (colon < 0) return []
    return [
      [
        pair.slice(0, colon).trim(),
        pair
          .slice(colon + 1)
          .trim()
          .replace(/^["']|["']$/g, ''),
      ] as const,
    ]
  })
  return { name, tags: Object.fromEntries(pairs) }
}

type Told = Pick<ThresholdResult, 'metric' | 'expression' | 'ok' | 'values'>

function parsed(told: string | undefined): readonly Told[] {
  const list: unknown = told === undefined ? [] : JSON.parse(told)
  return Array.isArray(list) ? list.flatMap(toldOf) : []
}

function toldOf(each: unknown): readonly Told[] {
  if (typeof each !== 'object' || each === null) return []
  const { metric, expression, ok, values } = { metric: '', expression: '', ok: undefined, values: {}, ...each }
  if (typeof metric !== 'string' || typeof expression !== 'string' || typeof ok !== 'boolean') return []
  const finite = Object.entries(values ?? {}).flatMap(([name, value]) =>
    typeof value === 'number' && Number.isFinite(value) ? [[name, value] as const] : [],
  )
  return [{ metric, expression, ok, values: Object.fromEntries(finite) }]
}
