/** Why an autoscaler came late: it could not see the load, or it was not allowed to do more about it. */
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { duration, listed } from '../findings/words.ts'
import type { HpaMoment } from '../seen/object-history.ts'
import type { Seen } from '../seen/seen.ts'
import { type Autoscaler, isOver, isResource, type TargetCrossing } from './hpa-metric.ts'

/** From the moment at which it was called for until the time allowed was over, what did the autoscaler show? */
function shownIn(seen: Seen, { name, readyWithinMs }: Autoscaler, over: TargetCrossing): readonly HpaMoment[] {
  const history = seen.objects.hpa(name)
  const toAt = over.at + readyWithinMs
  const before = history.findLast((each) => each.at <= over.at)
  return [...(before ? [before] : []), ...history.filter((each) => each.at > over.at && each.at <= toAt)]
}

/** Blind: what it looks at is the use of the machine, or has no value, and that never said that more pods were wanted. */
export function blind(seen: Seen, expected: Autoscaler, over: TargetCrossing): readonly Finding[] {
  const shown = shownIn(seen, expected, over)
  const metrics = shown.flatMap((each) => each.metrics)
  const saw = metrics.some((metric) => isOver(metric) || (!isResource(metric.metric) && metric.value !== undefined))
  if (metrics.length === 0 || saw) return []
  const told = [...new Set(metrics.map((each) => each.metric))].map((name) => readingOf(name, metrics))
  const sentence = `${expected.name} never saw the load: it looks at ${listed(told)}, while the load called for ${expected.atLeast} pods.`
  return [
    finding('breach', 'autoscaler-blind', expected.name, sentence, [over.line, ...shown.map((each) => each.line)]),
  ]
}

function readingOf(name: string, metrics: HpaMoment['metrics']): string {
  const values = metrics.flatMap((each) => (each.metric === name && each.value !== undefined ? [each.value] : []))
  const target = metrics.find((each) => each.metric === name)?.target ?? 0
  if (values.length === 0) return `${name}, which had no value`
  return `${name}, at most ${Number(Math.max(...values).toFixed(2))} of its target ${target}`
}

/** Capped: it stood at its maximum for most of the time that was allowed, and its metric still asked for more. */
export function capped(seen: Seen, expected: Autoscaler, over: TargetCrossing): readonly Finding[] {
  const shown = shownIn(seen, expected, over)
  const atMax = shown.filter((each) => each.desired >= each.max && (each.limited || each.metrics.some(isOver)))
  const first = atMax[0]
  if (!first || first.max >= expected.atLeast) return []
  const sentence = `${expected.name} stood at its maximum of ${first.max} pods ${duration(Math.max(0, first.at - over.at))} after the load called for ${expected.atLeast}, and its metric was still over target (${overText(atMax)}).`
  return [
    finding('breach', 'autoscaler-capped', expected.name, sentence, [over.line, ...atMax.map((each) => each.line)]),
  ]
}

function overText(moments: readonly HpaMoment[]): string {
  const ratios = moments.flatMap((each) =>
    each.metrics.flatMap(({ metric, value, target }) =>
      value === undefined || target <= 0 ? [] : [{ metric, ratio: value / target }],
    ),
  )
  const worst = ratios.sort((a, b) => b.ratio - a.ratio)[0]
  return worst
    ? `${worst.metric} up to ${worst.ratio.toFixed(2)} times its target`
    : 'it says so itself: TooManyReplicas'
}
