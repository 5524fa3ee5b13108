/** Fold over disruption budgets: whether each held, what it covers, and whether it ever lets a pod go. */
import type { BudgetSeen } from '../../domain/cluster.ts'

export type BudgetLife = {
  readonly lines: readonly number[]
  readonly namespace: string
  readonly selector?: Readonly<Record<string, string>>
  /** What was wanted when it last held; undefined until it first does. */
  readonly floor?: number
  /** The moment with the least to spare since it first held. */
  readonly tightest?: { readonly healthy: number; readonly wanted: number }
  readonly violation?: { readonly at: number; readonly line: number; readonly healthy: number; readonly wanted: number }
  /** Moments at which every pod was healthy and not one might go. */
  readonly stuck: readonly { readonly at: number; readonly line: number; readonly pods: number }[]
}

export type BudgetLives = {
  add(seen: BudgetSeen, at: number, line: number): void
  readonly all: ReadonlyMap<string, BudgetLife>
}

export function createBudgetLives(): BudgetLives {
  const all = new Map<string, BudgetLife>()
  return {
    add: (seen, at, line) => void all.set(seen.name, lived(all.get(seen.name), seen, at, line)),
    all,
  }
}

/** More of these show no more. */
const STUCK_KEPT = 50

function lived(life: BudgetLife | undefined, seen: BudgetSeen, at: number, line: number): BudgetLife {
  const held = holding(life, seen, at, line)
  const isStuck = seen.expected > 0 && seen.healthy >= seen.expected && seen.allowed === 0
  const stuck = isStuck ? [...(life?.stuck ?? []), { at, line, pods: seen.expected }].slice(-STUCK_KEPT) : life?.stuck
  return {
    ...held,
    namespace: seen.namespace,
    ...(seen.selector ? { selector: seen.selector } : {}),
    stuck: stuck ?? [],
  }
}

/**
 * Held means: once enough pods were healthy, they never fell below what was wanted then. A wanted number that rises because the
 * workload grows is no violation, or every scale-up would be one.
 */
function holding(life: BudgetLife | undefined, seen: BudgetSeen, at: number, line: number) {
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

type Covered = { readonly namespace: string; readonly app: string; readonly labels: Readonly<Record<string, string>> }

/** By its selector or, where that is not known, by being called like the app. */
export function covers(
  budget: string,
  { namespace, selector }: Pick<BudgetLife, 'namespace' | 'selector'>,
  pod: Covered,
): boolean {
  if (namespace !== pod.namespace) return false
  if (selector === undefined) return budget === pod.app
  return Object.entries(selector).every(([label, value]) => pod.labels[label] === value)
}
