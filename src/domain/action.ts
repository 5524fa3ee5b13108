/**
 * What an operator does to the cluster, with one entry for each kind of action: its fields, its wording, and what it changes (`change.ts`). All other
 * rooms use these entries instead of asking for the kind. An action is this entry, its keys in a file (`files/acts.ts`) and its shape in the
 * journal (docs/adr/0026).
 */
import { type Canary, canaryWords } from './canary.ts'
import type { Cause } from './causes.ts'
import {
  type Change,
  type NodeChoice,
  type PodTemplate,
  type TaintEffect,
  templateWords,
  type Workload,
} from './change.ts'
import { type ConfigRelease, changesTemplate, configWords } from './configuration.ts'
import { type CutoverGoals, cutoverSteps, cutoverStepWords } from './cutover.ts'
import type { FollowGate } from './follow.ts'
import type { Migration } from './migration.ts'
import type { RestoreGoals } from './restore.ts'
import { type Shadow, shadowWords } from './shadow.ts'
import { showDuration, showPercent } from './show.ts'
import type { Millis } from './units.ts'
import { type Cohorts, cohortsWords, type Preview, previewWords } from './visit.ts'

export type Act =
  | { readonly kind: 'taint'; readonly nodes: NodeChoice; readonly key: string; readonly effect: TaintEffect }
  /** Cordon, then evict every pod that is not a DaemonSet's through the Eviction API; undone by uncordoning. */
  | { readonly kind: 'drain'; readonly nodes: NodeChoice }
  /** The nodes lose power, if the cluster supports it (`matchday.dev/power-control`). */
  | { readonly kind: 'power-off'; readonly nodes: NodeChoice }
  | { readonly kind: 'scale'; readonly workload: Workload; readonly replicas: number }
  /** A number of pods that no autoscaler changes while it lasts. */
  | { readonly kind: 'pin'; readonly workload: Workload; readonly replicas: number }
  /** A rolling restart of the pods, as `kubectl rollout restart`. */
  | { readonly kind: 'rollout'; readonly workload: Workload }
  /**
   * Another template for the pods of a Deployment, rolled back when its time is over. Every pod must run it `withinMs`, and after the rollback
   * the one before `backWithinMs`. A release that is not complete in its time is rolled back at once.
   */
  | (PodTemplate & {
      readonly kind: 'release'
      readonly workload: Workload
      readonly withinMs: Millis
      readonly backWithinMs: Millis
    } & ReleaseShape)
  /** One key of a ConfigMap in the target's namespace. */
  | { readonly kind: 'flag'; readonly configMap: string; readonly key: string; readonly value: string }
  /** Another member becomes the primary of a database that the target file names. */
  | { readonly kind: 'promote'; readonly database: string; readonly to: string }
  /** A copy of a database that the target file names is restored to a named point, read, and removed. */
  | ({ readonly kind: 'restore'; readonly from: string } & RestoreGoals)
  /** The platform moves to another region, as an entry of the target file says. */
  | ({ readonly kind: 'cutover'; readonly plan: string } & CutoverGoals)
  /** The release of a Rollout (Argo Rollouts) is watched until its own controller has promoted or aborted it. Nothing is changed. */
  | { readonly kind: 'follow'; readonly rollout: string; readonly withinMs: Millis; readonly gate?: FollowGate }

/** How traffic moves to the new pods. */
export type ReleaseShape =
  /** By the Deployment's own rolling update, after its migration. `config`: the change is one of configuration, or brings one. */
  | { readonly shape: 'rolling'; readonly config?: ConfigRelease; readonly migration?: Migration }
  /** As a second Deployment beside the old one, whose share of the requests grows step by step. */
  | { readonly shape: 'canary'; readonly canary: Canary }
  /** As a second Deployment that is proven on a preview route and then gets all requests at once: a canary of one step. */
  | { readonly shape: 'blue-green'; readonly canary: Canary; readonly preview: Preview }
  /** As a second Deployment that only one cohort of users gets: a canary of one step on the route of this cohort. */
  | { readonly shape: 'a-b'; readonly canary: Canary; readonly cohorts: Cohorts }
  /** As a second Deployment that gets copies of requests. The steps are windows in which the mirror is on or off. */
  | { readonly shape: 'shadow'; readonly canary: Canary; readonly shadow: Shadow }

type ActKind = Act['kind']
type ActOf<K extends ActKind> = { [P in K]: Extract<Act, { readonly kind: P }> }[K]

type ActionKind<A extends Act> = {
  /** For the plan: `drains the nodes in zone-a`. */
  readonly sentence: (act: A) => string
  /** For charts and tables, which need a short form: `drain nodes of zone-a`. */
  readonly words: (act: A) => string
  /** For the journal, once it is done: `drained, 3 pods evicted`. */
  readonly note: (act: A, done: Done) => string
  readonly change: (act: A) => Change
  /** How it is described when it does not complete in time. */
  readonly late: Cause
  /** It ends when the cluster shows that it is done. Other actions last until they are undone. */
  readonly endsByItself: boolean
  /** Its change stays once it is done, and no undo is outstanding. */
  readonly keptWhenDone: boolean
  /** What becomes of an unfinished one, for people; `undone` if absent. */
  readonly unfinished?: string
  /** Once it is done, as many pods serve as before. */
  readonly replacesPods: boolean
  /** A planned disruption that users must not notice. */
  readonly voluntary: boolean
  /** Taking it back replaces pods again, and is part of what users must not notice. */
  readonly undoReplacesPods?: true
}

/** How many nodes were changed, and how many pods were evicted. */
type Done = { readonly nodes: number; readonly evicted: number }

const lasting = {
  late: 'action-late',
  endsByItself: false,
  keptWhenDone: false,
  replacesPods: false,
  voluntary: false,
} as const

const kinds: { readonly [K in ActKind]: ActionKind<ActOf<K>> } = {
  taint: {
    ...lasting,
    sentence: ({ nodes, key, effect }) => `taints ${nodesText(nodes)} with ${key}:${effect}`,
    words: ({ nodes, key, effect }) => `taint ${key}:${effect} on ${nodeWords(nodes)}`,
    note: ({ key, effect }, { nodes }) => `${nodes} nodes have the taint ${key}:${effect}`,
    change: ({ nodes, key, effect }) => ({
      on: 'nodes',
      nodes,
      // NoSchedule does not affect running pods. NoExecute spares pods that tolerate it; the worst case is counted.
      takes: effect === 'NoExecute' ? 'living' : 'none',
      writes: { kind: 'taint', key, effect },
      until: 'written',
    }),
    voluntary: true,
  },
  drain: {
    ...lasting,
    sentence: ({ nodes }) => `drains ${nodesText(nodes)}`,
    words: ({ nodes }) => `drain ${nodeWords(nodes)}`,
    note: (_, { evicted }) => `drained, ${evicted} pods evicted`,
    change: ({ nodes }) => ({
      on: 'nodes',
      nodes,
      takes: 'evictable',
      writes: { kind: 'field', field: ['spec', 'unschedulable'], value: true },
      until: 'evicted',
    }),
    replacesPods: true,
    voluntary: true,
  },
  'power-off': {
    ...lasting,
    sentence: ({ nodes }) => `cuts the power of ${nodesText(nodes)}`,
    words: ({ nodes }) => `power-off ${nodeWords(nodes)}`,
    note: (_, { nodes }) => `${nodes} nodes are NotReady`,
    change: ({ nodes }) => ({
      on: 'nodes',
      nodes,
      takes: 'living',
      writes: { kind: 'field', field: POWER_FIELD, value: 'off' },
      until: 'not-ready',
      needs: {
        label: POWER_CONTROL_LABEL,
        code: 'no-power-control',
        problem: 'no power controller is known for',
        next: `Use taint or drain. Power off needs a controller that obeys the annotation and sets the label ${POWER_CONTROL_LABEL}.`,
      },
    }),
  },
  scale: {
    ...lasting,
    sentence: ({ workload, replicas }) => `scales ${workload.kind} ${workload.name} to ${replicas}`,
    words: ({ workload, replicas }) => `scale ${workload.name} to ${replicas}`,
    note: ({ workload, replicas }) => `${workload.kind} ${workload.name} has ${replicas} replicas`,
    change: ({ workload, replicas }) => ({ on: 'replicas', workload, replicas }),
  },
  pin: {
    ...lasting,
    sentence: ({ workload, replicas }) => `holds ${workload.kind} ${workload.name} at ${replicas} replicas`,
    words: ({ workload, replicas }) => `pin ${workload.name} at ${replicas}`,
    note: ({ workload, replicas }) =>
      `${workload.kind} ${workload.name} has ${replicas} replicas, and no autoscaler changes that`,
    change: ({ workload, replicas }) => ({ on: 'pinned-replicas', workload, replicas }),
  },
  rollout: {
    sentence: ({ workload }) => `restarts the pods of ${workload.kind} ${workload.name} one after the other`,
    words: ({ workload }) => `rollout ${workload.name}`,
    note: ({ workload }) => `every pod of ${workload.kind} ${workload.name} was replaced`,
    change: ({ workload }) => ({ on: 'pods', workload }),
    late: 'rollout-stuck',
    endsByItself: true,
    keptWhenDone: true,
    replacesPods: true,
    voluntary: true,
  },
  release: {
    ...lasting,
    sentence: releaseSentence,
    words: ({ workload }) => `release ${workload.name}`,
    note: releaseNote,
    change: (act) => {
      const { workload, images, annotations, withinMs } = act
      const released = { workload, images, annotations, withinMs }
      switch (act.shape) {
        case 'rolling':
          return {
            on: 'pod-template',
            ...released,
            ...(act.config === undefined ? {} : { config: act.config }),
            ...(act.migration === undefined ? {} : { migration: act.migration }),
          }
        case 'canary':
        case 'blue-green':
        case 'a-b':
          return { on: 'traffic', ...released, canary: act.canary }
        case 'shadow':
          return { on: 'mirror', ...released, canary: act.canary }
      }
    },
    late: 'rollout-stuck',
    voluntary: true,
    undoReplacesPods: true,
  },
  flag: {
    ...lasting,
    sentence: ({ configMap, key, value }) => `sets ${key} of ConfigMap ${configMap} to ${JSON.stringify(value)}`,
    words: ({ configMap, key, value }) => `flag ${configMap}/${key} = ${value}`,
    note: ({ key, value }) => `${key} is ${JSON.stringify(value)}`,
    change: ({ configMap, key, value }) => ({ on: 'config-map', name: configMap, key, value }),
  },
  promote: {
    ...lasting,
    sentence: ({ database, to }) => `makes ${to} the primary of ${database}`,
    words: ({ database, to }) => `promote ${to} of ${database}`,
    note: ({ database, to }) => `${to} is the primary of ${database}`,
    change: ({ database, to }) => ({ on: 'database', database, to }),
    late: 'promotion-slow',
    endsByItself: true,
  },
  restore: {
    ...lasting,
    sentence: ({ from, archivedWithinMs, withinMs }) =>
      `restores a copy of ${from} to a named point: archived within ${showDuration(archivedWithinMs)}, restored within ${showDuration(withinMs)}`,
    words: ({ from }) => `restore ${from}`,
    note: ({ from }) => `a copy of ${from} was restored and read`,
    change: ({ from, backup, pointAfterMs, archivedWithinMs, withinMs }) => ({
      on: 'copy',
      from,
      goals: { backup, pointAfterMs, archivedWithinMs, withinMs },
    }),
    late: 'restore-slow',
    endsByItself: true,
  },
  cutover: {
    ...lasting,
    sentence: cutoverSentence,
    words: ({ plan }) => `cutover ${plan}`,
    note: ({ plan }) => `the platform has moved as ${plan} says`,
    change: ({ kind: _, plan, ...goals }) => ({ on: 'regions', plan, goals }),
    late: 'cutover-step-late',
    endsByItself: true,
    keptWhenDone: true,
    unfinished: 'taken back or completed',
  },
  follow: {
    ...lasting,
    sentence: ({ rollout, withinMs }) =>
      `watches Rollout ${rollout}, which must promote a release within ${showDuration(withinMs)}; changes nothing`,
    words: ({ rollout }) => `follow Rollout ${rollout}`,
    note: ({ rollout }) => `Rollout ${rollout} has promoted its release`,
    change: ({ rollout }) => ({ on: 'nothing', watches: rollout }),
    late: 'rollout-stuck',
    endsByItself: true,
    keptWhenDone: true,
    unfinished: 'no longer watched',
  },
}

/** Nodes with a power controller have this label. They lose it while the annotation says `off` (docs/adr/0014). */
const POWER_CONTROL_LABEL = 'matchday.dev/power-control'
export const POWER_FIELD = ['metadata', 'annotations', 'matchday.dev/power'] as const

const kindOf = <K extends ActKind>(act: ActOf<K>): ActionKind<ActOf<K>> => kinds[act.kind]

export const actSentence = (act: Act): string => kindOf(act).sentence(act)
export const actWords = (act: Act): string => kindOf(act).words(act)
export const doneNote = (act: Act, done: Done): string => kindOf(act).note(act, done)
export const changeOf = (act: Act): Change => kindOf(act).change(act)
export const causeWhenLate = (act: Act): Cause => kinds[act.kind].late
export const endsByItself = (act: Act): boolean => kinds[act.kind].endsByItself
export const unfinishedWords = (act: Act): string => kindOf(act).unfinished ?? 'undone'
export const keptWhenDone = (act: Act): boolean => kinds[act.kind].keptWhenDone
export const replacesPods = (act: Act): boolean => kinds[act.kind].replacesPods
export const undoReplacesPods = (act: Act): boolean => kinds[act.kind].undoReplacesPods === true
/** A disruption that the platform must survive unnoticed. */
export const isVoluntaryAct = (act: Act): boolean => kinds[act.kind].voluntary && removesPods(act)

/** Whether running pods are removed. */
export function removesPods(act: Act): boolean {
  const change = changeOf(act)
  return change.on !== 'nothing' && (change.on !== 'nodes' || change.takes !== 'none')
}

/** Whether pods are evicted through the Eviction API, so that disruption budgets apply. */
export function evictsPods(act: Act): boolean {
  const change = changeOf(act)
  return change.on === 'nodes' && change.until === 'evicted'
}

/** The workload whose pods are replaced by pods of another template. */
export function rolledOut(act: Act): Workload | undefined {
  const change = changeOf(act)
  switch (change.on) {
    case 'pods':
    case 'pod-template':
    case 'traffic':
    case 'mirror':
      return change.workload
    default:
      return undefined
  }
}

/** The schema change that comes with a release. */
export const migrationOf = (act: Act | undefined): Migration | undefined =>
  act?.kind === 'release' && 'migration' in act ? act.migration : undefined

export type ConfiguredRelease = Extract<Act, { shape: 'rolling' }>
/** A release that brings another configuration, alone or with an image. */
export const asConfigured = (act: Act | undefined): ConfiguredRelease | undefined =>
  act?.kind === 'release' && 'config' in act && act.config !== undefined ? act : undefined

export type CanaryRelease = Extract<Act, { shape: 'canary' | 'blue-green' | 'a-b' | 'shadow' }>
/** A release that gets its share of the requests in steps. Blue-green and A/B have one step, and a shadow gets copies. */
export const asCanary = (act: Act | undefined): CanaryRelease | undefined =>
  act?.kind === 'release' && 'canary' in act ? act : undefined
export const previewOf = (act: CanaryRelease): Preview | undefined => ('preview' in act ? act.preview : undefined)

export const cohortsOf = (act: CanaryRelease): Cohorts | undefined => ('cohorts' in act ? act.cohorts : undefined)
export const shadowOf = (act: CanaryRelease): Shadow | undefined => ('shadow' in act ? act.shadow : undefined)
export type Restore = Extract<Act, { kind: 'restore' }>
export const asRestore = (act: Act | undefined): Restore | undefined => (act?.kind === 'restore' ? act : undefined)

export type Follow = Extract<Act, { kind: 'follow' }>
export const asFollow = (act: Act | undefined): Follow | undefined => (act?.kind === 'follow' ? act : undefined)

export type Cutover = Extract<Act, { kind: 'cutover' }>
export const asCutover = (act: Act | undefined): Cutover | undefined => (act?.kind === 'cutover' ? act : undefined)

/** The database that gets another primary, and which one. */
export function movedDatabase(act: Act): { readonly database: string; readonly to: string } | undefined {
  const change = changeOf(act)
  return change.on === 'database' ? change : undefined
}

function cutoverSentence({ plan, budgets, shares, holdMs, rtoMs, writes }: ActOf<'cutover'>): string {
  const steps = cutoverSteps.map((step) => {
    const held = step === 'traffic' ? ` (${shares.map(showPercent).join(', ')}, ${showDuration(holdMs)} each)` : ''
    return `${cutoverStepWords[step]}${held} within ${showDuration(budgets[step])}`
  })
  return `moves the platform to another region by ${plan}: ${steps.join(', ')}; ${writes} is good again within ${showDuration(rtoMs)}`
}

function releaseSentence(act: ActOf<'release'>): string {
  const { workload, withinMs, backWithinMs } = act
  const back = `rolled back within ${showDuration(backWithinMs)}`
  const config = act.shape === 'rolling' && act.config !== undefined ? [configWords(act.config)] : []
  const changed = [templateWords(act), ...config].filter((words) => words !== '').join(', ')
  if (act.shape === 'rolling' && act.migration !== undefined && changed === '')
    return `${migrationWords(act.migration)} replaces no pod of Deployment ${workload.name}; ${back}`
  if (act.shape === 'rolling')
    return `${act.migration === undefined ? '' : `${migrationWords(act.migration)} `}rolls out ${changed} to Deployment ${workload.name} within ${showDuration(withinMs)}; ${back}`
  const runs = changed === '' ? '' : `, which runs ${changed}`
  if (act.shape === 'blue-green') {
    const { replicas, route, holdMs, extraMs } = act.canary
    const watched = `watched for ${showDuration(holdMs)} and up to ${showDuration(extraMs)} more`
    return `lets Deployment ${workload.name}${runs}${runs && ','} in at once: ${replicas} pods within ${showDuration(withinMs)}, a preview (${previewWords(act.preview)}), then all requests of ${route}, ${watched}; ${back}`
  }
  if (act.shape === 'shadow')
    return `lets Deployment ${workload.name}${runs}${runs && ','} in as a shadow: ${act.canary.replicas} pods within ${showDuration(withinMs)}, then ${shadowWords(act.shadow, act.canary)}; ${back}`
  if (act.shape === 'a-b') {
    const { replicas, route, holdMs } = act.canary
    return `lets Deployment ${workload.name}${runs}${runs && ','} in for one cohort: ${replicas} pods within ${showDuration(withinMs)}, then all requests of ${route}; ${cohortsWords(act.cohorts)} for ${showDuration(holdMs)}; ${back}`
  }
  return `lets Deployment ${workload.name}${runs} in as a canary: ${act.canary.replicas} pods within ${showDuration(withinMs)}, then ${canaryWords(act.canary)}; ${back}`
}

const migrationWords = ({ run, withinMs, waitsMs }: Migration): string =>
  `runs the migration ${run} within ${showDuration(withinMs)} (no statement may wait for a lock longer than ${showDuration(waitsMs)}; it is not undone), then`

function releaseNote(act: ActOf<'release'>): string {
  if (act.shape === 'rolling')
    return changesTemplate(act)
      ? `every pod of ${act.workload.kind} ${act.workload.name} was replaced`
      : act.migration !== undefined && act.config === undefined
        ? `the migration ${act.migration.run} is complete`
        : `written for the running pods of ${act.workload.kind} ${act.workload.name}`
  const { steps, route, canary } = act.canary
  if (act.shape === 'shadow')
    return `${showPercent(act.shadow.share)} of the requests of HTTPRoute ${route} were copied to ${canary} in ${act.shadow.pairs} of ${steps.length} windows`
  return `${showPercent(steps.at(-1) ?? 0)} of the requests of HTTPRoute ${route} go to ${canary}`
}

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
