/**
 * What an action changes, as data. The plan counts the pods that it may hit, and the adapter checks, makes and reverts it. Neither of them knows the
 * kinds of actions: an action that is made of these needs no code there.
 */
import type { Canary } from './canary.ts'
import type { ConfigRelease } from './configuration.ts'
import type { CutoverGoals } from './cutover.ts'
import type { FieldValue } from './evidence.ts'
import type { Migration } from './migration.ts'
import type { RestoreGoals } from './restore.ts'
import type { Millis } from './units.ts'

export type Change =
  | NodeChange
  /** Another number of replicas. */
  | { readonly on: 'replicas'; readonly workload: Workload; readonly replicas: number }
  /** A number of replicas that their autoscaler, if there is one, may not change. */
  | { readonly on: 'pinned-replicas'; readonly workload: Workload; readonly replicas: number }
  /** A rolling restart of the pods, as `kubectl rollout restart`. */
  | { readonly on: 'pods'; readonly workload: Workload }
  /** Another pod template, which must be rolled out in its time; otherwise the change fails and is taken back. */
  | (PodTemplate & {
      readonly on: 'pod-template'
      readonly workload: Workload
      readonly withinMs: Millis
      readonly config?: ConfigRelease
      readonly migration?: Migration
    })
  /** A second workload gets the template and pods, and then a share of the requests that grows step by step. */
  | (PodTemplate & {
      readonly on: 'traffic'
      readonly workload: Workload
      readonly withinMs: Millis
      readonly canary: Canary
    })
  /** A second workload gets the template and pods, and copies of a share of the requests in some of the steps. */
  | (PodTemplate & {
      readonly on: 'mirror'
      readonly workload: Workload
      readonly withinMs: Millis
      readonly canary: Canary
    })
  /** One key of a ConfigMap in the target's namespace. */
  | { readonly on: 'config-map'; readonly name: string; readonly key: string; readonly value: string }
  /** Another member becomes the primary of a database that the target file names. */
  | { readonly on: 'database'; readonly database: string; readonly to: string }
  /** A copy of a database beside it; nothing of the live one changes. */
  | { readonly on: 'copy'; readonly from: string; readonly goals: RestoreGoals }
  /** Which of two regions serves, as the target file says. */
  | { readonly on: 'regions'; readonly plan: string; readonly goals: CutoverGoals }
  /** A Rollout that is only watched. */
  | { readonly on: 'nothing'; readonly watches: string }

export type ChangeOn<K extends Change['on']> = { [P in K]: Extract<Change, { readonly on: P }> }[K]

/** The same write on each of the chosen nodes. */
export type NodeChange = {
  readonly on: 'nodes'
  readonly nodes: NodeChoice
  /** The pods on these nodes that it takes away. */
  readonly takes: 'living' | 'evictable' | 'none'
  readonly writes:
    | { readonly kind: 'taint'; readonly key: string; readonly effect: TaintEffect }
    | { readonly kind: 'field'; readonly field: readonly string[]; readonly value: FieldValue }
  /** When it is done: at once, when no evictable pod is left (they are evicted), or when the cluster calls the nodes NotReady. */
  readonly until: 'written' | 'evicted' | 'not-ready'
  readonly needs?: NodeNeed
}

/** A label that must be `true` on each of the nodes, and what is said where it is not: `problem` is followed by their names. */
export type NodeNeed = {
  readonly label: string
  readonly code: string
  readonly problem: string
  readonly next: string
}

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
/** Nodes that match all given fields; the first `atMost` of them by name. */
export type NodeChoice = { readonly zone?: string; readonly pool?: string; readonly atMost?: number }
export type Workload = { readonly kind: 'Deployment' | 'StatefulSet'; readonly name: string }

/** What a release writes into the template: images by container, and annotations such as the checksum of a ConfigMap. */
export type PodTemplate = {
  readonly images: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** `app = registry.example/orders:2, checksum/config = 3f1c`. */
export const templateWords = ({ images, annotations }: PodTemplate): string =>
  Object.entries({ ...images, ...annotations })
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')
