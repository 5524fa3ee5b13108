/** The load must feed every judged indicator, and every limit must make sense. */
import { asCanary, asCutover, shadowOf } from '../../domain/action.ts'
import { type IndicatorKind, indicatorAbilities } from '../../domain/indicator.ts'
import { measuredIn, partsOfIndicator, prometheusIn, type Slis, unionsIn } from '../../domain/indicators.ts'
import { chooseAmong } from '../did-you-mean.ts'
import {
  type ActionDraft,
  availabilityOf,
  type Draft,
  type GuardrailDraft,
  guardrailId,
  latencyOf,
  type SloDraft,
} from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'
import { slisOf, socketSli } from '../slis.ts'
import { checkPrometheusSlis } from './prometheus-slis.ts'
import { reactionsOf } from './reactions.ts'
import { reportTwins } from './timeline.ts'

export function checkIndicators(draft: Draft, report: Report): void {
  for (const slo of draft.slos?.value ?? []) checkSlo(slo, report)
  const guardrails = draft.guardrails?.value ?? []
  reportTwins(
    (draft.slos?.value ?? []).map((slo) => ({ at: slo.at, name: sloName(slo) })),
    'an objective',
    report,
  )
  reportTwins(
    guardrails.map((guardrail) => ({ at: guardrail.at, name: guardrailId(guardrail) })),
    'a guardrail',
    report,
  )
  const slis = slisOf(draft)
  checkUnions(draft.slos?.value ?? [], slis, report)
  checkReactions(draft, report)
  for (const guardrail of guardrails) checkBurnRate(guardrail, draft.slos, report)
  checkAbilities(draft, slis, report)
  checkPrometheusSlis(draft, slis, report)
  // Without arrivals the script decides, and `plan` asks k6 about it.
  if (draft.load?.whole !== true || draft.load.value.value.arrivals === undefined) return
  const fed = [...fedByLoad(draft.load.value.value), ...Object.keys(measuredIn(slis))]
  checkSlis(draft, fed, report)
  const known = [...fed, ...Object.keys(unionsIn(slis)), ...Object.keys(prometheusIn(slis))]
  const named = [
    ...(draft.slos?.value ?? []).map(({ value }) => value.sli),
    ...guardrails.map(({ value }) => value.value.value.sli),
    ...cutoverSlis(draft),
    ...reactionsOf(draft).flatMap(({ value }) => (value.kind === 'undisturbed' ? [value.value.sli] : [])),
    ...(draft.actions?.value ?? []).flatMap(comparedBy),
  ]
  for (const sli of named) reportUnfed(sli, known, report)
}

/** The indicator that a shadow compares between its windows. */
function comparedBy({ at, value: { release } }: ActionDraft): readonly Placed<string>[] {
  const canary = asCanary(release?.act)
  const sli = canary && shadowOf(canary)?.latency?.sli
  return sli === undefined ? [] : [{ at: release?.at ?? at, value: sli }]
}

const cutoverSlis = ({ actions }: Draft): readonly Placed<string>[] =>
  (actions?.value ?? []).flatMap(({ value: { cutover } }) => {
    const act = asCutover(cutover?.act)
    if (cutover === undefined || act === undefined) return []
    return [act.writes, ...(act.reads === undefined ? [] : [act.reads.sli])].map((value) => ({ at: cutover.at, value }))
  })

/** A measured indicator must be able to give what its objectives and guardrails ask for. */
function checkAbilities({ slos, guardrails }: Draft, slis: Slis, report: Report): void {
  const measured = measuredIn(slis)
  for (const slo of slos?.value ?? []) {
    const kind = measured[slo.value.sli.value]?.kind
    if (kind !== undefined) checkAbility(slo, kind, report)
  }
  for (const { value } of guardrails?.value ?? []) {
    const { at, value: sli } = value.value.value.sli
    const kind = measured[sli]?.kind
    if (kind === undefined || indicatorAbilities[kind].canBeBad) continue
    report(at, 'wrong-value', `"${sli}" has no bad attempts that a guardrail could watch.`, 'watch another indicator.')
  }
}

function checkAbility(slo: SloDraft, kind: IndicatorKind, report: Report): void {
  const { canBeBad, hasLatency } = indicatorAbilities[kind]
  const { at, value: sli } = slo.value.sli
  if (slo.value.objective !== undefined && !canBeBad)
    report(at, 'wrong-value', `"${sli}" is a ${kind}, which has no bad attempts.`, 'give it a latency: p95: 250ms.')
  if (latencyOf(slo) !== undefined && !hasLatency)
    report(at, 'wrong-value', `"${sli}" comes from ${kind}, which has no latency.`, 'give it an objective: 99.9%.')
}

const sloName = (slo: SloDraft): string =>
  `${slo.value.sli.value} ${latencyOf(slo) === undefined ? 'availability' : 'latency'}`

type Load = NonNullable<Draft['load']>['value']['value']

/** Indicators that have samples: the profiles of the load, and the one of the sockets. */
const fedByLoad = ({ arrivals, sockets }: Load): readonly string[] => [
  ...Object.keys(arrivals ?? {}),
  ...(sockets === undefined ? [] : [socketSli(sockets)]),
]

/** What `slis` says must be about indicators that the load feeds. */
function checkSlis({ slis }: Draft, fed: readonly string[], report: Report): void {
  for (const [name, { at, value }] of Object.entries(slis?.value ?? {})) {
    switch (value.kind) {
      case 'union':
        if (fed.includes(name))
          report(at, 'duplicate-name', `"${name}" has samples of its own.`, 'give the union another name.')
        for (const part of value.value) reportUnfed(part, fed, report)
        break
      case 'refusal':
        reportUnfed({ at, value: name }, fed, report)
        break
      default:
        break
    }
  }
}

function reportUnfed({ at, value }: Placed<string>, known: readonly string[], report: Report): void {
  if (known.includes(value)) return
  const next = `${chooseAmong(value, known, 'indicators of this load')} A union is declared under slis, the indicator of sockets in load.sockets.sli.`
  report(at, 'unknown-sli', `Nothing in the load feeds the indicator "${value}".`, next)
}

function checkSlo(slo: SloDraft, report: Report): void {
  const { objective, ceiling, p50, p90, p95, p99 } = slo.value
  const quantiles = [p50, p90, p95, p99].flatMap((target) => target ?? [])
  const first = quantiles[0]
  const measures = quantiles.length + (objective === undefined ? 0 : 1)
  if (measures === 0)
    report(
      slo.at,
      'missing-key',
      'The objective has no measure.',
      'add objective: 99.9% for availability, or p95: 250ms for latency.',
    )
  if (measures > 1)
    report(slo.at, 'wrong-value', 'The objective has more than one measure.', 'make a list item of each.')
  if (ceiling === undefined) return
  if (first === undefined)
    report(ceiling.at, 'wrong-value', 'A ceiling belongs to a latency.', 'add p95: 250ms, or remove the ceiling.')
  else if (ceiling.value < first.value)
    report(
      ceiling.at,
      'ceiling-below-target',
      'The ceiling is below the target.',
      'the ceiling is the worse of the two; swap them.',
    )
}

/** A part counts slow responses by one limit, and the union adds them up, so both need the same limit. */
function checkUnions(slos: readonly SloDraft[], slis: Slis, report: Report): void {
  const limitOf = (slo: SloDraft): string | undefined => {
    const target = latencyOf(slo)?.target.value
    return target === undefined ? undefined : `${target}/${slo.value.ceiling?.value ?? target}`
  }
  for (const union of slos.filter((slo) => limitOf(slo) !== undefined)) {
    const sli = union.value.sli.value
    const parts = partsOfIndicator(slis, sli).filter((part) => part !== sli)
    for (const part of slos.filter(({ value }) => parts.includes(value.sli.value))) {
      if (limitOf(part) === undefined || limitOf(part) === limitOf(union)) continue
      const problem = `"${part.value.sli.value}" is part of "${sli}", which has other latency limits.`
      report(part.value.sli.at, 'wrong-value', problem, 'give both the same limit and ceiling, or remove one.')
    }
  }
}

/** `recovers` and `promotes` refer to an objective, which must exist. */
function checkReactions(draft: Draft, report: Report): void {
  if (draft.slos?.whole !== true) return
  const known = [...new Set(draft.slos.value.map(({ value }) => value.sli.value))]
  for (const { value } of reactionsOf(draft)) {
    if (value.kind !== 'recovers' && value.kind !== 'promotes') continue
    const { at, value: sli } = value.value.slo
    if (known.includes(sli)) continue
    report(at, 'unknown-sli', `There is no objective for "${sli}" under slos.`, chooseAmong(sli, known, 'objectives'))
  }
}

/** A burn rate needs a budget, which only an availability objective has. The short window must be shorter than the long one. */
function checkBurnRate({ value }: GuardrailDraft, slos: Draft['slos'], report: Report): void {
  if (value.value.kind !== 'burns') return
  const { sli, over, and } = value.value.value
  if (and.value >= over.value) {
    const problem = 'The short window is not shorter than the long one.'
    report(and.at, 'wrong-value', problem, 'a twelfth of the long one is usual; over: 1m, and: 5s.')
  }
  if (slos?.whole !== true || availabilityOf(sli.value, slos.value) !== undefined) return
  const known = slos.value.flatMap(({ value }) => (value.objective === undefined ? [] : [value.sli.value]))
  const problem = `There is no objective of availability for "${sli.value}" under slos, so it has no budget to burn.`
  report(sli.at, 'unknown-sli', problem, chooseAmong(sli.value, known, 'objectives'))
}
