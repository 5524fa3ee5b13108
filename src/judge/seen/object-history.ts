/** Fold over object versions: of each kind what the rules need, and only where it changed, so that an hour of it stays small. */
import type { HpaSeen, ScaledObjectSeen } from '../../domain/cluster.ts'
import type { ObjectSeen } from '../../domain/evidence.ts'
import { type BudgetLife, type BudgetLives, createBudgetLives } from './budget-lives.ts'
import { createNodeLives, type NodeLives } from './node-lives.ts'
import { createPodLives, type PodLives } from './pod-lives.ts'
import { createServiceLives, type ServiceLives } from './service-lives.ts'
import { noteStep, type Step, type Steps } from './steps.ts'
import { isPodOf, type PodCount, podCounts, type WorkloadName } from './workload-pods.ts'

type Lined<T> = T & { readonly at: number; readonly line: number }
export type HpaMoment = Lined<{
  readonly of: WorkloadName
  readonly desired: number
  readonly max: number
  readonly metrics: HpaSeen['metrics']
  /** The HPA says itself that it wants more than its maximum. */
  readonly limited: boolean
}>
export type ScaledMoment = Lined<
  Pick<ScaledObjectSeen, 'min' | 'idle' | 'hpaName'> & { readonly of: WorkloadName; readonly active: boolean }
>

export type ObjectHistory = {
  add(record: ObjectSeen, line: number): void
  hpa(name: string): readonly HpaMoment[]
  readonly hpas: ReadonlyMap<string, readonly HpaMoment[]>
  scaledObject(name: string): readonly ScaledMoment[]
  /** Changes of the number of pods of a workload, in order. */
  pods(workload: WorkloadName): readonly PodCount[]
  budget(name: string): BudgetLife | undefined
  /** Replicas that a Deployment or StatefulSet is to have. */
  wanted(workload: string): Steps
  readonly lives: PodLives
  readonly nodes: NodeLives
  readonly services: ServiceLives
  readonly budgets: BudgetLives
}

export function createObjectHistory(): ObjectHistory {
  const hpas = new Map<string, HpaMoment[]>()
  const scaled = new Map<string, ScaledMoment[]>()
  const wanted = new Map<string, Step[]>()
  const [lives, nodes, services, budgets] = [
    createPodLives(),
    createNodeLives(),
    createServiceLives(),
    createBudgetLives(),
  ]

  return {
    add({ change, object, at }, line) {
      const gone = change === 'deleted'
      switch (object.resource) {
        case 'Pod':
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
    pods: (workload) => podCounts(lives.all.filter((life) => isPodOf(workload, life))),
    budget: (name) => budgets.all.get(name),
    wanted: (workload) => wanted.get(workload) ?? [],
    lives,
    nodes,
    services,
    budgets,
  }
}

/** An autoscaler's workload is always in its own namespace. */
const scaledBy = ({ namespace, of, ofKind }: HpaSeen | ScaledObjectSeen): WorkloadName => ({
  namespace,
  name: of,
  ...(ofKind === undefined ? {} : { kind: ofKind }),
})

const hpaMoment = (seen: HpaSeen, at: number, line: number): HpaMoment => ({
  at,
  line,
  of: scaledBy(seen),
  desired: seen.desired,
  max: seen.max,
  metrics: seen.metrics,
  limited: seen.conditions.some(
    ({ type, status, reason }) => type === 'ScalingLimited' && status === 'True' && reason === 'TooManyReplicas',
  ),
})

const scaledMoment = (seen: ScaledObjectSeen, at: number, line: number): ScaledMoment => ({
  at,
  line,
  of: scaledBy(seen),
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
