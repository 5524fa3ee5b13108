/**
 * What an operator does to the cluster, with one entry for each kind of action: its fields, what plan, controller and judge need to know, and its
 * wording. Other rooms use these entries instead of asking for the kind.
 */
import { showDuration } from './show.ts'
import type { Millis } from './units.ts'

export type Act =
  | { readonly kind: 'taint'; readonly nodes: NodeChoice; readonly key: string; readonly effect: TaintEffect }
  /** Cordon, then evict every pod that is not a DaemonSet's through the Eviction API; undone by uncordoning. */
  | { readonly kind: 'drain'; readonly nodes: NodeChoice }
  /** The nodes lose power, if the cluster supports it (`matchday.dev/power-control`). */
  | { readonly kind: 'power-off'; readonly nodes: NodeChoice }
  | { readonly kind: 'scale'; readonly workload: Workload; readonly replicas: number }
  /** A rolling restart of the pods, as `kubectl rollout restart`. */
  | { readonly kind: 'rollout'; readonly workload: Workload }
  /**
   * Another template for the pods of a Deployment, rolled back when its time is over. Every pod must run it `withinMs`, and after the rollback
   * the one before `backWithinMs`. A release that is not complete in its time is rolled back at once.
   */
  | (PodTemplate & {
      readonly kind: 'release'
      /** How the new pods are let in: by the Deployment's own rolling update. */
      readonly shape: 'rolling'
      readonly workload: Workload
      readonly withinMs: Millis
      readonly backWithinMs: Millis
    })
  /** One key of a ConfigMap in the target's namespace. */
  | { readonly kind: 'flag'; readonly configMap: string; readonly key: string; readonly value: string }
  /** Another member becomes the primary of a database that the target file names. */
  | { readonly kind: 'promote'; readonly database: string; readonly to: string }

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
/** Nodes that match all given fields; the first `atMost` of them by name. */
export type NodeChoice = { readonly zone?: string; readonly pool?: string; readonly atMost?: number }
export type Workload = { readonly kind: 'Deployment' | 'StatefulSet'; readonly name: string }

/** What a release writes into the template: images by container, and annotations such as the checksum of a ConfigMap. */
export type PodTemplate = {
  readonly images: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

type ActKind = Act['kind']
type ActOf<K extends ActKind> = { [P in K]: Extract<Act, { readonly kind: P }> }[K]

type ActionKind<A extends Act> = {
  /** For the plan: `drains the nodes in zone-a`. */
  readonly sentence: (act: A) => string
  /** For charts and tables, which need a short form: `drain nodes of zone-a`. */
  readonly words: (act: A) => string
  /** It ends when the cluster shows that it is done. Other actions last until they are undone. */
  readonly endsByItself: boolean
  /** Its change stays once it is done, and no undo is outstanding. */
  readonly keptWhenDone: boolean
  /** Once it is done, as many pods serve as before. */
  readonly replacesPods: boolean
  /** A planned disruption that users must not notice. */
  readonly voluntary: boolean
  /** Whether running pods are removed. NoSchedule does not affect running pods. */
  readonly removesPods: (act: A) => boolean
  /** Taking it back replaces pods again, and is part of what users must not notice. */
  readonly undoReplacesPods?: true
}

const always = () => true
const lasting = { endsByItself: false, keptWhenDone: false, replacesPods: false, voluntary: false, removesPods: always }

const kinds: { readonly [K in ActKind]: ActionKind<ActOf<K>> } = {
  taint: {
    ...lasting,
    sentence: ({ nodes, key, effect }) => `taints ${nodesText(nodes)} with ${key}:${effect}`,
    words: ({ nodes, key, effect }) => `taint ${key}:${effect} on ${nodeWords(nodes)}`,
    voluntary: true,
    removesPods: ({ effect }) => effect === 'NoExecute',
  },
  drain: {
    ...lasting,
    sentence: ({ nodes }) => `drains ${nodesText(nodes)}`,
    words: ({ nodes }) => `drain ${nodeWords(nodes)}`,
    replacesPods: true,
    voluntary: true,
  },
  'power-off': {
    ...lasting,
    sentence: ({ nodes }) => `cuts the power of ${nodesText(nodes)}`,
    words: ({ nodes }) => `power-off ${nodeWords(nodes)}`,
  },
  scale: {
    ...lasting,
    sentence: ({ workload, replicas }) => `scales ${workload.kind} ${workload.name} to ${replicas}`,
    words: ({ workload, replicas }) => `scale ${workload.name} to ${replicas}`,
  },
  rollout: {
    sentence: ({ workload }) => `restarts the pods of ${workload.kind} ${workload.name} one after the other`,
    words: ({ workload }) => `rollout ${workload.name}`,
    endsByItself: true,
    keptWhenDone: true,
    replacesPods: true,
    voluntary: true,
    removesPods: always,
  },
  release: {
    ...lasting,
    sentence: (act) =>
      `rolls out ${templateWords(act)} to Deployment ${act.workload.name} within ${showDuration(act.withinMs)}; rolled back within ${showDuration(act.backWithinMs)}`,
    words: ({ workload }) => `release ${workload.name}`,
    voluntary: true,
    undoReplacesPods: true,
  },
  flag: {
    ...lasting,
    sentence: ({ configMap, key, value }) => `sets ${key} of ConfigMap ${configMap} to ${JSON.stringify(value)}`,
    words: ({ configMap, key, value }) => `flag ${configMap}/${key} = ${value}`,
  },
  promote: {
    ...lasting,
    sentence: ({ database, to }) => `makes ${to} the primary of ${database}`,
    words: ({ database, to }) => `promote ${to} of ${database}`,
    endsByItself: true,
  },
}

const kindOf = <K extends ActKind>(act: ActOf<K>): ActionKind<ActOf<K>> => kinds[act.kind]

export const actSentence = (act: Act): string => kindOf(act).sentence(act)
export const actWords = (act: Act): string => kindOf(act).words(act)
export const endsByItself = (act: Act): boolean => kinds[act.kind].endsByItself
export const keptWhenDone = (act: Act): boolean => kinds[act.kind].keptWhenDone
export const replacesPods = (act: Act): boolean => kinds[act.kind].replacesPods
export const removesPods = (act: Act): boolean => kindOf(act).removesPods(act)
export const undoReplacesPods = (act: Act): boolean => kinds[act.kind].undoReplacesPods === true
/** A disruption that the platform must survive unnoticed. */
export const isVoluntaryAct = (act: Act): boolean => kinds[act.kind].voluntary && removesPods(act)

/** `app = registry.example/orders:2, checksum/config = 3f1c`. */
const templateWords = ({ images, annotations }: PodTemplate): string =>
  Object.entries({ ...images, ...annotations })
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')

function nodesText({ zone, pool, atMost }: NodeChoice): string {
  const some = atMost === undefined ? 'the nodes' : atMost === 1 ? 'the first node' : `the first ${atMost} nodes`
  return [some, pool && `of pool ${pool}`, zone && `in ${zone}`].filter(Boolean).join(' ')
}

const nodeWords = ({ zone, pool, atMost }: NodeChoice): string =>
  [
    atMost === undefined ? 'nodes' : `${atMost} ${atMost === 1 ? 'node' : 'nodes'}`,
    ...(zone === undefined ? [] : [`of ${zone}`]),
    ...(pool === undefined ? [] : [`in pool ${pool}`]),
  ].join(' ')
