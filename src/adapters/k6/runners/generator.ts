/**
 * k6 in the cluster, in several pods that share one load. Each pod is a Job of its own, which starts paused. When all are ready they are resumed at the
 * same time. They push their metrics to a relay pod, and the controller reads them there. Setup and teardown of the script are performed once, by a pod that
 * makes no load. A pod that is lost is not replaced: the others are stopped, and the run is inconclusive. docs/adr/0053
 */
import { randomBytes } from 'node:crypto'
import {
  EnvironmentError,
  type LoadEvent,
  type LoadGenerator,
  type LoadInCluster,
  type RunningLoad,
} from '../../../controller/ports.ts'
import { type LoadRunners, runnerName } from '../../../domain/runners.ts'
import type { LoadPlan } from '../../../domain/timeline.ts'
import { demand, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { type K6Settings, k6LoadGenerator, QUIET_FLAGS } from '../load-generator.ts'
import { type Output, outputFor, systemTags } from '../output.ts'
import { archiveOf, type ScriptArchive } from './archive.ts'
import { controlOf } from './control.ts'
import {
  groundwork,
  type Made,
  RELAY,
  type RunnerPart,
  runnerJob,
  type Shared,
  STEWARD,
  stewardJob,
  undoOf,
} from './manifests.ts'
import { relayAt } from './relay.ts'
import { RELAY_PORT, RELAY_PROGRAM } from './relay-program.ts'
import { runnersOf } from './running.ts'
import { awaitPods } from './starting.ts'

export type RunnersSettings = K6Settings & {
  readonly api: KubernetesApi
  readonly load: LoadRunners
  /** Namespace of the run's target. */
  readonly target: string
}

type Owe = LoadInCluster['owe']

export function runnersLoadGenerator(settings: RunnersSettings): LoadGenerator {
  return {
    // The script is inspected on this machine, by the same version of k6.
    inspect: k6LoadGenerator(settings).inspect,
    start: async (script, plan, folder, onEvent, run) => {
      if (run === undefined)
        throw new EnvironmentError(
          'Runners in the cluster are for `matchday run`: a search for capacity and a comparison would start new pods for each of their blocks.',
          'remove load from the target file, or use another target file with --target.',
        )
      return startRunners(settings, { script, plan, folder }, onEvent, run)
    },
  }
}

type Wanted = { readonly script: string; readonly plan: LoadPlan; readonly folder: string }

async function startRunners(
  settings: RunnersSettings,
  { script, plan, folder }: Wanted,
  onEvent: (event: LoadEvent) => void,
  { owe, stopping }: LoadInCluster,
): Promise<RunningLoad> {
  const { api, clock, load, target, credentials } = settings
  const { values: secrets, redact } = credentials ?? { values: {}, redact: (text: string) => text }
  const archive = await archiveOf({
    ...{ binary: settings.binary, cacheFolder: settings.cacheFolder, script, plan },
    ...{ credentials: secrets, redact, withheld: settings.withheld ?? [] },
  })
  const shared: Shared = {
    run: plan.run,
    target,
    load,
    deadlineS: deadlineOf(plan),
    secret: randomBytes(16).toString('hex'),
  }
  const make = makerOf(api, owe)
  const place = { api, clock, load, run: plan.run, stopping, redact }
  await make(groundwork(shared, archive.content, RELAY_PROGRAM, secrets))
  const [relay] = await awaitPods(place, [RELAY], ({ ip }) => Promise.resolve(ip !== undefined))
  if (relay?.ip === undefined) throw new Error('the relay has no address')
  const output = outputFor(plan)
  const runner = runnerOf(
    plan,
    output,
    archive,
    Object.keys(secrets),
    `http://${relay.ip}:${RELAY_PORT}/${shared.secret}`,
  )
  const needsSteward = archive.fixtures.setup || archive.fixtures.teardown
  const indexes = Array.from({ length: load.runners }, (_, index) => index)
  await make([
    ...indexes.map((index) => runnerJob(shared, runner(index))),
    ...(needsSteward ? [stewardJob(shared, { ...runner(0), flags: [...QUIET_FLAGS, ...SHARED_FLAGS] })] : []),
  ])
  const control = controlOf(api, load.namespace)
  const names = indexes.map(runnerName)
  const pods = await awaitPods(place, [...names, ...(needsSteward ? [STEWARD] : [])], ({ name }) =>
    control.isPaused(name),
  )
  const steward = needsSteward ? pods.at(-1)?.name : undefined
  const runners = pods.slice(0, load.runners)
  if (steward !== undefined && archive.fixtures.setup) {
    const data = await control.setUp(steward)
    await Promise.all(runners.map(({ name }) => control.giveSetup(name, data ?? null)))
  }
  return runnersOf({
    ...{ place, control, relay: relayAt(api, load.namespace, relay.name), output, plan, folder, onEvent },
    ...{ pods: runners, steward: archive.fixtures.teardown ? steward : undefined },
  })
}

/** Each undo is on disk before its object is made. */
function makerOf(api: KubernetesApi, owe: Owe): (objects: readonly Made[]) => Promise<void> {
  return async (objects) => {
    for (const object of objects) await owe(undoOf(object))
    await Promise.all(
      objects.map((object) => {
        const { apiVersion, plural, namespace } = undoOf(object)
        return demand(api, { method: 'POST', path: paths.objects(apiVersion, plural, namespace), body: object })
      }),
    )
  }
}

const SHARED_FLAGS = ['--include-system-env-vars', '--no-thresholds', '--summary-mode=disabled', '--no-setup']

/** `relay`: its URL with the secret. Each runner adds its name, so that the relay knows whose push it is. */
function runnerOf(
  plan: LoadPlan,
  output: Output,
  archive: ScriptArchive,
  credentials: readonly string[],
  relay: string,
): (index: number) => RunnerPart {
  const tags = systemTags(plan)
  return (index) => ({
    index,
    credentials,
    flags: [...QUIET_FLAGS, ...SHARED_FLAGS, '--out', output.name],
    env: {
      ...archive.env,
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
      K6_NO_USAGE_REPORT: 'true',
      GOGC: '200',
      ...(tags === undefined ? {} : { K6_SYSTEM_TAGS: tags }),
      ...output.env(`${relay}/${runnerName(index)}`),
    },
  })
}

/** Time for the pods to start, and for the controller to read and delete them after the load. */
const AROUND_S = 600

function deadlineOf({ profiles, sockets, outside }: LoadPlan): number {
  const stages = [...profiles.map((each) => each.stages), sockets?.stages ?? []]
  const lengths = stages.map((each) => each.reduce((sum, { durationMs }) => sum + durationMs, 0))
  const ends = outside === undefined ? 0 : outside.endsMs + outside.drainMs
  return Math.ceil(Math.max(ends, ...lengths) / 1000) + AROUND_S
}
