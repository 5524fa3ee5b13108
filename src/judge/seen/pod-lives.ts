/** Fold over the versions of pods: when each was born, placed, ready, asked to end and gone. Changes only, so that it stays small. */
import type { ImageSeen, PodOwner, PodSeen, Termination } from '../../domain/cluster.ts'
import type { StepChange, Steps } from './steps.ts'
import { summed } from './steps.ts'

export type PodLife = {
  readonly namespace: string
  readonly name: string
  readonly app: string
  readonly labels: Readonly<Record<string, string>>
  /** Undefined in journals that were written before owners were recorded. */
  readonly owner?: PodOwner
  /** Seen for the first time: its birth, unless it was there when watching began. */
  readonly bornAt: number
  readonly bornLine: number
  readonly node?: string
  readonly placedAt?: number
  readonly placedLine?: number
  /** The scheduler was seen to find no node for it, for the first time, and why. */
  readonly waits?: { readonly at: number; readonly line: number; readonly why: string }
  /** Below 0: it keeps a place warm for others. */
  readonly priority: number
  readonly runsAt?: number
  readonly deletingAt?: number
  readonly deletingLine?: number
  /** Its last process was seen to have ended, after it was asked to. */
  readonly endedAt?: number
  readonly goneAt?: number
  readonly goneLine?: number
  readonly graceMs?: number
  /** In bytes. */
  readonly memoryLimit?: number
  /** When containers of it were seen to be started again, and how they had ended, if that was recorded. */
  readonly restarts: readonly Restart[]
  /** How often containers had been started again when it was seen last. */
  readonly restartCount: number
  /** What its containers ran. Changes only; none in journals that were written before images were recorded. */
  readonly images: readonly { readonly at: number; readonly line: number; readonly of: readonly ImageSeen[] }[]
  /** Its last state was a failure: killed, or ended by an error. */
  readonly failed: boolean
  /** Serving is: Ready, and not asked to end. Changes only; none of a pod that is no server. */
  readonly serving: readonly { readonly at: number; readonly is: boolean; readonly line: number }[]
}

export type Restart = {
  readonly at: number
  readonly line: number
  readonly times: number
  readonly ended?: Termination
}

export type PodFilter = {
  readonly app?: string
  readonly namespace?: string
  readonly nodes?: ReadonlySet<string>
}

export type PodLives = {
  add(pod: PodSeen, gone: boolean, at: number, line: number): void
  readonly all: readonly PodLife[]
}

export function createPodLives(): PodLives {
  const lives = new Map<string, PodLife>()
  return {
    add(pod, gone, at, line) {
      lives.set(pod.uid, lived(lives.get(pod.uid) ?? born(pod, at, line), pod, gone, at, line))
    },
    get all() {
      return [...lives.values()]
    },
  }
}

const born = (
  { namespace, name, app, labels, owner, restarts, memoryLimit, priority = 0 }: PodSeen,
  at: number,
  line: number,
): PodLife => ({
  namespace,
  name,
  app,
  labels,
  ...(owner === undefined ? {} : { owner }),
  ...(memoryLimit === undefined ? {} : { memoryLimit }),
  priority,
  bornAt: at,
  bornLine: line,
  restarts: [],
  restartCount: restarts,
  images: [],
  failed: false,
  serving: [],
})

function lived(life: PodLife, pod: PodSeen, gone: boolean, at: number, line: number): PodLife {
  const is = isServer(life) && pod.ready && !pod.deleting && !gone
  const changed = (life.serving.at(-1)?.is ?? false) !== is
  const ends = pod.deleting || gone
  const hasEnded = ends && (gone || pod.podPhase === 'Succeeded' || pod.podPhase === 'Failed')
  // The kubelet's last deletion has no grace any more: what was given first counts.
  const graceMs = life.deletingAt === undefined ? pod.graceMs : life.graceMs
  return {
    ...life,
    ...(pod.node === undefined
      ? {}
      : { node: pod.node, placedAt: life.placedAt ?? at, placedLine: life.placedLine ?? line }),
    ...(pod.unschedulable === undefined ? {} : { waits: life.waits ?? { at, line, why: pod.unschedulable } }),
    ...(pod.podPhase === 'Running' || pod.ready ? { runsAt: life.runsAt ?? at } : {}),
    ...(ends ? { deletingAt: life.deletingAt ?? at, deletingLine: life.deletingLine ?? line } : {}),
    ...(hasEnded ? { endedAt: life.endedAt ?? at } : {}),
    ...(gone ? { goneAt: life.goneAt ?? at, goneLine: life.goneLine ?? line } : {}),
    ...(graceMs === undefined ? {} : { graceMs }),
    ...restarted(life, pod, at, line),
    images: imaged(life, pod, at, line),
    failed: pod.podPhase === 'Failed',
    serving: changed ? [...life.serving, { at, is, line }] : life.serving,
  }
}

function restarted(life: PodLife, pod: PodSeen, at: number, line: number): Pick<PodLife, 'restarts' | 'restartCount'> {
  const times = pod.restarts - life.restartCount
  if (times <= 0) return { restarts: life.restarts, restartCount: pod.restarts }
  const ended = pod.lastTermination === undefined ? {} : { ended: pod.lastTermination }
  return { restarts: [...life.restarts, { at, line, times, ...ended }], restartCount: pod.restarts }
}

function imaged({ images }: PodLife, { images: of }: PodSeen, at: number, line: number): PodLife['images'] {
  if (of === undefined || JSON.stringify(images.at(-1)?.of) === JSON.stringify(of)) return images
  return [...images, { at, line, of }]
}

/** A pod of a Job works until it is done. It is Ready while it works, and nobody calls it. */
export const isServer = ({ owner }: Pick<PodLife, 'owner'>): boolean => owner?.kind !== 'Job'

export const firstServing = (life: PodLife): { readonly at: number; readonly line: number } | undefined =>
  life.serving.find((each) => each.is)

/** The hash of the template that a pod was made from, as the controllers of Deployments, Argo Rollouts, StatefulSets and DaemonSets label it. */
export const templateOf = ({ labels }: PodLife): string =>
  labels['pod-template-hash'] ?? labels['rollouts-pod-template-hash'] ?? labels['controller-revision-hash'] ?? ''

export const servesAt = (life: PodLife, at: number): boolean =>
  life.serving.findLast((each) => each.at <= at)?.is ?? false

export const fits = (life: PodLife, { app, namespace, nodes }: PodFilter): boolean =>
  (app === undefined || life.app === app) &&
  (namespace === undefined || life.namespace === namespace) &&
  (nodes === undefined || (life.node !== undefined && nodes.has(life.node)))

/** How many of these pods serve, over time. */
export const servingOver = (lives: readonly PodLife[]): Steps =>
  summed(lives.flatMap((life) => life.serving.map(({ at, is, line }): StepChange => ({ at, by: is ? 1 : -1, line }))))
