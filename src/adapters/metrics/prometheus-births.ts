/**
 * Labelled counters have no series before they first count, and a range selector then answers nothing. That an instance was scraped meanwhile is shown by
 * its series `up`, and that the metric will come by the metadata of what is scraped.
 */
import type { Series } from '../../domain/evidence.ts'
import { fieldOf, jsonOf } from '../../protocols/prometheus/json.ts'
import { rawSamplesPath, readMatrix } from '../../protocols/prometheus/query.ts'
import type { PrometheusAnswer } from './prometheus-server.ts'

type Ask = (path: string) => Promise<PrometheusAnswer>
type Scrape = { readonly pod: string; readonly at: number; readonly series: readonly Series[] }
type Moment = { readonly pod: string; readonly at: number }

/**
 * For each instance that shows its first sample: the last scrape before it, if it succeeded. The series were not there in it. `since`: the moment from
 * which on the series were looked for; nothing is known of scrapes before it.
 */
export async function scrapesBefore(ask: Ask, newcomers: readonly Scrape[], since: number, rangeMs: number) {
  const first = [...Map.groupBy(newcomers, ({ pod }) => pod).values()].flatMap(([each]) => each ?? [])
  const jobs = new Set(first.flatMap(({ series }) => series[0]?.labels.job ?? []))
  const ups = (await Promise.all([...jobs].map((job) => upOf(ask, job, rangeMs)))).flat()
  return first.flatMap(({ pod, at, series }): readonly Moment[] => {
    const labels = series[0]?.labels
    const own = ups.find((up) => up.labels.job === labels?.job && up.labels.instance === labels?.instance)
    const last = own?.samples.filter((sample) => sample.at < at && sample.at >= since).at(-1)
    return last?.value === 1 ? [{ pod, at: last.at }] : []
  })
}

async function upOf(ask: Ask, job: string, rangeMs: number) {
  const { status, text } = await ask(rawSamplesPath(`up{job=${JSON.stringify(job)}}`, rangeMs))
  const matrix = readMatrix(status, text)
  return matrix.ok ? matrix.series : []
}

/** Whether something that is scraped declares the metrics of all these selectors, although none of their series is there. */
export async function areDeclared(ask: Ask, selectors: readonly string[]): Promise<boolean> {
  const declared = await Promise.all(selectors.map((selector) => isDeclared(ask, selector)))
  return declared.every(Boolean)
}

async function isDeclared(ask: Ask, selector: string): Promise<boolean> {
  const name = /^\s*([a-zA-Z_:][\w:]*)/.exec(selector)?.[1] ?? /__name__\s*=\s*"([\w:]+)"/.exec(selector)?.[1]
  if (name === undefined) return false
  // A histogram is declared without the endings of its series, and OpenMetrics does so for counters too.
  const names = new Set([name, name.replace(/_(bucket|count|sum|total)$/, '')])
  const found = await Promise.all(
    [...names].map(async (each) => {
      const { status, text } = await ask(`/api/v1/metadata?metric=${encodeURIComponent(each)}`)
      return status === 200 && fieldOf(fieldOf(jsonOf(text), 'data'), each) !== undefined
    }),
  )
  return found.some(Boolean)
}
