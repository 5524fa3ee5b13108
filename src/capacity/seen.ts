/**
 * A search as its journal shows it: a fold over the evidence. The controller folds while it searches, to know the next load; the result of a stored
 * search comes from the same fold, so that both agree to the byte.
 */
import type { BlockResult, BlockStarted, WindowSums } from '../domain/blocks.ts'
import type { AskedLoad, CapacitySession, LoadPoint } from '../domain/capacity.ts'
import type { Evidence, RunStarted } from '../domain/evidence.ts'
import type { Slo } from '../domain/rehearsal.ts'
import { type Blocks, createBlocks } from '../judge/blocks/blocks.ts'
import { createUndos } from '../judge/seen/undos.ts'
import { mergedSums } from '../judge/seen/windows.ts'
import { backlogOf, unexplainedMs } from './backlog.ts'
import { createFlights, type Flights } from './flights.ts'
import { type ObjectiveCounts, type Proof, proofOf } from './proof.ts'
import { nextStep, type SearchStep } from './search.ts'
import { createStandings, type Standing, type Standings } from './standing.ts'
import type { Use } from './use.ts'

/** One load with everything that was measured at it. */
export type MeasuredLoad = LoadPoint & {
  readonly step: number
  readonly overload?: number
  /** Seconds since the search began. */
  readonly atSeconds: number
  readonly measuredSeconds: number
  readonly proof: Proof
  readonly objectives: readonly ObjectiveCounts[]
  readonly sums: Readonly<Record<string, WindowSums>>
  readonly standing?: Standing
  readonly uses: readonly Use[]
}

export type CapacitySeen = {
  add(record: Evidence): void
  readonly head: RunStarted | undefined
  readonly session: CapacitySession | undefined
  /** The load that is being measured, or the one that was asked for last. */
  points(): readonly MeasuredLoad[]
  /** Where a load stands while its blocks go on; undefined before its first block has ended. */
  point(step: number): MeasuredLoad | undefined
  /** What comes next, by what has been measured so far. */
  next(): SearchStep | undefined
  readonly stopped: { readonly by: string; readonly reason: string } | undefined
  /** False while an undo is outstanding. Undefined until the journal has the end of the search. */
  readonly healed: boolean | undefined
  /** How the journal was changed or damaged, if it was. */
  readonly doubt: string | undefined
}

type Part = { readonly started: BlockStarted; readonly asked: AskedLoad; readonly flights: Flights; ended: boolean }
type Life = { readonly parts: Part[]; standing?: Standing; uses: readonly Use[] }

export function createCapacitySeen(): CapacitySeen {
  const all = createBlocks()
  const lives = new Map<number, Life>()
  let head: RunStarted | undefined
  let session: CapacitySession | undefined
  let beganAt = 0
  let lastAt = 0
  let standing: Standings = createStandings([])
  let stopped: CapacitySeen['stopped']
  let healed: boolean | undefined
  let doubt: string | undefined
  const undos = createUndos()
  let records = 0
  const finished = new Map<number, MeasuredLoad>()

  const pointOf = (step: number): MeasuredLoad | undefined => {
    const life = lives.get(step)
    if (life === undefined || head === undefined || !life.parts.some(({ ended }) => ended)) return undefined
    return measuredOf(life, all, head, usual(lives, step), beganAt)
  }
  const points = () => [...lives.keys()].flatMap((step) => finished.get(step) ?? pointOf(step) ?? [])

  const add = (record: Evidence): void => {
    all.add(record)
    standing.add(record)
    records += 1
    undos.add(record, records)
    switch (record.kind) {
      case 'run-started':
        head = record
        return
      case 'session-started':
        if (record.session.kind !== 'capacity') return
        session = record.session
        standing = createStandings(session.resources)
        beganAt = record.at
        lastAt = record.at
        return
      case 'block-started':
        return begin(record)
      case 'load-frame':
        for (const { parts } of lives.values())
          for (const { started, flights } of parts) if (started.block === record.instance) flights.add(record)
        return
      case 'block-ended':
        return end(record.block, record.at)
      case 'stop-requested':
        stopped ??= { by: record.by, reason: record.reason }
        return
      case 'run-ended':
        healed = record.healed
        return
      case 'evidence-doubted':
        doubt ??= `the journal was changed after it was written: ${record.problem}`
        return
      case 'evidence-lost':
        // A search does not use what watches saw, so only damage to the journal counts.
        if (record.about.startsWith('journal')) doubt ??= `${record.about}: ${record.problem}`
        return
      default:
        return
    }
  }
  const begin = (started: BlockStarted) => {
    const { asked } = started
    if (asked === undefined) return
    const life = lives.get(asked.step) ?? { parts: [], uses: [] }
    lives.set(asked.step, life)
    if (life.parts.length === 0) standing.begin()
    life.parts.push({ started, asked, flights: createFlights(started), ended: false })
    for (const step of lives.keys()) if (step < asked.step && !finished.has(step)) keep(step)
  }
  const keep = (step: number) => {
    const point = pointOf(step)
    if (point !== undefined) finished.set(step, point)
  }
  const end = (block: string, at: number) => {
    for (const life of lives.values()) {
      const part = life.parts.find(({ started }) => started.block === block)
      if (part === undefined) continue
      part.ended = true
      lastAt = at
      const now = standing.standing()
      if (now !== undefined) life.standing = now
      life.uses = standing.uses()
    }
  }
  return {
    add,
    get head() {
      return head
    },
    get session() {
      return session
    },
    get stopped() {
      return stopped
    },
    get healed() {
      return undos.open.size > 0 ? false : healed
    },
    get doubt() {
      return doubt
    },
    points,
    point: pointOf,
    next: () => session && nextStep(session.search, points(), lastAt - beganAt),
  }
}

/** The least time in flight, over all other loads, that latencies do not account for. With one load only, that load's. */
function usual(lives: ReadonlyMap<number, Life>, step: number): number {
  const others = [...lives].filter(([each]) => each !== step)
  const from = others.length > 0 ? others : [...lives]
  const times = from.flatMap(([, { parts }]) => parts.flatMap(({ flights }) => unexplainedMs(flights.rows()) ?? []))
  return times.length === 0 ? 0 : Math.min(...times)
}

function measuredOf(
  life: Life,
  all: Blocks,
  head: RunStarted,
  usualMs: number,
  beganAt: number,
): MeasuredLoad | undefined {
  const parts = life.parts.filter(({ ended }) => ended)
  const results = parts.flatMap(({ started }) => all.of(started.block) ?? [])
  const [first] = parts
  if (first === undefined) return undefined
  const { step, load, purpose, overload } = first.asked
  const sums = sumsOf(results)
  const objectives = head.rehearsal.slos.map((slo) => countsOf(slo, sums))
  const growing = parts.map(({ flights }) => backlogOf(flights.rows(), usualMs)).find((each) => each.growing)
  const proof = proofOf({ objectives, backlog: growing ?? {}, ...arrivalsOf(results, parts, sums) })
  return {
    step,
    load,
    purpose,
    ...(overload === undefined ? {} : { overload }),
    outcome: proof.outcome,
    ...(proof.met === undefined ? {} : { met: proof.met }),
    atSeconds: Math.round((first.started.at - beganAt) / 1000),
    measuredSeconds: parts.reduce((sum, { started }) => sum + started.measuredMs, 0) / 1000,
    proof,
    objectives,
    sums,
    ...(life.standing && { standing: life.standing }),
    uses: life.uses,
  }
}

function sumsOf(results: readonly BlockResult[]): Readonly<Record<string, WindowSums>> {
  const names = new Set(results.flatMap(({ slis }) => Object.keys(slis)))
  return Object.fromEntries(
    [...names].map((name) => [name, mergedSums(results.flatMap(({ slis }) => slis[name] ?? []))]),
  )
}

/** Bad answers do not count as fast. A latency must be within its target: being within the ceiling only is a warning in a rehearsal. */
function countsOf(slo: Slo, sums: Readonly<Record<string, WindowSums>>): ObjectiveCounts {
  const { good = 0, bad = 0, slow = 0 } = sums[slo.sli] ?? {}
  if (slo.kind === 'availability') return { name: slo.sli, objective: slo.objective, answers: good + bad, within: good }
  const name = `${slo.sli} p${Number((slo.quantile * 100).toFixed(2))} ≤ ${slo.targetMs}ms`
  return { name, objective: slo.quantile, answers: good + bad, within: Math.max(0, good - slow) }
}

type Arrivals = { readonly neverRan: number; readonly due: number; readonly starved?: string; readonly lost?: string }

/** A generator that crashed or reported nothing shows a limit of its own, never one of the platform. */
function arrivalsOf(
  results: readonly BlockResult[],
  parts: readonly Part[],
  sums: Readonly<Record<string, WindowSums>>,
): Arrivals {
  const profiles = parts[0]?.started.load.profiles.map(({ name }) => name) ?? []
  const sum = (pick: (each: WindowSums) => number) =>
    profiles.reduce((total, name) => total + (sums[name] ? pick(sums[name]) : 0), 0)
  const neverRan = sum(({ dropped }) => dropped)
  const due = sum(({ good, bad, dropped }) => good + bad + dropped)
  // Arrivals that never ran have a rule of their own.
  const lost = results.flatMap(({ reasons }) => reasons.filter((reason) => !reason.includes('was starved')))[0]
  const starved = results.some(({ machineFull }) => machineFull)
    ? 'the machine of the load generator was full (95 % busy or more)'
    : undefined
  return { neverRan, due, ...(lost === undefined ? {} : { lost }), ...(starved === undefined ? {} : { starved }) }
}
