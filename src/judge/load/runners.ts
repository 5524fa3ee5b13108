/** Runners in the cluster begin at the same time, or a step of the plan is no step for the platform. */
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { duration } from '../findings/words.ts'
import type { Seen } from '../seen/seen.ts'

/** Less is not seen in counts by the second. */
const SKEW_MS = 250
/** And a ramp keeps its shape if the runners are apart by a tenth of it. */
const SHARE_OF_RAMP = 0.1

export function judgeRunners({ run }: Seen): readonly Finding[] {
  const starts = [...run.loadStarts].sort((a, b) => a.record.zeroAt - b.record.zeroAt)
  const [first, last] = [starts[0], starts.at(-1)]
  if (first === undefined || last === undefined || starts.length < 2) return []
  const skewMs = last.record.zeroAt - first.record.zeroAt
  const ramps = run.head.timeline.phases.map(({ fromMs, rampEndMs }) => rampEndMs - fromMs).filter((each) => each > 0)
  const limitMs = Math.max(SKEW_MS, SHARE_OF_RAMP * Math.min(...(ramps.length === 0 ? [0] : ramps)))
  if (skewMs <= limitMs) return []
  const apart = `${last.record.instance} began ${duration(skewMs)} after ${first.record.instance}`
  const sentence = `The runners did not begin together: ${apart}, more than ${duration(limitMs)}.`
  return [finding('gap', 'runners-desynchronised', last.record.instance, sentence, [first.line, last.line])]
}
