/**
 * report: a finished or running rehearsal for people and other tools, from journal and verdict alone. `view.ts` passes each record to the lanes that
 * use it, with its time since the load's zero. Memory grows with the length of the run, not with its traffic.
 */
import type { Evidence, RunStarted } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'
import type { Judgment } from '../domain/verdict.ts'
import { frameDeltas } from '../judge/seen/frame-deltas.ts'
import { type Chart, isEmpty } from './chart.ts'
import { createHarms, type DrawnHarm, type Harms } from './harms.ts'
import { type Drawing, giveAny, type Lane } from './lane.ts'
import { lanes } from './lanes/all.ts'
import { createPeopleFold, type PeopleRecords } from './people.ts'

export type RunView = Omit<Drawing, 'judgment'> & {
  readonly people: PeopleRecords
  /** When each phase really began, in seconds since the load's zero. */
  readonly phasesBegun: ReadonlyMap<string, number>
  /** The judgment adds its results: when a scaler decided, what a fault cost. */
  charts(judgment: Judgment): readonly Chart[]
}

export type Viewing = {
  /** `line`: its line in the journal. */
  add(record: Evidence, line?: number): void
  /** `whole`: the time axis has the planned length, for a run that is under way. */
  result(axis?: 'seen' | 'whole'): RunView | undefined
}

type Run = {
  readonly started: RunStarted
  readonly lanes: readonly Lane[]
  readonly harms: Harms
  readonly people: ReturnType<typeof createPeopleFold>
  readonly phasesBegun: Map<string, number>
}

export function createViewing(): Viewing {
  let run: Run | undefined
  let zeroAt: Instant | undefined
  let lastAt: Instant | undefined
  const delta = frameDeltas(() => run?.started.timeline.load.unions ?? {})

  let lines = 0
  const add = (record: Evidence, line = ++lines): void => {
    if (record.kind === 'run-started') {
      run = {
        started: record,
        lanes: lanes.map((lane) => lane(record)),
        harms: createHarms(record),
        people: createPeopleFold(),
        phasesBegun: new Map(),
      }
    }
    if (record.kind === 'load-started') zeroAt ??= record.zeroAt
    if (run === undefined) return
    run.people.add(record, line)
    // The last cluster state before the load is drawn at zero; earlier times are not drawn.
    if (zeroAt === undefined && record.kind !== 'object-seen') return
    if (zeroAt !== undefined) lastAt = record.at
    deliver(run, record, zeroAt === undefined ? 0 : (record.at - zeroAt) / 1000)
  }

  const deliver = ({ lanes, harms, phasesBegun }: Run, record: Evidence, since: number): void => {
    const at = record.kind === 'object-seen' ? Math.max(0, since) : since
    if (record.kind === 'fault-step') harms.addFault(record, at)
    if (record.kind === 'phase-started' && !phasesBegun.has(record.phase))
      phasesBegun.set(record.phase, Math.max(0, at))
    if (record.kind === 'action-step') harms.addAction(record, at)
    const added = record.kind === 'load-frame' ? delta(record) : undefined
    for (const lane of lanes) {
      if (lane.take) giveAny(lane.take, record, at)
      if (added && record.kind === 'load-frame') lane.takeDelta?.(added, at, record.instance)
    }
  }

  return { add, result: (axis = 'seen') => (run === undefined ? undefined : viewOf(run, zeroAt, lastAt, axis)) }
}

function viewOf(
  { started, lanes, harms, people, phasesBegun }: Run,
  zeroAt: Instant | undefined,
  lastAt: Instant | undefined,
  axis: 'seen' | 'whole',
): RunView {
  const seconds = Math.max(secondsOf(started, zeroAt, lastAt), ...harms.all.map(lastMoment))
  const view = {
    started,
    zeroAt: zeroAt ?? started.at,
    seconds,
    axis: axis === 'seen' ? seconds : Math.max(seconds, started.timeline.totalMs / 1000),
    phases: started.timeline.phases.map((each) => ({
      name: each.name,
      from: each.fromMs / 1000,
      rampEnd: each.rampEndMs / 1000,
      to: each.toMs / 1000,
    })),
    harms: harms.all as readonly DrawnHarm[],
    people: people.result(),
    phasesBegun,
  }
  const charts = (judgment: Judgment): readonly Chart[] =>
    zeroAt === undefined
      ? []
      : lanes.flatMap((lane) => lane.charts({ ...view, judgment })).filter((chart) => !isEmpty(chart))
  return { ...view, charts }
}

/** The axis does not end before what a fault or an action did after the load. Half a second more, so that its edge is seen. */
const lastMoment = ({ begun, done, healing, healed, kept }: DrawnHarm): number =>
  Math.max(0, begun ?? 0, done ?? 0, healing ?? 0, healed ?? 0, kept ?? 0) + 0.5

/** The planned length of the load, or the observed one if it is shorter, and at most five seconds more. */
function secondsOf({ timeline }: RunStarted, zeroAt: Instant | undefined, lastAt: Instant | undefined): number {
  const planned = timeline.totalMs / 1000
  const seen = zeroAt === undefined || lastAt === undefined ? 0 : Math.min((lastAt - zeroAt) / 1000, planned + 5)
  return Math.max(1, Math.min(planned, seen) + Math.min(5, Math.max(0, seen - planned)))
}
