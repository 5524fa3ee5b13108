/** Fold over object versions: of each kind what the rules need, and only where it changed, so that an hour of it stays small. */
import type { HpaSeen, PodSeen, ScaledObjectSeen } from '../../domain/cluster.ts'
import type { ObjectSeen } from '../../domain/evidence.ts'
import { type BudgetLife, type BudgetLives, budgetLives } from './budget-lives.ts'
import { type NodeLives, nodeLives } from './node-lives.ts'
import { type PodLives, podLives } from './pod-lives.ts'
import { type ServiceLives, serviceLives } from './service-lives.ts'
import { noteStep, type Step, type Steps } from './steps.ts'

type Lined<T> = T & { readonly at: number; readonly line: number }
export type HpaMoment = Lined<{
  readonly of: string
  readonly desired: number
  readonly max: number
  readonly metrics: HpaSeen['metrics']
  /** The HPA says itself that it wants more than its maximum. */
  readonly limited: boolean
}>
export type PodCount = Lined<{ readonly scheduled: number; readonly ready: number }>
export type ScaledMoment = Lined<
  Pick<ScaledObjectSeen, 'of' | 'min' | 'idle' | 'hpaName'> & { readonly active: boolean }
>

export type ObjectHistory = {
  add(record: ObjectSeen, line: number): void
  hpa(name: string): readonly HpaMoment[]
  readonly hpas: ReadonlyMap<string, readonly HpaMoment[]>
  scaledObject(name: string): readonly ScaledMoment[]
  /** Changes of the number of pods of an app, in order. */
  pods(app: string): readonly PodCount[]
  budget(name: string): BudgetLife | undefined
  /** Replicas that a Deployment or StatefulSet is to have. */
  wanted(workload: string): Steps
  readonly lives: PodLives
  readonly nodes: NodeLives
  readonly services: ServiceLives
  readonly budgets: BudgetLives
}

export function objectHistory(): ObjectHistory {
  const hpas = new Map<string, HpaMoment[]>()
  const scaled = new Map<string, ScaledMoment[]>()
  const wanted = new Map<string, Step[]>()
  const pods = podCounts()
  const [lives, nodes, services, budgets] = [podLives(), nodeLives(), serviceLives(), budgetLives()]

  return {
    add({ change, object, at }, line) {
      const gone = change === 'deleted'
      switch (object.resource) {
        case 'Pod':
          pods.add(object, gone, at, line)
          return lives.add(object, gone, at, line)
        case 'Node':
          return nodes.add(object, gone, at, line)
        case 'EndpointSlice':
          return services.add(object, gone, at, line)
        case 'HorizontalPodAutoscaler':
          return gone ? undefined : noteMoment(hpas, object.name, hpaMoment(object, at, line))
        case 'ScaledObject':
          return gone ? undefined : noteMoment(scaled, object.name, scaledMoment(object, at, line))
        case 'PodDisruptionBudget':
          return gone ? undefined : budgets.add(object, at, line)
        case 'Deployment':
        case 'StatefulSet':
          return noteStep(listOf(wanted, object.name), { at, value: gone ? 0 : object.wanted, line })
        case 'Chaos':
          return
      }
    },
    hpa: (name) => hpas.get(name) ?? [],
    hpas,
    scaledObject: (name) => scaled.get(name) ?? [],
    pods: (app) => pods.of(app),
    budget: (name) => budgets.all.get(name),
    wanted: (workload) => wanted.get(workload) ?? [],
    lives,
    nodes,
    services,
    budgets,
  }
}

const hpaMoment = ({ of, desired, max, metrics, conditions }: HpaSeen, at: number, line: number): HpaMoment => ({
  at,
  line,
  of,
  desired,
  max,
  metrics,
  limited: conditions.some(
    ({ type, status, reason }) => type === 'ScalingLimited' && status === 'True' && reason === 'TooManyReplicas',
  ),
})

const scaledMoment = (seen: ScaledObjectSeen, at: number, line: number): ScaledMoment => ({
  at,
  line,
  of: seen.of,
  min: seen.min,
  ...(seen.idle === undefined ? {} : { idle: seen.idle }),
  ...(seen.hpaName === undefined ? {} : { hpaName: seen.hpaName }),
  active: seen.conditions.some(({ type, status }) => type === 'Active' && status === 'True'),
})

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  return list
}

/** Watches resend what has not changed; only what has is kept. */
function noteMoment<T extends Lined<object>>(lists: Map<string, T[]>, name: string, moment: T): void {
  const list = listOf(lists, name)
  const last = list.at(-1)
  if (last && JSON.stringify({ ...last, at: 0, line: 0 }) === JSON.stringify({ ...moment, at: 0, line: 0 })) return
  list.push(moment)
}

function podCounts() {
  const alive = new Map<string, Map<string, { scheduled: boolean; ready: boolean }>>()
  const counts = new Map<string, PodCount[]>()
  return {
    of: (app: string): readonly PodCount[] => counts.get(app) ?? [],
    add(pod: PodSeen, deleted: boolean, at: number, line: number): void {
      const ofApp = alive.get(pod.app) ?? new Map()
      alive.set(pod.app, ofApp)
      // A pod that is being deleted serves no more, whatever its last probe said.
      if (deleted || pod.deleting) ofApp.delete(pod.uid)
      else ofApp.set(pod.uid, { scheduled: pod.node !== undefined, ready: pod.ready })
      const now = [...ofApp.values()]
      const scheduled = now.filter((each) => each.scheduled).length
      const ready = now.filter((each) => each.ready).length
      const list = listOf(counts, pod.app)
      const last = list.at(-1)
      if (last?.scheduled !== scheduled || last.ready !== ready) list.push({ at, line, scheduled, ready })
    },
  }
}
