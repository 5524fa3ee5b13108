/** The reaction of an autoscaler: metric over target → decided → scheduled → ready, each step with its own budget. */

import { decidesWithinMs } from '../../domain/autoscaling.ts'
import type { Cause } from '../../domain/causes.ts'
import { rateWindowMs } from '../../domain/required-state.ts'
import { showSeries } from '../../domain/show.ts'
import { instant, millis } from '../../domain/units.ts'
import type { AutoscalerResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import { count, duration } from '../findings/words.ts'
import { cumulative, cut, rateOf } from '../seen/counters.ts'
import type { HpaMoment } from '../seen/object-history.ts'
import type { Seen } from '../seen/seen.ts'
import { requestsId } from '../seen/wanted-counters.ts'
import { blind, capped } from './autoscaler-reasons.ts'
import { calmingOf } from './calming.ts'
import { type Autoscaler, isOver, isResource, type TargetCrossing, TOLERANCE } from './hpa-metric.ts'
import { waitedForNodes } from './node-waits.ts'
import { type ScalingSeen, scalingSeen } from './scales-on.ts'

type Step = AutoscalerResult['steps'][number]

type Span = { readonly fromAt: number; readonly toAt: number }

export function judgeAutoscalers(seen: Seen): Ruled<readonly AutoscalerResult[]> {
  return allRuled(expectationsOf(seen, 'autoscaler').map((each) => judgeAutoscaler(seen, each)))
}

function judgeAutoscaler(seen: Seen, expected: Autoscaler): Ruled<AutoscalerResult> {
  const { head, zeroAt } = seen.run
  const phase = head.timeline.phases.find((each) => each.name === expected.phase)
  const history = seen.objects.hpa(expected.name)
  if (zeroAt === undefined || !phase || history.length === 0) return unseen(seen, expected, 'was never seen')
  const span = { fromAt: zeroAt + phase.fromMs, toAt: Math.min(zeroAt + phase.toMs, seen.run.seenUntil) }
  if (span.toAt <= span.fromAt) return unseen(seen, expected, `was not tried: the run ended before ${phase.name}`)
  const facts = factsOf(seen, expected, history, span)
  const scaling = scalingSeen(seen, expected, span)
  if (scaling.is === 'unread')
    return unseen(seen, expected, `cannot be judged: ${metricOf(expected)} was not read well enough in ${phase.name}`)
  const over = overTarget(seen, expected, history, span, scaling) ?? (facts.decided && { ...facts.decided })
  if (!over) return neverOver(seen, expected, facts)
  return reacted(seen, expected, over, facts)
}

const metricOf = ({ scalesOn }: Autoscaler): string =>
  scalesOn === undefined ? 'its metric' : showSeries(scalesOn.metric, scalesOn.where)

type Facts = {
  readonly decided: TargetCrossing | undefined
  readonly scheduled: TargetCrossing | undefined
  readonly ready: TargetCrossing | undefined
  readonly peakDesired: number
  readonly peakReady: number
  readonly line: number | undefined
}

/** First moments from the phase's start on at which enough was decided, scheduled and ready. */
function factsOf(seen: Seen, { atLeast }: Autoscaler, history: readonly HpaMoment[], { fromAt, toAt }: Span): Facts {
  const before = history.findLast((each) => each.at <= fromAt)
  const later = history.filter((each) => each.at > fromAt)
  const desiredBefore = before?.desired ?? later[0]?.desired ?? 0
  const scaled = history[0]?.of
  const pods = scaled ? seen.objects.pods(scaled) : []
  const podsBefore = pods.findLast((each) => each.at <= fromAt)
  const podsLater = pods.filter((each) => each.at > fromAt)
  const already = (enough: boolean, line: number | undefined): TargetCrossing | undefined =>
    enough ? { at: fromAt, line } : undefined
  const decided = already(desiredBefore >= atLeast, before?.line) ?? later.find((each) => each.desired > desiredBefore)
  const within = <T extends { readonly at: number }>(list: readonly T[]) => list.filter((each) => each.at <= toAt)
  return {
    decided: decided && { at: decided.at, line: decided.line },
    scheduled:
      already((podsBefore?.scheduled ?? 0) >= atLeast, podsBefore?.line) ??
      podsLater.find((each) => each.scheduled >= atLeast),
    ready:
      already((podsBefore?.ready ?? 0) >= atLeast, podsBefore?.line) ?? podsLater.find((each) => each.ready >= atLeast),
    peakDesired: Math.max(desiredBefore, ...within(later).map((each) => each.desired)),
    peakReady: Math.max(podsBefore?.ready ?? 0, ...within(podsLater).map((each) => each.ready)),
    line: history.findLast((each) => each.at <= toAt)?.line ?? history[0]?.line,
  }
}

/**
 * When more pods were called for. An autoscaler that watches only CPU, or whose metric has no value, cannot say so itself: then
 * the phase's start counts, unless `scalesOn` names a metric. Otherwise the earliest of what it shows, of what the pods' own request counters show, and
 * of that metric.
 */
function overTarget(
  seen: Seen,
  expected: Autoscaler,
  history: readonly HpaMoment[],
  span: Span,
  scaling: ScalingSeen,
): TargetCrossing | undefined {
  const { fromAt, toAt } = span
  const declared = scaling.is === 'read' ? scaling.crossing : undefined
  const during = history.filter((each) => each.at > fromAt && each.at <= toAt)
  const last = history.findLast((each) => each.at <= fromAt)
  const shown = [...(last ? [last] : []), ...during]
  const applied = (during.length > 0 ? during : shown).flatMap((each) =>
    each.metrics.filter((metric) => !isResource(metric.metric)),
  )
  if (!applied.some((metric) => metric.value !== undefined))
    return scaling.is === 'read' ? declared : { at: fromAt, line: shown[0]?.line }
  const byItself = shown.find((each) => each.metrics.some((metric) => !isResource(metric.metric) && isOver(metric)))
  const moments = [
    byItself && { at: Math.max(fromAt, byItself.at), line: byItself.line },
    overByRequests(seen, expected, applied, span),
    declared,
  ].filter((each) => each !== undefined)
  return moments.sort((a, b) => a.at - b.at)[0]
}

/** Requests per pod and second, as the pods themselves count them; known where the target file names the source like the autoscaler. */
function overByRequests(
  seen: Seen,
  expected: Autoscaler,
  metrics: HpaMoment['metrics'],
  { fromAt, toAt }: Span,
): TargetCrossing | undefined {
  const target = metrics.find((each) => /rps|requests/.test(each.metric))?.target
  // As long as the metrics API takes them, or two scrapes of a Prometheus that scrapes more rarely.
  const overMs = rateWindowMs(seen.run.head.target, expected.name)
  const track = cut(seen.counters.track(requestsId(expected.name)), fromAt - overMs, toAt)
  if (target === undefined || target <= 0) return undefined
  const counted = cumulative(track)
  const scrapes = track.increments.filter((each) => each.toAt > fromAt).sort((a, b) => a.toAt - b.toAt)
  return scrapes
    .map(({ toAt: at, line }) => ({ at, line }))
    .find(
      ({ at }) =>
        rateOf(counted, at - overMs, at) / podsBetween(track.increments, at - overMs, at) > target * TOLERANCE,
    )
}

const podsBetween = (
  increments: readonly { pod: string; fromAt: number; toAt: number }[],
  fromAt: number,
  toAt: number,
) =>
  Math.max(
    1,
    new Set(increments.filter((each) => each.toAt > fromAt && each.fromAt < toAt).map((each) => each.pod)).size,
  )

function reacted(seen: Seen, expected: Autoscaler, over: TargetCrossing, facts: Facts): Ruled<AutoscalerResult> {
  const decideMs = decidesWithinMs(expected, seen.run.head.target)
  const step = (name: Step['name'], moment: TargetCrossing | undefined, budgetMs?: number): Step => {
    const afterMs = moment && Math.max(0, moment.at - over.at)
    return {
      name,
      ...(moment ? { at: instant(moment.at) } : {}),
      ...(afterMs === undefined ? {} : { afterMs: millis(afterMs) }),
      ...(budgetMs === undefined ? {} : { budgetMs: millis(budgetMs) }),
      held: afterMs !== undefined && afterMs <= (budgetMs ?? Number.POSITIVE_INFINITY),
    }
  }
  const steps = [
    step('over-target', over),
    step('decided', facts.decided, decideMs),
    step('scheduled', facts.scheduled),
    step('ready', facts.ready, expected.readyWithinMs),
  ]
  const reactedInTime = steps.every((each) => each.held)
  const calm = calmingOf(seen, expected)
  const { name, phase } = expected
  const { peakDesired, peakReady } = facts
  const held = reactedInTime && calm.held
  const result = { name, phase, steps, peakDesired, peakReady, ...calm.result, held }
  const why = reactedInTime
    ? []
    : [...blind(seen, expected, over), ...capped(seen, expected, over), ...waitedForNodes(seen, expected, over)]
  const findings = reactedInTime ? [] : [late(seen, expected, over, facts, steps), ...why]
  return { result, findings: [...findings, ...calm.findings] }
}

/** The first step that was late; a step that was still in time when the run was cut short is no breach. */
function late(seen: Seen, expected: Autoscaler, over: TargetCrossing, facts: Facts, steps: readonly Step[]): Finding {
  const missed = steps.find((each) => !each.held && each.budgetMs !== undefined) ?? steps.find((each) => !each.held)
  const budgetMs = missed?.budgetMs ?? expected.readyWithinMs
  const lines = [over.line, facts.decided?.line, facts.scheduled?.line, facts.ready?.line, facts.line]
  const say = (weight: Finding['weight'], cause: Cause, sentence: string) =>
    finding(weight, cause, expected.name, sentence, lines)
  const what = {
    'over-target': 'was over its target',
    decided: 'decided',
    scheduled: `had ${expected.atLeast} pods scheduled`,
    ready: `had ${expected.atLeast} pods ready`,
  }
  const action = what[missed?.name ?? 'ready']
  if (missed?.afterMs === undefined && seen.run.seenUntil < over.at + budgetMs) {
    return say('gap', 'no-evidence', `${expected.name}: the run ended before it had to have ${action}.`)
  }
  const when =
    missed?.afterMs === undefined
      ? `never ${action} in the time that was seen`
      : `${action} ${duration(missed.afterMs)} after more pods were called for`
  const peak = `at most ${count(facts.peakReady, 'pod')} ready of ${expected.atLeast} wanted`
  return say('breach', 'autoscaler-late', `${expected.name} ${when}; ${duration(budgetMs)} were allowed (${peak}).`)
}

function neverOver(seen: Seen, { name, phase, atLeast }: Autoscaler, facts: Facts): Ruled<AutoscalerResult> {
  const steps: Step[] = [{ name: 'over-target', held: false }]
  const result = { name, phase, steps, peakDesired: facts.peakDesired, peakReady: facts.peakReady, held: false }
  const sentence = `${name}: in ${phase} its metric was never over target, so it did not have to scale to ${atLeast} pods.`
  return { result, findings: [finding('gap', 'no-evidence', name, sentence, [facts.line, ...seen.run.loadLines])] }
}

function unseen(seen: Seen, { name, phase }: Autoscaler, why: string): Ruled<AutoscalerResult> {
  const result = { name, phase, steps: [], peakDesired: 0, peakReady: 0, held: false }
  const lines = [seen.run.headLine, ...seen.run.loadLines]
  return { result, findings: [finding('gap', 'no-evidence', name, `Autoscaler ${name} ${why}.`, lines)] }
}
