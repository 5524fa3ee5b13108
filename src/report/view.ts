/**
 * report: a finished or running rehearsal for people and for other tools, from journal and verdict alone. `view.ts` folds the
 * evidence into what is drawn: series over seconds since the load's zero. Memory grows with the length of the run, not its traffic.
 */
import { arrivalsBetween } from '../domain/arrivals.ts'
import type { Evidence, LoadFrame, RunStarted, Sample } from '../domain/evidence.ts'
import { quantileOf } from '../domain/statistics.ts'
import type { Instant } from '../domain/units.ts'

/** Seconds since the load's zero, and a value. */
export type Point = readonly [seconds: number, value: number]
export type Line = { readonly name: string; readonly points: readonly Point[] }

export type FaultWindow = {
  readonly name: string
  readonly letter: string
  requested: number
  injected?: number
  healing?: number
  healed?: number
  readonly pods: string[]
}

export type RunView = {
  readonly started: RunStarted
  readonly zeroAt: Instant
  readonly seconds: number
  readonly phases: readonly {
    readonly name: string
    readonly from: number
    readonly rampEnd: number
    readonly to: number
  }[]
  readonly faults: readonly FaultWindow[]
  readonly offered: readonly Point[]
  readonly achieved: readonly Point[]
  readonly dropped: readonly Point[]
  readonly slis: ReadonlyMap<
    string,
    {
      readonly share: readonly Point[]
      readonly p50: readonly Point[]
      readonly p95: readonly Point[]
      readonly bad: readonly Point[]
    }
  >
  readonly replicas: ReadonlyMap<
    string,
    { readonly desired: readonly Point[]; readonly ready: readonly Point[]; readonly min: number; readonly max: number }
  >
  /** Calls a second by `psp outcome`, from the platform's own counters. */
  readonly charges: ReadonlyMap<string, readonly Point[]>
  readonly sockets: { readonly open: readonly Point[]; readonly dropped: readonly Point[] }
  readonly cpu: readonly Point[]
  readonly busy: readonly Point[]
  readonly budgets: ReadonlyMap<string, readonly Point[]>
}

type Charges = { points: Point[]; pods: Map<string, { at: number; value: number; rate: number }> }

type Mutable = {
  offered: Point[]
  achieved: Point[]
  dropped: Point[]
  slis: Map<
    string,
    {
      share: Point[]
      p50: Point[]
      p95: Point[]
      bad: Point[]
      recent: { good: number; bad: number; histogram: (readonly [number, number])[] }[]
      last: { good: number; bad: number }
    }
  >
  replicas: Map<string, { desired: Point[]; ready: Point[]; min: number; max: number }>
  charges: Map<string, Charges>
  sockets: { open: Point[]; dropped: Point[]; last: number }
  cpu: Point[]
  busy: Point[]
  budgets: Map<string, Point[]>
}

/** Shares and quantiles are drawn over this many frames (seconds), so that one bad second shows without drowning the line. */
const WINDOW_FRAMES = 5

/** A pod that was not scraped for this long has no rate any more. */
const GONE_AFTER_S = 3

export type Viewing = { add(record: Evidence): void; result(): RunView | undefined }

export function viewing(): Viewing {
  let started: RunStarted | undefined
  let zeroAt: Instant | undefined
  let lastAt: number | undefined
  let before: LoadFrame | undefined
  const faults = new Map<string, FaultWindow>()
  const drawn: Mutable = {
    offered: [],
    achieved: [],
    dropped: [],
    slis: new Map(),
    replicas: new Map(),
    charges: new Map(),
    sockets: { open: [], dropped: [], last: 0 },
    cpu: [],
    busy: [],
    budgets: new Map(),
  }
  const early: Evidence[] = []
  const since = (at: number): number => (at - (zeroAt ?? at)) / 1000

  const add = (record: Evidence): void => {
    if (record.kind === 'run-started') started = record
    if (record.kind === 'load-started') {
      zeroAt = record.zeroAt
      for (const each of early.splice(0)) draw(each)
    }
    if (zeroAt === undefined) {
      // Objects seen before the load starts are the state at its zero.
      if (record.kind === 'object-seen') early.push(record)
      return
    }
    lastAt = record.at
    draw(record)
  }

  const draw = (record: Evidence): void => {
    switch (record.kind) {
      case 'load-frame':
        drawFrame(drawn, record, before, started, zeroAt, since)
        before = record
        return
      case 'object-seen':
        return drawObject(drawn, record.object, Math.max(0, since(record.at)))
      case 'sample':
        return drawCharges(drawn, record, since(record.at))
      case 'generator-health':
        drawn.cpu.push([since(record.at), record.cpuCores])
        drawn.busy.push([since(record.at), record.hostBusy * 100])
        return
      case 'fault-step':
        return drawFault(faults, record, since(record.at))
      default:
        return
    }
  }

  const result = (): RunView | undefined => {
    if (started === undefined) return undefined
    const planned = started.timeline.totalMs / 1000
    const seen = lastAt === undefined ? 0 : Math.min(since(lastAt), planned + 5)
    return {
      started,
      zeroAt: zeroAt ?? started.at,
      seconds: Math.max(1, Math.min(planned, seen) + Math.min(5, Math.max(0, seen - planned))),
      phases: started.timeline.phases.map((each) => ({
        name: each.name,
        from: each.fromMs / 1000,
        rampEnd: each.rampEndMs / 1000,
        to: each.toMs / 1000,
      })),
      faults: [...faults.values()],
      ...drawn,
      charges: new Map([...drawn.charges].map(([name, each]) => [name, each.points])),
    }
  }
  return { add, result }
}

const sumOver = <T>(of: Readonly<Record<string, T>>, pick: (each: T) => number): number =>
  Object.values(of).reduce((sum, each) => sum + pick(each), 0)

function drawFrame(
  drawn: Mutable,
  frame: LoadFrame,
  before: LoadFrame | undefined,
  started: RunStarted | undefined,
  zeroAt: Instant | undefined,
  since: (at: number) => number,
): void {
  const at = since(frame.at)
  const spanS = before === undefined ? at : (frame.at - before.at) / 1000
  if (spanS <= 0 || started === undefined || zeroAt === undefined) return
  const rate = (pick: (each: { iterations: number; dropped: number }) => number): number =>
    (sumOver(frame.profiles, pick) - (before ? sumOver(before.profiles, pick) : 0)) / spanS
  const from = before === undefined ? 0 : before.at - zeroAt
  drawn.offered.push([
    at,
    started.timeline.load.profiles.reduce(
      (sum, each) => sum + arrivalsBetween(each.stages, from, frame.at - zeroAt),
      0,
    ) / spanS,
  ])
  drawn.achieved.push([at, rate((each) => each.iterations)])
  drawn.dropped.push([at, rate((each) => each.dropped)])
  for (const name of Object.keys(frame.slis)) drawSli(drawn, frame, name, at)
  if (frame.sockets) {
    drawn.sockets.open.push([at, frame.sockets.open])
    const lost = frame.sockets.dropped + frame.sockets.failed
    drawn.sockets.dropped.push([at, (lost - drawn.sockets.last) / spanS])
    drawn.sockets.last = lost
  }
}

function drawSli(drawn: Mutable, frame: LoadFrame, name: string, at: number): void {
  const counts = frame.slis[name]
  if (counts === undefined) return
  const known = drawn.slis.get(name) ?? { share: [], p50: [], p95: [], bad: [], recent: [], last: { good: 0, bad: 0 } }
  drawn.slis.set(name, known)
  const fresh = {
    good: counts.good - known.last.good,
    bad: counts.bad - known.last.bad,
    histogram: [...counts.histogram],
  }
  known.last = { good: counts.good, bad: counts.bad }
  known.recent.push(fresh)
  if (known.recent.length > WINDOW_FRAMES) known.recent.shift()
  const good = known.recent.reduce((sum, each) => sum + each.good, 0)
  const bad = known.recent.reduce((sum, each) => sum + each.bad, 0)
  if (good + bad > 0) known.share.push([at, (good / (good + bad)) * 100])
  known.bad.push([at, fresh.bad])
  const histogram = known.recent.flatMap((each) => each.histogram).sort((a, b) => a[0] - b[0])
  const p50 = quantileOf(histogram, 0.5)
  const p95 = quantileOf(histogram, 0.95)
  if (p50 !== undefined) known.p50.push([at, p50])
  if (p95 !== undefined) known.p95.push([at, p95])
}

function drawObject(drawn: Mutable, object: Extract<Evidence, { kind: 'object-seen' }>['object'], at: number): void {
  if (object.resource === 'HorizontalPodAutoscaler') {
    const known = replicasOf(drawn, object.of)
    known.min = object.min
    known.max = object.max
    step(known.desired, at, object.desired)
  }
  if (object.resource === 'Deployment') step(replicasOf(drawn, object.name).ready, at, object.ready)
  if (object.resource === 'PodDisruptionBudget') {
    const known = drawn.budgets.get(object.name) ?? []
    drawn.budgets.set(object.name, known)
    step(known, at, object.allowed)
  }
}

function replicasOf(drawn: Mutable, name: string) {
  const known = drawn.replicas.get(name) ?? { desired: [], ready: [], min: 0, max: 0 }
  drawn.replicas.set(name, known)
  return known
}

/** Only changes are kept; a step chart needs no more. */
function step(points: Point[], at: number, value: number): void {
  if (points.at(-1)?.[1] !== value) points.push([at, value])
}

/** Rates of `payments_charges_total` by PSP and outcome, summed over pods; a pod's first sample and a reset give no rate. */
function drawCharges(drawn: Mutable, sample: Sample, at: number): void {
  if (!sample.ok) return
  for (const { name, labels, value } of sample.series) {
    if (name !== 'payments_charges_total') continue
    const key = `${labels.psp ?? '?'} ${labels.outcome ?? '?'}`
    const known = chargesOf(drawn, key)
    const last = known.pods.get(sample.pod)
    const rate = last === undefined || value < last.value || at <= last.at ? 0 : (value - last.value) / (at - last.at)
    known.pods.set(sample.pod, { at, value, rate })
    const live = [...known.pods.values()].filter((each) => at - each.at < GONE_AFTER_S)
    if (last !== undefined) known.points.push([at, live.reduce((sum, each) => sum + each.rate, 0)])
  }
}

function chargesOf(drawn: Mutable, key: string): Charges {
  const known: Charges = drawn.charges.get(key) ?? { points: [], pods: new Map() }
  drawn.charges.set(key, known)
  return known
}

function drawFault(
  faults: Map<string, FaultWindow>,
  record: Extract<Evidence, { kind: 'fault-step' }>,
  at: number,
): void {
  const known = faults.get(record.fault) ?? {
    name: record.fault,
    letter: String.fromCharCode(65 + faults.size),
    requested: at,
    pods: [],
  }
  faults.set(record.fault, known)
  const { step: seen } = record
  if (seen.is === 'injected') {
    known.injected ??= at
    for (const pod of seen.pods) if (!known.pods.includes(pod)) known.pods.push(pod)
  }
  if (seen.is === 'heal-requested') known.healing = at
  if (seen.is === 'healed') known.healed = at
}
