/** Runners from their common start to the end of the last one. */
import { EnvironmentError, type InstanceEnd, type LoadEvent, type RunningLoad } from '../../../controller/ports.ts'
import type { LoadPlan } from '../../../domain/timeline.ts'
import { after, type Instant, instant, seconds } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import type { Output } from '../output.ts'
import type { RunnerControl } from './control.ts'
import { type LoadPod, loadPods } from './pods.ts'
import type { PushRelay } from './relay.ts'
import { followRunner, type Runner } from './runner.ts'
import type { LoadPlace } from './starting.ts'

export type Ready = {
  readonly place: LoadPlace
  readonly control: RunnerControl
  readonly relay: PushRelay
  readonly output: Output
  readonly plan: LoadPlan
  readonly folder: string
  readonly onEvent: (event: LoadEvent) => void
  /** Paused runners, in the order of their shares. */
  readonly pods: readonly LoadPod[]
  /** The pod that performs the script's teardown; undefined if it has none. */
  readonly steward: string | undefined
}

/** k6 begins about 20 ms after it is resumed. Its log takes a second or two to arrive. */
const ZERO_PATIENCE = seconds(30)
/** Time for k6 to interrupt its iterations and to send its last metrics. */
const STOP_PATIENCE = seconds(10)
const READ_EVERY = seconds(0.5)
const LOOK_EVERY = seconds(1)
/** While the run stops. */
const LOOK_CLOSELY = seconds(0.25)
/** If the pods or the relay cannot be read for so long, the state of the load is unknown, and the runners count as crashed. */
const SILENCE_MS = 30_000

export async function runnersOf(ready: Ready): Promise<RunningLoad> {
  const { place, control, pods } = ready
  const { clock } = place
  const runners = pods.map((pod, index) => followRunner(ready, pod, index))
  const started = await commonStart(ready, runners)
  const over = new AbortController()
  const stopping = new AbortController()
  const problems: string[] = []

  const stopAll = async (): Promise<void> => {
    if (stopping.signal.aborted) return
    stopping.abort()
    const running = runners.filter((each) => each.end() === undefined)
    // A runner that has just ended refuses the request. That must not keep the others from stopping.
    await Promise.allSettled(running.map(({ pod }) => control.stop(pod.name)))
  }
  const reading = every(
    clock,
    READ_EVERY,
    over.signal,
    () => readRelay(ready, runners),
    (error) => {
      void stopAll()
      runners[0]?.giveUp('crashed', `the relay could not be read for ${SILENCE_MS / 1000} s: ${messageOf(error)}`)
    },
  )
  const listening = every(
    clock,
    LOOK_EVERY,
    over.signal,
    () => hearAll(runners),
    () => undefined,
  )
  const ended = untilEnded(ready, runners, stopping.signal, stopAll).then(async () => {
    over.abort()
    await Promise.all([reading, listening])
    problems.push(...(await tearDown(ready)))
    await readRelay(ready, runners).catch((error: unknown) =>
      problems.push(`the last metrics are missing: ${messageOf(error)}`),
    )
    const lost = ready.relay.dropped
    if (lost > 0) problems.push(`the relay dropped ${lost} pushes that were not read in time`)
    ready.onEvent(await endOf(runners, problems))
  })
  return {
    instance: 'runners',
    runners: started,
    zeroAt: instant(Math.min(...started.map(({ zeroAt }) => zeroAt))),
    stop: async () => {
      await stopAll()
      await ended
    },
    ended,
  }
}

type Started = NonNullable<RunningLoad['runners']>

/**
 * Resumes all runners at the same time. The log of a runner says when it began, by the clock of its node. That clock may be wrong, so the time is limited to the
 * span between our request and its answer.
 */
async function commonStart({ place, control }: Ready, runners: readonly Runner[]): Promise<Started> {
  const { clock } = place
  const resumed = await Promise.all(
    runners.map(async (runner) => {
      const from = clock.now()
      await control.resume(runner.pod.name)
      return { runner, from, to: clock.now() }
    }),
  )
  const deadline = after(clock.now(), ZERO_PATIENCE)
  while (runners.some((each) => each.toldZero() === undefined)) {
    await hearAll(runners)
    if (clock.now() >= deadline) {
      const silent = runners
        .filter((each) => each.toldZero() === undefined)
        .map(({ instance, pod }) => `${instance} (pod ${pod.name})`)
      await Promise.allSettled(runners.map(({ pod }) => control.stop(pod.name)))
      throw new EnvironmentError(
        `${silent.join(', ')} did not begin within ${ZERO_PATIENCE / 1000} s.`,
        'look into the logs of the runners in the folder of this run.',
      )
    }
    await clock.until(after(clock.now(), LOOK_CLOSELY), place.stopping)
  }
  return resumed.map(({ runner, from, to }) => {
    const { instance, pod } = runner
    const told = runner.toldZero() ?? to
    const zeroAt = instant(Math.min(to, Math.max(from, told)))
    runner.begin(zeroAt)
    return { instance, pod: pod.name, node: pod.node, zeroAt, toldAt: instant(told) }
  })
}

const hearAll = (runners: readonly Runner[]): Promise<unknown> =>
  Promise.allSettled(runners.filter((each) => each.end() === undefined).map((each) => each.hear()))

async function readRelay({ relay, place }: Ready, runners: readonly Runner[]): Promise<void> {
  const byName = new Map(runners.map((each) => [each.instance, each]))
  for (const { instance, ageMs, body } of await relay.read())
    byName.get(instance)?.take(body, instant(place.clock.now() - ageMs))
}

/** Repeats `work` until aborted. `onSilent` is called once when it has failed for too long. */
async function every(
  clock: LoadPlace['clock'],
  pause: typeof READ_EVERY,
  signal: AbortSignal,
  work: () => Promise<unknown>,
  onSilent: (error: unknown) => void,
): Promise<void> {
  let lastGood = clock.now()
  let told = false
  while (!signal.aborted) {
    try {
      await work()
      lastGood = clock.now()
    } catch (error) {
      if (!told && clock.now() - lastGood > SILENCE_MS) {
        told = true
        onSilent(error)
      }
    }
    await clock.until(after(clock.now(), pause), signal).catch(() => undefined)
  }
}

/** Resolves when each runner has ended or is given up. A crashed runner stops the others. */
async function untilEnded(
  { place }: Ready,
  runners: readonly Runner[],
  stopping: AbortSignal,
  stopAll: () => Promise<void>,
): Promise<void> {
  const { api, clock, load, run } = place
  let stoppedAt: Instant | undefined
  let seenAt = clock.now()
  for (;;) {
    if (stopping.aborted) stoppedAt ??= clock.now()
    const pods = await loadPods(api, load.namespace, run).catch(() => undefined)
    if (pods !== undefined) {
      seenAt = clock.now()
      await Promise.all(runners.map((each) => each.look(pods.get(each.instance), stopping.aborted, clock.now())))
    }
    const late = stoppedAt !== undefined && clock.now() - stoppedAt > STOP_PATIENCE
    const blind = clock.now() - seenAt > SILENCE_MS
    for (const each of runners) {
      if (late) each.giveUp('stopped', `it did not stop within ${STOP_PATIENCE / 1000} s; its Job is deleted`)
      else if (blind) each.giveUp('crashed', `its pod could not be read for ${SILENCE_MS / 1000} s`)
    }
    const ends = runners.map((each) => each.end())
    if (ends.every((each) => each !== undefined)) return
    if (ends.some((each) => each?.outcome === 'crashed')) await stopAll()
    // The stop wakes the loop. A signal that is already aborted would leave no pause at all.
    if (stopping.aborted) await clock.until(after(clock.now(), LOOK_CLOSELY))
    else await clock.until(after(clock.now(), LOOK_EVERY), stopping).catch(() => undefined)
  }
}

async function tearDown({ control, steward }: Ready): Promise<readonly string[]> {
  if (steward === undefined) return []
  try {
    await control.tearDown(steward)
    return []
  } catch (error) {
    return [`the script's teardown failed: ${messageOf(error)}`]
  }
}

const WORST = ['crashed', 'stopped', 'completed'] as const

async function endOf(runners: readonly Runner[], common: readonly string[]): Promise<LoadEvent> {
  const ends = await Promise.all(runners.map((each) => each.close()))
  const outcome = WORST.find((each) => ends.some((end) => end.outcome === each)) ?? 'crashed'
  const instances: readonly InstanceEnd[] = ends.map((end, index) =>
    index === 0 ? { ...end, problems: [...end.problems, ...common] } : end,
  )
  return {
    kind: 'ended',
    outcome,
    exitCode: ends.find((end) => end.outcome === outcome)?.exitCode ?? null,
    problems: [],
    instances,
  }
}
