/** Whether the target's Prometheus can measure what a rehearsal takes from it: its metrics are there, and no window is shorter than two scrapes. */
import { prometheusIn } from '../domain/indicators.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { INTERVALS_LEAST, metricsRead, type PrometheusSli } from '../domain/prometheus-sli.ts'
import { type Rehearsal, scrapeMsOf, type Target } from '../domain/rehearsal.ts'
import { showDuration } from '../domain/show.ts'
import { type Millis, millis } from '../domain/units.ts'
import { chooseAmong } from './did-you-mean.ts'
import type { Report } from './report.ts'

export function checkPrometheusFit(rehearsal: Rehearsal, target: Target, report: Report): void {
  const slis = Object.entries(prometheusIn(rehearsal.slis))
  for (const [, sli] of slis) checkMetrics(sli, target, report)
  const [first] = slis
  if (first !== undefined) checkPhases(rehearsal, target, first[0], report)
  checkHarms(rehearsal, target, report)
  checkAutoscalers(rehearsal, target, report)
}

function checkMetrics(sli: PrometheusSli, { file, prometheus }: Target, report: Report): void {
  if (prometheus === undefined && sli.series !== undefined) {
    const problem = `${file} has no prometheus that could count it.`
    return report(sli.at, 'unknown-source', problem, 'add prometheus there; its sources may be empty ({}).')
  }
  const sources = prometheus?.sources ?? {}
  const metrics = Object.hasOwn(sources, sli.of) ? sources[sli.of] : undefined
  if (metrics === undefined) {
    const next = chooseAmong(sli.of, Object.keys(sources), 'sources of prometheus')
    report(sli.at, 'unknown-source', `${file} has no source "${sli.of}" under prometheus.`, next)
    return
  }
  for (const metric of metricsRead(sli).filter((each) => !Object.hasOwn(metrics, each))) {
    const problem = `${file} does not list ${metric} among the metrics of "${sli.of}".`
    report(sli.at, 'unknown-metric', problem, chooseAmong(metric, Object.keys(metrics), 'its metrics'))
  }
}

/** An objective has its counts by phase. A shorter phase may hold no whole interval between two scrapes. */
function checkPhases({ phases }: Rehearsal, { prometheus }: Target, sli: string, report: Report): void {
  const everyMs = prometheus?.scrapeMs
  if (everyMs === undefined) return
  const least = millis(INTERVALS_LEAST * everyMs)
  for (const { name, rampMs, forMs, at } of phases.filter((each) => each.rampMs + each.forMs < least)) {
    const lasts = showDuration(millis(rampMs + forMs))
    const problem = `The phase "${name}" lasts ${lasts}, and "${sli}" is counted by Prometheus, which scrapes every ${showDuration(everyMs)}.`
    report(at, 'budget-unseen', problem, `let it last ${showDuration(least)} or longer, or take the indicator from k6.`)
  }
}

/** A fault or an action that ends before the second scrape shows no rate of its own. */
function checkHarms({ faults, actions }: Rehearsal, target: Target, report: Report): void {
  for (const { name, forMs, witness } of faults)
    if (witness.kind === 'rate') checkHarm(target, { name, forMs }, 'its witness', witness, report)
  for (const { name, forMs, expect } of [...faults, ...actions])
    for (const each of expect)
      if (each.kind === 'amplification') checkHarm(target, { name, forMs }, 'its amplification of', each, report)
}

type Lasting = { readonly name: string; readonly forMs: Millis | undefined }

function checkHarm(
  target: Target,
  { name, forMs }: Lasting,
  what: string,
  { of, at }: { readonly of: string; readonly at: SourcePoint },
  report: Report,
): void {
  const everyMs = scrapeMsOf(target, of)
  if (everyMs === undefined || forMs === undefined || forMs >= INTERVALS_LEAST * everyMs) return
  const problem = `"${name}" lasts ${showDuration(forMs)}, and ${what} "${of}" is read from Prometheus, which scrapes every ${showDuration(everyMs)}.`
  const least = showDuration(millis(INTERVALS_LEAST * everyMs))
  report(at, 'budget-unseen', problem, `let it last ${least} or longer, or read the source from its pods.`)
}

/** Syncs until the decision, counted from the scrape that showed the need for more pods. */
function checkAutoscalers({ expectations }: Rehearsal, target: Target, report: Report): void {
  for (const each of expectations) {
    if (each.kind !== 'autoscaler') continue
    const budgetMs = each.decidesWithinSyncs * target.hpaSyncMs
    for (const of of new Set([each.name, ...(each.scalesOn ? [each.scalesOn.of] : [])])) {
      const everyMs = scrapeMsOf(target, of)
      if (everyMs === undefined || budgetMs >= INTERVALS_LEAST * everyMs) continue
      const problem = `${each.decidesWithinSyncs} syncs are ${showDuration(budgetMs)}, and what calls for more pods, "${of}", is read from Prometheus, which scrapes every ${showDuration(everyMs)}.`
      const least = showDuration(millis(INTERVALS_LEAST * everyMs))
      report(each.at, 'budget-unseen', problem, `allow ${least} or more, or read the source from its pods.`)
    }
  }
}
