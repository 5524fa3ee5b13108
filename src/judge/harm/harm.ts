/**
 * A harm is a fault that bit or an action that was begun: when it began to be made, was complete and began to be taken back, whom it
 * was meant for, and which zone it took. What follows from it is judged alike for both.
 */
import { changeOf, endsByItself, isVoluntaryAct, undoReplacesPods } from '../../domain/action.ts'
import type { ActionSpec, FaultSpec, NodeChoice } from '../../domain/rehearsal.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import type { FaultLife } from '../seen/fault-lives.ts'
import type { PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'

export type HarmTimes = {
  readonly createdAt: number
  readonly injectedAt: number
  readonly endAt: number
  /** When a fault was seen to cover pods that had come while it lasted. */
  readonly newcomersAt?: readonly number[]
}

export type Harm = HarmTimes & {
  readonly name: string
  readonly by:
    | { readonly kind: 'fault'; readonly spec: FaultSpec }
    | { readonly kind: 'action'; readonly spec: ActionSpec }
  /** From when on the platform may be asked to be well again; undefined while that was not seen. */
  readonly healedAt: number | undefined
  readonly lines: readonly number[]
  /** Names of pods that it was done to, without their namespace. */
  readonly pods: ReadonlySet<string>
}

/** What was done by an action; undefined for a fault. */
export const actBy = ({ by }: Harm): ActionSpec['act'] | undefined => (by.kind === 'action' ? by.spec.act : undefined)

export function faultHarm(seen: Seen, spec: FaultSpec): Harm | undefined {
  const life: FaultLife | undefined = seen.faults.of(spec.name)
  if (!life?.injected || life.injected.pods.length === 0) return undefined
  const injectedAt = life.injected.at
  return {
    name: spec.name,
    by: { kind: 'fault', spec },
    createdAt: Math.min(life.created?.at ?? injectedAt, injectedAt),
    injectedAt,
    endAt: Math.max(injectedAt, life.healRequested?.at ?? life.healed?.at ?? seen.run.seenUntil),
    newcomersAt: life.newcomersAt ?? [],
    healedAt: life.healed?.at,
    lines: life.lines,
    pods: new Set(life.injected.pods.map(podName)),
  }
}

export function actionHarm(seen: Seen, spec: ActionSpec): Harm | undefined {
  const life: ActionLife | undefined = seen.actions.of(spec.name)
  if (!life?.begun) return undefined
  const begunAt = life.begun.at
  const endAt = Math.max(begunAt, Math.min(endedAt(spec, life) ?? seen.run.seenUntil, seen.run.seenUntil))
  return {
    name: spec.name,
    by: { kind: 'action', spec },
    createdAt: begunAt,
    injectedAt: begunAt,
    endAt,
    healedAt: healedAtOf(seen, spec, life),
    lines: life.lines,
    pods: new Set([...life.pods, ...life.evicted.map((each) => each.pod)].map(podName)),
  }
}

function endedAt({ act }: ActionSpec, { done, healRequested, healed }: ActionLife): number | undefined {
  if (endsByItself(act)) return done?.at ?? healed?.at
  return undoReplacesPods(act) ? healed?.at : (healRequested?.at ?? healed?.at)
}

/** What is taken back only after the load can be asked to be well again once it is done. */
function healedAtOf(seen: Seen, spec: ActionSpec, { done, healed }: ActionLife): number | undefined {
  if (endsByItself(spec.act)) return done?.at
  if (healed && healed.at < seen.run.seenUntil) return healed.at
  return done?.at ?? healed?.at
}

/** Faults that were injected and actions that were begun, in order of time. */
export function harmsOf(seen: Seen): readonly Harm[] {
  const { faults, actions } = seen.run.head.rehearsal
  const harms = [
    ...faults.flatMap((spec) => faultHarm(seen, spec) ?? []),
    ...actions.flatMap((spec) => actionHarm(seen, spec) ?? []),
  ]
  return harms.sort((a, b) => a.createdAt - b.createdAt)
}

/** Until when bad attempts are put down to a harm: the next one that begins after its end has its own. */
export function answersUntil(seen: Seen, harm: Harm): number {
  const next = harmsOf(seen).find((each) => each.createdAt > Math.max(harm.createdAt, harm.endAt))
  return Math.min(next?.createdAt ?? Number.POSITIVE_INFINITY, seen.run.seenUntil)
}

export const podName = (pod: string): string => pod.split('/')[1] ?? pod

/** `pod` is `namespace/name`, or a name alone where the namespace is not known. */
export const isPod = (pod: string, { namespace, name }: Pick<PodLife, 'namespace' | 'name'>): boolean =>
  pod.includes('/') ? pod === `${namespace}/${name}` : pod === name

/** The zone that a harm takes as a whole, as the rehearsal says it. */
export function zoneTaken({ by }: Harm): string | undefined {
  if (by.kind === 'action') {
    const change = changeOf(by.spec.act)
    return change.on === 'nodes' && change.takes !== 'none' ? wholeZone(change.nodes) : undefined
  }
  const { witness, does } = by.spec
  return witness.kind === 'ready' && witness.zone !== undefined ? witness.zone : does.sides[0].zone
}

/** One pool of a zone, or some of its nodes, leave the rest standing. */
const wholeZone = ({ zone, pool, atMost }: NodeChoice): string | undefined =>
  pool === undefined && atMost === undefined ? zone : undefined

/** A disruption that operators make on purpose and that a platform must take without anybody noticing. */
export const isVoluntary = ({ by }: Harm): boolean => by.kind === 'action' && isVoluntaryAct(by.spec.act)

/** Whether a harm was meant for all pods of just this app, so that their falling is the plan and no surprise. */
export function isMeantFor(harm: Harm, app: string, lives: readonly PodLife[]): boolean {
  if (harm.by.kind === 'action') {
    const change = changeOf(harm.by.spec.act)
    if (change.on === 'database') return true
    return change.on === 'replicas' && lives.some((life) => (life.owner?.name ?? life.app) === change.workload.name)
  }
  const apps = new Set(lives.filter((life) => harm.pods.has(life.name)).map((life) => life.app))
  return apps.size === 1 && apps.has(app) && harm.by.spec.does.sides[0].mode === 'all'
}
