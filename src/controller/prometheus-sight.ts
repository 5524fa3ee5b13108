/**
 * Whether a target's Prometheus can be read, scrapes as often as the target file says, and has what the rehearsal's indicators are counted from. Found
 * before the load: afterwards each of these makes the run inconclusive.
 */
import type { Sample } from '../domain/evidence.ts'
import { prometheusIn } from '../domain/indicators.ts'
import type { Issue } from '../domain/issue.ts'
import type { PrometheusTarget, Rehearsal, Target } from '../domain/rehearsal.ts'
import { showDuration } from '../domain/show.ts'
import { after, seconds } from '../domain/units.ts'
import { limitsOf, readingOf } from '../judge/seen/prometheus-cells.ts'
import type { Clock, Probes, ScrapedTarget } from './ports.ts'
import type { Sight } from './sight.ts'

type Ports = { readonly probes: Probes; readonly clock: Clock }

export async function lookAtPrometheus(ports: Ports, target: Target, rehearsal?: Rehearsal): Promise<readonly Sight[]> {
  const { prometheus } = target
  if (prometheus === undefined) return []
  const [scraped = [], ...looks] = await Promise.all([
    ports.probes.scraped(prometheus),
    ...Object.keys(prometheus.sources).map((name) => lookAt(ports, target, prometheus, name, rehearsal)),
  ])
  const every = looks.map(({ samples }) => realInterval(samples, scraped))
  const longest = Math.max(0, ...every.map((each) => each ?? 0))
  return looks.map(({ sight }, index) => {
    const issue = sight.issue ?? intervalIssue(target, prometheus, sight.name, every[index], longest)
    return issue === undefined ? sight : { ...sight, issue }
  })
}

/** A scrape that lacks a metric is looked at again before it is told. */
const PAUSE = seconds(1)

type Look = { readonly sight: Sight; readonly samples: readonly Sample[] }

async function lookAt(
  { probes, clock }: Ports,
  target: Target,
  prometheus: PrometheusTarget,
  name: string,
  rehearsal: Rehearsal | undefined,
): Promise<Look> {
  let samples = await probes.query(prometheus, name, true)
  if (samples.length === 0) {
    await clock.until(after(clock.now(), PAUSE))
    samples = await probes.query(prometheus, name)
  }
  // Its metrics are declared, and have not counted anything yet.
  if (samples.length === 0) return { sight: { kind: 'source', name, state: 'nobody' }, samples }
  const failed = samples.find((sample) => !sample.ok)
  const issue =
    failed !== undefined && !samples.some(({ ok }) => ok)
      ? unreadable(target, name, `Prometheus cannot be read; ${failed.problem}.`)
      : rehearsal && uncountedIssue(rehearsal, target, name, samples)
  const sight: Sight = { kind: 'source', name, state: 'read' }
  return { sight: issue === undefined ? sight : { ...sight, state: 'unreadable', issue }, samples }
}

const wholeFile = ({ file }: Target) => ({ file, line: 0, column: 0 })

const unreadable = (target: Target, source: string, problem: string): Issue => ({
  at: wholeFile(target),
  code: 'source-unreadable',
  problem: `source ${source}: ${problem}`,
  next: `Compare with prometheus in ${target.file}: its server, its login, and the selectors of this source. Try them in Prometheus' own page.`,
})

/** An indicator that no instance shows, or whose readings fail: a selector that finds nothing, a histogram without a bucket at the limit. */
function uncountedIssue(
  { slis, slos }: Rehearsal,
  target: Target,
  source: string,
  samples: readonly Sample[],
): Issue | undefined {
  for (const [name, sli] of Object.entries(prometheusIn(slis))) {
    if (sli.of !== source) continue
    const readings = samples.filter(({ ok }) => ok).map((sample) => readingOf(sample, sli, limitsOf(name, slos)))
    const failed = readings.find((reading) => reading.is === 'failed')
    if (failed?.is === 'failed') return unreadable(target, source, `"${name}" cannot be counted; ${failed.problem}.`)
    const isWhole = readings.some((reading) => reading.is === 'read' && reading.absent.length === 0)
    if (isWhole) continue
    const shown = readings.flatMap((reading) => (reading.is === 'read' ? reading.absent : []))
    const problem = `"${name}" cannot be counted; no instance shows ${shown[0] ?? 'its metrics'}. Counters should begin at 0, before the first request.`
    return unreadable(target, source, problem)
  }
  return undefined
}

/** The longest interval at which the instances of a source are scraped; undefined if none of them is in the list. */
function realInterval(samples: readonly Sample[], scraped: readonly ScrapedTarget[]): number | undefined {
  const series = samples.flatMap((sample) => (sample.ok ? sample.series : []))
  const own = scraped.filter(({ labels }) =>
    series.some((each) => each.labels.job === labels.job && each.labels.instance === labels.instance),
  )
  return own.length === 0 ? undefined : Math.max(...own.map(({ everyMs }) => everyMs))
}

/**
 * Times are judged by the interval of the target file, which must be that of the source that is scraped most rarely. A longer one would hide
 * instances that are not scraped.
 */
function intervalIssue(
  target: Target,
  { scrapeMs }: PrometheusTarget,
  source: string,
  everyMs: number | undefined,
  longest: number,
): Issue | undefined {
  if (everyMs === undefined || everyMs === scrapeMs || (everyMs < scrapeMs && longest >= scrapeMs)) return undefined
  const [real, written] = [showDuration(everyMs), showDuration(scrapeMs)]
  return {
    at: wholeFile(target),
    code: 'scrape-interval-differs',
    problem: `source ${source}: Prometheus scrapes it every ${real}, and scrapeInterval is ${written}.`,
    next: `Write scrapeInterval: ${showDuration(longest)} under prometheus in ${target.file}, or let Prometheus scrape it every ${written}.`,
  }
}
