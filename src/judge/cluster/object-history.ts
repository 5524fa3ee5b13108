/** Fold over object versions: the autoscalers and budgets that the rehearsal names, and how many pods each app has. */
import type { BudgetSeen, HpaSeen, PodSeen } from '../../domain/cluster.ts'
import type { ObjectSeen } from '../../domain/evidence.ts'
import type { Rehearsal } from '../../domain/rehearsal.ts'

type Lined<T> = T & { readonly at: number; readonly line: number }
export type HpaMoment = Lined<{ readonly of: string; readonly desired: number; readonly metrics: HpaSeen['metrics'] }>
export type PodCount = Lined<{ readonly scheduled: number; readonly ready: number }>
export type BudgetLife = {
  readonly lines: readonly number[]
  /** What was wanted when it last held; undefined until it first does. */
  readonly floor?: number
  /** The moment with the least to spare since it first held. */
  readonly tightest?: { readonly healthy: number; readonly wanted: number }
  readonly violation?: Lined<{ readonly healthy: number; readonly wanted: number }>
}

export type ObjectHistory = {
  follow(rehearsal: Rehearsal): void
  add(record: ObjectSeen, line: number): void
  hpa(name: string): readonly HpaMoment[]
  /** Changes of the number of pods of an app, in order. */
  pods(app: string): readonly PodCount[]
  budget(name: string): BudgetLife | undefined
}

export function objectHistory(): ObjectHistory {
  const followedHpas = new Set<string>()
  const followedBudgets = new Set<string>()
  const hpas = new Map<string, HpaMoment[]>()
  const pods = podCounts()
  const budgets = new Map<string, BudgetLife>()

  return {
    follow({ expectations }) {
      for (const each of expectations) {
        if (each.kind === 'autoscaler') followedHpas.add(each.name)
        if (each.kind === 'disruption') followedBudgets.add(each.budget)
      }
    },
    add({ change, object, at }, line) {
      if (object.resource === 'Pod') return pods.add(object, change === 'deleted', at, line)
      if (change === 'deleted') return
      if (object.resource === 'HorizontalPodAutoscaler' && followedHpas.has(object.name)) {
        const { of, desired, metrics, name } = object
        hpas.set(name, hpas.get(name) ?? [])
        hpas.get(name)?.push({ at, line, of, desired, metrics })
      }
      if (object.resource === 'PodDisruptionBudget' && followedBudgets.has(object.name)) {
        budgets.set(object.name, budgetLived(budgets.get(object.name), object, at, line))
      }
    },
    hpa: (name) => hpas.get(name) ?? [],
    pods: (app) => pods.of(app),
    budget: (name) => budgets.get(name),
  }
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
      const list = counts.get(pod.app) ?? []
      counts.set(pod.app, list)
      const last = list.at(-1)
      if (last?.scheduled !== scheduled || last.ready !== ready) list.push({ at, line, scheduled, ready })
    },
  }
}

/**
 * Held means: once enough pods were healthy, they never fell below what was wanted then. A wanted number that rises because the
 * workload grows is no violation, or every scale-up would be one.
 */
function budgetLived(life: BudgetLife | undefined, seen: BudgetSeen, at: number, line: number): BudgetLife {
  const lines = [...(life?.lines ?? []), line].slice(-2)
  const enough = seen.healthy >= seen.wantedHealthy && seen.expected > 0
  const floor = enough ? seen.wantedHealthy : life?.floor
  if (floor === undefined) return { lines }
  const now = { healthy: seen.healthy, wanted: floor }
  const before = life?.tightest
  const tighter = before === undefined || now.healthy - now.wanted < before.healthy - before.wanted
  const next = { ...life, lines, floor, tightest: tighter ? now : before }
  const violated = !enough && seen.expected > 0 && seen.healthy < floor
  return violated && !life?.violation ? { ...next, violation: { at, line, ...now } } : next
}
