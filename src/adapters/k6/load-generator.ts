/**
 * k6 as the load generator. It loads the script, or a bundle of it, and pushes its metrics once a second to a receiver in this process. Thresholds and
 * summary are off unless the script has them. The output is frames, health and finally the outcome. k6 ends with this process, and its logs are in the run's folder. docs/adr/0007
 * explains why counts are measured instead of rates.
 */
import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  type Clock,
  EnvironmentError,
  type LoadEvent,
  type LoadGenerator,
  type LoadShape,
  type RunningLoad,
} from '../../controller/ports.ts'
import { formatIssue } from '../../domain/issue.ts'
import type { LoadPlan } from '../../domain/timeline.ts'
import { after, type Instant, instant, seconds } from '../../domain/units.ts'
import { PLAN_VARIABLE, writeLoadPlan } from '../../wire/load-plan.ts'
import { createFraming } from './frames.ts'
import { type GuardedProcess, startGuardedProcess } from './guarded-process.ts'
import { healthOf } from './health.ts'
import { type Inspected, inspectEntry, k6Environment, k6Version } from './inspect.ts'
import { waysToLoad } from './loadable.ts'
import { createK6Log, type K6Log } from './log.ts'
import { outcomeOf } from './outcome.ts'
import { type Output, outputFor, systemTags } from './output.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { watchThresholds } from './thresholds.ts'

export type K6Settings = {
  /** Path of the k6 binary. */
  readonly binary: string
  readonly clock: Clock
  /** Where bundles are kept between runs. */
  readonly cacheFolder: string
  /** What the script reads from `__ENV` and nobody else may read: neither the plan nor k6's log holds it. */
  readonly credentials?: {
    readonly values: Readonly<Record<string, string>>
    readonly redact: (text: string) => string
  }
  /** Environment variables that the script must not see. */
  readonly withheld?: readonly string[]
}

/** Its process is on this machine. */
export type LocalLoad = RunningLoad & { readonly pid: number }
export type LocalGenerator = Omit<LoadGenerator, 'start'> & {
  start(...given: Parameters<LoadGenerator['start']>): Promise<LocalLoad>
}

const INSTANCE = 'k6'
/** Loading, waking the VUs and opening sessions; the script's own setup has 60 s. */
const START_PATIENCE = seconds(90)
/** On SIGINT k6 interrupts its iterations at once, runs teardown and flushes. */
const STOP_PATIENCE = seconds(10)
const HEALTH_INTERVAL = seconds(1)

export function k6LoadGenerator({
  binary: given,
  clock,
  cacheFolder,
  credentials,
  withheld,
}: K6Settings): LocalGenerator {
  // k6 runs in another folder. A name without a slash is looked up on the PATH.
  const binary = given.includes('/') ? resolve(given) : given
  return {
    inspect: async (script, load) => {
      const version = await k6Version(binary)
      if (version === undefined)
        throw new EnvironmentError(`${binary} does not run as k6.`, 'give the path of a k6 binary.')
      return { version, ...(await firstWay(binary, script, load, cacheFolder)) }
    },
    start: async (script, plan, folder, onEvent) => {
      const { ways, issues } = await waysToLoad(script, cacheFolder)
      const way = (plan.bundled ? ways.find(({ bundled }) => bundled) : undefined) ?? ways[0]
      if (way === undefined)
        throw new EnvironmentError(issues.map(formatIssue).join('\n'), 'correct the scenario and run again.')
      return startK6({
        binary,
        clock,
        script,
        entry: way.file,
        plan,
        folder: resolve(folder),
        onEvent,
        credentials,
        withheld,
      })
    },
  }
}

/** The first way that k6 accepts. If it accepts none, the bundler's issues come first: they have a line. */
async function firstWay(binary: string, script: string, load: LoadShape, cacheFolder: string): Promise<Inspected> {
  const { ways, issues } = await waysToLoad(script, cacheFolder)
  let first: Inspected | undefined
  for (const way of ways) {
    const inspected = await inspectEntry(binary, way, script, load)
    if (inspected.issues.length === 0) return inspected
    first ??= inspected
    // Another way helps if k6 cannot load the script, not if the script lacks a function.
    if (inspected.issues.some(({ code }) => code === 'load-script-export')) break
  }
  return issues.length > 0 || first === undefined ? { issues, notes: [] } : first
}

type Start = {
  readonly binary: string
  readonly clock: Clock
  readonly script: string
  readonly entry: string
  readonly plan: LoadPlan
  readonly folder: string
  readonly onEvent: (event: LoadEvent) => void
  readonly credentials: K6Settings['credentials']
  readonly withheld: K6Settings['withheld']
}

/** Rejects with EnvironmentError if k6 ends or stays silent before time zero of the load. k6 is dead then. */
async function startK6(start: Start): Promise<LocalLoad> {
  const { clock, plan, folder, onEvent } = start
  const output = outputFor(plan)
  const frameOf = createFraming(INSTANCE, plan, output.unitMs)
  const thresholds = watchThresholds(plan.thresholds ?? [], output.unitMs)
  const arriving = createPushTimes()
  let zeroAt: Instant | undefined
  const pushes = await startReceiver((_, request) => {
    const at = clock.now()
    const frame = frameOf(request, at)
    thresholds.add(request)
    // Metrics before time zero come from the script's setup. Counts are cumulative, so they are in the next frame.
    if (zeroAt === undefined) return
    arriving.note(at)
    onEvent({ kind: 'frame', frame })
  }, output.decode)
  const k6 = await launch(start, output, pushes).catch(async (error: unknown) => {
    await pushes.close()
    throw error
  })
  const { promise: zero, resolve: onZero } = Promise.withResolvers<number>()
  const log = createK6Log(k6.stderr, k6.stdout, join(folder, 'k6.log'), onZero, start.credentials?.redact, (receipts) =>
    onEvent({ kind: 'receipts', receipts }),
  )
  zeroAt = await untilZero(clock, k6, log, zero).catch(async (error: unknown) => {
    await pushes.close()
    throw error
  })

  let stopping = false
  const watching = watchHealth(clock, k6, onEvent)
  const ended = k6.ended.then(async ({ code, signal }) => {
    await Promise.all([watching, log.closed, pushes.close()])
    const said = log.thresholds()
    const { outcome, reasons } = outcomeOf(code, signal, stopping, said)
    const results = thresholds.results(said.told, said.aborted)
    const problems = [...reasons, ...arriving.problems(), ...pushes.problems, ...log.problems()]
    const missing = (plan.thresholds ?? []).length > results.length && outcome === 'completed'
    const untold = missing ? ['k6 did not tell the results of the thresholds of the script'] : []
    const told = results.length > 0 ? { thresholds: results } : {}
    onEvent({ kind: 'ended', outcome, exitCode: code, problems: [...problems, ...untold], ...told })
  })
  const stop = async (): Promise<void> => {
    stopping = true
    k6.signal('SIGINT')
    await orKill(clock, k6, STOP_PATIENCE)
    await ended
  }
  return { instance: INSTANCE, pid: k6.pid, zeroAt, stop, ended }
}

export const QUIET_FLAGS = ['--quiet', '--no-color', '--no-usage-report', '--log-format=json']

/** The entry comes by stdin. k6 runs in the script's folder, so that `open` finds the script's files. */
async function launch(
  { binary, script, entry, plan, folder, credentials, withheld }: Start,
  output: Output,
  pushes: Receiver,
): Promise<GuardedProcess> {
  const planFile = join(folder, 'load-plan.json')
  await writeFile(planFile, writeLoadPlan(plan))
  const hasThresholds = plan.thresholds !== undefined
  const flags = [
    ...QUIET_FLAGS,
    ...(hasThresholds ? [] : ['--no-thresholds']),
    // Without it k6 keeps every value of every Trend until its end.
    ...(hasThresholds || plan.handlesSummary ? [] : ['--summary-mode=disabled']),
  ]
  const command = [binary, 'run', ...flags, '--out', output.name, '-']
  const tags = systemTags(plan)
  const env = {
    ...k6Environment(withheld),
    ...plan.env,
    ...credentials?.values,
    // Every VU has its own copy of the script, which Go's garbage collector scans each time the heap has doubled. At three times the heap it scans
    // half as often: less CPU per request, and fewer pauses that look like latency.
    GOGC: process.env.GOGC ?? '200',
    [PLAN_VARIABLE]: planFile,
    ...(tags === undefined ? {} : { K6_SYSTEM_TAGS: tags }),
    ...output.env(pushes.urlOf(INSTANCE)),
  }
  return startGuardedProcess(command, env, { stdin: entry, folder: dirname(resolve(script)) })
}

/** Waits until the scenario logs its time zero. */
async function untilZero(clock: Clock, k6: GuardedProcess, log: K6Log, zero: Promise<number>): Promise<Instant> {
  const waiting = new AbortController()
  const tooLate = clock.until(after(clock.now(), START_PATIENCE), waiting.signal).then(
    () => 'too late' as const,
    () => 'told' as const,
  )
  const first = await Promise.race([zero, k6.ended, tooLate])
  waiting.abort()
  if (typeof first === 'number') return instant(first)
  k6.signal('SIGKILL')
  const { code, signal } = await k6.ended
  await log.closed
  const how =
    first === 'too late'
      ? [`k6 did not begin its load within ${START_PATIENCE / 1000} s.`]
      : outcomeOf(code, signal, false).reasons
  throw new EnvironmentError([...how, ...log.problems()].join('\n'), 'look into k6.log in the folder of this run.')
}

async function orKill(clock: Clock, k6: GuardedProcess, patience: typeof STOP_PATIENCE): Promise<void> {
  const waiting = new AbortController()
  const killing = clock.until(after(clock.now(), patience), waiting.signal).then(
    () => k6.signal('SIGKILL'),
    () => undefined,
  )
  await k6.ended
  waiting.abort()
  await killing
}

/** One record a second until k6 ends. */
async function watchHealth(clock: Clock, k6: GuardedProcess, onEvent: (event: LoadEvent) => void): Promise<void> {
  const over = new AbortController()
  void k6.ended.then(() => over.abort())
  const measure = healthOf(k6.pid, INSTANCE)
  while (!over.signal.aborted) {
    const health = measure(clock.now())
    if (health && !over.signal.aborted) onEvent({ kind: 'health', health })
    await clock.until(after(clock.now(), HEALTH_INTERVAL), over.signal).catch(() => undefined)
  }
}

/** k6 pushes once a second. A longer silence is recorded, because guardrails saw nothing for that time. */
const SILENCE_MS = 3000

export function createPushTimes(): { note(at: Instant): void; problems(): readonly string[] } {
  let last: Instant | undefined
  let longestMs = 0
  return {
    note: (at) => {
      if (last !== undefined) longestMs = Math.max(longestMs, at - last)
      last = at
    },
    problems: () =>
      longestMs > SILENCE_MS ? [`k6 sent no metrics for ${(longestMs / 1000).toFixed(1)} s at a stretch`] : [],
  }
}
