/** After a peak an autoscaler comes down again, in time, and without going to and fro. */
import { millis } from '../../domain/units.ts'
import type { AutoscalerResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration } from '../findings/words.ts'
import type { HpaMoment } from '../seen/object-history.ts'
import type { Seen } from '../seen/seen.ts'
import type { Autoscaler } from './hpa-metric.ts'

type Calming = {
  readonly result: Pick<AutoscalerResult, 'turns' | 'calmMs'>
  readonly held: boolean
  readonly findings: readonly Finding[]
}

export function calmingOf(seen: Seen, expected: Autoscaler): Calming {
  const { head, zeroAt = 0, seenUntil } = seen.run
  const { calms, name } = expected
  const phase = head.timeline.phases.find((each) => each.name === expected.phase)
  if (!calms || !phase) return { result: {}, held: true, findings: [] }
  const [fromAt, endAt] = [zeroAt + phase.fromMs, zeroAt + phase.toMs]
  const history = seen.objects.hpa(name).filter((each) => each.at <= seenUntil)
  const { turns, lines } = turnsOf(history)
  const calmAt = calmSince(history, fromAt, endAt)
  const calmMs = calmAt && Math.max(0, calmAt.at - endAt)
  const result = { turns, ...(calmMs === undefined ? {} : { calmMs: millis(calmMs) }) }
  const findings = [
    ...(turns > calms.turnsMax ? [flapping(name, turns, calms.turnsMax, lines)] : []),
    ...tooSlow(seen, expected, history, endAt, calmMs),
  ]
  return { result, held: findings.length === 0, findings }
}

/** Changes of direction of the number of wanted pods. */
export function turnsOf(history: readonly HpaMoment[]): { readonly turns: number; readonly lines: readonly number[] } {
  let [direction, last, turns]: [number, number | undefined, number] = [0, undefined, 0]
  const lines: number[] = []
  for (const { desired, line } of history) {
    const way = last === undefined ? 0 : Math.sign(desired - last)
    last = desired
    if (way === 0) continue
    if (direction !== 0 && way !== direction) {
      turns++
      lines.push(line)
    }
    direction = way
  }
  return { turns, lines }
}

/** Down is where it was when the phase began; it may still move below that. */
function calmSince(history: readonly HpaMoment[], fromAt: number, endAt: number): HpaMoment | undefined {
  const before = (history.findLast((each) => each.at <= fromAt) ?? history[0])?.desired
  if (before === undefined) return undefined
  const last = history.findLast((each) => each.at <= endAt)
  return [...(last ? [last] : []), ...history.filter((each) => each.at > endAt)].find((each) => each.desired <= before)
}

const flapping = (name: string, turns: number, allowed: number, lines: readonly number[]): Finding => {
  const sentence = `${name} changed direction ${count(turns, 'time')}; ${allowed} are allowed.`
  return finding('breach', 'autoscaler-flapping', name, sentence, lines)
}

function tooSlow(
  seen: Seen,
  { name, phase, calms }: Autoscaler,
  history: readonly HpaMoment[],
  endAt: number,
  calmMs: number | undefined,
): readonly Finding[] {
  const withinMs = calms?.withinMs ?? 0
  if (calmMs !== undefined && calmMs <= withinMs) return []
  const lines = history.filter((each) => each.at >= endAt).map((each) => each.line)
  const seenMs = Math.max(0, seen.run.seenUntil - endAt)
  if (calmMs === undefined && seenMs < withinMs) {
    const sentence = `${name}: the run ended ${duration(seenMs)} after ${phase}, before it had to have scaled down.`
    return [finding('gap', 'no-evidence', name, sentence, [history.at(-1)?.line, ...lines])]
  }
  const when = calmMs === undefined ? `not down again ${duration(seenMs)}` : `down again ${duration(calmMs)}`
  const sentence = `${name} was ${when} after ${phase} (${history.at(-1)?.desired ?? 0} pods wanted); ${duration(withinMs)} were allowed.`
  return [finding('breach', 'scale-down-late', name, sentence, [history.at(-1)?.line, ...lines])]
}
