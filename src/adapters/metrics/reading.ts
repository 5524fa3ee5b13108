/**
 * Reads the metrics of a source from one answer. A metric that is missing in the answer, or has a value that is not a finite number, was not read. It
 * must never look like a metric that counted nothing.
 */
import type { Sample } from '../../domain/evidence.ts'
import { type Exposition, isDeclared, parseExposition } from '../../protocols/prometheus/text.ts'

type Reading = Pick<Extract<Sample, { ok: true }>, 'ok' | 'series' | 'empty' | 'unread'>
type Failure = Pick<Extract<Sample, { ok: false }>, 'ok' | 'problem'>

/** Failed when none of the metrics could be read. */
export function readMetrics(text: string, metrics: readonly string[]): Reading | Failure {
  const wanted = [...new Set(metrics)]
  const exposition = parseExposition(text, new Set(wanted))
  const unread = wanted.flatMap((metric) => {
    const problem = problemOf(exposition, metric)
    return problem === undefined ? [] : [{ metric, problem }]
  })
  if (unread.length === wanted.length && unread.length > 0) {
    return { ok: false, problem: unread.map(({ metric, problem }) => `${metric} ${problem}`).join('; ') }
  }
  const read = new Set(wanted.filter((metric) => !unread.some((each) => each.metric === metric)))
  const series = exposition.samples.flatMap(({ name, labels, value }) =>
    read.has(name) ? [{ name, labels, value }] : [],
  )
  const filled = new Set(series.map(({ name }) => name))
  const empty = [...read].filter((metric) => !filled.has(metric))
  return { ok: true, series, ...(empty.length > 0 ? { empty } : {}), ...(unread.length > 0 ? { unread } : {}) }
}

/** Why a metric was not read; undefined when it was. */
function problemOf(exposition: Exposition, metric: string): string | undefined {
  const { samples, problems } = exposition
  const bad = problems.find(({ name }) => name === metric)
  if (bad) return `cannot be read in line ${bad.line}: ${bad.problem}`
  const own = samples.filter(({ name }) => name === metric)
  const odd = own.find(({ value }) => !Number.isFinite(value))
  if (odd) return `has the value ${odd.value}`
  return own.length > 0 || isDeclared(exposition, metric) ? undefined : 'is not in the answer'
}
