/**
 * What an indicator of a Prometheus cannot be used for. Its counts come once per scrape, seconds after they happened. So it is judged by objectives
 * over the whole load, and rules that need the load second by second take an indicator of k6.
 */
import { type Act, asCanary, asCutover, shadowOf } from '../../domain/action.ts'
import { prometheusIn, type Slis, unionsIn } from '../../domain/indicators.ts'
import { actsOf } from '../acts.ts'
import { type Draft, latencyOf, type SloDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'
import { reactionsOf } from './reactions.ts'

export function checkPrometheusSlis(draft: Draft, slis: Slis, report: Report): void {
  const ofPrometheus = prometheusIn(slis)
  const isOne = (sli: string): boolean => Object.hasOwn(ofPrometheus, sli)
  const refuse = ({ at, value }: Placed<string>, what: string): void => {
    if (!isOne(value)) return
    const problem = `"${value}" is counted by Prometheus, once per scrape, and ${what} needs the load second by second.`
    report(at, 'wrong-value', problem, 'name an indicator that k6 measures.')
  }
  for (const { value } of draft.guardrails?.value ?? []) refuse(value.value.value.sli, 'a guardrail')
  for (const { value } of reactionsOf(draft)) {
    if (value.kind === 'recovers' || value.kind === 'promotes') refuse(value.value.slo, value.kind)
    if (value.kind === 'undisturbed') refuse(value.value.sli, value.kind)
  }
  for (const { value } of draft.actions?.value ?? [])
    for (const { at, act } of actsOf(value)) for (const [sli, what] of measuredIn(act)) refuse({ at, value: sli }, what)
  for (const [union, parts] of Object.entries(unionsIn(slis)))
    for (const value of parts) refuse({ at: draft.slis?.value[union]?.at ?? noPlace(), value }, `the union "${union}"`)
  for (const [name, { at }] of Object.entries(ofPrometheus)) {
    if (!Object.hasOwn(draft.load?.value.value.arrivals ?? {}, name)) continue
    report(at, 'duplicate-name', `"${name}" has samples of its own.`, 'give the indicator of Prometheus another name.')
  }
  for (const slo of draft.slos?.value ?? []) checkMeasure(slo, ofPrometheus, report)
}

/** Indicators that an action needs while it runs, each with its purpose. */
function measuredIn(act: Act): readonly (readonly [sli: string, what: string])[] {
  const [release, cutover] = [asCanary(act), asCutover(act)]
  const latency = release && shadowOf(release)?.latency
  return [
    ...(release?.canary.gate.slis ?? []).map((sli) => [sli, 'the gate of a release'] as const),
    ...(latency === undefined ? [] : [[latency.sli, 'a shadow'] as const]),
    ...[cutover?.writes, cutover?.reads?.sli].flatMap((sli) =>
      sli === undefined ? [] : [[sli, 'a cutover'] as const],
    ),
  ]
}

const noPlace = (): never => {
  throw new Error('a union has a place')
}

/** Two counters have no latency, and the attempts of a histogram cannot be bad. */
function checkMeasure(slo: SloDraft, ofPrometheus: ReturnType<typeof prometheusIn>, report: Report): void {
  const { at, value: name } = slo.value.sli
  const kind = ofPrometheus[name]?.kind
  if ((kind === 'prometheus-ratio' || kind === 'prometheus-failures') && latencyOf(slo) !== undefined)
    report(at, 'wrong-value', `"${name}" is two counters, which have no latency.`, 'give it an objective: 99.9%.')
  if (kind === 'prometheus-buckets' && slo.value.objective !== undefined)
    report(at, 'wrong-value', `"${name}" is a histogram, which has no bad attempts.`, 'give it a latency: p95: 250ms.')
}
