/** What the answers at one load prove about the objectives. Exact one-sided 95 % bounds (Clopper–Pearson), as in a rehearsal's verdict. */
import type { LoadOutcome } from '../domain/capacity.ts'
import { showMeasuredPercent } from '../domain/show.ts'
import { attemptsNeeded, lowerBound } from '../domain/statistics.ts'
import type { Ratio } from '../domain/units.ts'
import type { Backlog } from './backlog.ts'

/** Answers that one objective counts. `within` are the good ones, for a latency objective those within its limit. */
export type ObjectiveCounts = {
  readonly name: string
  readonly objective: Ratio
  readonly answers: number
  readonly within: number
}

export type LoadFacts = {
  readonly objectives: readonly ObjectiveCounts[]
  readonly backlog: Backlog
  /** Arrivals that were due and never started, and all arrivals that were due. */
  readonly neverRan: number
  readonly due: number
  /** Why the machine of the load generator was at its limit; undefined when it was not. */
  readonly starved?: string
  /** Why the load generator measured nothing that counts, such as a crash. */
  readonly lost?: string
}

export type Proof = {
  readonly outcome: LoadOutcome
  /** One reason for each objective or queue that decided. */
  readonly reasons: readonly string[]
  readonly met?: boolean
  /** Answers that are missing to prove the objectives, if no further one is bad. */
  readonly missing?: number
}

/**
 * Objectives that are proven on a saturated machine count, because saturation only makes answers slower. Any other result on a saturated machine is
 * put down to the generator. Arrivals that never started come after bad answers: when answers are slow, the generator runs out of clients because of
 * the platform.
 */
export function proofOf(facts: LoadFacts): Proof {
  const { lost, starved } = facts
  if (lost !== undefined) return { outcome: 'generator-limit', reasons: [lost] }
  const proof = platformProof(facts)
  if (starved === undefined || proof.outcome === 'held') return proof
  return { outcome: 'generator-limit', reasons: [starved, ...proof.reasons] }
}

function platformProof({ objectives, backlog, neverRan, due }: LoadFacts): Proof {
  const refuted = objectives.filter(isRefuted).map(toldOf)
  const grows = backlog.growing === undefined ? [] : [backlog.growing]
  if (refuted.length + grows.length > 0) return { outcome: 'broke', reasons: [...refuted, ...grows] }
  if (neverRan > Math.max(1, tolerance(objectives) * due))
    return { outcome: 'generator-limit', reasons: [`${neverRan} of ${due} arrivals never started`] }
  const open = objectives.filter((each) => lowerBound(each.within, each.answers) < each.objective)
  if (open.length === 0 && objectives.length > 0) return { outcome: 'held', reasons: [] }
  const met = open.every(({ within, answers, objective }) => within >= objective * answers)
  const missing = Math.max(0, ...open.map(missingOf))
  return { outcome: 'unproven', reasons: open.map(toldOf), met, missing }
}

/** Even the upper bound of the true share is below the objective. */
const isRefuted = ({ within, answers, objective }: ObjectiveCounts): boolean =>
  answers > 0 && 1 - lowerBound(answers - within, answers) < objective

const tolerance = (objectives: readonly ObjectiveCounts[]): number =>
  Math.min(0.01, ...objectives.map(({ objective }) => 1 - objective))

function missingOf({ within, answers, objective }: ObjectiveCounts): number {
  const needed = attemptsNeeded(objective, answers - within)
  return needed === undefined ? 0 : Math.max(0, needed - answers)
}

function toldOf({ name, within, answers, objective }: ObjectiveCounts): string {
  if (answers === 0) return `${name} had no answers`
  return `${name}: ${within} of ${answers} (${showMeasuredPercent(within / answers)}) within the objective of ${showMeasuredPercent(objective)}`
}
