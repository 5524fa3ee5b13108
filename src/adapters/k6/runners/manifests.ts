/** The objects that a run makes in the cluster for its load. Pure. */
import { createHash } from 'node:crypto'
import type { Undo } from '../../../domain/evidence.ts'
import { RUN_LABEL, TARGET_LABEL } from '../../../domain/labels.ts'
import { type LoadRunners, runnerName } from '../../../domain/runners.ts'
import { STEWARD_VARIABLE } from '../../../wire/load-plan.ts'
import { RELAY_FILE, SECRET_VARIABLE } from './relay-program.ts'

/** Where k6 listens for `paused`, `stopped`, setup and teardown. */
export const CONTROL_PORT = 6565
export const CONTAINER = 'k6'
/** Label with the role of a pod in its run: `relay`, `steward`, or the name of a runner. */
export const PART_LABEL = 'matchday.dev/part'
export const STEWARD = 'steward'
export const RELAY = 'relay'
export const ARCHIVE_FILE = 'load.tar'
/** Prefix of the lines in a runner's log that hold its CPU and memory. */
export const HEALTH_MARK = 'matchday-health'

const FOLDER = '/matchday'
/** After SIGTERM k6 interrupts its iterations and sends its last metrics. */
const GRACE_S = 15

export type Made = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string
  readonly kind: 'ConfigMap' | 'Secret' | 'Job'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
}

export type Shared = {
  readonly run: string
  /** Namespace of the run's target. */
  readonly target: string
  readonly load: LoadRunners
  /** Dead man's switch: the cluster stops the Jobs after this time, even if the controller has died. */
  readonly deadlineS: number
  /** Proves to the relay that a push comes from a runner of this run. */
  readonly secret: string
}

/** Hashed, because the name of a run may be too long for a pod name with its suffix. */
const nameOf = ({ run }: Shared, part: string): string =>
  `matchday-${createHash('sha256').update(run).digest('hex').slice(0, 10)}-${part}`

function metadataOf(shared: Shared, part: string): Made['metadata'] {
  const labels = { [RUN_LABEL]: shared.run, [TARGET_LABEL]: shared.target, [PART_LABEL]: part }
  return { name: nameOf(shared, part), namespace: shared.load.namespace, labels }
}

const config = (shared: Shared, part: string, content: object): Made => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataOf(shared, part),
  ...content,
})

/** Objects that the runners need before they start: the script, the relay, and the credentials if there are any. */
export function groundwork(
  shared: Shared,
  archive: Buffer,
  relay: string,
  credentials: Readonly<Record<string, string>>,
): readonly Made[] {
  const secret: Made = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(shared, 'credentials'),
    stringData: credentials,
  }
  return [
    config(shared, 'script', { binaryData: { [ARCHIVE_FILE]: archive.toString('base64') } }),
    config(shared, RELAY, { data: { [RELAY_FILE]: relay } }),
    ...(Object.keys(credentials).length === 0 ? [] : [secret]),
    relayJob(shared),
  ]
}

function relayJob(shared: Shared): Made {
  return job(shared, RELAY, RELAY, {
    name: RELAY,
    image: shared.load.relayImage,
    command: ['node', `${FOLDER}/${RELAY_FILE}`],
    env: [{ name: SECRET_VARIABLE, value: shared.secret }],
    resources: sameLimits('500m', '512Mi'),
  })
}

export type RunnerPart = {
  readonly index: number
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
  readonly credentials: readonly string[]
}

export function runnerJob(shared: Shared, { index, env, flags, credentials }: RunnerPart): Made {
  const { runners } = shared.load
  const part = runnerName(index)
  const sequence = Array.from({ length: runners + 1 }, (_, n) =>
    n === 0 ? '0' : n === runners ? '1' : `${n}/${runners}`,
  )
  const segment = ['--execution-segment', `${sequence[index]}:${sequence[index + 1]}`]
  const whole = [...segment, '--execution-segment-sequence', sequence.join(',')]
  return k6Job(shared, part, [...flags, ...(runners === 1 ? [] : whole)], env, credentials)
}

/** A pod that makes no load: it performs setup and teardown once for all runners. Its share of the load is tiny, so that k6 allocates few VUs. */
export function stewardJob(shared: Shared, { env, flags, credentials }: Omit<RunnerPart, 'index'>): Made {
  const all = [...flags, '--no-teardown', '--execution-segment', '0:1/1000']
  return k6Job(shared, STEWARD, all, { ...env, [STEWARD_VARIABLE]: '1' }, credentials)
}

// The loop writes the CPU counters of the process, its node and its control group to the log once a second. `exec` gives k6 the shell's pid, so that the loop
// ends with k6.
const LAUNCH = `while kill -0 $$ 2>/dev/null; do
read -r up _ </proc/uptime
read -r own </proc/$$/stat
read -r host </proc/stat
limit=$(cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null | tr '\\n' ' ')
echo "${HEALTH_MARK}|$up|$own|$host|$limit"
sleep 1
done &
exec "$@"`

/** The kubelet expands `$(NAME)` in commands and values of variables, and takes `$$` for `$`. */
const literally = (text: string): string => text.replaceAll('$', '$$$$')

function k6Job(
  shared: Shared,
  part: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
  credentials: readonly string[],
): Made {
  const { image, cpu, memory } = shared.load
  const k6 = ['k6', 'run', '--paused', '--address', `0.0.0.0:${CONTROL_PORT}`, ...flags, `${FOLDER}/${ARCHIVE_FILE}`]
  const fromSecret = { name: nameOf(shared, 'credentials') }
  return job(shared, part, 'script', {
    name: CONTAINER,
    image,
    command: ['/bin/sh', '-c', LAUNCH, 'sh', ...k6].map(literally),
    env: [
      ...Object.entries(env).map(([name, value]) => ({ name, value: literally(value) })),
      ...credentials.map((key) => ({ name: key, valueFrom: { secretKeyRef: { ...fromSecret, key } } })),
    ],
    resources: sameLimits(cpu, memory),
  })
}

/** Requests equal the limits: a runner starts only on a node that has this much free. */
export const sameLimits = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } })

/** The nodes that the pods of a load may use. */
export const placementOf = ({ nodeSelector, tolerates = [] }: LoadRunners) => ({
  ...(nodeSelector === undefined ? {} : { nodeSelector }),
  ...(tolerates.length === 0 ? {} : { tolerations: tolerates.map((key) => ({ key, operator: 'Exists' })) }),
})

/** Not root; 12345 is the user of k6's own image. */
const USER = 12_345

/** Relay and steward make no load. If the spread counted them, it could put all runners on one node. */
const onlyRunners = { key: PART_LABEL, operator: 'NotIn', values: [RELAY, STEWARD] }

/** `mounts`: the part whose ConfigMap the container reads. */
function job(shared: Shared, part: string, mounts: string, container: object): Made {
  const metadata = metadataOf(shared, part)
  const spec = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_S,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...placementOf(shared.load),
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { [RUN_LABEL]: shared.run }, matchExpressions: [onlyRunners] },
      },
    ],
    containers: [
      {
        ...container,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'files', mountPath: FOLDER, readOnly: true }],
      },
    ],
    volumes: [{ name: 'files', configMap: { name: nameOf(shared, mounts) } }],
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: {
      // A pod that is lost is not replaced: the run is inconclusive.
      backoffLimit: 0,
      activeDeadlineSeconds: shared.deadlineS,
      ttlSecondsAfterFinished: 3600,
      template: { metadata: { labels: metadata.labels }, spec },
    },
  }
}

const PLURALS = { ConfigMap: 'configmaps', Secret: 'secrets', Job: 'jobs' } as const

export type Deletion = Extract<Undo, { does: 'delete-object' }>

export const undoOf = ({ apiVersion, kind, metadata }: Made): Deletion => ({
  does: 'delete-object',
  apiVersion,
  objectKind: kind,
  plural: PLURALS[kind],
  namespace: metadata.namespace,
  name: metadata.name,
})
