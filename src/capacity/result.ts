/** What a search says at its end: the promise, what limits it, the room to the planned event, and every load that was measured. */
import type { Prices, SearchEnd } from '../domain/capacity.ts'
import { showDuration, showMeasuredPercent } from '../domain/show.ts'
import { exitCodes } from '../domain/verdict.ts'
import type { CapacitySeen, MeasuredLoad } from './seen.ts'
import { isSameLimit, type Use } from './use.ts'

export type LoadRow = {
  readonly load: number
  /** Arrivals per second of all profiles together. */
  readonly perSecond: number
  readonly purpose: MeasuredLoad['purpose']
  readonly overload?: number
  readonly outcome: MeasuredLoad['outcome']
  readonly reasons: readonly string[]
  readonly atSeconds: number
  readonly measuredSeconds: number
  readonly objectives: readonly {
    readonly name: string
    readonly objective: number
    readonly answers: number
    readonly within: number
  }[]
  readonly pods?: Readonly<Record<string, number>>
  readonly nodes?: number
  readonly uses: readonly Use[]
  readonly cost?: { readonly perHour: number; readonly per1000: number; readonly currency: string }
}

export type CapacityResult = {
  readonly format: 1
  readonly run: string
  readonly rehearsal: string
  readonly end: SearchEnd | { readonly kind: 'stopped'; readonly reason: string }
  readonly summary: string
  /** Which zone was drained for the whole search. */
  readonly withoutZone?: string
  /** What to do about it. */
  readonly next: string
  /** The promised load in arrivals per second. */
  readonly promisedPerSecond?: number
  readonly event?: { readonly load: number; readonly headroom?: number }
  /** What was used up first. */
  readonly bottleneck?: Use & { readonly load: number }
  readonly loads: readonly LoadRow[]
  readonly healed: boolean
  readonly exitCode: number
}

/**
 * From which share of its limit a resource counts as used up: nothing runs well at 100 %. What is busy for 85 % of the time on average makes others wait
 * almost six times as long as its own work takes (M/M/1: ρ / (1 - ρ)).
 */
const USED_UP = 0.95
const BUSY = 0.85
const isUsedUp = ({ kind, share }: Use): boolean => share >= (kind === 'utilization' ? BUSY : USED_UP)

/** Undefined for a journal that is not of a search. */
export function capacityResult(seen: CapacitySeen): CapacityResult | undefined {
  const { head, session } = seen
  const next = seen.next()
  if (head === undefined || session === undefined || next === undefined) return undefined
  const end = endOf(seen, next)
  const loadsPerSecond = perSecondOf(seen)
  const loads = seen.points().map((point) => rowOf(point, loadsPerSecond, session.prices))
  const promise = end.kind === 'found' ? end.promise : undefined
  const { event } = session
  const bottleneck = bottleneckOf(loads)
  return {
    format: 1,
    run: head.run,
    rehearsal: head.rehearsal.name,
    end,
    ...inPlace(session.withoutZone, wordsOf(end, event, loadsPerSecond, bottleneck, session.search.recovery.withinMs)),
    ...(session.withoutZone === undefined ? {} : { withoutZone: session.withoutZone }),
    ...(promise === undefined ? {} : { promisedPerSecond: promise * loadsPerSecond }),
    ...(event === undefined ? {} : { event: { load: event, ...(promise && { headroom: promise / event - 1 }) } }),
    ...(bottleneck && { bottleneck }),
    loads,
    healed: seen.healed ?? false,
    exitCode: exitOf(seen, end, event),
  }
}

function exitOf({ healed, doubt }: CapacitySeen, end: CapacityResult['end'], event: number | undefined): number {
  if (healed === false) return exitCodes.notHealed
  return doubt === undefined ? exitCodeOf(end, event) : exitCodes.inconclusive
}

function endOf({ stopped, doubt }: CapacitySeen, next: ReturnType<CapacitySeen['next']>): CapacityResult['end'] {
  if (doubt !== undefined) return { kind: 'stopped', reason: doubt }
  if (stopped) return { kind: 'stopped', reason: stopped.reason }
  if (next === undefined || next.kind === 'measure')
    return { kind: 'stopped', reason: 'the journal ends before the search does' }
  return next
}

/** Arrivals per second at load 1. */
function perSecondOf({ head }: CapacitySeen): number {
  if (head === undefined) return 0
  const { rehearsal, target } = head
  return Object.values(rehearsal.load.arrivals).reduce((sum, rate) => sum + rate, 0) * target.loadFactor
}

function rowOf(point: MeasuredLoad, perSecondAtOnce: number, prices: Prices | undefined): LoadRow {
  const { load, purpose, overload, outcome, proof, atSeconds, measuredSeconds, objectives, standing, uses } = point
  const perSecond = load * perSecondAtOnce
  const perHour = prices && standing ? costOf(prices, standing) : undefined
  return {
    load,
    perSecond,
    purpose,
    ...(overload === undefined ? {} : { overload }),
    outcome,
    reasons: proof.reasons,
    atSeconds,
    measuredSeconds,
    objectives,
    ...(standing && { pods: standing.pods, nodes: standing.nodes }),
    uses,
    ...(prices && perHour !== undefined && perSecond > 0
      ? { cost: { perHour, per1000: (perHour / (perSecond * 3600)) * 1000, currency: prices.currency } }
      : {}),
  }
}

const costOf = (prices: Prices, { pods, nodes }: NonNullable<MeasuredLoad['standing']>): number =>
  nodes * prices.node + Object.entries(pods).reduce((sum, [app, count]) => sum + count * (prices.pods[app] ?? 0), 0)

/** What was used up at the lowest load, up to the lowest that broke, and there what was used most. */
function bottleneckOf(all: readonly LoadRow[]): CapacityResult['bottleneck'] {
  const loads = all.filter(({ purpose }) => purpose !== 'recovery')
  const broke = loads.filter(({ outcome }) => outcome === 'broke')
  if (broke.length === 0) return undefined
  const lowest = Math.min(...broke.map(({ load }) => load))
  const used = loads
    .filter(({ load }) => load <= lowest)
    .flatMap(({ load, uses }) => uses.filter(isUsedUp).map((use) => ({ ...use, load })))
    .filter((use) => !hasRoomAbove(loads, use.load, use))
    .sort((a, b) => a.load - b.load || b.share - a.share)
  return used[0]
}

/** A limit that has room at a higher load is none: an autoscaler may still follow the load before, or be late to leave its maximum. */
const hasRoomAbove = (loads: readonly LoadRow[], above: number, limit: Use): boolean =>
  loads.some(({ load, uses }) => load > above && !uses.some((use) => isSameLimit(limit, use) && isUsedUp(use)))

type Words = Pick<CapacityResult, 'summary' | 'next'>

/** What holds with a zone less must not be read as what holds with all of them. */
function inPlace(zone: string | undefined, { summary, next }: Words): Words {
  if (zone === undefined) return { summary, next }
  return { summary: `Without ${zone}: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`, next }
}

function wordsOf(
  end: CapacityResult['end'],
  event: number | undefined,
  perSecond: number,
  bottleneck: CapacityResult['bottleneck'],
  recoverMs: number,
): Words {
  const at = (load: number) => `${load}x (${Number((load * perSecond).toPrecision(3))}/s)`
  switch (end.kind) {
    case 'found':
      return foundWords(end, event, at, bottleneck)
    case 'metastable':
      return {
        summary: `Metastable: ${showDuration(recoverMs)} after an overload of ${at(end.overload)} it is still down at ${at(end.load)}, which it carries from rest.`,
        next: 'limit retries and queues, and shed load early; until then an overload needs load taken away by hand.',
      }
    case 'nothing-held':
      return {
        summary: `No load held, down to ${at(end.lowest)}.`,
        next: 'run the rehearsal at 1x and look at its causes.',
      }
    case 'generator-limit':
      return {
        summary: `The load generator could not produce ${at(end.load)}; nothing is known about the platform.`,
        next: 'run the generator on a larger machine, or on one of its own.',
      }
    case 'unproven':
      return unprovenWords(end, at)
    case 'stopped':
      return { summary: `Stopped: ${end.reason}.`, next: 'start the search again when you want to.' }
  }
}

function foundWords(
  end: Extract<SearchEnd, { kind: 'found' }>,
  event: number | undefined,
  at: (load: number) => string,
  bottleneck: CapacityResult['bottleneck'],
): Words {
  const { promise, odds, estimate, limitedBy } = end
  const least = limitedBy === 'platform' ? '' : 'at least '
  const median = `; half of all runs hold ${Number(estimate.median.toPrecision(3))}x`
  const room = event === undefined ? '' : `; the event needs ${at(event)}: ${roomOf(promise / event - 1)}`
  return {
    summary: `It carries ${least}${at(promise)} with odds of ${showMeasuredPercent(odds)}${limitedBy === 'platform' ? median : ''}${room}.`,
    next: nextOf(limitedBy, bottleneck),
  }
}

const roomOf = (headroom: number): string =>
  headroom >= 0 ? `${Math.floor(headroom * 100)} % headroom` : `${Math.ceil(-headroom * 100)} % short`

function nextOf(
  limitedBy: Extract<SearchEnd, { kind: 'found' }>['limitedBy'],
  bottleneck: CapacityResult['bottleneck'],
): string {
  switch (limitedBy) {
    case 'platform':
      if (bottleneck) return `raise what is used up first at ${bottleneck.load}x: ${bottleneck.sentence}.`
      return 'nothing that was watched is used up: list pools and slots under resources, and look at CPU limits.'
    case 'generator':
      return 'the load generator ended the search, not the platform: run it on a larger machine, or on one of its own.'
    case 'max':
      return 'nothing broke: raise `most` to find the limit.'
  }
}

function unprovenWords(end: Extract<SearchEnd, { kind: 'unproven' }>, at: (load: number) => string): Words {
  const between = [
    end.held === undefined ? '' : ` ${at(end.held)} held.`,
    end.broke === undefined ? '' : ` ${at(end.broke)} did not.`,
  ].join('')
  switch (end.why) {
    case 'too-few-samples':
      return {
        summary: `Unproven: too few samples for the objectives.${between}`,
        next: 'measure longer, or begin at a higher load.',
      }
    case 'out-of-time':
      return {
        summary: `Unproven: the time was over.${between}`,
        next: 'give it more time with `budget`, or a coarser `resolution`.',
      }
    case 'holds-broke':
      return {
        summary: `Unproven: long holds broke at loads that short ones carry.${between}`,
        next: 'look for what fills up slowly: queues, connections, memory, caches.',
      }
    case 'stopped':
      return { summary: `Unproven: it was stopped.${between}`, next: 'start the search again when you want to.' }
  }
}

/** Only the platform's own limit can fail: a promise that ends at the generator or at `most` proves nothing about a larger event. */
function exitCodeOf(end: CapacityResult['end'], event: number | undefined): number {
  switch (end.kind) {
    case 'found':
      if (event === undefined || end.promise >= event) return exitCodes.pass
      return end.limitedBy === 'platform' ? exitCodes.fail : exitCodes.inconclusive
    case 'metastable':
    case 'nothing-held':
      return exitCodes.fail
    case 'unproven':
    case 'generator-limit':
      return exitCodes.inconclusive
    case 'stopped':
      return exitCodes.aborted
  }
}
