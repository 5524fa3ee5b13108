/** The contents of a rehearsal, as sentences for people. */

import { keptWhenDone, unfinishedWords } from '../domain/action.ts'
import { decidesWithinMs, MEASURING_MS } from '../domain/autoscaling.ts'
import { prometheusIn } from '../domain/indicators.ts'
import type { PrometheusSli } from '../domain/prometheus-sli.ts'
import type { Expectation, Guardrail, Reaction, Rehearsal, Slo, Target, Witness } from '../domain/rehearsal.ts'
import { type RequiredState, stateGoal, stateName } from '../domain/required-state.ts'
import { showCount, showDuration, showPercent, showSeries } from '../domain/show.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import type { Millis } from '../domain/units.ts'

/** What the schedule says of the time of the undo. What stays when it is done is not undone then, unless it is unfinished. */
export const endsAs = ({ act }: PlannedAction): 'undone' | 'ended, unless it is complete' =>
  keptWhenDone(act) ? 'ended, unless it is complete' : 'undone'

export function undoneSentence({ act, toMs, fromMs, trigger }: PlannedAction): string {
  const forMs = trigger?.forMs ?? (toMs === undefined ? undefined : toMs - fromMs)
  const when = forMs === undefined ? 'at the end of the load' : `after ${showDuration(forMs)}`
  return keptWhenDone(act)
    ? `needs no undo once it is complete; if it is not, ${unfinishedWords(act)} ${when}`
    : `undone ${when}`
}

export function guardrailSentence(guardrail: Guardrail): string {
  if (guardrail.kind === 'availability') {
    const { sli, below, forMs } = guardrail
    return `stops when ${sli} is below ${showPercent(below)} for ${showDuration(forMs)}`
  }
  const { sli, factor, longMs, shortMs } = guardrail
  return `stops when ${sli} burns its budget ${factor}x too fast over ${showDuration(longMs)} and over ${showDuration(shortMs)}`
}

export function witnessSentence(witness: Witness): string {
  const within = `within ${showDuration(witness.withinMs)}`
  if (witness.kind === 'ready') {
    const where = [witness.app && ` of ${witness.app}`, witness.zone && ` in ${witness.zone}`].filter(Boolean).join('')
    return `Ready ${witness.what}${where} fall to ${witness.becomes} ${within}`
  }
  const { metric, where, of, direction, becomes } = witness
  return `${showSeries(metric, where)} of ${of} ${direction} to ${becomes}/s ${within}`
}

export function reactionSentence(reaction: Reaction): string {
  const within = (ms: Millis): string => `within ${showDuration(ms)}`
  switch (reaction.kind) {
    case 'failover':
      return `work moves from ${reaction.from} to ${reaction.to} ${within(reaction.withinMs)}`
    case 'recovers':
      return `${reaction.sli} is good again ${within(reaction.withinMs)} of the healing`
    case 'reconnects': {
      const herd = reaction.herdMax === undefined ? '' : `, at most ${reaction.herdMax}/s`
      return `${showPercent(reaction.share)} of the sockets are open again ${within(reaction.withinMs)}${herd}`
    }
    case 'survives':
      return `${reaction.app} keeps ${reaction.ready} pods Ready, ${within(reaction.withinMs)}`
    case 'spreads':
      return `${reaction.app} stands in ${reaction.zones} zones again ${within(reaction.withinMs)} of the healing`
    case 'backs-off': {
      const calls = `${showSeries(reaction.metric, reaction.where)} of ${reaction.of}`
      return `${calls} comes down to ${reaction.becomes}/s ${within(reaction.withinMs)}`
    }
    case 'amplification':
      return `${reaction.of} makes at most ${reaction.atMost} attempts for each operation`
    case 'undisturbed':
      return `${reaction.sli} has at most ${showCount(reaction.badMax)} bad attempts meanwhile`
    case 'declares':
      return `people declare an incident ${within(reaction.withinMs)}`
    case 'mitigates':
      return `people mitigate ${within(reaction.withinMs)}`
    case 'ticks':
      return `people do "${reaction.step}" ${within(reaction.withinMs)}`
    case 'alerts':
      return `the alert ${showSeries(reaction.alert, reaction.labels)} fires ${within(reaction.withinMs)}`
    case 'resolves':
      return `the alert ${showSeries(reaction.alert, reaction.labels)} resolves ${within(reaction.withinMs)} of the healing`
    case 'completes':
      return `it comes to its end ${within(reaction.withinMs)}`
    case 'promotes':
      return `${reaction.database} moves without loss, ${reaction.sli} is good again ${within(reaction.rtoMs)}`
  }
}

export function expectationSentence(expectation: Expectation, target: Target): string {
  switch (expectation.kind) {
    case 'autoscaler': {
      const { name, phase, decidesWithinSyncs, readyWithinMs, atLeast } = expectation
      const measured = `${decidesWithinSyncs} × ${showDuration(target.hpaSyncMs)}, and ${showDuration(MEASURING_MS)} to measure it`
      const decides = `decides within ${decidesWithinSyncs} syncs (${showDuration(decidesWithinMs(expectation, target))}: ${measured})`
      return `autoscaler ${name} follows "${phase}"${scalesOnWords(expectation)}: ${decides}, ${atLeast} pods Ready within ${showDuration(readyWithinMs)}`
    }
    case 'keda': {
      const { scaledObject, phase, activatesWithinMs, readyWithinMs, atLeast } = expectation
      const active = `active within ${showDuration(activatesWithinMs)}`
      return `scaled object ${scaledObject} follows "${phase}": ${active}, ${atLeast} pods Ready within ${showDuration(readyWithinMs)}`
    }
    case 'connections':
      return `${showSeries(expectation.metric, expectation.where)} of ${expectation.of} (${expectation.pods} of its pods) stays at ${expectation.atMost} or below`
    case 'disruption':
      return `disruption budget ${expectation.budget} holds`
    case 'posture':
      return `the objects of ${expectation.namespaces.join(', ')} say: ${expectation.wants.join(', ')}`
    case 'human':
      return `about the first fault or action: ${expectation.reactions.map(reactionSentence).join('; ')}`
    case 'no-other-alerts':
      return `no other alert fires${expectation.allow.length === 0 ? '' : ` but ${expectation.allow.join(', ')}`}`
    case 'delivered':
      return `each key of ${expectation.stream} comes once to each client that is connected, within ${showDuration(expectation.withinMs)}`
    case 'ledger':
      return `all books agree within ${showDuration(expectation.settleWithinMs)} of the end`
  }
}

export const requiredSentence = (state: RequiredState): string => `${stateName(state)} reaches ${stateGoal(state)}`

function scalesOnWords({ scalesOn }: Extract<Expectation, { kind: 'autoscaler' }>): string {
  if (scalesOn === undefined) return ''
  const { kind, metric, where, of, above } = scalesOn
  return ` once ${showSeries(metric, where)} of ${of} is above ${above}${kind === 'rate' ? '/s' : ''}`
}

export function objectiveSentence(slo: Slo): string {
  if (slo.kind === 'availability') return `${slo.sli} ≥ ${showPercent(slo.objective)}`
  const ceiling = slo.ceilingMs > slo.targetMs ? ` (ceiling ${showDuration(slo.ceilingMs)})` : ''
  return `${slo.sli} p${showPercent(slo.quantile).slice(0, -1)} ≤ ${showDuration(slo.targetMs)}${ceiling}`
}

type Files = { readonly rehearsal: Rehearsal; readonly target: Target }

/** Which series of a Prometheus count an indicator; undefined for one that k6 measures. */
export function countedSentence(sli: string, { rehearsal, target }: Files): string | undefined {
  const spec = prometheusIn(rehearsal.slis)[sli]
  const everyMs = target.prometheus?.scrapeMs
  if (spec === undefined || everyMs === undefined) return undefined
  return `Prometheus counts ${seriesCounted(spec)} (${spec.of}, every ${showDuration(everyMs)})`
}

function seriesCounted(spec: PrometheusSli): string {
  const named = (metric: string): string => spec.series?.[metric] ?? metric
  switch (spec.kind) {
    case 'prometheus-ratio':
      return `${named(spec.good)} of ${named(spec.total)}`
    case 'prometheus-failures':
      return `${named(spec.total)} less ${named(spec.bad)}`
    case 'prometheus-buckets':
      return `buckets of ${named(spec.buckets)}`
  }
}
