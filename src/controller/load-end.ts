/** The end of the load: when it is due, early, or late. */
import { lastDueMs } from '../domain/arrivals.ts'
import type { Timeline } from '../domain/timeline.ts'
import { after, type Instant, type Millis, millis, seconds } from '../domain/units.ts'
import type { Clock, LoadEvent, RunningLoad } from './ports.ts'

export type LoadEnd = Extract<LoadEvent, { kind: 'ended' }>

/** Stops the run. */
export type Stop = (by: 'operator' | 'guardrail' | 'failure', reason: string) => void

/** k6 finishes iterations in flight. If it still runs this long after the end of the plan, it counts as hung and is stopped. */
const LOAD_OVERRUN = seconds(15)
/** After its last iteration k6 needs time for teardown and the last push. */
const DRAIN_GRACE = seconds(5)

/** Waits until the load and its plan end. Stops it when the run stops or when the load does not end. A load that ends early stops the run. */
export async function runLoad(
  clock: Clock,
  timeline: Timeline,
  load: RunningLoad,
  end: () => LoadEnd | undefined,
  stop: Stop,
  stopping: AbortSignal,
): Promise<void> {
  const overrunMs = Math.max(LOAD_OVERRUN, (timeline.load.outside?.drainMs ?? 0) + DRAIN_GRACE)
  await untilLoadEnds(clock, load, after(load.zeroAt, millis(timeline.totalMs + overrunMs)), stopping)
  const missed = end()?.thresholds?.find(({ aborted }) => aborted)
  if (missed) return stop('guardrail', `guardrail threshold ${missed.metric}: ${missed.expression} was missed`)
  const isComplete = end()?.outcome === 'completed'
  // The load of a script may be over before the timeline is.
  if (timeline.load.outside && isComplete) return
  if (clock.now() < after(load.zeroAt, isComplete ? lastWorkMs(timeline) : nearEndMs(timeline)))
    return stop('failure', 'the load generator ended before its plan did')
  await clock.until(after(load.zeroAt, timeline.totalMs), stopping).catch(() => undefined)
}

/** Resolves when the load has ended. Stops it at the deadline, if it hangs, and when the run stops. */
export async function untilLoadEnds(
  clock: Clock,
  load: RunningLoad,
  deadline: Instant,
  stopping: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const overrun = clock.until(deadline, AbortSignal.any([stopping, over.signal])).then(
    () => load.stop(),
    () => (stopping.aborted ? load.stop() : undefined),
  )
  await load.ended
  over.abort()
  await overrun
}

/** One second of grace: k6 rounds its last stage, which does not count as an early end. */
const nearEndMs = ({ totalMs }: Timeline): Millis => millis(Math.max(0, totalMs - 1000))

/** k6 exits after its last arrival, long before the end of the plan if the last phase has a low rate or none. Sockets stay until the end. */
function lastWorkMs(timeline: Timeline): Millis {
  const { profiles, sockets } = timeline.load
  if (sockets) return nearEndMs(timeline)
  const lastMs = Math.max(0, ...profiles.map(({ stages }) => lastDueMs(stages)))
  return millis(Math.min(lastMs, nearEndMs(timeline)))
}
