/** KEDA: trigger active → first pod → enough pods → back at rest, each step with its own budget. */
import type { Expectation } from '../../domain/rehearsal.ts'
import { instant, millis } from '../../domain/units.ts'
import type { Finding, KedaResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import type { Seen } from '../seen/seen.ts'

type Keda = Extract<Expectation, { kind: 'keda' }>
type Step = KedaResult['steps'][number]
type Moment = { readonly at: number; readonly line: number }

export function judgeKeda(seen: Seen): Ruled<readonly KedaResult[]> {
  return allRuled(expectationsOf(seen, 'keda').map((each) => judgeOne(seen, each)))
}

function judgeOne(seen: Seen, expected: Keda): Ruled<KedaResult> {
  const { head, zeroAt, seenUntil } = seen.run
  const { scaledObject, atLeast } = expected
  const phase = head.timeline.phases.find((each) => each.name === expected.phase)
  const history = seen.objects.scaledObject(scaledObject)
  if (zeroAt === undefined || !phase || history.length === 0) return unseen(seen, expected, 'was never seen')
  const [fromAt, endAt] = [zeroAt + phase.fromMs, zeroAt + phase.toMs]
  if (seenUntil <= fromAt) return unseen(seen, expected, `was not tried: the run ended before ${phase.name}`)
  const scaled = history[0]?.of
  const pods = scaled ? seen.objects.pods(scaled) : []
  const rest = history.at(-1)?.idle ?? history.at(-1)?.min ?? 0
  const moments = {
    active: from(history, fromAt, (each) => each.active),
    'first-pod': from(pods, fromAt, (each) => each.scheduled > rest),
    ready: from(pods, fromAt, (each) => each.ready >= atLeast),
    // A workload that never had a pod is at rest.
    idle: pods.length > 0 ? from(pods, endAt, (each) => each.scheduled <= rest) : from(history, endAt, () => true),
  }
  const steps = [
    stepOf('active', moments.active, fromAt, expected.activatesWithinMs),
    stepOf('first-pod', moments['first-pod'], fromAt),
    stepOf('ready', moments.ready, fromAt, expected.readyWithinMs),
    ...(expected.idleWithinMs === undefined ? [] : [stepOf('idle', moments.idle, endAt, expected.idleWithinMs)]),
  ]
  const peakReady = Math.max(0, ...pods.filter((each) => each.at <= seenUntil).map((each) => each.ready))
  const held = steps.every((each) => each.held)
  const result = { scaledObject, phase: expected.phase, steps, peakReady, held }
  const lines = [history[0]?.line, ...Object.values(moments).map((each) => each?.line), pods.at(-1)?.line]
  return { result, findings: held ? [] : findingsOf(seen, expected, result, { fromAt, endAt }, lines) }
}

/** The first moment from then on, or that moment itself when it was so already. */
function from<T extends Moment>(list: readonly T[], fromAt: number, isTrue: (each: T) => boolean): Moment | undefined {
  const before = list.findLast((each) => each.at <= fromAt)
  if (before && isTrue(before)) return { at: fromAt, line: before.line }
  return list.find((each) => each.at > fromAt && isTrue(each))
}

function stepOf(name: Step['name'], moment: Moment | undefined, since: number, budgetMs?: number): Step {
  const afterMs = moment && Math.max(0, moment.at - since)
  return {
    name,
    ...(moment ? { at: instant(moment.at) } : {}),
    ...(afterMs === undefined ? {} : { afterMs: millis(afterMs) }),
    ...(budgetMs === undefined ? {} : { budgetMs: millis(budgetMs) }),
    held: afterMs !== undefined && afterMs <= (budgetMs ?? Number.POSITIVE_INFINITY),
  }
}

const action = {
  active: 'become active',
  'first-pod': 'make its first pod',
  ready: 'have enough pods ready',
  idle: 'be at rest again',
}

/** Steps that were missed; one that was still in time when the run was cut short is no breach. */
function findingsOf(
  seen: Seen,
  { scaledObject, phase, atLeast, readyWithinMs }: Keda,
  { steps, peakReady }: KedaResult,
  { fromAt, endAt }: { readonly fromAt: number; readonly endAt: number },
  lines: readonly (number | undefined)[],
): readonly Finding[] {
  const missed = steps.filter((each) => !each.held)
  // The first pod has no budget of its own: it is due when enough pods are.
  const dueAt = (each: Step) => (each.name === 'idle' ? endAt : fromAt) + (each.budgetMs ?? readyWithinMs)
  const open = missed.filter((each) => each.afterMs === undefined && seen.run.seenUntil < dueAt(each))
  const late = missed.filter((each) => !open.includes(each))
  if (late.length === 0) {
    const sentence = `${scaledObject}: the run ended before it had to ${listed(open.map((each) => action[each.name]))}.`
    return [finding('gap', 'no-evidence', scaledObject, sentence, lines)]
  }
  const told = late.map(({ name, afterMs, budgetMs }) => {
    const allowed = budgetMs === undefined ? '' : ` (${duration(budgetMs)} allowed)`
    return afterMs === undefined
      ? `did not ${action[name]}${allowed}`
      : `took ${duration(afterMs)} to ${action[name]}${allowed}`
  })
  const sentence = `${scaledObject} ${listed(told)} in ${phase}: at most ${count(peakReady, 'pod')} ready of ${atLeast} wanted.`
  const cause = late.every((each) => each.name === 'idle') ? 'scale-down-late' : 'queue-scaler-late'
  return [finding('breach', cause, scaledObject, sentence, lines)]
}

function unseen(seen: Seen, { scaledObject, phase }: Keda, why: string): Ruled<KedaResult> {
  const result = { scaledObject, phase, steps: [], peakReady: 0, held: false }
  const lines = [seen.run.headLine, ...seen.run.loadLines]
  return {
    result,
    findings: [finding('gap', 'no-evidence', scaledObject, `ScaledObject ${scaledObject} ${why}.`, lines)],
  }
}
