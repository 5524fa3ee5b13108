/**
 * Is the generator to be believed? A starved generator makes a healthy platform look slow and a slow one look idle, so that a
 * run of one is never green; and where the machine had nothing left to give, neither is what it shows against the platform.
 */
import { partsOfIndicator } from '../../domain/indicators.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import { ratio } from '../../domain/units.ts'
import type { Finding, GeneratorResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration } from '../findings/words.ts'
import type { HealthRow } from '../seen/health-facts.ts'
import type { Seen } from '../seen/seen.ts'
import type { Due } from './arrivals-due.ts'

export type GeneratorRuled = {
  readonly result: GeneratorResult
  readonly findings: readonly Finding[]
  /** The machine was full or the generator late: timings and misses may be its doing. */
  readonly contended: boolean
}

/** Full: less than a twentieth of the machine idle, or nine tenths of it taken by the generator. A healthy run stays below 70 %. */
const HOST_FULL = 0.95
const CORES_FULL = 0.9
/** A runner that its limit stops in more than a twentieth of the periods has nothing left to give either. */
const THROTTLED = 0.05
/** Starting pods fill a machine for a second or two; that is no contention. */
const STRETCH_MS = 3000
/** A machine that is full for a fifth of the run distorts the run. */
const FULL_SHARE = 0.2
const FULL_LEAST_MS = 5000
/** Late: the event loop's p95 takes more than a tenth of the tightest latency objective; badly late: more than half of it. */
const LATE_SHARE_OF_TARGET = 0.1
const BADLY_LATE_SHARE_OF_TARGET = 0.5
/** Without a latency objective, as for one of 250 ms. */
const TARGET_FALLBACK_MS = 250
/** Objectives on p95 leave a twentieth of the time to be late in. */
const LATE_SHARE = 0.05
const LATE_LEAST_MS = 3000

export function judgeGenerator(seen: Seen, due: ReadonlyMap<string, Due>): GeneratorRuled {
  const all = [...due.values()]
  const sum = (pick: (each: Due) => number) => all.reduce((total, each) => total + pick(each), 0)
  const rows = duringLoad(seen)
  const pressure = pressureOn(seen)
  const short = shortProfiles(seen, due)
  const reasons = [...short.map((each) => each.text), ...pressure.reasons]
  const trusted = reasons.length === 0 && rows.length > 0
  const result: GeneratorResult = {
    trusted,
    due: sum((each) => each.due),
    ran: sum((each) => each.ran),
    dropped: sum((each) => each.dropped),
    missing: sum((each) => Math.max(0, each.neverRan - each.dropped)),
    cpuCoresPeak: Math.max(0, ...rows.map((row) => row.cpuCores)),
    hostBusyPeak: ratio(Math.max(0, ...rows.map((row) => row.hostBusy))),
    sentence: sentenceOf(reasons, rows.length > 0, pressure.fullMs),
  }
  return {
    result,
    contended: pressure.reasons.length > 0,
    findings: [...starved(seen, reasons, pressure), ...unwatched(seen, rows.length), ...silent(seen)],
  }
}

function sentenceOf(reasons: readonly string[], watched: boolean, fullMs: number): string {
  if (reasons.length > 0) return `The load generator was starved: ${reasons.join('; ')}.`
  if (!watched) return 'Nothing was measured of the load generator, so that it cannot be trusted.'
  return fullMs > 0
    ? `The load generator kept up; the machine was full for ${duration(fullMs)}.`
    : 'The load generator kept up.'
}

function starved(seen: Seen, reasons: readonly string[], pressure: Pressure): readonly Finding[] {
  if (reasons.length === 0) return []
  const lines = [...pressure.lines, seen.load.frames.lastLine]
  return [finding('gap', 'generator-starved', 'generator', sentenceOf(reasons, true, 0), lines)]
}

function unwatched(seen: Seen, rows: number): readonly Finding[] {
  if (rows > 0 || seen.run.load === 'never') return []
  const sentence =
    'CPU of the load generator and the machine was never measured, so that starvation cannot be ruled out.'
  return [finding('gap', 'no-evidence', 'generator', sentence, seen.run.loadLines)]
}

/** Iterations that ran without an outcome, more than the objective tolerates: a script that throws. */
function silent(seen: Seen): readonly Finding[] {
  const { load, run } = seen
  if (run.load !== 'completed') return []
  return [...load.profiles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([profile, { iterations }]) => {
      if (!load.hasSamples(profile) || run.head.timeline.load.outside !== undefined) return []
      const told = load.rows(profile).reduce((sum, row) => sum + row.good + row.bad, 0)
      const quiet = iterations - told - refusedOf(seen, profile)
      if (quiet <= Math.max(1, toleranceOf(seen, profile) * iterations)) return []
      const sentence = `${quiet} of ${iterations} iterations of ${profile} ended without an outcome.`
      return [finding('gap', 'evidence-lost', profile, sentence, [load.frames.lastLine])]
    })
}

/** Clean refusals are told as such, not as attempts. A profile that is not called like its operation may have any of them. */
function refusedOf({ load }: Seen, profile: string): number {
  const own = load.operations.get(profile)
  if (own) return own.refused
  return [...load.operations.values()].reduce((sum, each) => sum + each.refused, 0)
}

/** Profiles whose arrivals never ran beyond what the tightest objective on them tolerates. */
function shortProfiles(seen: Seen, due: ReadonlyMap<string, Due>): readonly { readonly text: string }[] {
  return [...due]
    .filter(([profile, each]) => each.neverRan > Math.max(1, toleranceOf(seen, profile) * each.due))
    .map(([profile, each]) => ({
      text: `${each.neverRan} of ${count(each.due, 'arrival')} of ${profile} never ran (${each.dropped} dropped)`,
    }))
}

/** Share of bad attempts that the tightest objective leaves to a profile. */
function toleranceOf(seen: Seen, profile: string): number {
  const { slis, slos } = seen.run.head.rehearsal
  const budgets = slos
    .filter((slo) => partsOfIndicator(slis, slo.sli).includes(profile))
    .map((slo) => 1 - (slo.kind === 'availability' ? slo.objective : slo.quantile))
  // An arrival that no objective counts still makes the load: as tolerant as an objective of 99 %.
  return budgets.length === 0 ? 0.01 : Math.min(...budgets)
}

type Pressure = { readonly reasons: readonly string[]; readonly lines: readonly number[]; readonly fullMs: number }

function pressureOn(seen: Seen): Pressure {
  const { lastAt = 0, firstAt = 0 } = seen.load.frames
  const loadMs = Math.max(1000, lastAt - firstAt + 1000)
  const full = fullStretches(seen)
  const target = tightestTarget(seen)
  const late = lateness(seen, target * LATE_SHARE_OF_TARGET)
  const badlyLate = lateness(seen, target * BADLY_LATE_SHARE_OF_TARGET)
  const lateLimit = Math.max(LATE_LEAST_MS, LATE_SHARE * loadMs)
  const reasons: string[] = []
  if (full.ms > Math.max(FULL_LEAST_MS, FULL_SHARE * loadMs)) {
    reasons.push(`${full.what} for ${duration(full.ms)} of ${duration(loadMs)}`)
  }
  if (badlyLate.ms > lateLimit || (late.ms > lateLimit && full.ms >= STRETCH_MS)) {
    const whose = late.instance === undefined ? 'its event loop' : `the event loop of ${late.instance}`
    reasons.push(`${whose} was late for ${duration(late.ms)} (p95 up to ${duration(late.worstMs)})`)
  }
  return { reasons, lines: [...full.lines.slice(0, 6), ...late.lines.slice(0, 6)], fullMs: full.ms }
}

function duringLoad(seen: Seen) {
  const from = seen.run.zeroAt ?? seen.load.frames.firstAt ?? Number.POSITIVE_INFINITY
  const to = seen.run.loadEndedAt ?? Number.POSITIVE_INFINITY
  return seen.health.rows.filter((row) => row.at > from && row.fromAt < to)
}

type Full = { readonly ms: number; readonly lines: readonly number[]; readonly what: string }

/** Time in stretches of at least three seconds during which nothing was left to give; of the instance that had it worst. */
function fullStretches(seen: Seen): Full {
  const cores = Math.max(1, seen.run.head.environment.cores)
  let worst: Full = { ms: 0, lines: [], what: '' }
  for (const [instance, rows] of Map.groupBy(duringLoad(seen), (row) => row.instance)) {
    const full = [...rows].sort((a, b) => a.at - b.at).map((row) => ({ row, why: fullness(row, cores) }))
    const stretches = longStretches(full)
    const ms = stretches.reduce((sum, { row }) => sum + row.at - row.fromAt, 0)
    if (ms > worst.ms) worst = { ms, lines: stretches.map(({ row }) => row.line), what: fullText(instance, stretches) }
  }
  return worst
}

type FullRow = { readonly row: HealthRow; readonly why: 'machine' | 'limit' | undefined }

/** Of a runner in the cluster, its own limit is what counts as full, and the node beside it. */
function fullness({ hostBusy, cpuCores, cpuLimit, throttled = 0 }: HealthRow, cores: number): FullRow['why'] {
  if (throttled > THROTTLED || (cpuLimit !== undefined && cpuCores >= CORES_FULL * cpuLimit)) return 'limit'
  return hostBusy >= HOST_FULL || (cpuLimit === undefined && cpuCores >= CORES_FULL * cores) ? 'machine' : undefined
}

function longStretches(rows: readonly FullRow[]): readonly FullRow[] {
  const found: FullRow[] = []
  let stretch: FullRow[] = []
  const close = () => {
    if (stretch.reduce((total, { row }) => total + row.at - row.fromAt, 0) >= STRETCH_MS) found.push(...stretch)
    stretch = []
  }
  for (const each of rows) {
    if (each.why === undefined) close()
    else stretch.push(each)
  }
  close()
  return found
}

function fullText(instance: string, stretches: readonly FullRow[]): string {
  const isRunner = stretches.some(({ row }) => row.cpuLimit !== undefined)
  if (isRunner && stretches.some(({ why }) => why === 'limit')) return `${instance} was at its limit of CPU`
  const busy = `full (at least ${showMeasuredPercent(HOST_FULL)} busy)`
  return isRunner ? `the node of ${instance} was ${busy}` : `the machine was ${busy}`
}

type Lateness = {
  readonly ms: number
  readonly worstMs: number
  readonly lines: readonly number[]
  /** Where there are several. */
  readonly instance?: string
}

/** Of the instance that was late for the longest time. */
function lateness(seen: Seen, limitMs: number): Lateness {
  const instances = new Set(seen.load.lags.map(({ instance }) => instance))
  const late = seen.load.lags.filter((row) => row.p95Ms > limitMs)
  let worst: Lateness = { ms: 0, worstMs: 0, lines: [] }
  for (const [instance, rows] of Map.groupBy(late, (row) => row.instance)) {
    const ms = rows.reduce((sum, row) => sum + row.at - row.fromAt, 0)
    if (ms <= worst.ms) continue
    const worstMs = Math.max(...rows.map((row) => row.p95Ms))
    worst = { ms, worstMs, lines: rows.map((row) => row.line), ...(instances.size > 1 ? { instance } : {}) }
  }
  return worst
}

const tightestTarget = (seen: Seen): number => {
  const targets = seen.run.head.rehearsal.slos.flatMap((slo) => (slo.kind === 'latency' ? [slo.targetMs] : []))
  return targets.length === 0 ? TARGET_FALLBACK_MS : Math.min(...targets)
}
